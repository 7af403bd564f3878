using System.Collections.Concurrent;
using ActorRaid.SysfsIo.Dm;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.SysfsIo.Dm;

/// <summary>Real files of this machine: what they are, who has them open, and what happens to them.</summary>
public sealed class MappedFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly BlockingCollection<FileEvents> told = [];

    public MappedFileTests() => Stdlib.SetSignalAction(Signum.SIGIO, SignalAction.Ignore);

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_is_followed_by_its_inode_or_by_its_path()
    {
        var path = folder.File("a", 10_000);
        using var inode = Open(path);
        using var byPath = new FollowedPath(path);
        var first = inode.Look().Value;
        Assert.Equal((true, 1UL), (first.IsRegular, first.Links));
        Assert.Equal(first.Inode, byPath.Look().Value.Inode);
        File.Move(folder.File("b", 5), path, overwrite: true);
        Assert.Equal((first.Inode, 0UL), (inode.Look().Value.Inode, inode.Look().Value.Links));
        Assert.NotEqual(first.Inode, byPath.Look().Value.Inode);
        File.Delete(path);
        Assert.True(byPath.Look().Error.MeansGone);
        Directory.CreateDirectory(path);
        Assert.False(byPath.Look().Value.IsRegular);
    }

    [Fact]
    public void An_unlinked_file_is_held_as_long_as_somebody_has_it_open()
    {
        var path = folder.File("a", 10);
        using var inode = Open(path);
        using (var other = File.OpenRead(path))
        {
            File.Delete(path);
            Assert.True(inode.IsHeldByOthers().Value);
        }
        Assert.False(inode.IsHeldByOthers().Value);
        Assert.False(inode.IsHeldByOthers().Value);
    }

    [Fact]
    public void Writing_renaming_and_unlinking_are_told()
    {
        var path = folder.File("a", 10);
        using var inode = Open(path);
        using var watch = FileWatch.Start(inode.OwnPath, withName: false, told.Add).Value;
        watch.Renew(closing: false);
        File.AppendAllText(path, "more");
        Told(FileEvents.Modified | FileEvents.ClosedAfterWriting);
        File.Move(path, folder["b"]);
        Told(FileEvents.SelfMoved);
        using (File.OpenRead(folder["b"]))
        {
            File.Delete(folder["b"]);
            Told(FileEvents.Attributes);
            watch.Renew(closing: true);
        }
        Told(FileEvents.ClosedAfterReading);
    }

    [Fact]
    public void What_comes_to_a_path_is_told_and_what_happens_beside_it_is_not()
    {
        var path = folder["a"];
        using var watch = FileWatch.Start(path, withName: true, told.Add).Value;
        watch.Renew(closing: false);
        folder.File("beside", 10);
        Assert.False(told.TryTake(out _, 100));
        File.Move(folder["beside"], path);
        Told(FileEvents.MovedTo);
        watch.Renew(closing: false);
        File.AppendAllText(path, "more");
        Told(FileEvents.Modified);
        File.Move(folder.File("new", 5), path, overwrite: true);
        Told(FileEvents.MovedTo);
        watch.Renew(closing: false);
        File.AppendAllText(path, "more");
        Told(FileEvents.Modified);
        File.Delete(path);
        Told(FileEvents.Deleted);
    }

    [Fact]
    public void A_watch_that_has_ended_leaves_no_descriptor()
    {
        var before = Descriptors();
        var watch = FileWatch.Start(folder.File("a", 1), withName: true, told.Add).Value;
        watch.Renew(closing: false);
        Assert.Equal(before + 1, Descriptors());
        watch.Dispose();
        watch.Dispose();
        Patience.Until(() => Descriptors() == before, "the thread has not ended");
        watch.Renew(closing: true);

        static int Descriptors() => Directory.EnumerateFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget == "anon_inode:inotify");
    }

    private static FollowedInode Open(string path) => new(Syscall.open(path, OpenFlags.O_RDONLY | OpenFlags.O_CLOEXEC), path);

    /// <summary>All of these were told, together or one after the other.</summary>
    private void Told(FileEvents wanted)
    {
        var seen = FileEvents.None;
        while ((seen & wanted) != wanted)
        {
            Assert.True(told.TryTake(out var some, Patience.Limit), $"told {seen}, not {wanted}");
            seen |= some;
        }
    }
}
