using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmFormat;

public class LoadTests
{
    private static (ImsmContainer Container, ImmutableArray<DiskVerdict> Verdicts) Load(params DiskSource[] disks)
    {
        var (container, verdicts, refusal) = ImsmLoader.Load([.. disks]);
        Assert.Null(refusal);
        return (container!, verdicts);
    }

    private static DiskStanding[] Standings(ImmutableArray<DiskVerdict> verdicts) => [.. verdicts.Select(verdict => verdict.Standing)];

    [Theory]
    // What the kernel's sysfs said of the arrays: level, layout, chunk, component_size and array_size in KiB.
    [InlineData("raid1", 0, 1, 0, 65536, 10240, 10240)]
    [InlineData("raid1-raid0", 1, 0, 0, 131072, 5120, 10240)]
    [InlineData("raid5", 0, 5, 0, 131072, 20480, 40960)]
    [InlineData("raid10", 0, 10, 258, 131072, 10240, 20480)]
    [InlineData("raid10-init", 0, 10, 258, 65536, 40960, 81920)]
    [InlineData("raid5-init", 0, 5, 0, 131072, 40960, 81920)]
    [InlineData("raid1-rebuilding", 0, 1, 0, 65536, 40960, 40960)]
    [InlineData("k4", 0, 5, 0, 131072, 20480, 40960)]
    [InlineData("k4-init", 0, 5, 0, 131072, 40960, 81920)]
    [InlineData("big", 0, 0, 0, 131072, 3221219328, 6442438656)]
    [InlineData("raid0", 1, 0, 0, 262144, 5120, 10240)]
    [InlineData("reshape-a", 0, 5, 0, 131072, 40960, 81920)]
    public void Volumes_are_what_md_was_given(
        string scenario, int index, int level, int layout, int chunk, ulong componentKiB, ulong arrayKiB)
    {
        var volume = Load([.. Fixtures.Disks(scenario)]).Container.Volumes[index];
        Assert.Equal(
            (index, level, layout, chunk, componentKiB, arrayKiB),
            (volume.Index, volume.Level, volume.Layout, volume.ChunkBytes, volume.ComponentSectors / 2, volume.ArraySectors / 2));
    }

    [Theory]
    [InlineData("raid5", VolumeActivity.None, 0)]
    [InlineData("raid5-init", VolumeActivity.Resync, 256 * 3)]
    [InlineData("raid5-rebuilding", VolumeActivity.Recovery, 40 * 256)]
    [InlineData("raid1-rebuilding", VolumeActivity.Recovery, 20 * 512)]
    [InlineData("reshape-a", VolumeActivity.Reshape, 0)]
    public void Activity_and_checkpoint_are_as_recorded(string scenario, VolumeActivity activity, int multiple)
    {
        var volume = Load([.. Fixtures.Disks(scenario)]).Container.Volumes[0];
        Assert.Equal(activity, volume.Activity);
        if (activity == VolumeActivity.Recovery)
            Assert.Equal((ulong)multiple, volume.Checkpoint);
        else if (multiple != 0)
            Assert.True(volume.Checkpoint > 0 && volume.Checkpoint % (ulong)multiple == 0, $"checkpoint {volume.Checkpoint}");
    }

    [Fact]
    public void The_reshapes_progress_comes_from_the_migration_record()
    {
        var container = Load([.. Fixtures.Disks("reshape-a")]).Container;
        var record = container.Migration!;
        Assert.Equal(1u, record.Ascending);
        Assert.Equal(0ul, container.Volumes[0].Checkpoint % record.BlocksPerUnit);
        Assert.InRange(container.Volumes[0].Checkpoint / record.BlocksPerUnit, record.CurrentUnit, record.CurrentUnit + 1);
        Assert.Equal(4, container.Volumes[0].Legs.Length);
    }

    [Fact]
    public void A_rebuilding_leg_and_a_missing_disk_are_not_in_sync()
    {
        var container = Load([.. Fixtures.Disks("raid5-rebuilding")]).Container;
        Assert.Equal([false, true, true], container.Volumes[0].Legs.Select(leg => leg.InSync));
        Assert.Equal([2, 3, 1], container.Volumes[0].Legs.Select(leg => leg.Device!.Value.Minor));
        var degraded = Load([.. Fixtures.Disks("raid5").Where(disk => disk.Name != "loop1")]).Container;
        Assert.Equal([true, true, false], degraded.Volumes[0].Legs.OrderByDescending(leg => leg.InSync).Select(leg => leg.InSync));
        Assert.Contains(degraded.Volumes[0].Legs, leg => leg.Device is null);
        Assert.Equal(3, degraded.Super.Disks.Length);
    }

