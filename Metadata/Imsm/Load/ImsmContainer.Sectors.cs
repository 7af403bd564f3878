using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm;

public sealed partial record ImsmContainer
{
    private readonly SerializedSuper _serialized = new();

    /// <summary>
    /// Everything that the disk's metadata area must hold. A member: the metadata's sectors and, behind them, the last sector of the
    /// disk, which holds no migration record (upstream clears it with every write, too). While a volume is under general
    /// migration that sector belongs to mdadm, which writes its checkpoints there by itself, and is left out; unless
    /// <see cref="Migration"/> is a record of zeros, which means that an earlier volume's record must go. A spare: its own record,
    /// the one on its disk if that is as it should be. Null for a failed disk and a stranger.
    /// </summary>
    public DiskImage? Sectors(DeviceNumber disk)
    {
        foreach (var present in Present)
        {
            if (present.Device == disk)
                return ImageOf(present);
        }

        return null;
    }

    internal DiskImage? ImageOf(PresentDisk disk)
    {
        var diskBytes = checked((long)disk.Sectors * 512);
        if (disk.Index == -1)
        {
            var record = SpareRecord.IsOf(disk.SpareRecord, disk.Disk)
                ? disk.SpareRecord!
                : SpareRecord.Make(disk.Disk, Super.CacheSize, disk.SectorSize);
            return ImsmPlacement.Image(ImsmWriter.Write(record, disk.SectorSize), diskBytes, disk.SectorSize, null);
        }

        if (disk.Index < 0 || disk.Index >= Super.Disks.Length || IsFailed(disk))
            return null;
        var isVeiled = IsInterim && disk.Device != FamilyStep!.Keeper;
        var metadata = isVeiled
            ? SerializedSuper.Image(Veil.Over(Super, disk.Index), disk.SectorSize, ClearsMigrationSector())
            : _serialized.Of(Super, disk.SectorSize, ClearsMigrationSector());
        var offset = diskBytes - (2L * disk.SectorSize) - metadata.AnchorOffset;
        return new DiskImage(offset, disk.SectorSize, metadata.Bytes, metadata.AnchorOffset);
    }

    private bool ClearsMigrationSector()
    {
        foreach (var dev in Super.Devs)
        {
            if (dev.IsGeneralMigration())
                return Migration is { } record && MigrationRecordBytes.IsCleared(record);
        }

        return true;
    }

    /// <summary>
    /// The last model's sectors, which are the same on all members, so that a commit serializes once. It is no part of the
    /// container's value: copies share it, all are equal, and sectors are only taken for the very model that they were made from.
    /// </summary>
    private sealed class SerializedSuper : IEquatable<SerializedSuper>
    {
        private Entry? _entry;

        public DiskImage Of(ImsmSuper super, int sectorSize, bool clearsLast)
        {
            var entry = _entry;
            if (entry is null || !ReferenceEquals(entry.Super, super) || entry.Image.SectorSize != sectorSize
                || entry.ClearsLast != clearsLast)
            {
                _entry = entry = new Entry(super, clearsLast, Image(super, sectorSize, clearsLast));
            }

            return entry.Image;
        }

        /// <summary>The sectors, from offset 0.</summary>
        public static DiskImage Image(ImsmSuper super, int sectorSize, bool clearsLast) =>
            ImsmPlacement.Image(ImsmWriter.Write(super, sectorSize), 0, sectorSize, clearsLast ? new byte[sectorSize] : null);

        public bool Equals(SerializedSuper? other) => other is not null;

        public override bool Equals(object? obj) => obj is SerializedSuper;

        public override int GetHashCode() => 0;

        private sealed record Entry(ImsmSuper Super, bool ClearsLast, DiskImage Image);
    }
}
