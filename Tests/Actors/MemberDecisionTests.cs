using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>The rows of mdmon's wake-up table, one by one.</summary>
public sealed class MemberDecisionTests
{
    private const ulong Component = 16_000;
    private static readonly MemberView Whole = new(
        ArrayState.Active, SyncAction.Idle, ArrayFacts.Complete, 0, false, ArrayFacts.Complete,
        [.. Enumerable.Range(0, 3).Select(slot => new LegView(slot, LegFlags.InSync, ArrayFacts.Complete))]);

    private static readonly SyncProgress Moving = new(8, true);
    private static readonly MemberMemory WasActive = new(ArrayState.Active, SyncAction.Idle, ArrayFacts.Complete, 0, SyncProgress.None);

    [Theory]
    [InlineData(ArrayState.Clean, Errno.EBUSY, false)]
    [InlineData(ArrayState.Clear, Errno.EBUSY, false)]
    [InlineData(ArrayState.Active, Errno.EBUSY, true)]
    [InlineData(ArrayState.Clean, Errno.EINVAL, true)]
    [InlineData(ArrayState.Clean, Errno.ENODEV, false)]
    [InlineData(ArrayState.Active, Errno.ENOENT, false)]
    public void That_somebody_else_was_faster_is_no_refusal(ArrayState written, Errno errno, bool isRefusal) =>
        Assert.Equal(isRefusal, MemberDecision.IsRefusal(written, errno));

    [Theory]
    [InlineData(ArrayState.Clear)]
    [InlineData(ArrayState.Inactive)]
    [InlineData(ArrayState.Unknown)]
    public void An_array_that_stopped_is_recorded_clean_and_forgotten(ArrayState state)
    {
        var actions = Decide(WasActive, Whole with { State = state });

        Assert.Equal(Consistency.Clean, Assert.Single(States(actions)).Consistency);
        Assert.True(actions.Gone);
        Assert.Equal(ArrayState.Clear, actions.WriteState);
    }

    [Fact]
    public void An_array_that_has_not_started_is_left_alone()
    {
        var actions = Decide(MemberMemory.New, Whole with { State = ArrayState.Inactive });

        Assert.False(actions.Gone);
        Assert.Empty(actions.Changes);
        Assert.Null(actions.WriteState);
    }

    [Theory]
    [InlineData(SyncAction.Recover, 0, 800, true)]
    [InlineData(SyncAction.Idle, 0, 800, true)] // being assembled, readonly
    [InlineData(SyncAction.Idle, 800, 800, false)]
    [InlineData(SyncAction.Recover, 1600, 800, false)]
    [InlineData(SyncAction.Recover, 0, 0, false)]
    public void A_recovery_that_begins_before_its_checkpoint_loses_it(SyncAction action, ulong start, ulong checkpoint, bool lost)
    {
        var volume = new VolumeInfo(0, "vol0", 5, 0, 65536, Component, 2 * Component, false, VolumeActivity.Recovery, checkpoint, []);
        var view = Whole with { Action = action, Legs = Whole.Legs.SetItem(1, new LegView(1, default, start)) };

        Assert.Equal(lost, MemberReport.LosesCheckpoint(volume, view));
        Assert.False(MemberReport.LosesCheckpoint(volume, view with { Legs = Whole.Legs }));
        Assert.False(MemberReport.LosesCheckpoint(volume with { Activity = VolumeActivity.None }, view));
    }

    [Fact]
    public void Write_pending_is_recorded_dirty_before_active_is_written()
    {
        var actions = Decide(WasActive with { State = ArrayState.Clean }, Whole with { State = ArrayState.WritePending });

        Assert.Equal(Consistency.Dirty, Assert.Single(States(actions)).Consistency);
        Assert.Null(actions.WriteFirst);
        Assert.Equal(ArrayState.Active, actions.WriteState);
    }

    [Fact]
    public void The_short_way_of_write_pending_records_and_writes_the_same()
    {
        var memory = WasActive with { State = ArrayState.Clean };
        var full = Decide(memory, Whole with { State = ArrayState.WritePending });
        var shortWay = MemberDecision.WritePending(0, memory);

        Assert.Equal(full.WriteState, shortWay.WriteState);
        Assert.Equal(States(full).Single(), States(shortWay).Single());
    }

