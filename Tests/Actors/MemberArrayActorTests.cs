using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>What a member array's actor has recorded before it lets the kernel go, and whom it tells what.</summary>
public sealed class MemberArrayActorTests
{
    [Theory]
    [InlineData("clean", Consistency.Clean)]
    [InlineData("active", Consistency.Dirty)]
    public void An_array_that_appears_is_recorded_as_it_is_found(string state, Consistency consistency)
    {
        using var rig = new MemberArrayRig(state);
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        var change = Assert.IsType<StateChange>(Assert.Single(rig.NextRecord().Changes));
        Assert.Equal((0, consistency), (change.Volume, change.Consistency));
        Assert.True(rig.Told.Has("array-supervised"));
        Assert.Equal(state, rig.Md.State.Text);
    }

    [Theory]
    [InlineData(true, "read-auto")]
    [InlineData(false, "active")]
    public void A_readonly_array_may_be_written_if_the_metadata_says_that_it_needs_nothing(bool clean, string state)
    {
        using var rig = new MemberArrayRig("readonly");
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        var record = rig.NextRecord();
        Assert.Equal(Consistency.AsRecorded, Assert.IsType<StateChange>(Assert.Single(record.Changes)).Consistency);
        Assert.Equal("readonly", rig.Md.State.Text);

        rig.Answer(record, clean);
        Patience.Until(() => rig.Md.State.Text == state, $"array_state {state}");
    }

    [Fact]
    public void A_writer_is_let_go_when_dirty_is_recorded_and_not_before()
    {
        using var rig = new MemberArrayRig("clean").TakenUp();
        rig.Md.State.Text = "write-pending";
        rig.Look();
        var record = rig.NextRecord();

        Assert.Equal(Consistency.Dirty, Assert.IsType<StateChange>(Assert.Single(record.Changes)).Consistency);
        Assert.Equal("write-pending", rig.Md.State.Text);
        Assert.True(rig.StillLooks);
        rig.Answer(record);
        rig.LookIsOver();
        Assert.Equal("active", rig.Md.State.Text);
    }

