using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Examine;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;
using ActorRaid.Metadata.Imsm.Updates;

namespace ActorRaid.Metadata.Imsm;

public sealed partial record ImsmContainer
{
    /// <summary>As metadata_version spells it.</summary>
    public string Format => "imsm";

    /// <summary>The generation of <see cref="Super"/>.</summary>
    public uint Generation => Super.Generation;

    /// <summary>The container's UUID; null while it has no volume.</summary>
    public string? Uuid => Super.Devs.IsEmpty ? null : ImsmUuid.OfContainer(Super);

    /// <summary>A volume's UUID; null: there is no such volume.</summary>
    public string? UuidOf(int volume) => volume >= 0 && volume < Super.Devs.Length ? ImsmUuid.OfVolume(Super, volume) : null;

    /// <summary>The disks that are there; of a disk that is failed or was replaced the index is -2.</summary>
    public ImmutableArray<DiskInfo> Disks
    {
        get
        {
            var disks = ImmutableArray.CreateBuilder<DiskInfo>(Present.Length);
            foreach (var disk in Present)
            {
                var failed = disk.Index < -1 || IsFailed(disk);
                disks.Add(new DiskInfo(
                    disk.Device, disk.Name, disk.OwnSerial.ToString(), disk.Index, disk.Index == -1 && !failed, failed, disk.Sectors));
            }

            return disks.MoveToImmutable();
        }
    }

    /// <summary>
    /// The volumes, as upstream tells md of them (getinfo_super_imsm_volume, container_content_imsm). While a reshape runs level, layout
    /// and chunk are those it comes from, and a RAID 0 that is reshaped is what md needs it to be: RAID 4, or RAID 5 with its parity
    /// last on the way to RAID 5. A leg whose disk is missing is not in sync.
    /// </summary>
    public ImmutableArray<VolumeInfo> Volumes
    {
        get
        {
            var volumes = ImmutableArray.CreateBuilder<VolumeInfo>(Super.Devs.Length);
            for (var i = 0; i < Super.Devs.Length; i++)
                volumes.Add(Describe(i, Super.Devs[i]));
            return volumes.MoveToImmutable();
        }
    }

    private VolumeInfo Describe(int index, ImsmDev dev)
    {
        const int ParityLast = 5;
        var current = dev.SecondMap ?? dev.Map;
        var level = current.Level();
        var layout = VolumeGeometry.LayoutOf(level);
        if (dev.IsGeneralMigration() && level == 0)
            (level, layout) = dev.Map.Level() == 5 ? (5, ParityLast) : (4, layout);
        var size = dev.Size;
        if (dev.IsGeneralMigration() && current.DataMembers() is > 0 and var members)
            size = unchecked(dev.Map.PerMemberSectors() * (ulong)members);
        var activity = Activity(dev);
        var sectorSize = Present.IsEmpty ? 512 : Present[0].SectorSize;
        return new VolumeInfo(
            index, dev.Volume.ToString(), level, layout, current.BlocksPerStrip * 512, dev.ComponentSectors(sectorSize), size,
            (dev.Dirty & VolumeGeometry.DirtyBit) != 0, activity, Checkpoint(dev, activity), Legs(index, dev))
        {
            Reshape = dev.IsGeneralMigration()
                ? new ReshapeInfo(Shape(dev.SecondMap!), Shape(dev.Map), ReshapeStart.HasBegun(this, dev))
                : null,
        };
    }

    private static VolumeShape Shape(ImsmMap map) =>
        new(map.Level(), VolumeGeometry.LayoutOf(map.Level()), map.BlocksPerStrip * 512, map.Order.Length);

    private static VolumeActivity Activity(ImsmDev dev) => !dev.IsMigrating()
        ? VolumeActivity.None
        : dev.Migration() switch
        {
            MigrationType.Init or MigrationType.Verify or MigrationType.Repair => VolumeActivity.Resync,
            MigrationType.Rebuild => VolumeActivity.Recovery,
            MigrationType.GeneralMigration => VolumeActivity.Reshape,
            _ => VolumeActivity.None,
        };

    private ulong Checkpoint(ImsmDev dev, VolumeActivity activity)
    {
        var perUnit = dev.SectorsPerUnit(Migration);
        if (activity != VolumeActivity.Reshape)
            return unchecked(perUnit * dev.CurrentMigrationUnit);
        // The record is as it was when the container was loaded, if there was one: mdadm writes it itself, and says which unit it has come to.
        if (perUnit == 0)
            perUnit = GeneralMigration.SectorsPerUnit(dev);
        return unchecked(perUnit * Math.Max(dev.CurrentMigrationUnit, Migration is { } record ? Behind(record) : 0));
    }

    /// <summary>The unit with which the reshape goes on: one whose data is in the checkpoint area has been saved.</summary>
    private static ulong Behind(MigrationRecord record) =>
        record.Ascending != 0 && record.Status == 1 && record.Units != 0 && record.CurrentUnit < record.Units - 1 ? record.CurrentUnit + 1 : record.CurrentUnit;

    private ImmutableArray<LegInfo> Legs(int volume, ImsmDev dev)
    {
        var legs = ImmutableArray.CreateBuilder<LegInfo>(dev.Map.Order.Length);
        for (var slot = 0; slot < dev.Map.Order.Length; slot++)
        {
            var index = VolumeGeometry.DiskIndex(dev.Map.Order[slot]);
            var disk = PresentAt(index);
            var rebuilding = ((dev.CurrentOrder(slot) ?? dev.Map.Order[slot]) & VolumeGeometry.RebuildBit) != 0;
            var whole = disk is not null && !rebuilding && !IsFailed(disk);
            var mayReturn = disk is null && !rebuilding && index < Super.Disks.Length && !Maps.IsFailed(Super.Disks[index]);
            legs.Add(new LegInfo(slot, disk?.Device, whole, dev.Map.PbaOfLba0)
            {
                MayReturn = mayReturn,
                BadSectors = Super.BadBlocks.IsEmpty ? 0 : BadBlocks(volume, slot).Sum(block => (long)block.Length),
                Serial = index < Super.Disks.Length ? Super.Disks[index].Serial.ToString() : "",
            });
        }

        return legs.MoveToImmutable();
    }

    private bool IsFailed(PresentDisk disk)
    {
        var status = disk.Index >= 0 && disk.Index < Super.Disks.Length ? Super.Disks[disk.Index].Status : disk.Disk.Status;
        return (status & ImsmDiskStatus.Failed) != 0;
    }

    private PresentDisk? PresentAt(int index)
    {
        foreach (var disk in Present)
        {
            if (disk.Index == index)
                return disk;
        }

        return null;
    }
}
