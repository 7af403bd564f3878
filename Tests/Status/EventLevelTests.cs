using System.Text.RegularExpressions;
using ActorRaid.Actors;
using ActorRaid.Host.Hooks;
using ActorRaid.Metadata;
using ActorRaid.Tests.Lab;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>How much each kind of event matters: all that the program tells is in this table, and what comes with every burst of writes is debug.</summary>
public sealed partial class EventLevelTests
{
    // Debug: for whoever looks for a fault. Info: the normal course of things, rare enough for the journal. Warning: redundancy is missing, or something is
    // not as it should be. Error: something could not be done.
    private static readonly Dictionary<EventLevel, string> Table = new()
    {
        [EventLevel.Debug] = "array-state checkpoint launch metadata-follow-up metadata-written update-applied",
        [EventLevel.Info] = """
            array-gone array-needs-nobody array-size array-state array-supervised array-whole container-answers container-handed-over container-left
            container-supervised control-client-dropped daemon-ended daemon-leaving daemon-ready daemon-starting disk-found disk-left handed-over handoff
            hook host-answers leg-removed metadata-write-recovered no-handoff recovery-started reshape-ended safe-mode-delay settings-reloaded sync-action
            sync-progress taken-over test update-applied
            disk-arrived disk-readable legs-placed legs-verified
            """,
        [EventLevel.Warning] = """
            actors-warned
            array-degraded array-frozen array-not-whole array-unknown arrays-not-at-rest bad-block checkpoint-lost control disk-foreign disk-hangs events-dropped handed-over
            handoff handoff-refused hook hook-dropped leg-failed leg-failed-too mdstat-unreadable memory-not-kept no-spare not-read not-settled not-spared
            not-supervised notify-failed safe-mode-delay-note spare-slow spare-unknown taken-over
            """,
        [EventLevel.Error] = """
            actor-failed actors-failed array-actor-restarted array-refused array-state array-state-refused bad-block-refused container-failed container-missing
            container-refused container-stuck control-failed daemon-failed disk-actor-ended disk-unreadable handoff-failed handoff-refused heartbeat-failed
            hooks-failed host-failed host-request-failed host-stuck leg-state-refused loop-failed metadata-write-failed no-control no-handoff not-handed-over
            not-read not-supervised pid-file recorded-on-fewer recovery-refused remove-refused reshape-cancelled settings-kept settings-problem settings-reloaded
            spare-refused spare-stays status-failed update-refused
            """,
    };

    private static readonly ILookup<string, EventLevel> Levels =
        Table.SelectMany(row => row.Value.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(kind => (kind, row.Key))).ToLookup(one => one.kind, one => one.Key);

    [Fact]
    public void Every_kind_that_the_program_tells_is_in_the_table_with_its_level()
    {
        var told = Told();
        Assert.True(told.Count > 80, $"only {told.Count} kinds were found");
        Assert.All(told, one => Assert.True(Levels[one.Kind].Contains(one.Level), $"{one.Kind} is told as {one.Level} in {one.Where}"));
    }

    [Fact]
    public void What_hooks_are_run_on_is_never_debug()
    {
        var names = new HookEvents();
        var happened = new EventDetail(From: "recover", To: "idle", Sync: new SyncPosition(45, 100));
        foreach (var kind in Levels)
        {
            foreach (var detail in (EventDetail?[])[null, happened, happened with { To = "resync" }])
            {
                if (names.Of(new RaidEvent(default, EventLevel.Info, kind.Key, "md127", "md126", "sda", "") { Detail = detail }).Any())
                    Assert.DoesNotContain(EventLevel.Debug, kind);
            }
        }
    }

