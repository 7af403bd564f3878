using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Handoff;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Settings;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Serilog;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class DaemonTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private static readonly DaemonOptions Plain = new(-1, -1, false, false, false, []);

    private readonly TempDirectory _root = new();
    private readonly LaunchPaths _paths;
    private readonly EventLog _events = new(new LoggerConfiguration().CreateLogger());
    private readonly Asks _leave = new();
    private readonly StandIn _supervisor = new();
    private readonly DaemonService _service;

    public DaemonTests()
    {
        _paths = new LaunchPaths(Directory.CreateDirectory($"{_root.Path}/actorraid").FullName);
        _service = new DaemonService(new SettingsInForce($"{_root.Path}/config"), new SystemdNotify(SystemdPlace.None, Assert.Fail), _events);
    }

    public void Dispose()
    {
        _events.Dispose();
        _root.Dispose();
    }

    [Fact]
    public async Task It_ends_by_itself_when_its_last_container_is_gone()
    {
        var daemon = Serve(Plain);
        Assert.Equal(LaunchOutcome.Supervised, Ask(new LaunchRequest("md127", false))?.Outcome);
        Assert.Equal(LaunchOutcome.AlreadySupervised, Ask(new LaunchRequest("md127", false))?.Outcome);
        Assert.Equal(LaunchOutcome.Supervised, Ask(new LaunchRequest("md125", false))?.Outcome);
        _supervisor.Gone("md127");
        Assert.False(daemon.IsCompleted);
        _supervisor.Gone("md125");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
        Assert.False(File.Exists(_paths.Socket));
        Assert.False(_supervisor.Stopped);
    }

    [Fact]
    public async Task As_long_as_it_is_there_a_shutdown_without_systemd_is_told_to_spare_its_process()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_paths.Spared)!);
        var daemon = Serve(Plain);
        Ask(new LaunchRequest("md127", false));
        Assert.Equal(Environment.ProcessId, PidFile.Read(_paths.Spared).Value);
        _supervisor.Gone("md127");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
        Assert.False(File.Exists(_paths.Spared));
    }

    [Fact]
    public async Task Told_to_leave_by_who_has_taken_a_container_it_lets_go_of_that_one_and_stays_for_the_rest()
    {
        var daemon = Serve(Plain);
        foreach (var container in new[] { "md127", "md126", "md125" })
            Ask(new LaunchRequest(container, false));
        // Two take over at the same moment, and signal one after the other.
        _supervisor.Taken = ["md127", "md126"];
        _leave.Ask("SIGTERM");
        Assert.True(SpinWait.SpinUntil(() => _supervisor.Taken.IsEmpty && !_leave.Asked.IsCompleted, Limit));
        _leave.Ask("SIGTERM");
        Assert.True(SpinWait.SpinUntil(() => !_leave.Asked.IsCompleted, Limit));
        Assert.Equal(LaunchOutcome.AlreadySupervised, Ask(new LaunchRequest("md125", false))?.Outcome);
        Assert.False(_supervisor.Stopped);
        // And a third means all that is left.
        _leave.Ask("SIGTERM");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
        Assert.True(_supervisor.Stopped);
    }

    [Fact]
    public async Task Told_to_leave_while_it_still_lets_go_of_what_was_taken_it_leaves()
    {
        var daemon = Serve(Plain);
        Ask(new LaunchRequest("md127", false));
        Ask(new LaunchRequest("md125", false));
        _supervisor.Reluctant = true;
        _supervisor.Taken = ["md127"];
        _leave.Ask("SIGTERM");
        Assert.True(SpinWait.SpinUntil(() => !_leave.Asked.IsCompleted, Limit));
        Assert.False(_supervisor.Stopped);
        _leave.Ask("SIGTERM");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
        Assert.True(_supervisor.Stopped);
    }

    [Fact]
    public async Task It_ends_by_itself_when_it_could_not_take_up_what_it_was_started_for()
    {
        var daemon = Serve(Plain);
        Assert.Equal(LaunchOutcome.Failed, Ask(new LaunchRequest("broken", false))?.Outcome);
        Assert.Equal(0, await daemon.WaitAsync(Limit));
    }

    [Fact]
    public async Task Asked_to_stay_it_stays_until_it_is_told_to_leave()
    {
        var daemon = Serve(Plain);
        Assert.Equal(LaunchOutcome.Supervised, Ask(LaunchRequest.Stay)?.Outcome);
        Assert.Equal(LaunchOutcome.Failed, Ask(new LaunchRequest("broken", false))?.Outcome);
        Assert.Equal(LaunchOutcome.Supervised, Ask(new LaunchRequest("md127", false))?.Outcome);
        _supervisor.Gone("md127");
        Assert.Equal(LaunchOutcome.Supervised, Ask(new LaunchRequest("md125", false))?.Outcome);
        Assert.False(daemon.IsCompleted);
        _leave.Ask("SIGTERM");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
        Assert.True(_supervisor.Stopped);
        Assert.False(File.Exists(_paths.Socket));
    }

    [Fact]
    public async Task Arrays_have_as_long_to_come_to_rest_as_the_configuration_says()
    {
        var daemon = Serve(Plain);
        Assert.Equal(LaunchOutcome.Supervised, Ask(LaunchRequest.Stay)?.Outcome);
        _root.Make("config", """{ "farewellSeconds": 7 }""");
        Assert.Equal(new LaunchReply(LaunchOutcome.Done, "the configuration is in force"), Ask(LaunchRequest.Reload));
        _leave.Ask("SIGTERM");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
        Assert.Equal(TimeSpan.FromSeconds(7), _supervisor.StopLimit);
    }

    [Fact]
    public async Task It_does_not_leave_while_a_launcher_holds_the_lock()
    {
        var daemon = Serve(Plain);
        Ask(new LaunchRequest("md127", false));
        using (var held = LaunchLock.Take(_paths.Lock, Limit, out _))
        {
            Assert.NotNull(held);
            _supervisor.Gone("md127");
            Patience.NotSoon(() => daemon.IsCompleted, "it has left");
            Assert.Equal(LaunchOutcome.Supervised, Ask(new LaunchRequest("md125", false))?.Outcome);
        }
        Assert.False(daemon.IsCompleted);
        _supervisor.Gone("md125");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
    }

    [Fact]
    public async Task What_it_is_started_with_is_taken_up_before_it_is_ready()
    {
        var daemon = Serve(Plain with { Takeover = true, Containers = ["md125", "md127"] });
        Assert.Equal(LaunchOutcome.AlreadySupervised, Ask(new LaunchRequest("md127", false))?.Outcome);
        Assert.Equal(["md125 taken", "md127 taken"], _supervisor.Story.Order());
        _leave.Ask("SIGTERM");
        Assert.Equal(0, await daemon.WaitAsync(Limit));
    }

    [Fact]
    public async Task In_the_foreground_it_ends_with_the_verdict_on_what_it_was_started_with() =>
        Assert.Equal(3, await Serve(Plain with { Foreground = true, Containers = ["broken"] }).WaitAsync(Limit));

    private Task<int> Serve(DaemonOptions options)
    {
        var held = LaunchLock.Take(_paths.Lock, Limit, out _)!;
        return Task.Run(() => DaemonMain.Serve(options, _supervisor, _paths, _service, held, _leave, () => default(Nothing), Handoffs.None));
    }

    private LaunchReply? Ask(LaunchRequest request)
    {
        LaunchClient? client = null;
        Assert.True(SpinWait.SpinUntil(() => (client = LaunchClient.Connect(_paths.Socket, Limit)) is not null, Limit));
        using (client)
            return client!.Ask(request);
    }

    private sealed class Asks : ILeaveRequests
    {
        private volatile TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Asked => _asked.Task;

        public void Answered() => _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Ask(string why) => _asked.TrySetResult(why);
    }

    private sealed class StandIn : ISupervisor
    {
        public ImmutableArray<string> Taken { get; set; } = [];

        public Task<ImmutableArray<string>> TakenByOthers() => Task.FromResult(Taken);

        /// <summary>What it lets go of is being written, and stays for a while.</summary>
        public bool Reluctant { get; set; }

        public void LetGo(ImmutableArray<string> containers, TimeSpan limit)
        {
            Taken = [];
            if (Reluctant)
                return;
            foreach (var container in containers)
                Gone(container);
        }

        private readonly HashSet<string> _containers = [];
        private TaskCompletionSource _emptied = new();

        public List<string> Story { get; } = [];

        public HostObservation Observe(SystemReport report) => HostObservation.None;

        public bool Stopped => StopLimit is not null;

        public TimeSpan? StopLimit { get; private set; }

        public bool IsEmpty
        {
            get
            {
                lock (_containers)
                    return _containers.Count == 0;
            }
        }

        public Task WhenEmpty
        {
            get
            {
                lock (_containers)
                    return _containers.Count == 0 ? Task.CompletedTask : _emptied.Task;
            }
        }

        public void Gone(string container)
        {
            lock (_containers)
            {
                _containers.Remove(container);
                if (_containers.Count > 0)
                    return;
                _emptied.SetResult();
                _emptied = new TaskCompletionSource();
            }
        }

        public Task<LaunchReply> Supervise(string container, bool takeover)
        {
            lock (_containers)
            {
                if (container == "broken")
                    return Task.FromResult(new LaunchReply(LaunchOutcome.Failed, "broken"));
                if (!_containers.Add(container))
                    return Task.FromResult(new LaunchReply(LaunchOutcome.AlreadySupervised, ""));
                Story.Add($"{container} {(takeover ? "taken" : "supervised")}");
                return Task.FromResult(new LaunchReply(LaunchOutcome.Supervised, ""));
            }
        }

        public Task Ready() => Task.CompletedTask;

        public Task<SystemReport?> Describe(TimeSpan limit) => Task.FromResult<SystemReport?>(new SystemReport([]));

        public Task Stop(TimeSpan limit)
        {
            StopLimit = limit;
            return Task.CompletedTask;
        }
    }
}
