using System.Diagnostics;
using ActorRaid.Host.Daemon;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class PredecessorTests : IAsyncLifetime
{
    private readonly TempDirectory _root = new();
    private readonly List<Process> _processes = [];
    private MonitorServer? _server;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var process in _processes)
        {
            process.Kill();
            process.Dispose();
        }
        if (_server is not null)
            await _server.DisposeAsync();
        _root.Dispose();
    }

    [Fact]
    public void Nobody_is_found_without_a_pid_file_or_when_its_process_is_dead_or_something_else_or_we_ourselves()
    {
        Assert.Null(Predecessor.Find(_root.Path, "md127").Value);
        PidFile.Write($"{_root.Path}/md127.pid", Environment.ProcessId);
        Assert.Null(Predecessor.Find(_root.Path, "md127").Value);
        PidFile.Write($"{_root.Path}/md127.pid", Run("sleep").Id);
        Assert.Null(Predecessor.Find(_root.Path, "md127").Value);
        var dead = Run("mdmon");
        dead.Kill();
        Assert.True(dead.WaitForExit(Executable.Limit));
        PidFile.Write($"{_root.Path}/md127.pid", dead.Id);
        Assert.Null(Predecessor.Find(_root.Path, "md127").Value);
    }

    [Theory]
    [InlineData("mdmon")]
    [InlineData("@dmon")]
    [InlineData("/sbin/mdmon")]
    public async Task A_living_monitor_is_found_answers_and_is_sent_away(string name)
    {
        var process = Run(name);
        PidFile.Write($"{_root.Path}/md127.pid", process.Id);
        _server = MonitorServer.Listen(
            $"{_root.Path}/md127.sock", (_, _) => Task.FromResult<ReadOnlyMemory<byte>>("mdadm - v4.2\0"u8.ToArray())).Value;
        var predecessor = Predecessor.Find(_root.Path, "md127").Value;
        Assert.NotNull(predecessor);
        Assert.Equal(process.Id, predecessor.Process);
        Assert.True(await Task.Run(predecessor.Answers));
        Assert.Equal(Departure.Left, await Task.Run(predecessor.Dismiss));
        Assert.True(process.WaitForExit(Executable.Limit));
    }

    [Fact]
    public void A_monitor_without_a_socket_does_not_answer_but_is_sent_away_all_the_same()
    {
        var process = Run("mdmon");
        PidFile.Write($"{_root.Path}/md127.pid", process.Id);
        var predecessor = Predecessor.Find(_root.Path, "md127").Value;
        Assert.NotNull(predecessor);
        Assert.False(predecessor.Answers());
        Assert.Equal(Departure.Left, predecessor.Dismiss());
        Assert.True(process.WaitForExit(Executable.Limit));
    }

    [Fact]
    public void A_monitor_that_does_not_leave_is_killed_before_anybody_else_writes()
    {
        var process = Run("mdmon", "trap '' TERM USR1; ");
        PidFile.Write($"{_root.Path}/md127.pid", process.Id);
        Assert.Equal(Departure.Killed, Predecessor.Find(_root.Path, "md127").Value?.Dismiss());
        Assert.True(process.WaitForExit(Executable.Limit));
    }

    /// <summary>A process that does nothing, called by that name.</summary>
    private Process Run(string name, string first = "")
    {
        var process = Process.Start("bash", ["-c", $"{first}exec -a {name} sleep 600"]);
        _processes.Add(process);
        Assert.True(SpinWait.SpinUntil(
            () => Processes.CommandLine(process.Id) is { Ok: true, Value: [var called, ..] } && called == name, Executable.Limit));
        return process;
    }
}
