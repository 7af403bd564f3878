using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>What cannot be read is not gone: what is known stays, and is looked at again. (A file in a directory's place gives ENOTDIR, a directory in a file's EISDIR.)</summary>
public sealed class NotReadTests
{
    [Fact]
    public void Legs_stay_while_the_arrays_directory_cannot_be_listed()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        var back = InTheWay(rig.Sysfs.PathOf(MemberArrayRig.Name, ""));
        rig.Actor.Tell(new LegsMayHaveChanged(false), Akka.Actor.ActorRefs.NoSender);
        rig.Look();
        rig.LookIsOver();
        Assert.Equal([0, 1, 2], rig.Slots());
        Assert.False(rig.Told.Has("not-read"));
        LookAgain(rig, 3);
        Assert.True(rig.Told.Has("not-read"), "it is told that it lasts");
        back();
        LookAgain(rig, 3);
        Assert.Equal([0, 1, 2], rig.Slots());
        Assert.Equal(1, rig.Told.Count("not-read"));
    }

    [Fact]
    public void A_leg_stays_while_its_slot_cannot_be_read_and_is_gone_when_there_is_none()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        var slot = rig.Sysfs.PathOf(MemberArrayRig.Name, "dev-sdb/slot");
        var back = InTheWay(slot);
        rig.Actor.Tell(new LegsMayHaveChanged(false), Akka.Actor.ActorRefs.NoSender);
        rig.Look();
        rig.LookIsOver();
        Assert.Equal([0, 1, 2], rig.Slots());
        back();
        Directory.Delete(Path.GetDirectoryName(slot)!, recursive: true);
        rig.Actor.Tell(new LegsMayHaveChanged(false), Akka.Actor.ActorRefs.NoSender);
        Assert.Equal([0, 2], rig.Slots());
    }

    [Fact]
    public void An_array_whose_attributes_cannot_be_opened_is_not_taken_for_one_without_them()
    {
        using var sysfs = new FakeSysfs();
        using var loop = new EventLoop("test");
        sysfs.Array("md126", "md127", volume: 0, legs: 3);
        File.Delete(sysfs.PathOf("md126", "sync_action"));
        Directory.CreateDirectory(sysfs.PathOf("md126", "sync_action"));
        var refused = MemberAttributes.Open(sysfs.Root, "md126", loop, () => { });
        Assert.False(refused.Ok);
        Assert.False(refused.Error.MeansGone);
        Directory.Delete(sysfs.PathOf("md126", "sync_action"));
        var without = MemberAttributes.Open(sysfs.Root, "md126", loop, () => { });
        Assert.Equal(SyncAction.Idle, without.Value.Look().Action);
        without.Value.Dispose();
        Assert.True(MemberAttributes.Open(sysfs.Root, "md125", loop, () => { }).Error.MeansGone);
    }

    [Fact]
    public void The_disks_of_a_container_stay_while_they_cannot_be_listed()
    {
        using var rig = new DiskRig();
        rig.Supervise();
        rig.WriteGoesThrough();
        var back = InTheWay(rig.Sysfs.PathOf(DiskRig.Container, ""));
        rig.WriteGoesThrough();
        Assert.False(rig.Told.Has("disk-left"));
        Assert.True(rig.Told.Has("not-read"));
        back();
        Directory.Delete(rig.Sysfs.PathOf(DiskRig.Container, "dev-sdc"), recursive: true);
        rig.Ping();
        Patience.Until(() => rig.Told.Count("disk-left") == 1, "the disk has left");
    }

    [Fact]
    public void The_arrays_of_a_container_stay_while_mdstat_cannot_be_read()
    {
        using var rig = new DiskRig();
        rig.Supervise();
        rig.WriteGoesThrough();
        var back = InTheWay(rig.Sysfs.MdStatPath);
        rig.WriteGoesThrough();
        Assert.True(rig.Ping());
        Assert.False(rig.Told.Has("array-gone"));
        back();
        rig.WriteGoesThrough();
    }

    [Fact]
    public void A_directory_is_listed_whole_or_the_error_is_given()
    {
        using var folder = new TemporaryFolder();
        for (var i = 0; i < 1000; i++)
        {
            Directory.CreateDirectory($"{folder.Path}/dev-{i:0000}");
        }

        folder.File("array_state", "clean");
        var listed = SysfsDirectory.List(folder.Path, "dev-").Value;
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => $"dev-{i:0000}"), listed);
        Assert.Equal(listed.Prepend("array_state"), SysfsDirectory.List(folder.Path, "").Value);
        Assert.Equal(Errno.ENOENT, SysfsDirectory.List(folder["gone"], "").Error.Errno);
        Assert.False(SysfsDirectory.List(folder["array_state"], "").Error.MeansGone);
    }

    [Fact]
    public void A_pid_file_that_cannot_be_read_does_not_say_that_nobody_is_there()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal(0, Processes.OtherMonitor(folder["md127.pid"]).Value);
        Directory.CreateDirectory(folder["md127.pid"]);
        Assert.False(Processes.OtherMonitor(folder["md127.pid"]).Ok);
    }

    /// <summary>It is looked again so often what could not be read.</summary>
    private static void LookAgain(MemberArrayRig rig, int times)
    {
        for (var time = 0; time < times; time++)
        {
            rig.Pass(TimeSpan.FromSeconds(5));
        }
    }

    /// <summary>Puts something else where that is; what is given puts it back.</summary>
    private static Action InTheWay(string path)
    {
        path = path.TrimEnd('/');
        var (aside, isDirectory) = (path + ".aside", Directory.Exists(path));
        if (isDirectory)
        {
            Directory.Move(path, aside);
            File.WriteAllText(path, "");
        }
        else
        {
            File.Move(path, aside);
            Directory.CreateDirectory(path);
        }

        return () =>
        {
            if (isDirectory)
            {
                File.Delete(path);
                Directory.Move(aside, path);
            }
            else
            {
                Directory.Delete(path);
                File.Move(aside, path);
            }
        };
    }
}
