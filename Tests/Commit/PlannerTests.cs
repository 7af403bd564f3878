using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using Xunit;
using static ActorRaid.Tests.Commit.FakeContainer;
using Plan = ActorRaid.Metadata.Commit.Commit;

namespace ActorRaid.Tests.Commit;

public sealed class PlannerTests
{
    private static CommitTarget Target(int disk, bool canTear) => new(Disk(disk), [new SectorWrite(0, new byte[512])], canTear);

    private static ImmutableArray<CommitTarget> Targets(int disks, bool canTear) =>
        [.. Enumerable.Range(0, disks).Select(disk => Target(disk, canTear))];

    private static Plan Begin(VolumeInfo volume, bool canTear = true, int? disks = null) =>
        Plan.Begin(Of(volume), Of(volume), Targets(disks ?? volume.Legs.Length, canTear));

    private static int[] Startable(Plan plan) => [.. plan.Startable.Select(target => target.Device.Minor)];

    private static Plan Write(Plan plan, params int[] disks) =>
        disks.Aggregate(plan, (now, disk) => now.Started(Disk(disk)).Written(Disk(disk)));

    [Fact]
    public void Raid5_is_recorded_after_two_disks_one_at_a_time()
    {
        var plan = Begin(Volume(5, 8));
        Assert.Single(plan.Startable);
        plan = Write(plan, 0);
        Assert.False(plan.IsRecorded);
        Assert.Equal([1], Startable(plan));
        plan = Write(plan, 1);
        Assert.True(plan.IsRecorded);
        Assert.False(plan.IsFinished);
        Assert.True(Write(plan, 2, 3, 4, 5, 6, 7).IsFinished);
    }

    [Fact]
    public void Raid5_starts_every_disk_at_once_where_nothing_can_tear() =>
        Assert.Equal([0, 1, 2, 3], Startable(Begin(Volume(5, 4), canTear: false)));

    [Fact]
    public void Raid6_is_recorded_after_three_disks_two_at_a_time()
    {
        var plan = Begin(Volume(6, 6));
        Assert.Equal([0, 1], Startable(plan));
        Assert.False(Write(plan, 0, 1).IsRecorded);
        Assert.True(Write(plan, 0, 1, 2).IsRecorded);
    }

    [Fact]
    public void Raid1_is_recorded_after_all_disks()
    {
        var plan = Begin(Volume(1, 3));
        Assert.Equal([0, 1], Startable(plan));
        Assert.False(Write(plan, 0, 1).IsRecorded);
        Assert.True(Write(plan, 0, 1, 2).IsRecorded);
    }

    [Fact]
    public void Raid0_is_recorded_after_one_disk_one_at_a_time()
    {
        var plan = Begin(Volume(0, 4));
        Assert.Equal([0], Startable(plan));
        Assert.True(Write(plan, 0).IsRecorded);
    }

    [Fact]
    public void Raid10_is_recorded_after_one_pair_and_writes_one_of_each_pair_at_once()
    {
        var plan = Begin(Volume(10, 4));
        Assert.Equal([0, 2], Startable(plan));
        Assert.False(Write(plan, 0, 2).IsRecorded);
        Assert.True(Write(plan, 2, 3).IsRecorded);
        Assert.Equal([3, 0], Startable(Write(plan, 2)));
    }

    [Fact]
    public void A_pair_that_cannot_be_completed_is_not_preferred()
    {
        var plan = Begin(Volume(10, 4), canTear: false).Started(Disk(0)).Failed(Disk(0));
        Assert.Equal([2, 3, 1], Startable(plan));
    }

    [Fact]
    public void The_loss_of_a_disk_is_recorded_on_two_others_because_it_may_come_back()
    {
        var plan = Plan.Begin(Of(Volume(5, 4)), Of(Volume(5, 4, 3)), Targets(3, canTear: true));
        Assert.False(Write(plan, 0).IsRecorded);
        Assert.True(Write(plan, 0, 1).IsRecorded);
    }

