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
        Assert.Equal<SpareAssignment>([new SpareAssignment(Device(3), 1, degraded.Dev(1).Map.PbaOfLba0, 204_800, 0) { Name = "sdd" }], plan.Assignments);
    }

    [Theory]
    [InlineData(RwhPolicy.MultipleDistributed)]
    [InlineData(RwhPolicy.Distributed)]
    public void A_spare_for_a_volume_with_PPL_gets_the_MiB_behind_its_part_for_that_and_it_is_empty(RwhPolicy policy)
    {
        var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3, policy: policy).Fail(0, 1).Fail(1, 1);
        var assignment = Assert.Single(degraded.PlanSpare(1, Legs(degraded, 1)).Assignments);
        var start = degraded.Dev(1).Map.PbaOfLba0 + 204_800;
        Assert.Equal(new DiskExtent(start, 2048), assignment.Ppl);
        var write = Assert.Single(assignment.Prepare);
        Assert.Equal(((long)start * 512, 1 << 20), (write.Offset, write.Bytes.Length));
        Assert.True(write.Bytes.Span.IndexOfAnyExcept((byte)0) < 0);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(5, 3)]
    [InlineData(10, 4)]
    public void A_spare_for_a_volume_with_a_bitmap_gets_its_bits_all_set_and_then_its_header(int level, int disks)
    {
        var degraded = Container(disks, spares: 1).Volume(level, disks, policy: RwhPolicy.Bitmap).Fail(0, 1);
        var assignment = Assert.Single(degraded.PlanSpare(0, Legs(degraded, 0)).Assignments);
        Assert.Null(assignment.Ppl);
        var disk = new byte[1 << 20];
        var behind = (long)degraded.Dev().Map.PbaOfLba0 * 512 + (204_800 * 512);
        foreach (var write in assignment.Prepare)
        {
            write.Bytes.Span.CopyTo(disk.AsSpan((int)(write.Offset - behind)));
        }

        Assert.Equal(behind + 8192, assignment.Prepare[^1].Offset);
        Assert.True(disk.AsSpan(0, 8192).IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal("6D746962", Convert.ToHexString([.. disk[8192..8196].Reverse()]));
        Assert.Equal(4, BitConverter.ToInt32(disk, 8196));
        var words = Enumerable.Range(0, 4).Select(word => $"{BitConverter.ToUInt32(disk, 8200 + (4 * word)):x8}");
        Assert.Equal(ActorRaid.Metadata.Imsm.Examine.ImsmUuid.OfVolume(degraded.Super, 0), string.Join(':', words));
        Assert.Equal((64 << 20, 5), (BitConverter.ToInt32(disk, 8192 + 52), BitConverter.ToInt32(disk, 8192 + 56)));
        Assert.True(disk.AsSpan(12_288).IndexOfAnyExcept((byte)0xFF) < 0);
    }

    [Fact]
    public void A_volume_with_neither_needs_nothing_on_its_spare()
    {
        foreach (var policy in (ReadOnlySpan<RwhPolicy>)[RwhPolicy.Off, RwhPolicy.MultipleOff])
        {
            var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3, policy: policy).Fail(0, 1);
            var assignment = Assert.Single(degraded.PlanSpare(0, Legs(degraded, 0)).Assignments);
            Assert.Equal((null, true), (assignment.Ppl, assignment.Prepare.IsEmpty));
        }
    }

    [Theory]
    [InlineData(204_800 + 2210 + 2048 - 1, "for the bitmap of volume vol0", false)]
    [InlineData(204_800 + 2210 + 2048, "", true)]
    public void A_spare_without_room_for_the_bitmap_is_refused_by_name_and_sectors(ulong sectors, string reason, bool enough)
    {
        // The members leave no more behind the volume than that spare, so that it would do without a bitmap.
        var container = Container(disks: 3).Volume(level: 5, disks: 3, policy: RwhPolicy.Bitmap).Fail(0, 1);
        container = container with
        {
            Present = [.. container.Present.Select(disk => disk with { Disk = disk.Disk with { TotalBlocks = sectors }, Sectors = sectors })],
            Super = container.Super with { Disks = [.. container.Super.Disks.Select(disk => disk with { TotalBlocks = sectors })] },
        };
        var two = container.AddDisk(Source(6, sectors + 2048)).AddDisk(Source(5, sectors));
        container = (ActorRaid.Metadata.Imsm.ImsmContainer)container.AddDisk(Source(5, sectors));
        var plan = container.PlanSpare(0, Legs(container, 0));
        Assert.Equal(enough, plan.Refusal is null);
        Assert.Contains(reason, plan.Refusal ?? "");

        // Another one that has it is taken instead.
        Assert.Equal(Device(enough ? 5 : 6), Assert.Single(two.PlanSpare(0, Legs(container, 0)).Assignments).Device);
    }

    [Fact]
    public void A_spare_with_4096_byte_sectors_is_refused_for_a_bitmap()
    {
        var container = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3, policy: RwhPolicy.Bitmap).Fail(0, 1);
        container = container with { Present = [.. container.Present.Select(disk => disk with { SectorSize = 4096 })] };
        Assert.Contains("sectors of 4096 bytes", container.PlanSpare(0, Legs(container, 0)).Refusal);
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
    public void A_disk_that_is_recorded_as_being_filled_but_that_md_does_not_have_begins_anew()
    {
        var rebuilding = Container(disks: 3, spares: 2).Volume(level: 5, disks: 3).Fail(0, 1).Rebuild()
            .State(Consistency.Dirty, Facts(checkpoint: 102_400, previous: SyncAction.Recover, current: SyncAction.Recover));
        Assert.NotEqual(0u, rebuilding.Dev().CurrentMigrationUnit);
        var facts = Legs(rebuilding, 0);
        var plan = rebuilding.PlanSpare(0, facts);
        Assert.Equal((Device(3), 1), Assert.Single(plan.Assignments.Select(spare => (spare.Device, spare.Slot))));
        var again = (ActorRaid.Metadata.Imsm.ImsmContainer)rebuilding.Process(plan.Update!);
        Assert.Equal(Text(rebuilding.Dev() with { CurrentMigrationUnit = 0 }), Text(again.Dev()));
        Assert.Equal(rebuilding.Super.Disks.Select(disk => disk.Serial.ToString()), again.Super.Disks.Select(disk => disk.Serial.ToString()));

        var gone = rebuilding.RemoveDisk(Device(3));
        Assert.Contains("being rebuilt already", gone.PlanSpare(0, facts).Refusal);
    }

    [Fact]
    public void Bad_blocks_of_the_disks_behind_the_replaced_one_move_with_them()
    {
        var degraded = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1);
        var logged = degraded.RecordBadBlock(0, 2, 100, 8)!;
        Assert.Equal<BbmLogEntry>([new BbmLogEntry(8, 1, 100)], logged.Rebuild().Super.BadBlocks);
    }
}
