using ActorRaid.Actors;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Reporting;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>What is told of what has happened, and of why.</summary>
public sealed class EventsTests
{
    private static readonly MemberMemory Idle = MemberMemory.New with { State = ArrayState.Clean };

    [Fact]
    public void A_first_write_is_told_with_its_cause_and_what_was_written_where()
    {
        var actions = MemberDecision.WritePending(0, Idle);
        var told = Assert.Single(MemberReport.Of("md126", Idle, actions, new Recorded(true, false, [], RecordFor.Array) { Generation = 18 }, 1000, false, null, TimeSpan.FromMicroseconds(412)));
        Assert.Equal((EventLevel.Debug, "array-state", "md126 is write-pending, recorded"), (told.Level, told.Kind, told.Text));
        Assert.Equal(new EventDetail("a writer waits", "metadata generation 18; active to array_state", 412, "clean", "write-pending"), told.Detail);
        var shown = EventsCommand.Line(new EventStatus(1, Sample.Then, "debug", told.Kind, "md127", "md126", null, told.Text, told.Detail.Cause, told.Detail.Wrote, told.Detail.Microseconds));
        Assert.EndsWith(
            "debug   md127/md126 array-state: md126 is write-pending, recorded\n    because a writer waits; wrote metadata generation 18; active to array_state; took 412 us", shown, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("90s", 90)]
    [InlineData("15m", 900)]
    [InlineData("1.5h", 5400)]
    [InlineData("7d", 604800)]
    public void Since_may_say_how_long_ago(string text, int seconds) => Assert.Equal(Sample.Then.AddSeconds(-seconds), EventsCommand.ParseSince(text, Sample.Then));

    [Fact]
    public void Since_may_be_a_time_and_nothing_else()
    {
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero), EventsCommand.ParseSince("2026-01-31T12:00:00Z", Sample.Then));
        Assert.NotNull(EventsCommand.ParseSince("12:00", Sample.Then));
        Assert.Null(EventsCommand.ParseSince("yesteryear", Sample.Then));
        Assert.Null(EventsCommand.ParseSince("-5m", Sample.Then));
        Assert.Null(EventsCommand.ParseSince("", Sample.Then));
    }

    [Fact]
    public void An_entry_of_the_journal_is_an_event()
    {
        var (e, process) = EventsCommand.FromJournal(
            """{"__REALTIME_TIMESTAMP":"1700000000000001","PRIORITY":"4","EVENT":"leg-failed","CONTAINER":"md127","ARRAY":"md126","DISK":"sda","MESSAGE":"sda failed","MICROSECONDS":"7","_PID":"42"}""")!.Value;
        Assert.Equal((42, "warning", "leg-failed", "md126", "sda", "sda failed", 7L), (process, e.Level, e.Kind, e.Array, e.Disk, e.Text, e.Microseconds));
        Assert.Equal(1_700_000_000_000_001, (e.Time - DateTimeOffset.UnixEpoch).Ticks / 10);
        Assert.Null(EventsCommand.FromJournal("""{"MESSAGE":"something else"}"""));
        Assert.Null(EventsCommand.FromJournal("{"));
    }

    [Fact]
    public void A_recovery_that_begins_before_its_checkpoint_is_told()
    {
        var recorded = Sample.Volume with { Activity = VolumeActivity.Recovery, Checkpoint = 2560 };
        MemberView View(ulong start) => new(ArrayState.Clean, SyncAction.Recover, ArrayFacts.Complete, 0, false, ArrayFacts.Complete, [new(0, LegFlags.InSync, ArrayFacts.Complete), new(1, LegFlags.Spare, start)]);
        Assert.True(MemberReport.LosesCheckpoint(recorded, View(0)));
        Assert.False(MemberReport.LosesCheckpoint(recorded, View(2560)));
        Assert.False(MemberReport.LosesCheckpoint(recorded with { Checkpoint = 0 }, View(0)));
    }

    [Fact]
    public void An_explanation_says_why_and_what_would_change_it()
    {
        var degraded = Sample.Array.WithLeg(1, LegFlags.Faulty);
        Assert.Contains("There is a spare (sdd)", Explain(Sample.Container with { Arrays = [degraded] }), StringComparison.Ordinal);
        var alone = Sample.Container with { Arrays = [degraded], Disks = [Sample.Disk(0), Sample.Disk(1) with { IsFailed = true }] };
        var text = Explain(alone, new EventStatus(1, Sample.Then, "warning", "leg-failed", "md127", "md126", "sdb", "sdb is faulty", "md said so"));
        Assert.StartsWith("md126 (\"vol0\") is DEGRADED, 2 of 3 legs, for 0 s", text, StringComparison.Ordinal);
        Assert.Contains("md has marked sdb faulty", text, StringComparison.Ordinal);
        Assert.Contains("mdadm --add /dev/md127 DISK", text, StringComparison.Ordinal);
        Assert.Contains("sdb (SERIAL1) is recorded as failed", text, StringComparison.Ordinal);
        Assert.Contains("sdb is faulty (md said so)", text, StringComparison.Ordinal);
        Assert.Contains("its data cannot be read with what is there", Explain(Sample.Container with { Arrays = [degraded.WithLeg(0, LegFlags.Faulty)] }), StringComparison.Ordinal);
        Assert.Contains("the array is frozen by whoever", Explain(Sample.Container with { Arrays = [degraded] }, seen: Sample.Seen(frozen: true)), StringComparison.Ordinal);
        Assert.Contains("waits in the kernel", Explain(Sample.Container with { Health = ContainerHealth.WaitsInKernel }), StringComparison.Ordinal);
        Assert.Contains("is blocked", Explain(Sample.Container with { Arrays = [Sample.Array.WithLeg(1, LegFlags.Faulty | LegFlags.Blocked)] }), StringComparison.Ordinal);
        Assert.Contains("sda (SERIAL0) has not answered", Explain(Sample.Container with { Disks = [Sample.Disk(0) with { Hangs = true }] }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ArrayState.Clean, "It is clean")]
    [InlineData(ArrayState.Active, "It is active: it is being written")]
    [InlineData(ArrayState.ActiveIdle, "about to become clean")]
    [InlineData(ArrayState.WritePending, "A writer waits")]
    [InlineData(ArrayState.ReadOnly, "mdadm --readwrite")]
    [InlineData(ArrayState.ReadAuto, "It is read-auto")]
    [InlineData(ArrayState.Suspended, "It is suspended")]
    [InlineData(ArrayState.Inactive, "It does not run")]
    [InlineData(ArrayState.Broken, "It is broken")]
    [InlineData(ArrayState.Unknown, "its state is not known")]
    public void Every_state_has_its_sentence(ArrayState state, string part) =>
        Assert.Contains(part, Explain(Sample.Container with { Arrays = [Sample.Array with { State = state }] }), StringComparison.Ordinal);

    [Theory]
    [InlineData(SyncAction.Resync, "A resync makes parity")]
    [InlineData(SyncAction.Recover, "A recovery fills a disk")]
    [InlineData(SyncAction.Reshape, "A reshape moves the data")]
    [InlineData(SyncAction.Check, "A check reads everything")]
    [InlineData(SyncAction.Repair, "A repair reads everything")]
    [InlineData(SyncAction.Frozen, "sync_action is frozen")]
    public void Every_action_has_its_sentence(SyncAction action, string part) =>
        Assert.Contains(part, Explain(Sample.Container with { Arrays = [Sample.Array with { Action = action }] }), StringComparison.Ordinal);

    private static string Explain(ContainerReport container, EventStatus? e = null, ArrayObservation? seen = null)
    {
        var status = Sample.Map(container, seen);
        return string.Join('\n', Explanation.Of(status, new NamedThing(status.Containers[0], status.Containers[0].Arrays[0]), e is null ? [] : [e]));
    }
}