    [Fact]
    public void The_loss_of_half_a_mirror_is_recorded_once_the_other_half_knows()
    {
        var plan = Plan.Begin(Of(Volume(1, 2)), Of(Volume(1, 2, 1)), Targets(1, canTear: true));
        Assert.False(plan.IsRecorded);
        Assert.True(Write(plan, 0).IsRecorded);
    }

    [Fact]
    public void A_degraded_raid5_is_written_one_disk_at_a_time()
    {
        var plan = Begin(Volume(5, 4, 3), disks: 3);
        Assert.Equal([0], Startable(plan));
        Assert.Empty(plan.Started(Disk(0)).Startable);
        Assert.True(Write(plan, 0).IsRecorded);
    }

    [Fact]
    public void A_leg_that_is_not_there_but_in_sync_cannot_start_the_array_unknowing()
    {
        var volume = Volume(5, 4);
        volume = volume with { Legs = volume.Legs.SetItem(3, volume.Legs[3] with { Device = null }) };
        var plan = Begin(volume, disks: 3);
        Assert.False(Write(plan, 0).IsRecorded);
        Assert.True(Write(plan, 0, 1).IsRecorded);
    }

    [Fact]
    public void Spares_are_always_startable_and_not_in_the_quorum()
    {
        var plan = Begin(Volume(5, 4), disks: 6);
        Assert.Equal([0, 4, 5], Startable(plan));
        Assert.Equal([4, 5], Startable(plan.Started(Disk(0))));
        Assert.True(Write(plan, 0, 1).IsRecorded);
    }

    [Fact]
    public void A_disk_with_nothing_to_write_has_it_already()
    {
        var plan = Plan.Begin(Of(Volume(5, 3)), Of(Volume(5, 3)), [new(Disk(0), [], false), Target(1, true), Target(2, true)]);
        Assert.Equal([1], Startable(plan));
        Assert.True(Write(plan, 1).IsRecorded);
    }

    [Fact]
    public void Two_volumes_are_both_to_learn_of_it()
    {
        var model = Of(Volume(0, 0, [0, 1, 2, 3], []), Volume(1, 10, [0, 1, 2, 3], []));
        var plan = Plan.Begin(model, model, Targets(4, canTear: true));
        Assert.Equal([0], Startable(plan));
        Assert.False(Write(plan, 0, 2).IsRecorded);
        Assert.True(Write(plan, 2, 3).IsRecorded);
    }

    [Fact]
    public void What_a_spare_has_is_not_counted_where_no_member_could_be_written()
    {
        var model = Of(Volume(1, 2)).With((0, false), (1, false), (2, true));
        var plan = Plan.Begin(model, model, Targets(3, canTear: false)).Started(Disk(0)).Failed(Disk(0)).Started(Disk(1)).Failed(Disk(1));
        plan = Write(plan, 2);
        Assert.Equal(0, plan.WrittenDisks);
        Assert.Equal<IEnumerable<DeviceNumber>>([Disk(0), Disk(1)], plan.Tellers);
        Assert.False(plan.IsRecorded);
        Assert.True(plan.IsHopeless);
    }

    [Fact]
    public void Without_volumes_all_disks_are_written_at_once_and_all_that_can_are_waited_for()
    {
        var plan = Plan.Begin(Of(), Of(), Targets(3, canTear: true));
        Assert.Equal([0, 1, 2], Startable(plan));
        Assert.False(Write(plan, 0, 1).IsRecorded);
        Assert.True(Write(plan, 0, 1).Failed(Disk(2)).IsRecorded);
        Assert.True(plan.Failed(Disk(0)).Failed(Disk(1)).Failed(Disk(2)).IsHopeless);
    }

