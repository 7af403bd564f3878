using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ActorRaid.Host;
using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>The program as a process: how it is called, and how its daemon comes up and goes. No container is touched.</summary>
public sealed class ExecutableTests : IDisposable
{
    private readonly TempDirectory _root = new();
    private readonly List<int> _daemons = [];

    public void Dispose()
    {
        foreach (var daemon in _daemons.Where(daemon => !Executable.HasEnded(daemon)))
            Processes.Kill(daemon, Signum.SIGTERM);
        Assert.True(SpinWait.SpinUntil(() => _daemons.TrueForAll(Executable.HasEnded), Executable.Limit));
        _root.Dispose();
    }

    [Fact]
    public void Called_mdmon_it_has_mdmons_usage_and_exit_statuses()
    {
        var mdmon = $"{_root.Path}/mdmon";
        File.CreateSymbolicLink(mdmon, Executable.Path);
        var usage = Executable.Run(mdmon, ["--what"]);
        Assert.Equal(2, usage.Status);
        Assert.StartsWith("Usage: mdmon", usage.Errors, StringComparison.Ordinal);
        var unknown = Executable.Run(mdmon, ["/dev/md/no-such-array"]);
        Assert.Equal((1, "", "mdmon: /dev/md/no-such-array is not a valid md device name\n"), unknown);
    }