    [Fact]
    public void Active_idle_is_written_clean_first_and_recorded_when_clean_is_seen()
    {
        var idle = Decide(WasActive, Whole with { State = ArrayState.ActiveIdle });
        Assert.Equal(ArrayState.Clean, idle.WriteFirst);
        Assert.Empty(idle.Changes);

        var clean = Decide(idle.Next, Whole with { State = ArrayState.Clean });
        Assert.Null(clean.WriteFirst);
        Assert.Null(clean.WriteState);
        Assert.Equal(Consistency.Clean, Assert.Single(States(clean)).Consistency);
    }

    [Fact]
    public void A_broken_array_is_recorded_clean() =>
        Assert.Equal(Consistency.Clean, Assert.Single(States(Decide(WasActive, Whole with { State = ArrayState.Broken }))).Consistency);

    [Fact]
    public void Readonly_that_somebody_asked_for_is_left_alone()
    {
        var actions = Decide(MemberMemory.New, Whole with { State = ArrayState.ReadOnly, LeftReadOnly = true });

        Assert.Empty(actions.Changes);
        Assert.False(actions.WriteByAnswer);
        Assert.Null(actions.WriteState);
    }

    [Fact]
    public void Readonly_otherwise_is_decided_by_the_metadata()
    {
        var actions = Decide(MemberMemory.New, Whole with { State = ArrayState.ReadOnly });

        Assert.Equal(Consistency.AsRecorded, Assert.Single(States(actions)).Consistency);
        Assert.True(actions.WriteByAnswer);
    }

    [Fact]
    public void An_array_that_is_taken_up_while_active_is_recorded_dirty() =>
        Assert.Equal(Consistency.Dirty, Assert.Single(States(Decide(MemberMemory.New, Whole))).Consistency);

    [Fact]
    public void The_end_of_a_resync_is_recorded_and_a_spare_looked_for()
    {
        var actions = Decide(WasActive with { Action = SyncAction.Resync }, Whole);

        Assert.Single(States(actions));
        Assert.True(actions.LookForSpare);
    }

    [Fact]
    public void The_end_of_a_recovery_records_each_leg_and_looks_for_a_spare_only_if_one_is_missing()
    {
        var whole = Decide(WasActive with { Action = SyncAction.Recover }, Whole);
        Assert.Equal([0, 1, 2], whole.Changes.OfType<LegChange>().Select(leg => leg.Slot));
        Assert.All(whole.Changes.OfType<LegChange>(), leg => Assert.Equal(LegState.InSync, leg.State));
        Assert.False(whole.LookForSpare);

        Assert.True(Decide(WasActive with { Action = SyncAction.Recover }, Whole with { Legs = Whole.Legs.RemoveAt(1) }).LookForSpare);
        Assert.True(Decide(WasActive with { Action = SyncAction.Recover }, WithLeg(1, LegFlags.Spare)).LookForSpare);
    }

    [Fact]
    public void A_faulty_leg_is_recorded_then_dropped_and_a_spare_looked_for()
    {
        var actions = Decide(WasActive, WithLeg(2, LegFlags.Faulty | LegFlags.Blocked));

        var leg = Assert.Single(actions.Changes.OfType<LegChange>());
        Assert.Equal((2, LegState.Faulty), (leg.Slot, leg.State));
        Assert.Equal([2], actions.FailedSlots.ToArray());
        Assert.True(actions.MayRemove);
        Assert.True(actions.LookForSpare);
        Assert.Null(actions.WriteState);
    }

    [Fact]
    public void A_faulty_leg_is_not_removed_while_the_array_is_readonly() =>
        Assert.False(Decide(WasActive with { State = ArrayState.ReadOnly }, WithLeg(2, LegFlags.Faulty) with { State = ArrayState.ReadOnly, LeftReadOnly = true }).MayRemove);