    [Fact]
    public void A_failed_write_is_replaced_by_another_disk_and_hopeless_only_when_none_is_left()
    {
        var plan = Begin(Volume(5, 3)).Started(Disk(0)).Failed(Disk(0));
        Assert.False(plan.IsHopeless);
        Assert.Equal([1], Startable(plan));
        Assert.True(Write(plan, 1, 2).IsRecorded);
        plan = plan.Started(Disk(1)).Failed(Disk(1));
        Assert.True(plan.IsHopeless);
        Assert.Equal("vol0", Assert.Single(plan.CannotRecord).Name);
        Assert.Equal<IEnumerable<DeviceNumber>>([Disk(0), Disk(1)], plan.FailedDisks);
        Assert.False(Write(plan, 2).IsRecorded);
    }

    [Fact]
    public void A_hung_disk_holds_up_others_only_until_it_is_called_hung()
    {
        var plan = Begin(Volume(5, 4)).Started(Disk(0));
        Assert.Empty(plan.Startable);
        plan = plan.Hung(Disk(0));
        Assert.Equal([1], Startable(plan));
        plan = Write(plan, 1, 2);
        Assert.True(plan.IsRecorded);
        Assert.False(Write(plan, 3).IsFinished);
        Assert.True(Write(plan, 3).Written(Disk(0)).IsFinished);
    }

    [Fact]
    public void A_busy_disk_waits_and_counts_for_the_tear_rule_until_it_is_free()
    {
        var plan = Begin(Volume(5, 4)).Busy(Disk(0), canTear: true);
        Assert.Empty(plan.Startable);
        Assert.Equal([1], Startable(Begin(Volume(5, 4)).Busy(Disk(0), canTear: false)));
        Assert.Equal([0], Startable(plan.Free(Disk(0))));
        var retargeted = Target(0, true) with { Writes = [new SectorWrite(7, new byte[512])] };
        Assert.Equal(7, plan.Free(Disk(0), retargeted).Startable[0].Writes[0].Offset);
    }

    [Fact]
    public void A_write_that_is_under_way_keeps_its_disk_busy_whatever_commit_it_was_for()
    {
        foreach (var targets in new[] { Targets(4, canTear: true), [.. Targets(4, canTear: true).Skip(1)] })
        {
            var plan = Plan.Begin([Of(Volume(5, 4))], targets, [new WriteUnderWay(Disk(0), CanTear: true, IsHung: false)], []);
            Assert.Empty(plan.Startable);
            Assert.True(plan.IsBusy(Disk(0)));
            Assert.False(plan.IsWriting(Disk(0)));
            Assert.Single(plan.Hung(Disk(0)).Startable);
            Assert.Single(plan.Left(Disk(0)).Startable);
            Assert.Single(plan.Free(Disk(0), null).Startable);
        }
    }

    [Fact]
    public void A_model_that_was_superseded_unrecorded_still_counts_as_one_that_a_disk_may_hold()
    {
        var before = Of(Volume(1, 2, 1));
        var unrecorded = Then(Then(Begin(Volume(1, 2, 1)), Of(Volume(1, 2))), before);
        Assert.False(Write(unrecorded, 0).IsRecorded);
        Assert.True(Write(unrecorded, 0, 1).IsRecorded);
        Assert.True(Write(Plan.Begin(before, before, Targets(2, canTear: true)), 0).IsRecorded);
    }

    [Fact]
    public void The_model_recorded_last_still_counts_however_many_were_superseded_since()
    {
        var degraded = Of(Volume(1, 2, 1));
        var plan = Then(Then(Plan.Begin(Of(Volume(1, 2)), degraded, Targets(2, canTear: true)), degraded), degraded);
        Assert.False(Write(plan, 0).IsRecorded);
        Assert.True(Write(plan, 0, 1).IsRecorded);
    }

    [Fact]
    public void A_disk_that_failed_before_is_taken_for_lost_until_it_is_written()
    {
        var plan = Plan.Begin([Of(Volume(6, 5))], Targets(5, canTear: true), [], [Disk(0)]);
        Assert.Equal([0, 1], Startable(plan));
        Assert.Equal([2], Startable(plan.Started(Disk(0)).Started(Disk(1)).Written(Disk(0))));
    }

