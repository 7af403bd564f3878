using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Settings;
using ActorRaid.Metadata;
using ActorRaid.Tests.Host;
using Serilog;
using Serilog.Core;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>Programs on events: which, with what, and what becomes of those that take long or are too many.</summary>
public sealed class HookTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly TempDirectory _root = new();
    private readonly Logger _logger = new LoggerConfiguration().CreateLogger();
    private readonly EventLog _events;
    private readonly HookRunner _hooks;

    public HookTests()
    {
        _events = new EventLog(_logger);
        _hooks = new HookRunner(_events);
    }

    public void Dispose()
    {
        _hooks.Dispose();
        _events.Dispose();
        _logger.Dispose();
        _root.Dispose();
    }

    [Fact]
    public void What_happens_has_mdadms_names_and_ours_beyond()
    {
        var names = new HookEvents();
        Assert.Equal(["Fail", "DegradedArray"], names.Of(Happened("leg-failed", new EventDetail(From: "in_sync"))));
        Assert.Equal(["FailSpare"], names.Of(Happened("leg-failed", new EventDetail(From: "spare"))));
        Assert.Equal(["SpareUsed", "RebuildStarted"], names.Of(Happened("recovery-started")));
        Assert.Empty(names.Of(Happened("sync-action", new EventDetail(From: "frozen", To: "recover"))));
        Assert.Equal(["RebuildFinished"], names.Of(Happened("sync-action", new EventDetail(From: "recover", To: "idle"))));
        Assert.Equal(["RebuildStarted"], names.Of(Happened("sync-action", new EventDetail(From: "idle", To: "resync"))));
        Assert.Equal(["Rebuild20"], names.Of(Happened("sync-progress", new EventDetail(Sync: new SyncPosition(25, 100)))));
        Assert.Equal(["Rebuild60"], names.Of(Happened("sync-progress", new EventDetail(Sync: new SyncPosition(75, 100)))));
        Assert.Equal(["RebuildFinished"], names.Of(Happened("sync-action", new EventDetail(From: "recover", To: "idle"))));
        Assert.Empty(names.Of(Happened("sync-action", new EventDetail(EventDetail.NothingToRebuild, From: "idle", To: "recover"))));
        Assert.Empty(names.Of(Happened("sync-action", new EventDetail(From: "recover", To: "idle"))));
        Assert.Equal(["SpareActive"], names.Of(Happened("array-whole")));
        Assert.Equal(["DegradedArray"], names.Of(Happened("array-not-whole")));
        Assert.Equal(["NewArray"], names.Of(Happened("array-supervised")));
        Assert.Empty(names.Of(Happened("array-supervised", new EventDetail("handed over"))));
        Assert.Equal(["DeviceDisappeared"], names.Of(Happened("array-gone")));
        Assert.Equal(["CheckpointLost"], names.Of(Happened("checkpoint-lost")));
        Assert.Equal(["Stalled"], names.Of(Happened("disk-hangs")));
        Assert.Empty(names.Of(Happened("array-state", new EventDetail(From: "clean", To: "active"))));
        Assert.True(HookEvents.Matches(["RebuildNN"], "Rebuild40") && !HookEvents.Matches(["RebuildNN"], "RebuildStarted"));
    }

    [Theory]
    [InlineData("6 12 18 25 31 37 43 50 56 62 68 75 81 87 93 100", "20 40 60 80")]
    [InlineData("0 0 30 70 100", "60")]
    [InlineData("100 6 19 30 45", "20 40")]
    [InlineData("95 95 95 10 90", "80")]
    [InlineData("50 56 62", "60")]
    [InlineData("45 10 45", "40")]
    public void Progress_is_told_at_each_fifth_and_what_the_one_before_had_come_to_is_not(string places, string told)
    {
        foreach (var action in new[] { SyncAction.Resync, SyncAction.Recover, SyncAction.Reshape, SyncAction.Check, SyncAction.Repair })
        {
            var (progress, all) = (default(RebuildProgress), new List<int>());
            foreach (var place in places.Split(' ').Select(ulong.Parse))
            {
                (progress, var tells) = progress.See(action, new SyncPosition(place, 100));
                if (tells)
                    all.Add(RebuildProgress.Reached(new SyncPosition(place, 100)));
            }
            Assert.Equal(told, string.Join(' ', all));
            Assert.Equal((default, false), progress.See(SyncAction.Idle, null));
        }
    }

    [Fact]
    public void A_program_gets_the_event_as_arguments_environment_and_JSON_and_nothing_else_of_ours()
    {
        var output = $"{_root.Path}/out";
        Configure(["Fail"], 30, $"{{ echo \"$@\"; env | sort; cat; cat /proc/self/oom_score_adj; grep VmLck /proc/self/status; ls /proc/self/fd; }} >{output}.new; mv {output}.new {output}");
        _events.Write(Happened("leg-failed"));
        Assert.True(SpinWait.SpinUntil(() => File.Exists(output), Limit));
        var lines = File.ReadAllLines(output);
        Assert.Equal("Fail /dev/md126 /dev/sdb", lines[0]);
        Assert.Contains("ACTORRAID_EVENT=Fail", lines);
        Assert.Contains("ACTORRAID_DISK=sdb", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("DOTNET", StringComparison.Ordinal));
        using var json = JsonDocument.Parse(lines.Single(line => line.StartsWith('{')));
        Assert.Equal(("Fail", "leg-failed"), (json.RootElement.GetProperty("event").GetString(), json.RootElement.GetProperty("happened").GetProperty("kind").GetString()));
        Assert.Contains("0", lines);
        Assert.Contains(lines, line => line.StartsWith("VmLck:", StringComparison.Ordinal) && line.EndsWith(" 0 kB", StringComparison.Ordinal));
        // Its three streams, and the directory that ls reads.
        Assert.InRange(lines.Count(line => int.TryParse(line, out var number) && number > 3), 0, 0);
        Assert.True(SpinWait.SpinUntil(() => _hooks.Status().Hooks[0].LastOk == true, Limit));
        Assert.Equal("Fail", _hooks.Status().Hooks[0].LastEvent);
    }

    [Fact]
    public async Task What_takes_too_long_is_killed_with_all_that_it_has_started_and_what_fails_says_how()
    {
        var child = $"{_root.Path}/child";
        _hooks.Configure(
        [
            Shell(["TestMessage"], 1, $"sleep 60 & echo $! >{child}; wait"), Shell(["TestMessage"], 9, "exit 3"), Shell(["TestMessage"], 9, "kill -11 $$"),
            new Hook(["TestMessage"], ["/no/such/program"], 9),
        ]);
        await _hooks.Test("TestMessage").WaitAsync(Limit);
        var outcomes = _hooks.Status().Hooks.Select(hook => hook.LastOutcome!).ToList();
        Assert.Equal("killed, as it took longer than 1 s", outcomes[0]);
        Assert.StartsWith("exit status 3 after ", outcomes[1], StringComparison.Ordinal);
        Assert.StartsWith("ended by signal 11 after ", outcomes[2], StringComparison.Ordinal);
        Assert.Contains("/no/such/program", outcomes[3], StringComparison.Ordinal);
        Assert.All(_hooks.Status().Hooks, hook => Assert.False(hook.LastOk));
        var grandchild = int.Parse(File.ReadAllText(child), System.Globalization.CultureInfo.InvariantCulture);
        Assert.True(SpinWait.SpinUntil(() => Executable.HasEnded(grandchild), Limit));
    }

    [Fact]
    public async Task So_many_run_so_many_wait_and_the_rest_is_dropped_and_told()
    {
        var gate = $"{_root.Path}/gate";
        _hooks.Configure([.. Enumerable.Range(51, HookRunner.MostRunning + 1).Select(seconds => Shell(["TestMessage"], seconds, $"while [ ! -e {gate} ]; do sleep 0.05; done"))]);
        // The first takes all places; what waits is a whole number of the others.
        var rounds = (HookRunner.MostRunning + HookRunner.MostQueued + 7) / (HookRunner.MostRunning + 1);
        var all = Task.WhenAll(Enumerable.Range(0, rounds).Select(_ => _hooks.Test("TestMessage")));
        var dropped = (rounds * (HookRunner.MostRunning + 1)) - HookRunner.MostRunning - HookRunner.MostQueued;
        var status = _hooks.Status();
        Assert.Equal((HookRunner.MostRunning, HookRunner.MostQueued, (long)dropped), (status.Running, status.Queued, status.Dropped));
        Assert.True(SpinWait.SpinUntil(() => _events.History.After(0, null, 100).Count(e => e.Kind == "hook-dropped") == dropped, Limit));
        File.WriteAllText(gate, "");
        await all.WaitAsync(Limit);
        Assert.True(SpinWait.SpinUntil(() => _hooks.Status() is { Running: 0, Queued: 0 }, Limit));
    }

    [Fact]
    public void The_end_of_a_reshape_to_RAID_0_is_told_though_nobody_looks_after_it_any_more()
    {
        var names = new HookEvents();
        Assert.Equal(["RebuildStarted"], names.Of(Happened("sync-action", new EventDetail(From: "idle", To: "reshape"))));
        Assert.Equal(["RebuildFinished"], names.Of(Happened("array-needs-nobody")));
        Assert.Empty(names.Of(Happened("reshape-ended")));
        Assert.Equal(["RebuildStarted"], names.Of(Happened("sync-action", new EventDetail(From: "idle", To: "reshape"))));
        Assert.Equal(["RebuildFinished"], names.Of(Happened("sync-action", new EventDetail(From: "reshape", To: "idle"))));
        Assert.Empty(names.Of(Happened("reshape-ended")));
    }

    [Fact]
    public async Task What_has_happened_is_told_to_the_end_within_a_limit()
    {
        var output = $"{_root.Path}/out";
        Configure(["RebuildFinished"], 30, $"sleep 0.3; echo $1 >>{output}");
        for (var i = 0; i < 3; i++)
            _events.Write(Happened("sync-action", new EventDetail(From: "reshape", To: "idle")));
        await _hooks.Finish(Limit);
        Assert.Equal(3, File.ReadAllLines(output).Length);
        Configure(["RebuildFinished"], 30, "sleep 20");
        _events.Write(Happened("sync-action", new EventDetail(From: "reshape", To: "idle")));
        await _hooks.Finish(TimeSpan.FromSeconds(0.5)).WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_hook_is_told_its_events_in_their_order()
    {
        var output = $"{_root.Path}/out";
        Configure(["TestMessage", "Fail", "Stalled"], 30, $"echo $1 >>{output}");
        string[] names = ["Fail", "Stalled", "TestMessage", "Fail", "Stalled", "TestMessage", "Fail"];
        await Task.WhenAll(names.Select(_hooks.Test)).WaitAsync(Limit);
        Assert.Equal(names, File.ReadAllLines(output));
    }

    [Theory]
    [InlineData("""[{"on": ["Fail", "RebuildNN", "Rebuild40"], "run": ["/bin/true"]}]""", true)]
    [InlineData("""[{"on": ["Fail"], "run": ["/bin/true", "a"], "seconds": 3600}]""", true)]
    [InlineData("""[{"on": ["Fial"], "run": ["/bin/true"]}]""", false)]
    [InlineData("""[{"on": [], "run": ["/bin/true"]}]""", false)]
    [InlineData("""[{"on": ["Fail"], "run": ["true"]}]""", false)]
    [InlineData("""[{"on": ["Fail"], "run": []}]""", false)]
    [InlineData("""[{"on": ["Fail"], "run": ["/bin/true"], "seconds": 0}]""", false)]
    [InlineData("""[{"on": ["Fail"], "run": ["/bin/true"], "more": 1}]""", false)]
    [InlineData("""[{"on": "Fail", "run": ["/bin/true"]}]""", false)]
    [InlineData("""[{"on": ["Fail"], "run": ["/bin/true", 1]}]""", false)]
    [InlineData("""{"on": ["Fail"]}""", false)]
    public void A_configuration_is_taken_or_refused_as_a_whole(string value, bool ok)
    {
        var read = SettingsFile.Parse("f", Encoding.UTF8.GetBytes($"{{\n\"hooks\": {value},\n\"stay\": true }}"));
        Assert.Equal(ok, read.Problems.IsEmpty);
        if (!ok)
            Assert.StartsWith("f:2: hooks is ", Assert.Single(read.Problems), StringComparison.Ordinal);
        else
            Assert.Equal(read.Settings.Hooks[0].ToJson(), SettingsFile.Parse("f", Encoding.UTF8.GetBytes($"{{\"hooks\": [{read.Settings.Hooks[0].ToJson()}]}}")).Settings.Hooks[0].ToJson());
    }

    private static RaidEvent Happened(string kind, EventDetail? detail = null) =>
        new(Sample.Then, EventLevel.Info, kind, "md127", "md126", "sdb", "text") { Detail = detail };

    private static Hook Shell(ImmutableArray<string> on, int seconds, string script) => new(on, ["/bin/sh", "-c", script, "sh"], seconds);

    private void Configure(ImmutableArray<string> on, int seconds, string script) => _hooks.Configure([Shell(on, seconds, script)]);
}
