using At = ActorRaid.Metadata.Imsm.Format.ImsmOffsets;

namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>
/// Where metadata lies on a disk (upstream: load_imsm_mpb, store_imsm_mpb): its first sector, the anchor, in the last but one sector;
/// its other sectors, in ascending order, directly before that; the migration record in the last. So on disk, in ascending order:
/// sector 1, 2, ... n-1 of the metadata, sector 0, the migration record.
/// </summary>
public static class ImsmPlacement
{
    /// <summary>How many bytes from a disk's end are looked at.</summary>
    public const int TailBytes = 64 * 1024;

    /// <summary>How many sectors metadata of that many bytes takes.</summary>
    public static int SectorCount(int size, int sectorSize) => (size + sectorSize - 1) / sectorSize;

    /// <summary>Whether a disk's tail has an anchor with a signature.</summary>
    public static bool HasAnchor(ReadOnlySpan<byte> tail, int sectorSize) =>
        sectorSize > 0 && tail.Length >= 2 * sectorSize && ImsmReader.HasSignature(Anchor(tail, sectorSize));

    /// <summary>The anchor sector of a tail of at least two sectors.</summary>
    public static ReadOnlySpan<byte> Anchor(ReadOnlySpan<byte> tail, int sectorSize) =>
        tail.Slice(tail.Length - (2 * sectorSize), sectorSize);

    /// <summary>Reads the metadata from the last bytes of a disk; an error's offset counts from the anchor's beginning.</summary>
    public static ReadResult Read(ReadOnlySpan<byte> tail, int sectorSize)
    {
        if (sectorSize is not (512 or 4096))
            return ReadResult.Failed(0, $"sector size {sectorSize} is not supported");
        if (tail.Length < 2 * sectorSize)
            return ReadResult.Failed(0, "the disk is too small");
        var anchor = Anchor(tail, sectorSize);
        if (!ImsmReader.HasSignature(anchor))
            return ReadResult.Failed(0, "no signature");
        var declared = System.Buffers.Binary.BinaryPrimitives.ReadUInt32LittleEndian(anchor[At.Size..]);
        if (declared <= sectorSize)
            return ImsmReader.Read(anchor, sectorSize);
        if (declared > ImsmReader.MaxSize)
            return ReadResult.Failed(At.Size, $"size of {declared} bytes is beyond the limit of {ImsmReader.MaxSize}");
        var extended = (SectorCount((int)declared, sectorSize) - 1) * sectorSize;
        var before = tail.Length - (2 * sectorSize);
        if (extended > before)
            return ReadResult.Failed(At.Size, $"size of {declared} bytes: only {before} bytes lie before the anchor");
        var metadata = new byte[sectorSize + extended];
        anchor.CopyTo(metadata);
        tail.Slice(before - extended, extended).CopyTo(metadata.AsSpan(sectorSize));
        return ImsmReader.Read(metadata, sectorSize);
    }

    /// <summary>The migration record's sector, the last of the disk; empty when the tail has none.</summary>
    public static ReadOnlySpan<byte> MigrationSector(ReadOnlySpan<byte> tail, int sectorSize) =>
        sectorSize > 0 && tail.Length >= sectorSize ? tail[^sectorSize..] : default;

    /// <summary>
    /// A disk's image: the metadata's sectors, padded with zeros, in the order in which they lie on disk, and the last sector behind
    /// them if it is given.
    /// </summary>
    /// <param name="metadata">The metadata, anchor first.</param>
    /// <param name="diskBytes">The disk's size in bytes.</param>
    /// <param name="sectorSize">Its logical sector size in bytes.</param>
    /// <param name="lastSector">The migration record's sector, or null to leave it alone.</param>
    public static DiskImage Image(ReadOnlySpan<byte> metadata, long diskBytes, int sectorSize, byte[]? lastSector)
    {
        var extended = (SectorCount(metadata.Length, sectorSize) - 1) * sectorSize;
        var bytes = new byte[extended + sectorSize + (lastSector?.Length ?? 0)];
        metadata[..Math.Min(metadata.Length, sectorSize)].CopyTo(bytes.AsSpan(extended));
        if (extended > 0)
            metadata[sectorSize..].CopyTo(bytes);
        lastSector?.CopyTo(bytes, extended + sectorSize);
        return new DiskImage(diskBytes - (2L * sectorSize) - extended, sectorSize, bytes, extended);
    }
}