    [Fact]
    public void A_disk_that_leaves_is_waited_for_by_nobody()
    {
        var plan = Begin(Volume(1, 2)).Started(Disk(0));
        Assert.False(plan.IsRecorded);
        plan = plan.Left(Disk(0));
        Assert.Equal([1], Startable(plan));
        Assert.True(Write(plan, 1).IsRecorded);
        Assert.True(Write(plan, 1).IsFinished);
    }

    [Fact]
    public void A_commit_is_at_rest_when_only_disks_that_hang_are_left()
    {
        var plan = Begin(Volume(1, 2)).Started(Disk(0));
        Assert.False(plan.IsAtRest);
        plan = plan.Hung(Disk(0));
        Assert.False(plan.IsAtRest);
        plan = Write(plan, 1);
        Assert.True(plan.IsAtRest);
        Assert.False(plan.IsRecorded);
        Assert.False(plan.IsFinished);
    }

    [Fact]
    public void A_spare_that_joins_is_written_before_all_others()
    {
        var before = Of(Volume(5, 4, 3)).With((0, false), (1, false), (2, false), (4, true));
        var after = Of(Volume(5, 4, 3)).With((0, false), (1, false), (2, false), (4, false));
        var plan = Plan.Begin(before, after, [Target(0, true), Target(1, true), Target(2, true), Target(4, true)]);
        Assert.Equal([4], Startable(plan));
        Assert.Empty(plan.Started(Disk(4)).Startable);
        Assert.Equal([0], Startable(plan.Started(Disk(4)).Hung(Disk(4))));
        Assert.Equal([0], Startable(plan.Started(Disk(4)).Failed(Disk(4))));
        Assert.Equal([0], Startable(Write(plan, 4)));
        Assert.False(Write(plan, 4).IsRecorded);
        Assert.True(Write(plan, 4, 0).IsRecorded);
    }

    [Fact]
    public void A_first_volume_is_recorded_when_all_its_disks_have_it()
    {
        var before = Of().With((0, true), (1, true), (2, true));
        var after = Of(Volume(5, 3)).With((0, false), (1, false), (2, false));
        var plan = Plan.Begin(before, after, Targets(3, canTear: true));
        Assert.False(Write(plan, 0, 1).IsRecorded);
        Assert.True(Write(plan, 0, 1, 2).IsRecorded);
    }

    [Fact]
    public void A_member_that_becomes_a_spare_is_written_once_the_others_know()
    {
        var before = Of(Volume(5, 3)).With((0, false), (1, false), (2, false), (3, false));
        var after = Of(Volume(5, 3)).With((0, false), (1, false), (2, false), (3, true));
        var plan = Plan.Begin(before, after, Targets(4, canTear: false));
        Assert.Equal([0, 1, 2], Startable(plan));
        Assert.Equal([2, 3], Startable(Write(plan, 0, 1)));
        var none = Of().With((0, true), (1, true), (2, true));
        Assert.Equal([0, 1, 2], Startable(Plan.Begin(before with { Disks = before.Disks.RemoveAt(3) }, none, Targets(3, canTear: false))));
    }

    [Fact]
    public void Transitions_from_another_state_are_refused()
    {
        var plan = Begin(Volume(5, 4));
        Assert.Throws<InvalidOperationException>(() => plan.Written(Disk(0)));
        Assert.Throws<InvalidOperationException>(() => plan.Started(Disk(9)));
        Assert.Throws<InvalidOperationException>(() => plan.Started(Disk(0)).Started(Disk(0)));
        Assert.Throws<InvalidOperationException>(() => Write(plan, 0).Failed(Disk(0)));
        Assert.Throws<InvalidOperationException>(() => plan.Hung(Disk(0)));
        Assert.Throws<InvalidOperationException>(() => plan.Free(Disk(0)));
    }

    private static Plan Then(Plan unrecorded, FakeContainer after) =>
        Plan.Begin(unrecorded.MayHold.Add(after), Targets(2, canTear: true), [], []);
}