    [Theory]
    [InlineData(ArrayState.Clean, ArrayState.WritePending, EventLevel.Debug)]
    [InlineData(ArrayState.WritePending, ArrayState.Active, EventLevel.Debug)]
    [InlineData(ArrayState.Active, ArrayState.ActiveIdle, EventLevel.Debug)]
    [InlineData(ArrayState.ActiveIdle, ArrayState.Clean, EventLevel.Debug)]
    [InlineData(ArrayState.Active, ArrayState.Clean, EventLevel.Debug)]
    [InlineData(ArrayState.Inactive, ArrayState.Clean, EventLevel.Info)]
    [InlineData(ArrayState.ReadAuto, ArrayState.WritePending, EventLevel.Info)]
    [InlineData(ArrayState.ReadOnly, ArrayState.Active, EventLevel.Info)]
    [InlineData(ArrayState.Clean, ArrayState.ReadOnly, EventLevel.Info)]
    [InlineData(ArrayState.Active, ArrayState.Clear, EventLevel.Info)]
    [InlineData(ArrayState.Active, ArrayState.Broken, EventLevel.Error)]
    public void That_an_array_becomes_dirty_or_clean_is_debug_and_that_it_starts_stops_or_fails_is_not(ArrayState before, ArrayState now, EventLevel level)
    {
        var memory = MemberMemory.New with { State = before };
        var actions = new MemberActions(null, [], null, false, [], true, false, false, memory with { State = now });
        Assert.Equal((level, "array-state"), Assert.Single(MemberReport.Of("md126", memory, actions, null, 0, false, null, default).Select(told => (told.Level, told.Kind))));
    }

    [Fact]
    public void A_checkpoint_is_debug_and_progress_and_the_end_are_not()
    {
        var before = MemberMemory.New with { State = ArrayState.Active, Action = SyncAction.Recover, LastCheckpoint = 1000 };
        var actions = new MemberActions(null, [], null, false, [], true, false, false, before with { LastCheckpoint = 2500 });
        var recorded = new Recorded(true, false, [], RecordFor.Array);
        Assert.Equal(
            [(EventLevel.Debug, "checkpoint"), (EventLevel.Info, "sync-progress")],
            MemberReport.Of("md126", before, actions, recorded, 10_000, true, new SyncPosition(2500, 10_000), default).Select(told => (told.Level, told.Kind)));
        var ends = actions with { Next = before with { Action = SyncAction.Idle, LastCheckpoint = 0 } };
        Assert.Equal(
            [(EventLevel.Info, "sync-action"), (EventLevel.Info, "array-whole")],
            MemberReport.Of("md126", before, ends, recorded with { IsWhole = true }, 10_000, true, null, default).Select(told => (told.Level, told.Kind)));
        Assert.Equal(
            [(EventLevel.Info, "sync-action"), (EventLevel.Warning, "array-not-whole")],
            MemberReport.Of("md126", before, ends, recorded, 10_000, true, null, default).Select(told => (told.Level, told.Kind)));
    }

    private static List<(string Kind, EventLevel Level, string Where)> Told()
    {
        var root = GuestLab.FindRoot();
        var files = new[] { "Actors", "Host" }.SelectMany(folder => Directory.EnumerateFiles(Path.Combine(root, folder), "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));
        return
        [
            .. from file in files
               from call in Call().Matches(File.ReadAllText(file))
               from kind in Kind().Matches(call.Groups["kind"].Value)
               select (kind.Groups[1].Value, Enum.Parse<EventLevel>(call.Groups["level"].Value), Path.GetRelativePath(root, file)),
        ];
    }

    // events.Info("kind", ...), Write(EventLevel.Info, "kind", ...), and where one of two kinds is told.
    [GeneratedRegex("""(vents\s*\.(?<level>Info|Warning|Error|Debug)\(|EventLevel\.(?<level>Info|Warning|Error|Debug),)\s*(?<kind>"[a-z-]+"|[^",()]+\? "[a-z-]+" : "[a-z-]+")""", RegexOptions.ExplicitCapture)]
    private static partial Regex Call();

    [GeneratedRegex("\"([a-z-]+)\"")]
    private static partial Regex Kind();
}