    [Fact]
    public void A_faulty_leg_makes_a_read_auto_array_active_first()
    {
        var actions = Decide(WasActive with { State = ArrayState.ReadAuto }, WithLeg(2, LegFlags.Faulty) with { State = ArrayState.ReadAuto });

        Assert.Equal(ArrayState.Active, actions.WriteState);
        Assert.Equal(Consistency.Dirty, Assert.Single(States(actions)).Consistency);
    }

    [Theory]
    [InlineData(SyncAction.Resync)]
    [InlineData(SyncAction.Recover)]
    public void What_md_keeps_as_synchronized_is_recorded_at_the_first_look_whatever_sync_completed_says(SyncAction action)
    {
        foreach (var shown in (ulong[])[0, 800, 900, Component])
        {
            var first = Decide(WasActive with { Action = SyncAction.Idle }, Running(action, 800) with { SyncCompleted = shown });
            Assert.Equal(800UL, Assert.Single(States(first)).Facts.LastCheckpoint);
            Assert.Equal(800UL, first.Next.LastCheckpoint);
            Assert.Empty(Decide(first.Next, Running(action, 800) with { SyncCompleted = shown }).Changes);
        }
    }

    [Theory]
    [InlineData(SyncAction.Check)]
    [InlineData(SyncAction.Repair)]
    public void A_check_has_no_checkpoint_and_leaves_that_of_a_resync(SyncAction action)
    {
        var memory = WasActive with { Action = action, LastCheckpoint = 800 };
        Assert.Empty(Decide(memory, Running(SyncAction.Resync, 900) with { Action = action, SyncCompleted = 9000 }).Changes);
        var clean = Decide(memory, Running(SyncAction.Resync, 900) with { Action = action, State = ArrayState.Clean });
        Assert.Equal(SyncCheckpoint.Unknown, Assert.Single(States(clean)).Facts.LastCheckpoint);
    }

    [Theory]
    [InlineData(ArrayState.Clean, Consistency.Clean)]
    [InlineData(ArrayState.WritePending, Consistency.Dirty)]
    public void What_is_said_for_another_reason_says_how_far_it_has_come_too(ArrayState state, Consistency consistency)
    {
        var decided = Decide(WasActive with { Action = SyncAction.Recover }, Running(SyncAction.Recover, 800) with { State = state });
        var said = Assert.Single(States(decided));
        Assert.Equal((consistency, 800UL), (said.Consistency, said.Facts.LastCheckpoint));
        Assert.Equal(800UL, decided.Next.LastCheckpoint);
    }

    [Fact]
    public void A_writer_who_waits_changes_no_checkpoint() => Assert.Equal(
        SyncCheckpoint.Unknown,
        Assert.IsType<StateChange>(MemberDecision.WritePending(0, WasActive with { Action = SyncAction.Recover }).Changes[0]).Facts.LastCheckpoint);

    [Fact]
    public void Of_several_legs_in_rebuild_the_one_that_lacks_most_counts_also_when_that_is_less_than_what_is_recorded()
    {
        var memory = WasActive with { Action = SyncAction.Recover, LastCheckpoint = 9000 };
        var two = Running(SyncAction.Recover, 9000) with { SyncCompleted = 9000 };
        two = two with { SyncCompleted = 0, Legs = two.Legs.SetItem(2, new LegView(2, LegFlags.Spare, 0)) };
        Assert.Equal(0UL, Assert.Single(States(Decide(memory, two))).Facts.LastCheckpoint);
    }

    [Fact]
    public void A_checkpoint_that_sync_completed_bears_out_is_not_taken_back_because_recovery_start_follows_later()
    {
        var memory = WasActive with { Action = SyncAction.Recover, LastCheckpoint = 9000 };
        Assert.Empty(Decide(memory, Running(SyncAction.Recover, 8900) with { SyncCompleted = 9000 }).Changes);
        Assert.NotEmpty(Decide(memory, Running(SyncAction.Recover, 8900) with { SyncCompleted = 8950 }).Changes);
    }