    [Fact]
    public void Members_and_spares_are_told_apart()
    {
        var (container, verdicts) = Load([.. Fixtures.Disks("raid5")]);
        Assert.Equal(3, verdicts.Count(verdict => verdict.Standing == DiskStanding.Member));
        var spare = Assert.Single(container.Disks, disk => disk.IsSpare);
        Assert.Equal(-1, spare.Index);
        Assert.Equal(DiskStanding.Spare, verdicts.Single(verdict => verdict.Device == spare.Device).Standing);
        Assert.Equal("imsm", container.Format);
        Assert.Equal(container.Super.Generation, container.Generation);
    }

    [Fact]
    public void A_container_without_volumes_is_all_spares_and_its_table_is_empty()
    {
        var (container, verdicts) = Load([.. Fixtures.Disks("container")]);
        Assert.All(verdicts, verdict => Assert.Equal(DiskStanding.Spare, verdict.Standing));
        Assert.Empty(container.Super.Disks);
        Assert.Empty(container.Volumes);
        Assert.All(container.Disks, disk => Assert.NotNull(container.Sectors(disk.Device)));
    }

    [Fact]
    public void The_failed_disk_of_a_rebuilt_array_is_stale_and_nothing_is_written_to_it()
    {
        var (container, verdicts) = Load([.. Fixtures.Disks("raid5-rebuilt")]);
        var failed = verdicts.Single(verdict => verdict.Standing == DiskStanding.Stale);
        Assert.Equal("loop0", failed.Name);
        Assert.Contains("failed or replaced", failed.Reason);
        Assert.True(container.Disks.Single(disk => disk.Name == "loop0").IsFailed);
        Assert.Null(container.Sectors(failed.Device));
        Assert.Null(container.Sectors(new DeviceNumber(9, 9)));
    }

    [Theory]
    [InlineData(0b0001)]
    [InlineData(0b0110)]
    [InlineData(0b0011)]
    [InlineData(0b0111)]
    public void The_newest_generation_wins_whichever_disks_have_it(int newer)
    {
        var old = Fixtures.Disks("raid5").Where(disk => disk.Name != "loop2").ToArray();
        var young = Fixtures.Disks("raid5-dirty").Where(disk => disk.Name != "loop2").ToArray();
        var disks = old.Select((disk, i) => (newer >> i & 1) != 0 ? young[i] : disk).ToArray();
        foreach (var order in new[] { disks, [.. disks.Reverse()] })
        {
            var (container, verdicts) = Load(order);
            Assert.True(container.Volumes[0].Dirty);
            Assert.Equal(
                order.Select(disk => young.Contains(disk) ? DiskStanding.Member : DiskStanding.Stale), Standings(verdicts));
            Assert.Equal(3, container.Disks.Count(disk => disk.Index >= 0));
        }
    }

    [Fact]
    public void A_disk_of_another_container_is_foreign()
    {
        var stranger = Fixtures.Disk("ppl", 2) with { Device = new DeviceNumber(7, 9), Name = "loop9", Serial = "/dev/loop9" };
        var (container, verdicts) = Load([.. Fixtures.Disks("raid5-dirty"), stranger]);
        Assert.Equal(DiskStanding.Foreign, verdicts[4].Standing);
        Assert.Equal("r5", container.Volumes[0].Name);
        Assert.DoesNotContain(container.Disks, disk => disk.Name == "loop9");
    }

    [Fact]
    public void Torn_blank_and_unsupported_copies_are_left_out_with_the_reason()
    {
        var disks = Fixtures.Disks("raid5");
        var torn = disks[0].Tail.ToArray();
        torn[^(2 * 512 + 512)] ^= 0x55;
        var (_, verdicts) = Load(disks[0] with { Tail = torn }, disks[1] with { Tail = new byte[2048] }, disks[3]);
        Assert.Equal([DiskStanding.Broken, DiskStanding.Blank, DiskStanding.Member], Standings(verdicts));
        Assert.Contains("checksum", verdicts[0].Reason);

        var unsupported = Rewritten(disks[0], super =>
            super with { Attributes = super.Attributes | ImsmAttributes.Raid1E | (ImsmAttributes)0x100 });
        var (container, _, refusal) = ImsmLoader.Load([unsupported]);
        Assert.Null(container);
        Assert.NotNull(refusal);
        Assert.Contains("Raid1E, 0x00000100", ImsmLoader.Load([unsupported]).Verdicts[0].Reason);
    }

