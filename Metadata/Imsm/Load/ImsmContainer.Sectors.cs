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
        return ImsmPlacement.Image(_serialized.Of(Super, disk.SectorSize), diskBytes, disk.SectorSize, LastSector(disk.SectorSize));
    }

    private byte[]? LastSector(int sectorSize)
    {
        foreach (var dev in Super.Devs)
        {
            if (dev.IsGeneralMigration())
                return Migration is { } record && MigrationRecordBytes.IsCleared(record) ? new byte[sectorSize] : null;
        }

        return new byte[sectorSize];
    }

    /// <summary>
    /// The last model's bytes, so that a commit serializes once for all its disks. It is no part of the container's value: copies
    /// share it, all are equal, and bytes are only taken for the very model that they were made from.
    /// </summary>
    private sealed class SerializedSuper : IEquatable<SerializedSuper>
    {
        private Entry? _entry;

        public byte[] Of(ImsmSuper super, int sectorSize)
        {
            var entry = _entry;
            if (entry is null || !ReferenceEquals(entry.Super, super) || entry.SectorSize != sectorSize)
                _entry = entry = new Entry(super, sectorSize, ImsmWriter.Write(super, sectorSize));
            return entry.Bytes;
        }

        public bool Equals(SerializedSuper? other) => other is not null;

        public override bool Equals(object? obj) => obj is SerializedSuper;

        public override int GetHashCode() => 0;

        private sealed record Entry(ImsmSuper Super, int SectorSize, byte[] Bytes);
    }
}
