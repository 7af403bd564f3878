using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;
using ActorRaid.Tests.ImsmFormat;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class ReshapeTests
{
    private static readonly ImsmContainer Growable =
        Sample.Container(3, 2, Sample.Volume("vol0", 5, 3), Sample.Volume("vol1", 0, 3, first: 30720));

    private static readonly MigrationRecord Record = new()
    {
        Status = 1, CurrentUnit = 3, FamilyNumber = 1, Ascending = 1, BlocksPerUnit = 8, DestinationDepthPerUnit = 4, CheckpointArea = 5,
        DestinationFirstMember = 6, Units = 7, PostMigrationCapacity = 8, CheckpointReadDisk = 0, Filler = Octets.Zeros(64),
    };

    private static byte[] Grow(int before, int after, params int[] disks) =>
        ImsmUpdateMessages.ReshapeContainer(before, after, [.. disks.Select(Sample.Device)]);

    [Fact]
    public void Growing_the_container_starts_the_first_volume_with_its_old_map_kept_as_the_second()
    {
        var after = (Growable with { Migration = Record }).After(Grow(3, 5, 4, 3));

        var (was, dev) = (Growable.Super.Devs[0], after.Super.Devs[0]);
        Assert.Equal((byte)1, dev.MigrationState);
        Assert.Equal(MigrationType.GeneralMigration, dev.MigrationType);
        Assert.Equal(0UL, dev.CurrentMigrationUnit);
        Assert.Equal(was.Map, dev.SecondMap);
        Assert.Equal(was.Map with { Order = dev.Map.Order }, dev.Map);
        Assert.Equal([0u, 1u, 2u, 3u, 4u], dev.Map.Order.ToArray());
        Assert.Equal(20480UL * 4, dev.Size);
        Assert.Equal(Growable.Super.Devs[1], after.Super.Devs[1]);
        Assert.Null(after.Migration);
    }

    [Fact]
    public void The_new_members_take_the_places_in_the_disk_table_in_the_order_that_was_sent()
    {
        var after = Growable.After(Grow(3, 5, 4, 3));

        Assert.Equal(["/dev/loop4", "/dev/loop3"], after.Super.Disks.Skip(3).Select(disk => disk.Serial.ToString()));
        Assert.All(after.Super.Disks, disk => Assert.Equal(ImsmDiskStatus.Configured, disk.Status));
        Assert.Equal([0, 1, 2, 4, 3], after.Present.Select(disk => disk.Index));
    }

    [Fact]
    public void A_volume_size_is_rounded_down_to_whole_MiB_for_each_member()
    {
        var after = Sample.Container(2, 1, Sample.Volume("vol0", 0, 2, perMember: 20480 + 256)).After(Grow(2, 3, 2));

        Assert.Equal(20480UL * 3, after.Super.Devs[0].Size);
    }

    [Fact]
    public void Device_numbers_above_255_are_found()
    {
        var device = new DeviceNumber(259, 0x12345);
        var container = Growable with { Present = Growable.Present.SetItem(3, Growable.Present[3] with { Device = device }) };

        Assert.Equal(3, container.After(ImsmUpdateMessages.ReshapeContainer(3, 4, device)).Present[3].Index);
    }

    [Theory]
    [InlineData(3, 3, "from 3 to 3 members is no growth")]
    [InlineData(3, 2, "from 3 to 2 members is no growth")]
    [InlineData(0, 1, "from 0 to 1 members is no growth")]
    [InlineData(int.MinValue, int.MaxValue, "is no growth")]
    [InlineData(3, 256, "from 3 to 256 members is no growth")]
    [InlineData(3, 6, "20 bytes, 24 are needed for 3 new members")]
    [InlineData(2, 4, "volume vol0 has 3 members, not 2")]
    public void Counts_that_are_no_growth_of_these_volumes_are_refused(int before, int after, string reason) =>
        Growable.Refuses(Grow(before, after, 3, 4), reason);

    [Theory]
    [InlineData(3, 3, "a disk is named twice: 7:3, 7:3")]
    [InlineData(3, 0, "loop0 is not a spare")]
    [InlineData(3, 9, "there is no disk 7:9")]
    public void Disks_that_are_no_spares_are_refused(int first, int second, string reason) =>
        Growable.Refuses(Grow(3, 5, first, second), reason);

    [Fact]
    public void A_spare_that_is_failed_too_small_or_of_another_sector_size_is_refused()
    {
        void Refused(Func<PresentDisk, PresentDisk> change, string reason) =>
            (Growable with { Present = Growable.Present.SetItem(3, change(Growable.Present[3])) }).Refuses(Grow(3, 4, 3), reason);

        Refused(disk => disk with { Index = -2 }, "loop3 is not a spare");
        Refused(disk => disk with { Disk = disk.Disk with { Status = ImsmDiskStatus.Failed } }, "loop3 is not a spare");
        Refused(disk => disk with { SectorSize = 4096 }, "loop3 has sectors of 4096 bytes");
        Refused(disk => disk with { Sectors = 55457 }, "loop3 has 55457 sectors, 55458 are needed");
    }

    [Fact]
    public void A_container_is_refused_where_it_is_not_all_RAID_0_and_5_at_rest_on_the_whole_disk_table()
    {
        Sample.Container(2, 1, Sample.Volume("v", 1, 2)).Refuses(Grow(2, 3, 2), "volume v is RAID 1: only RAID 0 and 5");
        Sample.Container(2, 1).Refuses(Grow(2, 3, 2), "the container has no volume");
        Sample.Container(3, 1, Sample.Volume("v", 0, 2)).Refuses(Grow(2, 3, 3), "the disk table has 3 entries for 2 members");
        Growable.After(Grow(3, 4, 3)).Refuses(Grow(3, 4, 4), "volume vol0 is under migration (GeneralMigration)");
    }

    [Fact]
    public void A_checkpoint_is_recorded_in_the_volume_under_migration_alone()
    {
        var growing = Growable.After(Grow(3, 4, 3));

        var after = growing.After(ImsmUpdateMessages.Checkpoint(0x1_0000_0002));

        Assert.Equal(growing.Super.Devs[0] with { CurrentMigrationUnit = 0x1_0000_0002 }, after.Super.Devs[0]);
        Assert.Equal(growing.Super.Devs[1], after.Super.Devs[1]);
    }

    [Fact]
    public void The_checkpoint_that_mdadm_tells_is_the_volumes_whether_its_record_was_there_when_the_container_was_loaded_or_not()
    {
        var loaded = ImsmLoader.Load([.. Fixtures.Disks("reshape-a")]).Container!;
        var unit = (ulong)loaded.Migration!.BlocksPerUnit;
        Assert.Equal(6144ul, unit);
        var units = loaded.Super.Devs[0].CurrentMigrationUnit;
        Assert.InRange(units, 1u, 6u);
        foreach (var container in new[] { loaded, loaded with { Migration = null }, loaded with { Migration = Reshape.BlankRecord } })
        {
            Assert.Equal(units * unit, container.Volumes[0].Checkpoint);
            Assert.Equal(7 * unit, container.After(ImsmUpdateMessages.Checkpoint(7)).Volumes[0].Checkpoint);
        }
    }

    [Fact]
    public void A_checkpoint_without_migration_changes_nothing()
    {
        var dev = Growable.Super.Devs[0];
        var rebuilding = dev with { MigrationState = 1, MigrationType = MigrationType.Rebuild, SecondMap = dev.Map };
        var container = Growable with { Super = Growable.Super with { Devs = [rebuilding] } };

        Assert.Equal(container.Super, container.After(ImsmUpdateMessages.Checkpoint(7)).Super);
        Assert.Equal(Growable.Super, Growable.After(ImsmUpdateMessages.Checkpoint(7)).Super);
    }

    [Fact]
    public void RAID_0_becomes_RAID_5_with_the_last_fit_spare_as_its_last_member()
    {
        var before = Sample.Container(3, 3, Sample.Volume("vol0", 0, 3));
        before = before with { Migration = Record, Present = before.Present.SetItem(5, before.Present[5] with { Sectors = 1000 }) };

        var after = before.After(ImsmUpdateMessages.ReshapeMigration(0, 5, 64, 3, 4));

        var (was, dev) = (before.Super.Devs[0], after.Super.Devs[0]);
        Assert.Equal(was.Map, dev.SecondMap);
        Assert.Equal(5, dev.Map.RaidLevel);
        Assert.Equal(1, dev.Map.NumDomains);
        Assert.Equal(MapState.Normal, dev.Map.State);
        Assert.Equal(128, dev.Map.BlocksPerStrip);
        Assert.Equal(20480UL / 128, dev.Map.NumDataStripes);
        Assert.Equal(20480UL + 2048, dev.Map.BlocksPerMember);
        Assert.Equal([0u, 1u, 2u, 3u], dev.Map.Order.ToArray());
        Assert.Equal(was.Size, dev.Size);
        Assert.Equal((byte)1, dev.MigrationState);
        Assert.Equal(MigrationType.GeneralMigration, dev.MigrationType);
        Assert.Equal([0, 1, 2, -1, 3, -1], after.Present.Select(disk => disk.Index));
        Assert.Equal("/dev/loop4", after.Super.Disks[3].Serial.ToString());
        Assert.Null(after.Migration);
    }

    [Fact]
    public void A_new_chunk_changes_the_stripes_and_clears_the_marks_of_the_new_map()
    {
        var dev = Sample.Volume("vol0", 5, 3);
        var map = dev.Map with { State = MapState.Degraded, FailedDisk = 2, Order = [0, 1, 2 | (1 << 24)] };
        var marked = dev with { Status = dev.Status | 0x80, Map = map };

        var after = Sample.Container(3, 0, marked).After(ImsmUpdateMessages.ReshapeMigration(0, 5, 256)).Super.Devs[0];

        Assert.Equal(marked.Map, after.SecondMap);
        Assert.Equal(
            marked.Map with { Order = after.Map.Order, BlocksPerStrip = 512, NumDataStripes = 40, BlocksPerMember = 22528 }, after.Map);
        Assert.Equal([0u, 1u, 2u], after.Map.Order.ToArray());
        Assert.Equal(0xCu, after.Status);
        Assert.Equal(40960UL, after.Size);
    }

    [Fact]
    public void A_migration_that_changes_nothing_but_the_layout_keeps_level_and_chunk()
    {
        var before = Sample.Container(3, 0, Sample.Volume("vol0", 5, 3));

        var after = before.After(ImsmUpdateMessages.ReshapeMigration(0, -1)).Super.Devs[0];

        Assert.Equal(before.Super.Devs[0].Map with { Order = after.Map.Order }, after.Map);
        Assert.Equal((byte)1, after.MigrationState);
    }

    [Fact]
    public void Migrations_that_cannot_be_are_refused()
    {
        var raid0 = Sample.Container(3, 0, Sample.Volume("vol0", 0, 3));
        var withSpare = Sample.Container(3, 1, Sample.Volume("vol0", 0, 3));

        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 5), "there is no spare");
        withSpare.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 5, device: 0x709), "there is no fit spare 7:9");
        (withSpare with { Present = withSpare.Present.SetItem(3, withSpare.Present[3] with { Sectors = 9 }) })
            .Refuses(ImsmUpdateMessages.ReshapeMigration(0, 5), "loop3 has 9 sectors");
        Sample.Container(4, 1, Sample.Volume("v", 0, 3)).Refuses(
            ImsmUpdateMessages.ReshapeMigration(0, 5), "the disk table has 4 entries for 3 members");
        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 10), "volume vol0 is RAID 0 and cannot become RAID 10");
        Growable.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 0), "volume vol0 is RAID 5 and cannot become RAID 0");
        Sample.Container(2, 0, Sample.Volume("v", 1, 2)).Refuses(
            ImsmUpdateMessages.ReshapeMigration(0, 1), "RAID 1, which has nothing to migrate");
        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(1, 0, 64), "there is no volume 1");
        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(-1, 0, 64), "there is no volume -1");
        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 0, 96), "96 KiB are no chunk size");
        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 0, 32768), "32768 KiB are no chunk size");
        raid0.Refuses(ImsmUpdateMessages.ReshapeMigration(0, 0, 16384), "smaller than a stripe");
        raid0.After(ImsmUpdateMessages.ReshapeMigration(0, 0, 64))
            .Refuses(ImsmUpdateMessages.ReshapeMigration(0, 0, 64), "volume vol0 is under migration (GeneralMigration)");
    }

    [Theory]
    [InlineData(5, 3, 60000)]
    [InlineData(0, 3, 90000)]
    [InlineData(1, 2, 30000)]
    [InlineData(10, 4, 60000)]
    public void A_new_size_sets_the_rounded_size_and_the_exact_stripes_and_blocks(int level, int members, long size)
    {
        var before = Sample.Container(members, 0, Sample.Volume("vol0", level, members));

        var after = before.After(ImsmUpdateMessages.SizeChange(0, size)).Super.Devs[0];

        var domains = level is 1 or 10 ? 2UL : 1;
        var data = (ulong)(level switch { 0 => 3, 5 => 2, 1 => 1, _ => 2 });
        var was = before.Super.Devs[0];
        Assert.Equal(
            was with
            {
                Size = 28672 * data,
                Map = was.Map with { NumDataStripes = 30000 / domains / 256, BlocksPerMember = 32048 },
            },
            after);
    }

    [Fact]
    public void Sizes_that_do_not_fit_are_refused()
    {
        Growable.Refuses(ImsmUpdateMessages.SizeChange(0, 0), "0 sectors are no size for volume vol0");
        Growable.Refuses(ImsmUpdateMessages.SizeChange(0, -1), "-1 sectors are no size");
        Growable.Refuses(ImsmUpdateMessages.SizeChange(0, 511), "511 sectors are no size");
        Growable.Refuses(ImsmUpdateMessages.SizeChange(0, long.MaxValue), "the volume would end at sector");
        Growable.Refuses(ImsmUpdateMessages.SizeChange(1, 3 * 131072), "disk loop0 has 131072");
        Growable.Refuses(ImsmUpdateMessages.SizeChange(0, 2 * 30720), "volume vol1 begins at 30720");
        Growable.Refuses(ImsmUpdateMessages.SizeChange(2, 40960), "there is no volume 2");
        Growable.After(Grow(3, 4, 3)).Refuses(ImsmUpdateMessages.SizeChange(0, 40960), "volume vol0 is under migration");
    }

    [Fact]
    public void A_size_change_in_a_container_whose_last_volume_was_lost_into_overlap_before_is_judged_by_growth_alone()
    {
        var overlapping = Sample.Container(3, 0, Sample.Volume("vol0", 5, 3), Sample.Volume("vol1", 0, 3, first: 10000));

        Assert.Equal(40960UL, overlapping.After(ImsmUpdateMessages.SizeChange(0, 40960)).Super.Devs[0].Size);
    }
}
