using System.Collections.Immutable;
using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using ActorRaid.Actors;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Settings;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Xunit;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace ActorRaid.Tests.Host;

public sealed class HeartbeatTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly ArrayReport Array = new(
        "md126", 0, "vol", 5, ArrayState.Clean, SyncAction.Idle, null, 3,
        [new(0, "sda", LegFlags.InSync), new(1, "sdb", LegFlags.InSync), new(2, "sdc", LegFlags.InSync)]);

    private static readonly ContainerReport Container = new("md127", ContainerHealth.Answers, [], "imsm", 1, [Array], []);

    private readonly TempDirectory _root = new();
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = (int)Limit.TotalMilliseconds };
    private readonly Kinds _kinds = new();
    private readonly Logger _logger;
    private readonly EventLog _events;
    private readonly StandIn _supervisor = new();

    public HeartbeatTests()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint($"{_root.Path}/notify"));
        _logger = new LoggerConfiguration().MinimumLevel.Debug().WriteTo.Sink(_kinds).CreateLogger();
        _events = new EventLog(_logger);
    }

    public void Dispose()
    {
        _events.Dispose();
        _logger.Dispose();
        _systemd.Dispose();
        _root.Dispose();
    }

    [Fact]
    public void The_line_says_how_much_there_is_what_is_wrong_and_what_runs()
    {
        Assert.Equal("nothing to supervise", Text());
        Assert.Equal("1 container, 1 array", Text(Container));
        var rebuilding = Array with { Name = "md125", Action = SyncAction.Recover, Done = 0.4399, Legs = Array.Legs.RemoveAt(1) };
        var degraded = Array with { Name = "md124", Legs = [.. Array.Legs.Take(2), new(2, "sdc", LegFlags.InSync | LegFlags.Faulty)] };
        Assert.Equal(
            "2 containers, 3 arrays; md120 is stuck, waiting in the kernel; sdx has not answered a metadata write; sdy is waited for in the kernel; md125 recovery 43 %; md124 degraded, 2 of 3 legs",
            Text(
                Container with { Arrays = [Array, rebuilding, degraded], Disks = [Disk("sdx", hangs: true, answers: true), Disk("sdy", false, false), Disk("sdz", false, true)] },
                Container with { Name = "md120", Health = ContainerHealth.WaitsInKernel, Arrays = [] }));
        Assert.Equal("1 container, 0 arrays; md127 does not answer (metadata, md126-2)", Text(Container with { Health = ContainerHealth.Silent, Silent = ["metadata", "md126-2"], Arrays = [] }));
        Assert.Equal("1 container, 1 array; md126 check", Text(Container with { Arrays = [Array with { Action = SyncAction.Check }] }));
    }

    [Fact]
    public void The_watchdog_is_fed_while_all_is_well_and_what_waits_in_the_kernel_does_not_end_that()
    {
        Show(Container);
        using var beat = Beat(watchdogSeconds: 1);
        Assert.Equal("STATUS=1 container, 1 array", Next("STATUS"));
        Next("WATCHDOG=1");
        Next("WATCHDOG=1");
        Show(Container with { Health = ContainerHealth.WaitsInKernel });
        Assert.Equal("STATUS=1 container, 1 array; md127 is stuck, waiting in the kernel", Next("STATUS"));
        Assert.True(SpinWait.SpinUntil(() => _kinds.Seen.Contains("container-stuck"), Limit));
        Next("WATCHDOG=1");
        Next("WATCHDOG=1");
        Show(Container);
        Next("STATUS");
        Assert.True(SpinWait.SpinUntil(() => _kinds.Seen.Contains("container-answers"), Limit));
        Assert.InRange(_supervisor.Limit, TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public void A_thread_that_is_stuck_in_our_own_program_ends_the_feeding_until_it_goes_on()
    {
        Show(Container with { Health = ContainerHealth.Stuck });
        using var beat = Beat(watchdogSeconds: 1);
        Assert.Equal("STATUS=1 container, 1 array; md127 is stuck", Receive());
        Silence(TimeSpan.FromSeconds(2));
        Assert.Single(_kinds.Seen, kind => kind == "container-stuck");
        Show(Container);
        Next("WATCHDOG=1");
    }

    [Theory]
    [InlineData(ContainerHealth.Lost, false)]
    [InlineData(ContainerHealth.Refused, true)]
    public void A_container_that_is_not_supervised_ends_the_feeding_where_a_new_process_could_do_it(ContainerHealth health, bool fed)
    {
        Show(Container with { Health = health, Refusal = "no descriptors" });
        using var beat = Beat(watchdogSeconds: 1);
        if (fed)
        {
            Next("WATCHDOG=1");
            Next("WATCHDOG=1");
        }
        else
        {
            Assert.Equal("STATUS=1 container, 1 array; md127 is not supervised", Receive());
            Silence(TimeSpan.FromSeconds(2));
        }

        Assert.Single(_kinds.Seen, kind => kind == "container-missing");
    }

    [Fact]
    public void A_host_that_does_not_answer_ends_the_feeding()
    {
        _supervisor.Report = null;
        using var beat = Beat(watchdogSeconds: 1);
        Assert.Equal("STATUS=the host's actor does not answer", Receive());
        Silence(TimeSpan.FromSeconds(2));
        Assert.Single(_kinds.Seen, kind => kind == "host-stuck");
        Show(Container);
        Next("WATCHDOG=1");
    }

    [Fact]
    public void Without_a_watchdog_only_changes_are_told_and_nobody_is_asked_when_nothing_happens()
    {
        Show(Container);
        using var beat = Beat(watchdogSeconds: null);
        Assert.Equal("STATUS=1 container, 1 array", Receive());
        Silence(TimeSpan.FromSeconds(2.5));
        Assert.InRange(_supervisor.Asked, 1, 2);
        Show(Container with { Arrays = [Array with { Action = SyncAction.Resync, Done = 0.5 }] });
        var since = Stopwatch.GetTimestamp();
        _events.Write(EventLevel.Info, "resync-started", "");
        Assert.Equal("STATUS=1 container, 1 array; md126 resync 50 %", Receive());
        // What moves is followed without an event.
        Show(Container);
        Assert.Equal("STATUS=1 container, 1 array", Receive());
        Assert.InRange(Stopwatch.GetElapsedTime(since), TimeSpan.Zero, TimeSpan.FromSeconds(8));
    }

    private static DiskReport Disk(string name, bool hangs, bool answers) => new(name, default, false, false, hangs, answers);

    private static string Text(params ContainerReport[] containers) => StatusText.Of(new SystemReport([.. containers]));

    private void Show(params ContainerReport[] containers) => _supervisor.Report = new SystemReport([.. containers]);

    private Heartbeat Beat(int? watchdogSeconds)
    {
        var systemd = new SystemdNotify(new SystemdPlace($"{_root.Path}/notify", watchdogSeconds * 1_000_000 ?? 0), _ => { });
        return new Heartbeat(_supervisor, new DaemonService(new SettingsInForce($"{_root.Path}/none"), systemd, _events));
    }

    private string Next(string begin)
    {
        while (true)
        {
            var told = Receive();
            if (told.StartsWith(begin, StringComparison.Ordinal))
                return told;
        }
    }

    private void Silence(TimeSpan time) =>
        Assert.False(_systemd.Poll(time, SelectMode.SelectRead), "systemd was told something");

    private string Receive()
    {
        var bytes = new byte[1000];
        return Encoding.UTF8.GetString(bytes, 0, _systemd.Receive(bytes));
    }

    private sealed class Kinds : ILogEventSink
    {
        public ConcurrentQueue<string> Seen { get; } = new();

        public void Emit(LogEvent logEvent) => Seen.Enqueue(LineFormat.Text(logEvent, "Event") ?? "");
    }

    private sealed class StandIn : ISupervisor
    {
        private volatile int _asked;

        public volatile SystemReport? Report = new([]);

        public int Asked => _asked;

        public TimeSpan Limit { get; private set; }

        public bool IsEmpty => false;

        public Task WhenEmpty => new TaskCompletionSource().Task;

        public Task<LaunchReply> Supervise(string container, bool takeover) => throw new NotSupportedException();

        public Task<ImmutableArray<string>> TakenByOthers() => throw new NotSupportedException();

        public void LetGo(ImmutableArray<string> containers, TimeSpan limit) => throw new NotSupportedException();

        public Task Ready() => Task.CompletedTask;

        public Task<SystemReport?> Describe(TimeSpan limit)
        {
            Limit = limit;
            Interlocked.Increment(ref _asked);
            return Task.FromResult(Report);
        }

        public HostObservation Observe(SystemReport report) => HostObservation.None;

        public Task Stop(TimeSpan limit) => Task.CompletedTask;
    }
}
