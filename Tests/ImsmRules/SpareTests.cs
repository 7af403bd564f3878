using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

public class SpareTests
{
    [Fact]
    public void A_spare_gets_the_lost_slot_with_the_volumes_offset_and_size()
    {
        var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).Fail(1, 1);
        var plan = degraded.PlanSpare(1, Legs(degraded, 1));
        Assert.Equal<SpareAssignment>([new SpareAssignment(Device(3), 1, degraded.Dev(1).Map.PbaOfLba0, 204_800, 0)], plan.Assignments);
    }

    [Fact]
    public void A_spare_becomes_a_member_and_the_disk_that_it_replaces_leaves_the_table()
    {
        var before = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1);
        var after = before.Rebuild();
        Assert.Equal(["SERIAL-sda", "SERIAL-sdc", "SERIAL-sdd"], after.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.Equal(ImsmDiskStatus.Configured, after.Super.Disks[2].Status);
        Assert.Equal<uint>([0, 2, 1], after.Dev().Map.Order);
        Assert.Equal<uint>([0, 2 | Mark, 1], after.Dev().SecondMap!.Order);
        Assert.Equal([0, -2, 1, 2], after.Present.Select(disk => disk.Index));
        var dev = after.Dev();
        Assert.Equal((MapState.Normal, MapState.Degraded, (byte)1), (dev.Map.State, dev.SecondMap!.State, dev.Map.FailedDisk));
        Assert.Equal(before.Super.FamilyNumber, after.Super.FamilyNumber);
    }

    [Fact]
    public void A_replaced_disk_stays_in_the_table_while_another_volume_names_it()
    {
        var lost = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).Fail(1, 1);
        var first = lost.Rebuild(0);
        Assert.Equal(4, first.Super.Disks.Length);
        var second = first.Rebuild(1);
        Assert.Equal(3, second.Super.Disks.Length);
        Assert.Equal<uint>(second.Dev(0).Map.Order, second.Dev(1).Map.Order);
    }

    [Fact]
    public void A_disk_that_serves_another_volume_is_preferred_to_a_spare()
    {
        var lost = Container(disks: 3, spares: 2).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).Fail(1, 1).Rebuild(0);
        var plan = lost.PlanSpare(1, Legs(lost, 1));
        Assert.Equal(Device(3), Assert.Single(plan.Assignments).Device);
    }

    [Fact]
    public void The_disk_that_had_the_slot_is_preferred_to_all_others()
    {
        var rebuilding = Container(disks: 3, spares: 2).Volume(level: 5, disks: 3).Fail(0, 1).Rebuild().InSync(0, 1);
        var facts = new SpareFacts([.. Legs(rebuilding, 0).Legs.Where(leg => leg.Slot != 1)]);
        Assert.Equal(Device(3), Assert.Single(rebuilding.PlanSpare(0, facts).Assignments).Device);
    }

    [Fact]
    public void A_disk_that_has_another_slot_of_the_volume_is_given_that_one_again()
    {
        var container = Container(disks: 4).Volume(level: 10, disks: 4).Fail(0, 0);
        var facts = new SpareFacts([.. Legs(container, 0).Legs.Where(leg => leg.Slot != 2)]);
        var assignment = Assert.Single(container.PlanSpare(0, facts).Assignments);
        Assert.Equal((Device(2), 2), (assignment.Device, assignment.Slot));
    }

    [Fact]
    public void The_disk_that_came_last_is_chosen_first()
    {
        var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1).AddDisk(Source(9));
        Assert.Equal(Device(9), Assert.Single(degraded.PlanSpare(0, Legs(degraded, 0)).Assignments).Device);
    }

    [Fact]
    public void A_volume_that_lacks_no_leg_gets_none_and_nothing_is_refused()
    {
        var container = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3);
        var plan = container.PlanSpare(0, Legs(container, 0));
        Assert.Equal((0, null, null), (plan.Assignments.Length, plan.Update, plan.Refusal));
    }

    [Theory]
    [InlineData("the volume has failed", 0, 1)]
    [InlineData("no disk of the container is free", 1)]
    public void What_cannot_be_helped_is_refused_in_a_sentence(string reason, params int[] lost)
    {
        var container = lost.Aggregate(Container(disks: 3).Volume(level: 5, disks: 3), (current, slot) => current.Fail(0, slot));
        var plan = container.PlanSpare(0, Legs(container, 0));
        Assert.Contains(reason, plan.Refusal);
        Assert.Empty(plan.Assignments);
        Assert.Null(plan.Update);
    }

    [Fact]
    public void A_volume_that_is_not_there_is_refused() =>
        Assert.Contains("no volume 3", Container(disks: 2).PlanSpare(3, new SpareFacts([])).Refusal);

    [Fact]
    public void A_volume_that_was_never_initialized_is_not_rebuilt()
    {
        var container = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3, state: MapState.Uninitialized);
        var facts = new SpareFacts([.. Legs(container, 0).Legs.Skip(1)]);
        Assert.Contains("never initialized", container.PlanSpare(0, facts).Refusal);
    }

    [Fact]
    public void A_disk_that_is_too_small_is_refused_by_name_and_sectors()
    {
        var container = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).AddDisk(Source(5, sectors: 200_000));
        Assert.Contains("sdf does not have sectors 0 to 204799", container.PlanSpare(0, Legs(container, 0)).Refusal);
    }

    [Theory]
    [InlineData(204_800 + 2210 + 2048 - 1, false)]
    [InlineData(204_800 + 2210 + 2048, true)]
    public void A_spare_needs_the_volume_and_the_least_reservation(ulong sectors, bool enough)
    {
        var container = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).AddDisk(Source(5, sectors));
        Assert.Equal(enough, container.PlanSpare(0, Legs(container, 0)).Refusal is null);
    }

    [Fact]
    public void A_spare_must_have_room_for_every_volume_of_the_container()
    {
        var container = Container(disks: 3).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3).Fail(0, 1)
            .AddDisk(Source(5, sectors: 300_000));
        Assert.Contains("for volume vol1", container.PlanSpare(0, Legs(container, 0)).Refusal);
    }

    [Fact]
    public void A_member_elsewhere_is_used_only_where_it_has_room()
    {
        var container = Container(disks: 4).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2, first: 2);
        var overlapping = container.Dev(1) with { Map = container.Dev(1).Map with { PbaOfLba0 = 0 } };
        container = (container with { Super = container.Super with { Devs = container.Super.Devs.SetItem(1, overlapping) } }).Fail(0, 0);
        Assert.Contains("sdc does not have", container.PlanSpare(0, Legs(container, 0)).Refusal);
    }

    [Fact]
    public void A_disk_with_other_sectors_is_refused()
    {
        var container = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1);
        container = container with { Present = container.Present.Add(Present(6, -1, ImsmDiskStatus.Spare, sectorSize: 4096)) };
        Assert.Contains("sectors of 4096 bytes", container.PlanSpare(0, Legs(container, 0)).Refusal);
    }

    [Fact]
    public void Nothing_is_rebuilt_while_another_volume_has_failed_and_its_disks_are_still_there()
    {
        var container = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Volume(level: 0, disks: 3).Fail(0, 1).Fail(1, 1);
        Assert.Contains("vol1 has failed", container.PlanSpare(0, Legs(container, 0)).Refusal);
        var removed = container.RemoveDisk(Device(1));
        Assert.Null(removed.PlanSpare(0, Legs(removed, 0)).Refusal);
    }

    [Fact]
    public void A_spare_that_left_between_plan_and_update_changes_nothing()
    {
        var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1);
        var update = (ActorRaid.Metadata.Imsm.Rules.ActivateSpare)degraded.PlanSpare(0, Legs(degraded, 0)).Update!;
        var left = degraded.RemoveDisk(Device(3));
        Assert.Same(left, left.Apply(update));
    }

    [Fact]
    public void Bad_blocks_of_the_disks_behind_the_replaced_one_move_with_them()
    {
        var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1);
        var logged = degraded.RecordBadBlock(0, 2, 100, 8)!;
        Assert.Equal<BbmLogEntry>([new BbmLogEntry(8, 1, 100)], logged.Rebuild().Super.BadBlocks);
    }
}