    [Fact]
    public void Disks_that_contradict_each_other_are_refused()
    {
        // Each copy lists a disk that belongs to the other family.
        var a = Fixtures.Disk("raid1", 0);
        var b = Fixtures.Disk("raid0", 1);
        var (container, verdicts, refusal) = ImsmLoader.Load([a, b]);
        Assert.Null(container);
        Assert.NotNull(refusal);
        Assert.All(verdicts, verdict => Assert.Equal(DiskStanding.Foreign, verdict.Standing));
    }

    [Fact]
    public void A_spare_that_was_just_put_to_use_may_still_hold_its_spares_record()
    {
        var disks = Fixtures.Disks("raid5-rebuilding");
        var spare = Fixtures.Disk("raid5-dirty", 2).Tail;
        foreach (var order in new[] { disks, [.. disks.Reverse()] })
        {
            var mixed = order.Select(disk => disk.Name == "loop2" ? disk with { Tail = spare } : disk).ToArray();
            var (container, verdicts) = Load(mixed);
            Assert.Equal(VolumeActivity.Recovery, container.Volumes[0].Activity);
            Assert.Equal(new DeviceNumber(7, 2), container.Volumes[0].Legs[0].Device);
            Assert.Equal(DiskStanding.Stale, verdicts.Single(verdict => verdict.Name == "loop2").Standing);
            Assert.NotNull(container.Sectors(new DeviceNumber(7, 2)));
        }
    }

    [Fact]
    public void An_unused_spare_stays_a_spare_whatever_an_old_copy_on_a_failed_disk_says()
    {
        // loop0 failed first; its old copy lists loop3, which failed later and was added anew.
        var disks = Fixtures.Disks("raid5-degraded");
        var serial = disks[3].Serial;
        var spare = SpareRecord.Make(SpareRecord.Disk(serial, disks[3].Sectors), 0, 512);
        var (container, verdicts) = Load([.. disks.SetItem(3, Rewritten(disks[3], _ => spare))]);
        Assert.Equal(DiskStanding.Spare, verdicts[3].Standing);
        Assert.True(container.Disks.Single(disk => disk.Name == "loop3").IsSpare);
        Assert.Equal("r5", container.Volumes[0].Name);
    }

    [Fact]
    public void Nothing_at_all_is_refused()
    {
        Assert.NotNull(ImsmLoader.Load([]).Refusal);
        Assert.NotNull(ImsmLoader.Load([Fixtures.Disk("raid5", 0) with { Tail = new byte[100] }]).Refusal);
    }

    [Fact]
    public void A_reshape_whose_migration_record_is_not_here_is_refused()
    {
        var disks = Fixtures.Disks("reshape-a");
        var map = Load([.. disks]).Container;
        var firstTwo = map.Volumes[0].Legs.Take(2).Select(leg => leg.Device!.Value).ToArray();
        var (container, _, refusal) = ImsmLoader.Load([.. disks.Where(disk => !firstTwo.Contains(disk.Device))]);
        Assert.Null(container);
        Assert.Contains("migration record", refusal);
    }

    [Fact]
    public void Upper_halves_count_only_with_the_attribute()
    {
        var disk = Fixtures.Disk("big", 0);
        var super = ImsmPlacement.Read(disk.Tail.Span, 512).Super!;
        Assert.True(super.Disks[0].TotalBlocks > uint.MaxValue);
        var without = ImsmReader.Read(ImsmWriter.Write(super with { Attributes = super.Attributes & ~ImsmAttributes.Disk2TB })).Super!;
        Assert.Equal((uint)super.Disks[0].TotalBlocks, without.Disks[0].TotalBlocks);
        Assert.Equal((uint)super.Devs[0].Map.BlocksPerMember, without.Devs[0].Map.BlocksPerMember);
        Assert.Equal(super.Devs[0].Size, without.Devs[0].Size);
    }