    [Fact]
    public void Legs_that_cannot_be_read_prove_nothing()
    {
        var memory = WasActive with { Action = SyncAction.Recover, LastCheckpoint = 800 };
        var vanished = Running(SyncAction.Recover, 900);
        vanished = vanished with { Legs = vanished.Legs.SetItem(2, new LegView(2, LegFlags.Vanished, ArrayFacts.Complete)) };
        Assert.Empty(Decide(memory, vanished).Changes);
        Assert.Empty(Decide(memory, Running(SyncAction.Recover, ArrayFacts.Complete)).Changes);
    }

    [Theory]
    [InlineData(ArrayState.Inactive, 900)]
    [InlineData(ArrayState.Clear, 800)]
    [InlineData(ArrayState.Unknown, 800)]
    public void A_resync_that_is_stopped_is_recorded_where_it_came_to_and_not_as_ended(ArrayState state, ulong checkpoint)
    {
        var memory = WasActive with { Action = SyncAction.Resync, ResyncStart = 800, LastCheckpoint = 800 };
        ulong? read = state switch { ArrayState.Inactive => 900, ArrayState.Clear => 0, _ => null };
        var stopped = Decide(memory, Whole with { State = state, Action = SyncAction.Unknown, ResyncStart = read });
        var facts = Assert.Single(States(stopped)).Facts;
        Assert.Equal((checkpoint, checkpoint), (facts.ResyncStart, facts.LastCheckpoint));
    }

    [Fact]
    public void A_recovery_whose_action_cannot_be_read_for_a_moment_has_not_ended()
    {
        var memory = WasActive with { Action = SyncAction.Recover };
        var unread = Decide(memory, Running(SyncAction.Unknown, 800));
        Assert.Equal(SyncAction.Recover, unread.Next.Action);
        Assert.NotEmpty(Decide(unread.Next, Whole).Changes.OfType<LegChange>());
    }

    [Theory]
    [InlineData(SyncAction.Idle)]
    [InlineData(SyncAction.Frozen)]
    public void A_recovery_that_is_interrupted_is_recorded_where_it_came_to(SyncAction action)
    {
        var memory = WasActive with { Action = SyncAction.Recover, LastCheckpoint = 800 };
        var stopped = Decide(memory, Running(SyncAction.Recover, 950) with { Action = action });
        Assert.Equal(950UL, Assert.Single(States(stopped)).Facts.LastCheckpoint);
        Assert.Equal(950UL, stopped.Next.LastCheckpoint);
        Assert.Equal(0UL, Decide(memory, Whole).Next.LastCheckpoint);
    }

    [Fact]
    public void A_reshape_records_every_advance_and_its_beginning_looks_for_new_legs()
    {
        var begun = Decide(WasActive, Whole with { Action = SyncAction.Reshape, SyncCompleted = 8, ReshapePosition = 24 });
        Assert.Empty(begun.Changes);
        var on = Decide(begun.Next, Whole with { Action = SyncAction.Reshape, SyncCompleted = 16 });
        Assert.Equal(16UL, Assert.Single(States(on)).Facts.LastCheckpoint);
    }

    [Fact]
    public void What_the_kernel_still_shows_of_the_sync_before_is_no_checkpoint()
    {
        var memory = (WasActive with { LastCheckpoint = 15_000 }).WithRecoveryStarted();
        Assert.Empty(Decide(memory, Running(SyncAction.Recover, 0) with { SyncCompleted = 15_500 }).Changes);
        Assert.Equal(128UL, Decide(memory, Running(SyncAction.Recover, 128) with { SyncCompleted = 15_500 }).Next.LastCheckpoint);
    }

    [Fact]
    public void A_reshape_that_is_done_is_recorded_at_the_end_and_one_that_broke_off_where_it_came_to()
    {
        var memory = WasActive with { Action = SyncAction.Reshape, LastCheckpoint = 4000, Progress = Moving };
        Assert.Equal(Component, Assert.Single(States(Decide(memory, Whole))).Facts.LastCheckpoint);
        Assert.Equal(4000UL, Assert.Single(States(Decide(memory, Whole with { ReshapePosition = 10_000 }))).Facts.LastCheckpoint);
    }

