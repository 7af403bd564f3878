using System.Diagnostics;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class ProcessTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_pid_file_is_written_read_replaced_and_removed()
    {
        var path = folder["md127.pid"];
        Assert.True(PidFile.Write(path, 4711).Ok);
        Assert.Equal("4711\n", File.ReadAllText(path));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(path).UnixFileMode);
        Assert.True(PidFile.Write(path, 4712).Ok);
        Assert.Equal(4712, PidFile.Read(path).Value);
        Assert.Equal([path], Directory.GetFiles(folder.Path));
        Assert.True(PidFile.Remove(path).Ok);
        Assert.True(PidFile.Remove(path).Ok);
        Assert.Equal(Errno.ENOENT, PidFile.Read(path).Error.Errno);
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("twelve\n")]
    [InlineData("-1\n")]
    [InlineData("0\n")]
    [InlineData("99999999999\n")]
    public void A_pid_file_that_names_no_process_is_a_bad_message(string text) =>
        Assert.Equal(Errno.EBADMSG, PidFile.Read(folder.File("pid", text)).Error.Errno);

    [Fact]
    public void A_pid_file_that_cannot_be_written_leaves_nothing_behind()
    {
        Directory.CreateDirectory(folder["taken/full"]);
        Assert.False(PidFile.Write(folder["taken"], 1).Ok);
        Assert.Equal([folder["taken"]], Directory.GetFileSystemEntries(folder.Path));
        Assert.Equal(Errno.ENOENT, PidFile.Write(folder["missing/pid"], 1).Error.Errno);
    }

    [Fact]
    public void A_process_is_alive_until_it_has_ended_and_can_be_signalled()
    {
        using var child = Process.Start("sleep", "1000");
        Assert.True(PidFile.IsAlive(child.Id));
        Patience.Until(() => Processes.CommandLine(child.Id) is { Ok: true, Value: ["sleep", "1000"] }, "the child to be what it shall be");
        Assert.Equal("sleep", Processes.Name(child.Id).Value);
        Assert.True(Processes.Kill(child.Id, Signum.SIGTERM).Ok);
        child.WaitForExit();
        Patience.Until(() => !PidFile.IsAlive(child.Id), "the child's end");
        Assert.Equal(Errno.ESRCH, Processes.Kill(child.Id, 0).Error.Errno);
        Assert.Equal(Errno.ENOENT, Processes.CommandLine(child.Id).Error.Errno);
    }

    [Fact]
    public void A_thread_is_alive_belongs_to_its_process_and_has_its_command_line_until_it_has_ended()
    {
        var loop = new EventLoop("test");
        var number = loop.ThreadNumber;
        Assert.NotEqual(Environment.ProcessId, number);
        Assert.Equal(Environment.ProcessId, Processes.OfThread(number).Value);
        Assert.Equal(Environment.ProcessId, Processes.OfThread(Environment.ProcessId).Value);
        Assert.Equal(Processes.CommandLine(Environment.ProcessId).Value, Processes.CommandLine(number).Value);
        Assert.True(PidFile.IsAlive(number));
        loop.Dispose();
        Patience.Until(() => !PidFile.IsAlive(number), "the thread's end");
        Assert.Equal(Errno.ENOENT, Processes.OfThread(number).Error.Errno);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    public void Groups_of_processes_are_never_signalled(int pid) => Assert.Equal(Errno.ESRCH, Processes.Kill(pid, 0).Error.Errno);
}
