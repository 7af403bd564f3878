using System.Collections.Immutable;
using System.Text;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Examine;

public sealed partial record ImsmReport
{
    private const uint MetadataReserve = 2210;
    private const uint VolumeReserve = 8192;

    /// <summary>Reads a disk's tail and tells what is there. Never throws: what cannot be read is a <see cref="Problem"/>.</summary>
    public static ImsmReport From(DiskSource disk)
    {
        var result = ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize);
        if (result.Super is not { } super)
        {
            var blank = !ImsmPlacement.HasAnchor(disk.Tail.Span, disk.SectorSize);
            return new ImsmReport { Name = disk.Name, Problem = blank ? "no IMSM metadata" : $"IMSM metadata is damaged: {result.Error}" };
        }

        var serial = ImsmSerial.Trim(disk.Serial);
        var listed = super.IndexOf(serial);
        var own = listed < 0 ? null : super.Disks[listed];
        var index = own is null || (own.Status & ImsmDiskStatus.Failed) != 0
            ? -2
            : (own.Status & (ImsmDiskStatus.Spare | ImsmDiskStatus.Journal)) != 0 ? -1 : listed;
        var reserved = Reserved(super, own, index, result.Size, disk.SectorSize);
        var migration = MigrationRecordBytes.Read(ImsmPlacement.MigrationSector(disk.Tail.Span, disk.SectorSize), disk.SectorSize);
        var signature = super.Signature.Exact;
        return new ImsmReport
        {
            Name = disk.Name,
            Magic = ImsmOffsets.Magic.TrimEnd(),
            Version = signature[ImsmOffsets.Magic.Length..],
            OriginalFamily = $"{super.OriginalFamilyNumber:x8}",
            Family = $"{super.FamilyNumber:x8}",
            Generation = super.Generation,
            CreationTime = super.CreationTime,
            Attributes = $"{(uint)super.Attributes:x8}",
            UnsupportedAttributes = super.Attributes.UnsupportedNames(),
            Uuid = index == -1 && super.Devs.IsEmpty ? ImsmUuid.None : ImsmUuid.OfContainer(super),
            Checksum = $"{(disk.SectorSize == 512 ? result.Checksum : ImsmChecksum.Compute(ImsmWriter.Write(super))):x8}",
            MetadataSectors = ImsmPlacement.SectorCount(result.Size, disk.SectorSize),
            SectorSize = disk.SectorSize,
            Index = index,
            Disks = [.. super.Disks.Select((entry, i) => Describe(entry, i, reserved, disk.SectorSize))],
            Spare = index == -1 ? Describe(own!, -1, reserved, disk.SectorSize) : null,
            BadBlockLog = super.BadBlocks.IsEmpty ? null : Describe(super.BadBlocks),
            Volumes = [.. super.Devs.Select((dev, i) => Describe(super, dev, i, index, disk.SectorSize, migration))],
            Migration = Describe(super, index, migration),
        };
    }

    /// <summary>What mdadm takes for reserved at the end of the disk, in sectors of 512 bytes: less than its default where the last volume
    /// on the disk reaches further.</summary>
    private static uint Reserved(ImsmSuper super, ImsmDisk? disk, int index, int size, int sectorSize)
    {
        if (index == -1)
            return MetadataReserve;
        const uint Default = MetadataReserve + VolumeReserve;
        var last = super.Devs.Where(dev => dev.Map.SlotOf(index) >= 0).MaxBy(dev => dev.Map.PbaOfLba0);
        if (last is null)
            return Default;
        var least = (uint)(ImsmPlacement.SectorCount(size, sectorSize) * (sectorSize / 512));
        var rest = unchecked((disk?.TotalBlocks ?? 0) - (last.Map.PbaOfLba0 + last.Map.PerMemberSectors())) & ~1UL;
        return (uint)Math.Min(Default, Math.Max(rest, least));
    }

    private static DiskReport Describe(ImsmDisk disk, int index, uint reserved, int sectorSize)
    {
        var state = ImmutableArray.CreateBuilder<string>();
        if ((disk.Status & ImsmDiskStatus.Spare) != 0)
            state.Add("spare");
        if ((disk.Status & ImsmDiskStatus.Configured) != 0)
            state.Add("active");
        if ((disk.Status & ImsmDiskStatus.Failed) != 0)
            state.Add("failed");
        if ((disk.Status & ImsmDiskStatus.Journal) != 0)
            state.Add("journal");
        var usable = unchecked((disk.TotalBlocks - reserved) * 512);
        return new DiskReport(index, disk.Serial.ToString(), state.ToImmutable(), $"{disk.ScsiId:x8}", usable / (ulong)sectorSize, usable);
    }

    private static BadBlockLogReport Describe(ImmutableArray<BbmLogEntry> log) => new(
        ImsmOffsets.BadBlockLog.Entries + (log.Length * ImsmOffsets.BadBlockLog.EntryLength), $"{ImsmOffsets.BadBlockLog.Signature:x}",
        log.Length, [.. log.Select(entry => new BadBlockReport(entry.DiskIndex, entry.Start, entry.Count))]);

    private static VolumeReport Describe(ImsmSuper super, ImsmDev dev, int volume, int index, int sectorSize, MigrationRecord? record)
    {
        var slot = dev.Map.SlotOf(index);
        var known = !dev.IsGeneralMigration() || slot is 0 or 1;
        return new VolumeReport
        {
            Name = dev.Volume.ToString(),
            Subarray = volume,
            Uuid = ImsmUuid.OfVolume(super, volume),
            Map = Describe(dev.Map),
            Previous = dev.SecondMap is { } second ? Describe(second) : null,
            FailedDisk = dev.Map.FailedDisk == 0xFF ? null : dev.Map.FailedDisk,
            ThisSlot = slot < 0 ? null : slot,
            ThisSlotOutOfSync = ((dev.CurrentOrder(slot) ?? 0) & VolumeGeometry.RebuildBit) != 0,
            ArraySize = unchecked(dev.Size * 512 / (ulong)sectorSize),
            PerDeviceSize = unchecked(dev.Map.BlocksPerMember * 512 / (ulong)sectorSize),
            SectorOffset = unchecked(dev.Map.PbaOfLba0 * 512 / (ulong)sectorSize),
            Stripes = dev.Map.NumDataStripes,
            Reserved = unchecked((int)dev.ReservedBlocks),
            MigrationState = dev.IsMigrating() ? Word(dev.Migration()) : "idle",
            Checkpoint = dev.IsMigrating() ? dev.CurrentMigrationUnit : null,
            CheckpointUnit = dev.IsMigrating() && known ? dev.SectorsPerUnit(record) : null,
            DirtyState = (dev.Dirty & VolumeGeometry.DirtyBit) != 0 ? "dirty" : "clean",
            RwhPolicy = Word(dev.RwhPolicy),
            VolumeId = dev.VolumeId,
        };
    }

    private static MapReport Describe(ImsmMap map)
    {
        var slots = new StringBuilder(map.Order.Length);
        foreach (var order in map.Order)
            slots.Append((order & VolumeGeometry.RebuildBit) != 0 ? '_' : 'U');
        return new MapReport(map.Level(), map.Order.Length, slots.ToString(), map.BlocksPerStrip / 2, Word(map.State));
    }

    private static MigrationReport? Describe(ImsmSuper super, int index, MigrationRecord? record)
    {
        if (super.Devs.FirstOrDefault(dev => dev.IsGeneralMigration()) is not { } migrating)
            return null;
        if (migrating.Map.SlotOf(index) is not (0 or 1))
            return new MigrationReport(Record: null);
        return new MigrationReport(record is null
            ? new MigrationRecordReport(false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            : new MigrationRecordReport(
                record.Status != 0, record.CurrentUnit, record.FamilyNumber, record.Ascending, record.BlocksPerUnit,
                record.DestinationDepthPerUnit, record.CheckpointArea, record.DestinationFirstMember, record.Units,
                record.PostMigrationCapacity, record.CheckpointReadDisk));
    }

    private static string Word(MapState state) => state switch
    {
        MapState.Normal => "normal",
        MapState.Uninitialized => "uninitialized",
        MapState.Degraded => "degraded",
        _ => "failed",
    };

    private static string Word(MigrationType type) => type switch
    {
        MigrationType.Init => "initialize",
        MigrationType.Rebuild => "rebuild",
        MigrationType.Verify => "check",
        MigrationType.GeneralMigration => "general migration",
        MigrationType.StateChange => "state change",
        MigrationType.Repair => "repair",
        _ => $"<unknown:{(int)type}>",
    };

    private static string Word(RwhPolicy policy) => policy switch
    {
        Model.RwhPolicy.Off or Model.RwhPolicy.MultipleOff => "off",
        Model.RwhPolicy.Distributed => "PPL distributed",
        Model.RwhPolicy.JournalingDrive => "PPL journaling drive",
        Model.RwhPolicy.MultipleDistributed => "Multiple distributed PPLs",
        Model.RwhPolicy.MultiplePplsJournalingDrive => "Multiple PPLs on journaling drive",
        Model.RwhPolicy.Bitmap => "Write-intent bitmap",
        _ => $"<unknown:{(int)policy}>",
    };
}