    [Theory]
    [InlineData(ArrayState.Clean, SyncAction.Frozen)]
    [InlineData(ArrayState.WritePending, SyncAction.Frozen)]
    [InlineData(ArrayState.Inactive, SyncAction.Idle)]
    [InlineData(ArrayState.Unknown, SyncAction.Unknown)]
    public void A_reshape_that_is_frozen_or_stopped_has_not_ended(ArrayState state, SyncAction action)
    {
        var memory = WasActive with { Action = SyncAction.Reshape, LastCheckpoint = 4000, Progress = Moving };
        var position = state == ArrayState.Inactive ? ArrayFacts.Complete : 10_000;
        var decided = Decide(memory, Whole with { State = state, Action = action, ReshapePosition = position });

        Assert.Equal(SyncAction.Reshape, Assert.Single(States(decided)).Facts.Current);
        if (action == SyncAction.Frozen)
        {
            Assert.Equal(SyncAction.Reshape, decided.Next.Action);
        }
    }

    [Fact]
    public void What_was_rebuilt_while_nobody_watched_is_recorded_at_the_first_look()
    {
        var recorded = new VolumeInfo(0, "vol0", 5, 0, 65536, Component, 2 * Component, true, VolumeActivity.Recovery, 0,
            [new LegInfo(0, null, true, 0), new LegInfo(1, null, false, 0), new LegInfo(2, null, true, 0)]);

        var change = Assert.IsType<LegChange>(Assert.Single(MemberDecision.CatchUp(recorded, Whole, null)));
        Assert.Equal((1, LegState.InSync), (change.Slot, change.State));
        Assert.Empty(MemberDecision.CatchUp(recorded, Whole with { Action = SyncAction.Recover }, null));
        Assert.Empty(MemberDecision.CatchUp(recorded, WithLeg(1, LegFlags.Spare), null));
    }

    [Theory]
    [InlineData("in_sync", LegFlags.InSync)]
    [InlineData("in_sync,external_bbl", LegFlags.InSync)]
    [InlineData("faulty,blocked", LegFlags.Faulty | LegFlags.Blocked)]
    [InlineData("spare", LegFlags.Spare)]
    [InlineData("faulty,in_sync,write_mostly,blocked,external_bbl", LegFlags.Faulty | LegFlags.InSync | LegFlags.Blocked)]
    [InlineData("", LegFlags.None)]
    public void A_legs_state_is_read_word_by_word(string text, LegFlags flags) => Assert.Equal(flags, KernelWords.ParseLeg(text));

    [Fact]
    public void Positions_and_lists_are_read_as_the_kernel_prints_them()
    {
        Assert.Equal(ArrayFacts.Complete, KernelWords.ParsePosition("none"));
        Assert.Equal(2048UL, KernelWords.ParsePosition("2048"));
        Assert.Equal(1024UL, KernelWords.ParseCompleted("1024 / 20480"));
        Assert.Equal(0UL, KernelWords.ParseCompleted("none"));
        Assert.Equal([new BadBlock(100, 8), new BadBlock(200, 1)], KernelWords.ParseBadBlocks("100 8\n200 1\n").ToArray());
        Assert.All(Enum.GetValues<ArrayState>(), state => Assert.Equal(state, KernelWords.ParseState(state.ToWord())));
    }

    private static MemberActions Decide(MemberMemory memory, MemberView view) => MemberDecision.Decide(0, memory, view, 3, Component);

    /// <summary>A resync, or a recovery of leg 1, that has come to a place.</summary>
    private static MemberView Running(SyncAction action, ulong place) => action == SyncAction.Resync
        ? Whole with { Action = action, ResyncStart = place }
        : Whole with { Action = action, Legs = Whole.Legs.SetItem(1, new LegView(1, LegFlags.Spare, place)) };

    private static MemberView WithLeg(int slot, LegFlags flags) =>
        Whole with { Legs = Whole.Legs.SetItem(slot, new LegView(slot, flags, ArrayFacts.Complete)) };

    private static ImmutableArray<StateChange> States(MemberActions actions) => [.. actions.Changes.OfType<StateChange>()];
}