    [Theory]
    [InlineData(0, 4, true, false)]
    [InlineData(0, 0, false, false)]
    [InlineData(5, 5, true, true)]
    [InlineData(5, 5, false, true)]
    public void A_RAID_0_that_md_runs_as_a_RAID_4_misses_no_parity(int from, int level, bool grows, bool degraded)
    {
        using var rig = new MemberArrayRig("clean");
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Sysfs.Put(MemberArrayRig.Name, "raid_disks", "4\n");
        rig.Actor.Tell(new LegsMayHaveChanged(false), rig.Container.Ref);
        var shape = new VolumeShape(from, 0, 65_536, 3);
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume with { Level = level, Reshape = grows ? new ReshapeInfo(shape, shape, true) : null }), rig.Metadata.Ref);
        rig.NextRecord();
        Assert.True(rig.Told.Has("array-supervised"));
        Assert.Equal(degraded, rig.Told.Has("array-degraded"));
    }

    [Fact]
    public void How_far_a_reshape_has_come_is_told_though_it_is_mdadm_that_records_it()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Action.Text = "reshape";
        rig.Sysfs.Put(MemberArrayRig.Name, "sync_completed", "1000 / 10000\n");
        rig.Look();
        rig.LookIsOver();
        rig.Metadata.ExpectMsg<DescribeVolume>();
        Assert.False(rig.Told.Has("sync-progress"));
        rig.Sysfs.Put(MemberArrayRig.Name, "sync_completed", "4500 / 10000\n");
        rig.Look();
        rig.Answer(rig.NextRecord());
        rig.LookIsOver();
        Assert.True(rig.Told.Has("sync-progress"));
    }

    [Fact]
    public void How_long_writers_waited_is_counted()
    {
        using var rig = new MemberArrayRig("clean").TakenUp();
        for (var burst = 0; burst < 3; burst++)
        {
            rig.Md.State.Text = "write-pending";
            rig.Look();
            var record = rig.NextRecord();
            rig.Pass(TimeSpan.FromMilliseconds(burst == 1 ? 300 : 5));
            rig.Answer(record);
            rig.LookIsOver();
            rig.Md.State.Text = "clean";
            rig.Look();
            rig.Answer(rig.NextRecord());
            rig.LookIsOver();
        }

        var asker = rig.CreateTestProbe();
        rig.Actor.Tell(new DescribeYourself(), asker.Ref);
        var writers = asker.ExpectMsg<ArrayStanding>().Writers!;
        Assert.Equal((3, 3, 3), (writers.Dirtied, writers.Cleaned, writers.Waits));
        Assert.Equal((300_000, 310_000), (writers.Max, writers.Total));
        Assert.InRange(writers.P50, 5_000, 5_000 + (5_000 / 8));
        Assert.Equal(writers.Max, writers.P99);
        Assert.Equal((0, 3), (writers.Below[0], writers.Below[^1]));
    }

    [Fact]
    public void What_the_kernel_freezes_without_a_word_is_told_as_that_when_somebody_asks()
    {
        using var rig = new MemberArrayRig("clean").TakenUp();
        var asker = rig.CreateTestProbe();
        foreach (var (word, action) in new[] { ("frozen", SyncAction.Frozen), ("idle", SyncAction.Idle) })
        {
            rig.Md.Action.Text = word;
            rig.Actor.Tell(new DescribeYourself(), asker.Ref);
            Assert.Equal(action, asker.ExpectMsg<ArrayStanding>().Action);
            rig.Settle();
            if (rig.Metadata.HasMessages) // A volume that comes to rest is recorded.
            {
                rig.Answer(rig.NextRecord());
                rig.Settle();
            }

            Assert.Contains($"-> {word}", rig.Told.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void An_idle_array_becomes_clean_first_and_is_recorded_when_it_is()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.State.Text = "active-idle";
        rig.Look();
        rig.LookIsOver();
        Assert.Equal("clean", rig.Md.State.Text);
        rig.Metadata.ExpectNoMsg();

        rig.Look();
        Assert.Equal(Consistency.Clean, Assert.IsType<StateChange>(Assert.Single(rig.NextRecord().Changes)).Consistency);
    }

    [Fact]
    public void A_leg_that_is_taken_out_of_its_slot_while_its_failure_is_recorded_is_dropped_all_the_same()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Look();
        var record = rig.NextRecord();
        rig.Sysfs.Put(MemberArrayRig.Name, "dev-sdb/slot", "none\n");
        rig.Actor.Tell(new LegsMayHaveChanged(false), rig.Container.Ref);
        rig.Settle();
        Assert.Equal("faulty,blocked", rig.Md.Legs[1].Text);

        rig.Answer(record);
        Patience.Until(() => rig.Md.Legs[1].Text == "remove", "removed");
    }

    [Fact]
    public void A_faulty_leg_is_recorded_before_it_is_removed_and_then_a_spare_is_looked_for()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Look();
        var record = rig.NextRecord();

        Assert.Equal(new LegChange(0, 1, LegState.Faulty), Assert.Single(record.Changes));
        rig.Settle();
        Assert.Equal("faulty,blocked", rig.Md.Legs[1].Text);
        rig.Answer(record);
        Assert.Equal(
            [new LegFact(0, Build.Device(0)), new LegFact(2, Build.Device(2))],
            rig.Metadata.ExpectMsg<PlanSpare>().Facts.Legs.ToArray());
        Assert.Equal("remove", rig.Md.Legs[1].Text);
        Assert.Equal(new LostLeg(MemberArrayRig.Name, 1, "sdb", false, true), Assert.Single(record.Lost));
        Assert.True(rig.Told.Has("leg-removed"));
    }

    [Fact]
    public void A_faulty_leg_of_a_readonly_array_is_unblocked_and_removed_later()
    {
        using var rig = new MemberArrayRig("readonly");
        rig.Sysfs.Put(MemberArrayRig.Name, "metadata_version", "external:-md127/0\n");
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Md.Legs[2].Text = "faulty,blocked";
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        rig.Answer(rig.NextRecord());

        Patience.Until(() => rig.Md.Legs[2].Text == "-blocked", "unblocked");
        rig.Settle();
        Assert.Equal("readonly", rig.Md.State.Text);
        Assert.False(rig.Told.Has("leg-removed"));
    }

    [Fact]
    public void A_spare_joins_is_recorded_and_only_then_recovered_onto()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Look();
        rig.Answer(rig.NextRecord());
        rig.Metadata.ExpectMsg<PlanSpare>();
        Directory.Delete(rig.Sysfs.PathOf(MemberArrayRig.Name, "dev-sdb"), recursive: true);

        var update = new SpareUpdate();
        var assignment = new SpareAssignment(Build.Device(3), 1, 0, 1, 0) { Name = "sdd" };
        rig.Actor.Tell(new SparePlanned(new SparePlan([assignment], update, null)), rig.Metadata.Ref);
        var freeze = rig.Writer.ExpectMsg<FreezeArray>();
        rig.Settle();
        rig.Disks[3].ExpectNoMsg();
        rig.Actor.Tell(new ArrayFrozen(freeze.Attempt, null), rig.Writer.Ref);
        var join = rig.Disks[3].ExpectMsg<JoinArray>();
        Assert.Equal(assignment with { ComponentSectors = 102_400 }, join.Assignment);
        rig.Settle();
        rig.Metadata.ExpectNoMsg();

        rig.Joins("sdd", number: 3, slot: 1);
        Assert.True(join.Permit.Take());
        rig.Actor.Tell(new LegJoined(join.Attempt, join.Assignment, null), rig.Disks[3].Ref);
        var record = rig.NextRecord();
        Assert.Same(update, Assert.IsType<PreparedChange>(Assert.Single(record.Changes)).Update);
        rig.Writer.ExpectNoMsg();
        rig.Answer(record);
        Assert.Equal(new StartRecovery(MemberArrayRig.Name, join.Attempt), rig.Writer.ExpectMsg<StartRecovery>());
        rig.Actor.Tell(new RecoveryStarted(null, join.Attempt), rig.Writer.Ref);
        Patience.Until(() => rig.Told.Has("recovery-started"), "recovery-started");
    }

    [Fact]
    public void A_recovery_that_is_over_before_something_else_was_recorded_is_noticed()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Action.Text = "frozen";
        rig.Md.State.Text = "clean";
        rig.Look();
        var record = rig.NextRecord();
        rig.Actor.Tell(new RecoveryStarted(null), rig.Disks[3].Ref);
        rig.Settle();
        rig.Md.Action.Text = "idle";
        rig.Answer(record);
        Assert.Contains(new LegChange(0, 1, LegState.InSync), rig.NextRecord().Changes);
    }

    [Theory]
    [InlineData("frozen", true)]
    [InlineData("idle", false)]
    public void An_array_that_a_predecessor_froze_before_it_ended_goes_on(string action, bool thaws)
    {
        using var rig = new MemberArrayRig("clean");
        rig.Md.Action.Text = action;
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        rig.Settle();
        Assert.Equal(thaws, rig.Told.Has("array-frozen"));
        if (thaws)
        {
            // Not before what may have been given to the metadata by then is on the disks.
            var record = rig.NextRecord();
            Assert.Empty(record.Changes);
            rig.Writer.ExpectNoMsg();
            rig.Answer(record);
            Assert.Equal(MemberArrayRig.Name, rig.Writer.ExpectMsg<ThawArray>().Array);
        }
    }

    [Fact]
    public void A_reshape_that_ended_while_nobody_watched_is_recorded_and_then_the_array_gets_its_size()
    {
        using var rig = new MemberArrayRig("clean");
        foreach (var (attribute, value) in (ReadOnlySpan<(string, string)>)[("level", "raid5"), ("layout", "0"), ("chunk_size", "131072"), ("array_size", "1000")])
        {
            rig.Sysfs.Put(MemberArrayRig.Name, attribute, value + "\n");
        }

        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(
            new VolumeDescribed(MemberArrayRig.Volume with { Reshape = new ReshapeInfo(new(5, 0, 131_072, 2), new(5, 0, 131_072, 3), true) }),
            rig.Metadata.Ref);
        var record = rig.NextRecord();
        var ended = Assert.IsType<StateChange>(record.Changes[0]);
        Assert.Equal((SyncAction.Reshape, SyncAction.Idle), (ended.Facts.Previous, ended.Facts.Current));
        rig.Disks[0].ExpectNoMsg();

        rig.Answer(record);
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume with { ArraySectors = 4000 }), rig.Metadata.Ref);
        rig.Settle();
        Assert.True(rig.Told.Has("reshape-ended"));
        Assert.True(rig.Told.Has("array-size"));
        Assert.Equal(new SetArraySize(MemberArrayRig.Name, 2000), rig.Writer.ExpectMsg<SetArraySize>());
    }

    [Fact]
    public void Nothing_is_told_when_no_spare_is_needed_and_something_when_there_is_none()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Actor.Tell(new LegsMayHaveChanged(true));
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Metadata.ExpectMsg<PlanSpare>();
        rig.Actor.Tell(new SparePlanned(new SparePlan([], null, null)), rig.Metadata.Ref);
        rig.Settle();
        Assert.False(rig.Told.Has("no-spare"));

        rig.Actor.Tell(new LegsMayHaveChanged(true));
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Metadata.ExpectMsg<PlanSpare>();
        rig.Actor.Tell(new SparePlanned(new SparePlan([], null, "no disk is free")), rig.Metadata.Ref);
        Patience.Until(() => rig.Told.Has("no-spare"), "no-spare");
    }

    [Fact]
    public void A_stopped_array_is_cleared_when_clean_is_recorded_and_everybody_is_told()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.State.Text = "inactive";
        rig.Look();
        var record = rig.NextRecord();

        Assert.Equal(Consistency.Clean, Assert.IsType<StateChange>(Assert.Single(record.Changes)).Consistency);
        Assert.Equal("inactive", rig.Md.State.Text);
        Assert.True(rig.StillLooks);
        rig.Container.ExpectNoMsg();
        rig.Disks[0].ExpectNoMsg();
        rig.Answer(record);
        Assert.Equal(new ArrayGone(MemberArrayRig.Name), rig.Container.ExpectMsg<ArrayGone>());
        Assert.Equal("clear", rig.Md.State.Text);
        rig.LookIsOver();
    }

    [Fact]
    public void An_array_whose_volume_the_metadata_does_not_know_is_told_once_and_left_alone_until_something_changes()
    {
        using var rig = new MemberArrayRig("write-pending");
        var asker = rig.CreateTestProbe();
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(null), rig.Metadata.Ref);
        rig.Settle();
        rig.Container.ExpectNoMsg();
        rig.Metadata.ExpectNoMsg();
        Assert.Equal("write-pending", rig.Md.State.Text);

        rig.Look();
        rig.LookIsOver();
        rig.Actor.Tell(new DescribeYourself(), asker.Ref);
        Assert.Equal(ArrayState.WritePending, asker.ExpectMsg<ArrayStanding>().State);
        rig.Actor.Tell(new TellWhenSafe(asker.Ref));
        asker.ExpectMsg<Gone>();
        rig.Actor.Tell(new Pause(), asker.Ref);
        asker.ExpectMsg<MemberPaused>();
        rig.Actor.Tell(new LegsMayHaveChanged(false));
        rig.Settle();
        rig.Metadata.ExpectNoMsg();
        rig.Actor.Tell(new Resume());

        rig.Actor.Tell(new LegsMayHaveChanged(true));
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(null), rig.Metadata.Ref);
        rig.Settle();
        Assert.Equal(1, rig.Told.Count("array-unknown"));

        rig.Actor.Tell(new LegsMayHaveChanged(true));
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        rig.Answer(rig.NextRecord());
        Patience.Until(() => rig.Md.State.Text == "active", "the writer is let go");
        rig.Actor.Tell(new NotListed());
        rig.Settle();
    }

    [Fact]
    public void A_faulty_leg_whose_disk_is_not_in_the_container_is_unblocked_and_removed_all_the_same()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Actor.Tell(new DisksAre(rig.Without(1)), rig.Container.Ref);
        rig.Settle();
        var state = rig.Plain(1, "faulty,blocked");
        rig.Actor.Tell(new LegsMayHaveChanged(false), rig.Container.Ref);
        rig.Look();
        rig.Answer(rig.NextRecord());

        // A regular file here: a shorter write leaves the end of the longer one before it.
        Patience.Until(() => File.ReadAllText(state) == "removeedlocked", "-blocked, then remove");
        Patience.Until(() => rig.Told.Has("leg-removed"), "leg-removed");
    }

    [Fact]
    public void While_it_rests_for_a_handoff_no_leg_is_removed_and_if_it_goes_on_it_is()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        var asker = rig.CreateTestProbe();
        using var hanging = new HangingAttribute(rig.Sysfs, MemberArrayRig.Name, "dev-sdb/state");
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Look();
        rig.Answer(rig.NextRecord());
        Assert.Equal("-blocked", hanging.LetGo());
        rig.Md.Legs[2].Text = "faulty,blocked";
        rig.Look();
        rig.Answer(rig.NextRecord());
        Patience.Until(() => rig.Md.Legs[2].Text == "-blocked", "let go");

        rig.Actor.Tell(new Pause(), asker.Ref);
        rig.Answer(rig.NextRecord());
        Assert.Equal([1, 2], asker.ExpectMsg<MemberPaused>().Snapshot.Dropping.Order());
        Assert.Equal("remove", hanging.LetGo());
        rig.SettleLegs();
        Assert.Equal("-blocked", rig.Md.Legs[2].Text);

        rig.Md.Legs[2].Text = "faulty";
        rig.Actor.Tell(new Resume());
        rig.Answer(rig.NextRecord());
        Patience.Until(() => rig.Md.Legs[2].Text == "remove", "removed");
    }

    [Fact]
    public void What_a_rebuild_has_come_to_is_recorded_by_a_supervisor_that_was_just_started()
    {
        using var rig = new MemberArrayRig("active");
        rig.Md.Action.Text = "recover";
        rig.Rebuilt(leg: 1, to: 61_440);
        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume with { Checkpoint = 20_480 }), rig.Metadata.Ref);
        Assert.Equal(61_440UL, Assert.IsType<StateChange>(Assert.Single(rig.NextRecord().Changes)).Facts.LastCheckpoint);
    }

    [Fact]
    public void Before_it_rests_for_a_handoff_it_looks_once_more_how_far_a_rebuild_has_come()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        var asker = rig.CreateTestProbe();
        rig.Md.Action.Text = "recover";
        rig.Rebuilt(leg: 1, to: 20_480);
        rig.Look();
        rig.Answer(rig.NextRecord());
        rig.LookIsOver();

        rig.Rebuilt(leg: 1, to: 40_960);
        rig.Actor.Tell(new Pause(), asker.Ref);
        var record = rig.NextRecord();
        Assert.Equal(40_960UL, Assert.IsType<StateChange>(Assert.Single(record.Changes)).Facts.LastCheckpoint);
        asker.ExpectNoMsg();
        rig.Answer(record);
        Assert.Equal(40_960UL, asker.ExpectMsg<MemberPaused>().Snapshot.Memory.LastCheckpoint);
    }

    [Fact]
    public void Told_to_make_safe_it_answers_when_clean_is_recorded()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        var asker = rig.CreateTestProbe();
        rig.Actor.Tell(new MakeSafe());
        rig.Actor.Tell(new TellWhenSafe(asker.Ref));
        rig.Look();
        rig.LookIsOver();
        Assert.Equal("0.001", rig.Sysfs.Text(MemberArrayRig.Name, "safe_mode_delay"));

        rig.Md.State.Text = "clean";
        rig.Look();
        var record = rig.NextRecord();
        asker.ExpectNoMsg();
        rig.Answer(record);
        asker.ExpectMsg<Gone>();
    }

    [Fact]
    public void A_leg_that_fails_as_its_array_is_stopped_is_recorded_and_told()
    {
        using var rig = new MemberArrayRig("active").TakenUp();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.Md.State.Text = "inactive";
        rig.Look();
        var record = rig.NextRecord();
        Assert.Contains(new LegChange(0, 1, LegState.Faulty), record.Changes);
        Assert.Equal("sdb", Assert.Single(record.Lost).Disk);
        rig.Answer(record);
        rig.Container.ExpectMsg<ArrayGone>();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_predecessor_was_dropping_is_not_told_again_and_holds_up_no_spare_if_it_is_gone(bool isThere)
    {
        using var rig = new MemberArrayRig("active", dropping: 1, isThere: isThere);
        if (isThere)
        {
            rig.Md.Legs[1].Text = "faulty";
        }

        rig.Metadata.ExpectMsg<DescribeVolume>();
        rig.Actor.Tell(new VolumeDescribed(MemberArrayRig.Volume), rig.Metadata.Ref);
        if (isThere)
        {
            var record = rig.NextRecord();
            Assert.Empty(record.Lost);
            rig.Answer(record);
            Patience.Until(() => rig.Md.Legs[1].Text == "remove", "removed");
        }

        rig.Metadata.ExpectMsg<PlanSpare>();
    }

    private sealed record SpareUpdate() : PreparedUpdate("spare");
}
