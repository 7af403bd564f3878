using System.Buffers.Binary;
using ActorRaid.Metadata.Imsm.Model;
using At = ActorRaid.Metadata.Imsm.Format.ImsmOffsets;

namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>Model to bytes: the inverse of <see cref="ImsmReader"/>.</summary>
public static class ImsmWriter
{
    /// <summary>
    /// The metadata's bytes in upstream's order (anchor first), as many as mpb_size says. Size, checksum, the counts, the size of the
    /// bad-block log and the attribute that announces one follow from the model. A second map is written exactly when
    /// <see cref="ImsmDev.MigrationState"/> says that there is one. With a sector size of 4096 sizes and positions are divided by
    /// eight, as upstream does before it writes.
    /// </summary>
    /// <exception cref="ArgumentException">The model is beyond what the format can hold: more than 255 disks, volumes or members, more
    /// than 254 bad-block entries, larger than <see cref="ImsmReader.MaxSize"/>, or a migration without its second map.</exception>
    public static byte[] Write(ImsmSuper super, int sectorSize = 512)
    {
        Check(super);
        var units = sectorSize == 4096 ? 8u : 1u;
        var size = SizeOf(super);
        if (size > ImsmReader.MaxSize)
            throw new ArgumentException($"metadata of {size} bytes, at most {ImsmReader.MaxSize} are allowed", nameof(super));
        var bytes = new byte[size];
        var attributes = super.BadBlocks.IsEmpty
            ? super.Attributes & ~ImsmAttributes.BadBlockManagement
            : super.Attributes | ImsmAttributes.BadBlockManagement;
        Put(bytes, 0, super.Signature, At.SignatureLength);
        U32(bytes, At.Size, (uint)size);
        U32(bytes, At.Family, super.FamilyNumber);
        U32(bytes, At.Generation, super.Generation);
        U32(bytes, At.ErrorLogSize, super.ErrorLogSize);
        U32(bytes, At.Attributes, (uint)attributes);
        bytes[At.DiskCount] = (byte)super.Disks.Length;
        bytes[At.DevCount] = (byte)super.Devs.Length;
        bytes[At.ErrorLogPosition] = super.ErrorLogPosition;
        bytes[At.Fill] = super.Fill;
        U32(bytes, At.CacheSize, super.CacheSize);
        U32(bytes, At.OriginalFamily, super.OriginalFamilyNumber);
        U32(bytes, At.PowerCycles, super.PowerCycleCount);
        U32(bytes, At.BadBlockLogSize, (uint)LogSize(super));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(At.VolumesCreated), super.VolumesCreated);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(At.Filler1), super.Filler1);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(At.CreationTime), super.CreationTime);
        Put(bytes, At.Filler, super.Filler, At.FillerLength);
        var offset = At.Disks;
        foreach (var disk in super.Disks)
        {
            WriteDisk(bytes.AsSpan(offset, At.Disk.Length), disk, units);
            offset += At.Disk.Length;
        }

        foreach (var dev in super.Devs)
        {
            WriteDev(bytes.AsSpan(offset), dev, units);
            offset += SizeOf(dev);
        }

        super.Rest.Span.CopyTo(bytes.AsSpan(offset));
        offset += super.Rest.Length;
        WriteBadBlocks(bytes.AsSpan(offset), super, units);
        U32(bytes, At.Checksum, ImsmChecksum.Compute(bytes));
        return bytes;
    }

    /// <summary>How many bytes the metadata takes (mpb_size).</summary>
    public static int SizeOf(ImsmSuper super)
    {
        var size = At.Disks + (super.Disks.Length * At.Disk.Length) + super.Rest.Length + LogSize(super);
        foreach (var dev in super.Devs)
            size += SizeOf(dev);
        return size;
    }

    /// <summary>How many bytes a device takes, with the maps that it has.</summary>
    public static int SizeOf(ImsmDev dev)
    {
        var size = At.Dev.Map + SizeOf(dev.Map);
        return dev.MigrationState != 0 && dev.SecondMap is { } second ? size + SizeOf(second) : size;
    }

    /// <summary>How many bytes a map takes.</summary>
    public static int SizeOf(ImsmMap map) => At.Map.Order + (4 * map.Order.Length);

    private static int LogSize(ImsmSuper super) =>
        super.BadBlocks.IsEmpty ? 0 : At.BadBlockLog.Entries + (super.BadBlocks.Length * At.BadBlockLog.EntryLength);

    private static void WriteDisk(Span<byte> bytes, ImsmDisk disk, uint units)
    {
        Put(bytes, 0, disk.Serial, At.SerialLength);
        Split(bytes, At.Disk.BlocksLow, At.Disk.BlocksHigh, disk.TotalBlocks / units);
        U32(bytes, At.Disk.ScsiId, disk.ScsiId);
        U32(bytes, At.Disk.Status, (uint)disk.Status);
        U32(bytes, At.Disk.Owner, disk.OwnerConfig);
        Put(bytes, At.Disk.Filler, disk.Filler, At.Disk.FillerLength);
    }

    private static void WriteDev(Span<byte> bytes, ImsmDev dev, uint units)
    {
        Put(bytes, 0, dev.Volume, At.SerialLength);
        Split(bytes, At.Dev.SizeLow, At.Dev.SizeHigh, dev.Size / units);
        U32(bytes, At.Dev.Status, dev.Status);
        U32(bytes, At.Dev.Reserved, dev.ReservedBlocks);
        Put(bytes, At.Dev.Misc, dev.Misc, At.Dev.MiscLength);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[At.Dev.VolumeId..], dev.VolumeId);
        Put(bytes, At.Dev.NvCache, dev.NvCache, At.Dev.NvCacheLength);
        bytes[At.Dev.RwhPolicy] = (byte)dev.RwhPolicy;
        Put(bytes, At.Dev.Tail, dev.Tail, At.Dev.TailLength);
        Split(bytes, At.Dev.UnitLow, At.Dev.UnitHigh, dev.CurrentMigrationUnit / units);
        U32(bytes, At.Dev.CheckpointId, dev.CheckpointId);
        bytes[At.Dev.MigrationState] = dev.MigrationState;
        bytes[At.Dev.MigrationType] = (byte)dev.MigrationType;
        bytes[At.Dev.Dirty] = dev.Dirty;
        bytes[At.Dev.FsState] = dev.FsState;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[At.Dev.VerifyErrors..], dev.VerifyErrors);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[At.Dev.BadBlocks..], dev.BadBlocks);
        Put(bytes, At.Dev.VolFiller, dev.VolFiller, At.Dev.VolFillerLength);
        WriteMap(bytes[At.Dev.Map..], dev.Map, units);
        if (dev.MigrationState != 0 && dev.SecondMap is { } second)
            WriteMap(bytes[(At.Dev.Map + SizeOf(dev.Map))..], second, units);
    }

    private static void WriteMap(Span<byte> bytes, ImsmMap map, uint units)
    {
        Split(bytes, At.Map.FirstLow, At.Map.FirstHigh, map.PbaOfLba0 / units);
        Split(bytes, At.Map.BlocksLow, At.Map.BlocksHigh, map.BlocksPerMember / units);
        Split(bytes, At.Map.StripesLow, At.Map.StripesHigh, map.NumDataStripes);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[At.Map.Strip..], (ushort)(map.BlocksPerStrip / units));
        bytes[At.Map.State] = (byte)map.State;
        bytes[At.Map.Level] = map.RaidLevel;
        bytes[At.Map.Members] = (byte)map.Order.Length;
        bytes[At.Map.Domains] = map.NumDomains;
        bytes[At.Map.FailedDisk] = map.FailedDisk;
        bytes[At.Map.Ddf] = map.Ddf;
        Put(bytes, At.Map.Filler, map.Filler, At.Map.FillerLength);
        for (var slot = 0; slot < map.Order.Length; slot++)
            U32(bytes, At.Map.Order + (4 * slot), map.Order[slot]);
    }

    private static void WriteBadBlocks(Span<byte> bytes, ImsmSuper super, uint units)
    {
        if (super.BadBlocks.IsEmpty)
            return;
        U32(bytes, 0, At.BadBlockLog.Signature);
        U32(bytes, At.BadBlockLog.Count, (uint)super.BadBlocks.Length);
        for (var i = 0; i < super.BadBlocks.Length; i++)
        {
            var entry = bytes[(At.BadBlockLog.Entries + (i * At.BadBlockLog.EntryLength))..];
            var (count, disk, start) = super.BadBlocks[i];
            start /= units;
            entry[0] = (byte)(Math.Max(count / (int)units, 1) - 1);
            entry[1] = disk;
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)start);
            U32(entry, 4, (uint)(start >> 16));
        }
    }

    private static void Check(ImsmSuper super)
    {
        if (super.Disks.Length > byte.MaxValue || super.Devs.Length > byte.MaxValue || super.BadBlocks.Length > At.BadBlockLog.MaxEntries)
            throw new ArgumentException("more disks, volumes or bad blocks than the format can hold", nameof(super));
        foreach (var dev in super.Devs)
        {
            if (dev.Map.Order.Length > byte.MaxValue || dev.SecondMap?.Order.Length > byte.MaxValue)
                throw new ArgumentException($"volume {dev.Volume} has more members than the format can hold", nameof(super));
            if (dev.MigrationState != 0 && dev.SecondMap is null)
                throw new ArgumentException($"volume {dev.Volume} migrates and has one map", nameof(super));
        }
    }

    private static void Put(Span<byte> bytes, int offset, Octets octets, int length) =>
        octets.Span[..Math.Min(length, octets.Length)].CopyTo(bytes[offset..]);

    private static void Split(Span<byte> bytes, int low, int high, ulong value)
    {
        U32(bytes, low, (uint)value);
        U32(bytes, high, (uint)(value >> 32));
    }

    private static void U32(Span<byte> bytes, int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[offset..], value);
}