    [Fact]
    public void A_spares_record_is_made_as_mdadm_makes_it()
    {
        var disk = Fixtures.Disk("container", 0);
        var found = ImsmPlacement.Read(disk.Tail.Span, 512).Super!;
        var made = SpareRecord.Make(SpareRecord.Disk(disk.Serial, disk.Sectors), found.CacheSize, 512);
        // mdadm's buffer still holds the family of the spare that it wrote before, so the family is all that can differ.
        Assert.Equal(found with { FamilyNumber = 0 }, made with { FamilyNumber = 0 });
        Assert.True(SpareRecord.IsOf(made, found.Disks[0]));
    }

    [Fact]
    public void A_changed_model_has_its_own_sectors_and_the_old_one_keeps_its_own()
    {
        var container = Load([.. Fixtures.Disks("raid5")]).Container;
        var disk = container.Disks.First(disk => disk.Index >= 0).Device;
        var before = container.Sectors(disk)!.Bytes.ToArray();
        var next = container with { Super = container.Super with { Generation = container.Generation + 1 } };
        Assert.NotEqual(before, next.Sectors(disk)!.Bytes.ToArray());
        Assert.Equal(before, container.Sectors(disk)!.Bytes.ToArray());
        Assert.NotEqual(container, next);
        Assert.Equal(container, next with { Super = container.Super });
    }

    [Fact]
    public void While_a_reshape_runs_the_migration_records_sector_is_left_to_mdadm_unless_it_has_to_be_cleared()
    {
        var container = Load([.. Fixtures.Disks("reshape-a")]).Container;
        var disk = container.Disks.First(disk => disk.Index >= 0);
        var image = container.Sectors(disk.Device)!;
        Assert.Equal((long)disk.Sectors * 512 - 512, image.Offset + image.Bytes.Length);
        Assert.Equal(image.Bytes.Length - 512, image.AnchorOffset);
        var cleared = container with { Migration = MigrationRecordBytes.Read(Enumerable.Repeat((byte)1, 512).ToArray(), 512)! with
        {
            Status = 0, CurrentUnit = 0, FamilyNumber = 0, Ascending = 0, BlocksPerUnit = 0, DestinationDepthPerUnit = 0,
            CheckpointArea = 0, DestinationFirstMember = 0, Units = 0, PostMigrationCapacity = 0, CheckpointReadDisk = 0,
            Filler = Octets.Zeros(64),
        } };
        image = cleared.Sectors(disk.Device)!;
        Assert.Equal((long)disk.Sectors * 512, image.Offset + image.Bytes.Length);
        Assert.False(image.Bytes.Span[^512..].ContainsAnyExcept((byte)0));
    }

    [Theory]
    [InlineData(512)]
    [InlineData(4096)]
    public void A_migration_record_survives_writing_and_reading(int sectorSize)
    {
        var disk = Fixtures.Disk("reshape-a", 0);
        var record = MigrationRecordBytes.Read(ImsmPlacement.MigrationSector(disk.Tail.Span, 512), 512)!;
        Assert.Equal(ImsmPlacement.MigrationSector(disk.Tail.Span, 512)[..128], MigrationRecordBytes.Write(record, 512).AsSpan(0, 128));
        var aligned = record with { CheckpointArea = record.CheckpointArea / 8 * 8 };
        Assert.Equal(aligned, MigrationRecordBytes.Read(MigrationRecordBytes.Write(aligned, sectorSize), sectorSize));
        Assert.Null(MigrationRecordBytes.Read(new byte[sectorSize], sectorSize));
        Assert.Null(MigrationRecordBytes.Read(new byte[100], sectorSize));
    }

    [Fact]
    public void Serial_numbers_are_trimmed_as_mdadm_does()
    {
        Assert.Equal("ABC;1", ImsmSerial.Trim(" A B\tC:1 "));
        Assert.Equal("3456789ABCDEFGHI", ImsmSerial.Trim("0123456789ABCDEFGHI"));
        Assert.Equal("3456789ABCDEFGHI", ImsmSerial.Trim(ImsmSerial.Trim("0123456789ABCDEFGHI")));
        Assert.Equal("", ImsmSerial.Trim("\u00e4\u0007"));
    }

    /// <summary>The disk with other metadata on it.</summary>
    internal static DiskSource Rewritten(DiskSource disk, Func<ImsmSuper, ImsmSuper> change)
    {
        var super = change(ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize).Super!);
        var image = ImsmPlacement.Image(ImsmWriter.Write(super, disk.SectorSize), disk.Tail.Length, disk.SectorSize, null);
        var tail = disk.Tail.ToArray();
        image.Bytes.CopyTo(tail.AsMemory((int)image.Offset));
        return disk with { Tail = tail };
    }
}