    [Fact]
    public void Called_by_its_own_name_it_has_commands()
    {
        Assert.Equal((0, "0.1.0\n", ""), Executable.Run(Executable.Path, ["--version"]));
        Assert.Equal(64, Executable.Run(Executable.Path, ["supervise"]).Status);
        Assert.Equal(64, Executable.Run(Executable.Path, ["supervise", "--all", "md127"]).Status);
        Assert.Equal(1, Executable.Run(Executable.Path, ["supervise", "/dev/md/no-such-array"]).Status);
        var help = Executable.Run(Executable.Path, ["--help"]);
        Assert.Equal(0, help.Status);
        Assert.All(["supervise", "reload", "config", "examine", "repair"], name => Assert.Contains(name, help.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Launchers_at_the_same_time_end_up_with_one_daemon_which_signals_end_but_pokes_do_not()
    {
        var launcher = Launcher(offRoot: false);
        var replies = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(launcher.Stay)));
        Assert.All(replies, reply => Assert.Equal(new LaunchReply(LaunchOutcome.Supervised, ""), reply));
        var daemon = Peer();
        Assert.All(Enumerable.Range(0, 3), _ => Assert.Equal(daemon, Peer()));
        Assert.Equal(["control.sock", "handoff.sock", "launch.sock"], Directory.EnumerateFiles(_root.Path, "*.sock*").Select(Path.GetFileName).Order());

        Assert.True(Processes.Kill(daemon, Signum.SIGHUP).Ok);
        Assert.True(Processes.Kill(daemon, Signum.SIGUSR1).Ok);
        Assert.Equal(LaunchOutcome.Supervised, launcher.Stay().Outcome);
        Assert.Equal(daemon, Peer());

        Assert.True(Processes.Kill(daemon, Signum.SIGTERM).Ok);
        Assert.True(SpinWait.SpinUntil(() => Executable.HasEnded(daemon), Executable.Limit));
        Assert.False(File.Exists($"{_root.Path}/launch.sock"));
    }

    [Fact]
    public void A_daemon_is_marked_when_off_root_and_inherits_nothing_but_its_environment()
    {
        var leaked = Syscall.open(_root.Make("leaked", ""), OpenFlags.O_RDONLY);
        Assert.Equal(LaunchOutcome.Supervised, Launcher(offRoot: true).Stay().Outcome);
        Syscall.close(leaked);
        var daemon = Peer();
        Assert.Equal("@dmon", Processes.CommandLine(daemon).Value[0]);
        Assert.Equal("/", Directory.ResolveLinkTarget($"/proc/{daemon}/cwd", true)?.FullName);
        var open = Directory.EnumerateFiles($"/proc/{daemon}/fd")
            .ToDictionary(path => Path.GetFileName(path), path => new FileInfo(path).LinkTarget);
        Assert.All(["0", "1", "2"], stream => Assert.Equal("/dev/null", open[stream]));
        Assert.DoesNotContain($"{_root.Path}/leaked", open.Values);
        var session = File.ReadAllText($"/proc/{daemon}/stat").Split(") ")[1].Split(' ')[3];
        Assert.Equal(daemon.ToString(CultureInfo.InvariantCulture), session);
        // Its hooks get the usual stack; its own threads, which were made before, did not.
        Assert.Matches(@"Max stack size +8388608 ", File.ReadAllText($"/proc/{daemon}/limits"));
        Assert.All(Executable.Stacks(daemon), size => Assert.InRange(size, 1, 2 * 1024 * 1024));
        Assert.Contains("DOTNET_Thread_DefaultStackSize=20000", File.ReadAllText($"/proc/{daemon}/environ").Split('\0'));
    }

    [Fact]
    public void On_demand_a_daemon_is_replaced_by_one_of_the_same_executable_which_stays_as_it_would_have()
    {
        var launcher = Launcher(offRoot: false) with { Takeover = true };
        Assert.Null(launcher.Replace());
        Assert.Null(LaunchClient.Connect($"{_root.Path}/launch.sock", Executable.Limit));
        Assert.Equal(LaunchOutcome.Supervised, launcher.Stay().Outcome);
        for (var round = 0; round < 3; round++)
        {
            var before = Peer();
            Assert.Null(launcher.Replace());
            Assert.NotEqual(before, Peer());
            Assert.True(SpinWait.SpinUntil(() => Executable.HasEnded(before), Executable.Limit));
        }
        Assert.Equal(LaunchOutcome.Supervised, launcher.Stay().Outcome);
    }

    [Fact]
    public void A_takeover_replaces_a_daemon_of_another_executable_but_not_one_of_the_same()
    {
        var launcher = Launcher(offRoot: false) with { Takeover = true };
        Assert.Equal(LaunchOutcome.Supervised, launcher.Stay().Outcome);
        var first = Peer();
        Assert.Equal(LaunchOutcome.Supervised, launcher.Stay().Outcome);
        Assert.Equal(first, Peer());
        // Another file in the place that a daemon would be started from: it is asked for there, in vain.
        var other = launcher with { Program = _root.Make("other", "not a program") };
        Assert.Equal(LaunchOutcome.Failed, other.Stay().Outcome);
        Assert.Equal(first, Peer());
    }

    [Fact]
    public void A_daemon_that_cannot_be_started_is_a_failure_with_the_reason()
    {
        var reply = (Launcher(offRoot: false) with { Program = "/no/such/program" }).Stay();
        Assert.Equal(LaunchOutcome.Failed, reply.Outcome);
        Assert.Contains("No such file", reply.Message, StringComparison.Ordinal);
        var unusable = new Launcher(new LaunchPaths("/proc/none"), false, false, Executable.Path).Stay();
        Assert.Equal(LaunchOutcome.Failed, unusable.Outcome);
    }

    [Fact]
    public void In_the_foreground_it_tells_systemd_when_it_is_ready_and_logs()
    {
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        systemd.Bind(new UnixDomainSocketEndPoint($"{_root.Path}/notify"));
        using var process = Executable.Start(
            Executable.Path, ["--daemon=-1,-1", "--foreground", "--stay"],
            (LaunchPaths.Variable, _root.Path), ("NOTIFY_SOCKET", $"{_root.Path}/notify"), ("ACTORRAID_LOG", $"{_root.Path}/log"));
        _daemons.Add(process.Id);
        var bytes = new byte[100];
        Assert.Equal("READY=1", Encoding.ASCII.GetString(bytes, 0, systemd.Receive(bytes)));
        Processes.Kill(process.Id, Signum.SIGTERM);
        Assert.True(process.WaitForExit(Executable.Limit));
        Assert.Equal(0, process.ExitCode);
        Assert.Contains("daemon-ready", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
        var kinds = File.ReadAllLines($"{_root.Path}/log").Select(line => line.Split(' ')[2]).ToArray();
        Assert.Equal(
            ["daemon-starting", "daemon-ready", "daemon-leaving", "daemon-ended"], kinds.Where(kind => kind.StartsWith("daemon-")));
    }

    [Fact]
    public void It_is_configured_by_its_file_which_SIGHUP_and_reload_have_read_again()
    {
        using var systemd = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 60_000 };
        systemd.Bind(new UnixDomainSocketEndPoint($"{_root.Path}/notify"));
        (string, string)[] environment =
        [
            (LaunchPaths.Variable, _root.Path), ("NOTIFY_SOCKET", $"{_root.Path}/notify"), ("ACTORRAID_LOG", ""),
            ("ACTORRAID_CONFIG", _root.Make("config", "{ \"what\": 1 }")),
        ];
        using var process = Executable.Start(Executable.Path, ["--daemon=-1,-1", "--foreground", "--stay"], environment);
        _daemons.Add(process.Id);
        Expect("READY=1");
        // A file that is not in order keeps nobody from starting, nor from going on.
        Assert.Contains("problem: ", Executable.Run(Executable.Path, ["config"], environment).Output, StringComparison.Ordinal);
        var refused = Executable.Run(Executable.Path, ["reload"], environment);
        Assert.Equal((1, ""), (refused.Status, refused.Output));
        Assert.Contains("config:1: the key \"what\" is not known", refused.Errors, StringComparison.Ordinal);
        Expect("RELOADING=1");
        Expect("READY=1");
        _root.Make("config", "{ \"logFile\": \"/no/such/directory/log\" }");
        refused = Executable.Run(Executable.Path, ["reload"], environment);
        Assert.Equal(1, refused.Status);
        Assert.Contains("as far as it goes: the log file stays what it was: open /no/such/directory/log: ENOENT", refused.Errors, StringComparison.Ordinal);
        Expect("RELOADING=1");
        Expect("READY=1");

        _root.Make("config", $"{{ \"logFile\": \"{_root.Path}/log\", \"logLevel\": \"error\" }}");
        Assert.Equal(0, Executable.Run(Executable.Path, ["reload"], environment).Status);
        Expect("RELOADING=1");
        Expect("READY=1");
        var shown = Executable.Run(Executable.Path, ["config"], environment);
        Assert.Equal(0, shown.Status);
        Assert.Contains($"In force in process {process.Id}.", shown.Output, StringComparison.Ordinal);
        File.Move($"{_root.Path}/log", $"{_root.Path}/log.1");
        Assert.True(Processes.Kill(process.Id, Signum.SIGHUP).Ok);
        Expect("RELOADING=1");
        Expect("READY=1");
        Assert.True(Processes.Kill(process.Id, Signum.SIGTERM).Ok);
        Expect("STOPPING=1");
        Assert.True(process.WaitForExit(Executable.Limit));
        Assert.Contains("settings-reloaded", File.ReadAllText($"{_root.Path}/log.1"), StringComparison.Ordinal);
        Assert.Contains("daemon-ended", File.ReadAllText($"{_root.Path}/log"), StringComparison.Ordinal);
        var console = process.StandardError.ReadToEnd();
        Assert.Contains("the defaults count", console, StringComparison.Ordinal);
        Assert.DoesNotContain("daemon-ended", console, StringComparison.Ordinal);

        void Expect(string first)
        {
            var bytes = new byte[1000];
            string told;
            do
                told = Encoding.UTF8.GetString(bytes, 0, systemd.Receive(bytes)).Split('\n')[0];
            while (told.StartsWith("STATUS=", StringComparison.Ordinal));
            Assert.Equal(first, told);
        }
    }

    private Launcher Launcher(bool offRoot) =>
        new(new LaunchPaths(_root.Path), offRoot, false, Executable.Path, $"{_root.Path}/mdadm");

    private int Peer()
    {
        using var client = LaunchClient.Connect($"{_root.Path}/launch.sock", Executable.Limit);
        Assert.NotNull(client);
        if (!_daemons.Contains(client.Peer))
            _daemons.Add(client.Peer);
        return client.Peer;
    }
}
