using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class LauncherTests : IDisposable
{
    private readonly TempDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_daemons_containers_are_those_whose_pid_files_hold_its_own_or_one_of_its_threads_numbers()
    {
        using var loop = new EventLoop("test");
        Assert.NotEqual(Environment.ProcessId, loop.ThreadNumber);
        PidFile.Write($"{_root.Path}/md127.pid", loop.ThreadNumber);
        PidFile.Write($"{_root.Path}/md126.pid", Environment.ProcessId);
        PidFile.Write($"{_root.Path}/md125.pid", 1);
        PidFile.Write($"{_root.Path}/md124.pid", int.MaxValue);
        File.WriteAllText($"{_root.Path}/md123.pid", "nonsense");
        File.WriteAllText($"{_root.Path}/md122.sock", "");
        Assert.Equal(["md126", "md127"], Launcher.ContainersOf(_root.Path, Environment.ProcessId).Value.Order());
        Assert.Equal(["md125"], Launcher.ContainersOf(_root.Path, 1).Value);
        Assert.Empty(Launcher.ContainersOf($"{_root.Path}/missing", 1).Value);
    }

    [Fact]
    public void A_pid_file_that_cannot_be_read_is_told_and_not_taken_for_nobodys()
    {
        PidFile.Write($"{_root.Path}/md127.pid", Environment.ProcessId);
        File.CreateSymbolicLink($"{_root.Path}/md126.pid", "/proc/self/mem"); // EIO
        var found = Launcher.ContainersOf(_root.Path, Environment.ProcessId);
        Assert.False(found.Ok);
        Assert.Contains("md126.pid", found.Error.ToString(), StringComparison.Ordinal);
    }
}
