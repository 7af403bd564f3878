using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using ActorRaid.Metadata.Imsm.Model;
using At = ActorRaid.Metadata.Imsm.Format.ImsmOffsets;

namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>
/// Bytes to model. Input is not trusted: whatever it holds, the answer is a model or a <see cref="FormatError"/>, and what is
/// allocated is bounded by the length of the input.
/// </summary>
public static class ImsmReader
{
    /// <summary>The largest metadata that is read, in bytes: 255 disks and four migrating volumes on all of them, with a full
    /// bad-block log, come to half of it.</summary>
    public const int MaxSize = 48 * 1024;

    private static readonly byte[] Magic = Encoding.ASCII.GetBytes(At.Magic);

    /// <summary>Whether a sector begins with the signature.</summary>
    public static bool HasSignature(ReadOnlySpan<byte> anchor) => anchor.StartsWith(Magic);

    /// <summary>
    /// Reads metadata: the anchor sector followed by the extended sectors, as upstream's buffer holds it. With a sector size of
    /// 4096 sizes and positions on disk count 4096-byte sectors; the model's count 512.
    /// </summary>
    public static ReadResult Read(ReadOnlySpan<byte> metadata, int sectorSize = 512)
    {
        if (!HasSignature(metadata))
            return ReadResult.Failed(0, "no signature");
        if (metadata.Length < At.Disks)
            return ReadResult.Failed(metadata.Length, $"truncated: {metadata.Length} bytes, the header alone has {At.Disks}");
        var declared = U32(metadata, At.Size);
        if (declared < At.Disks)
            return ReadResult.Failed(At.Size, $"size of {declared} bytes is less than the header's {At.Disks}");
        if (declared > MaxSize)
            return ReadResult.Failed(At.Size, $"size of {declared} bytes is beyond the limit of {MaxSize}");
        if (declared > metadata.Length)
            return ReadResult.Failed(At.Size, $"truncated: {declared} bytes long, {metadata.Length} are there");
        var bytes = metadata[..(int)declared];
        var found = U32(bytes, At.Checksum);
        var computed = ImsmChecksum.Compute(bytes);
        if (found != computed)
            return ReadResult.Failed(At.Checksum, $"checksum {found:x8}, computed {computed:x8}");

        var attributes = (ImsmAttributes)U32(bytes, At.Attributes);
        var units = new Units(sectorSize == 4096 ? 8u : 1u, (attributes & ImsmAttributes.Disk2TB) != 0);
        var offset = At.Disks;
        var disks = ImmutableArray.CreateBuilder<ImsmDisk>(bytes[At.DiskCount]);
        for (var i = 0; i < bytes[At.DiskCount]; i++)
        {
            if (bytes.Length - offset < At.Disk.Length)
                return ReadResult.Failed(At.DiskCount, $"{bytes[At.DiskCount]} disks do not fit into {declared} bytes");
            if (ReadDisk(bytes.Slice(offset, At.Disk.Length), units) is not { } disk)
                return ReadResult.Failed(offset + At.Disk.BlocksLow, "disk's size overflows");
            disks.Add(disk);
            offset += At.Disk.Length;
        }

        var devs = ImmutableArray.CreateBuilder<ImsmDev>();
        for (var i = 0; i < bytes[At.DevCount]; i++)
        {
            if (ReadDev(bytes, ref offset, out var error, units) is not { } dev)
                return new ReadResult(null, 0, 0, error);
            devs.Add(dev);
        }

        var logSize = U32(bytes, At.BadBlockLogSize);
        if (logSize > bytes.Length - offset)
            return ReadResult.Failed(At.BadBlockLogSize, $"bad-block log of {logSize} bytes, {bytes.Length - offset} are left for it");
        var logOffset = bytes.Length - (int)logSize;
        var log = ReadBadBlocks(bytes[logOffset..], units.Factor, out var logError);
        if (logError is { } wrong)
            return ReadResult.Failed(logOffset + wrong.Offset, wrong.Reason);

        var super = new ImsmSuper
        {
            Signature = new Octets(bytes[..At.SignatureLength]),
            FamilyNumber = U32(bytes, At.Family),
            Generation = U32(bytes, At.Generation),
            ErrorLogSize = U32(bytes, At.ErrorLogSize),
            Attributes = attributes,
            ErrorLogPosition = bytes[At.ErrorLogPosition],
            Fill = bytes[At.Fill],
            CacheSize = U32(bytes, At.CacheSize),
            OriginalFamilyNumber = U32(bytes, At.OriginalFamily),
            PowerCycleCount = U32(bytes, At.PowerCycles),
            VolumesCreated = BinaryPrimitives.ReadUInt16LittleEndian(bytes[At.VolumesCreated..]),
            Filler1 = BinaryPrimitives.ReadUInt16LittleEndian(bytes[At.Filler1..]),
            CreationTime = BinaryPrimitives.ReadUInt64LittleEndian(bytes[At.CreationTime..]),
            Filler = new Octets(bytes.Slice(At.Filler, At.FillerLength)),
            Disks = disks.MoveToImmutable(),
            Devs = devs.ToImmutable(),
            BadBlocks = log,
            Rest = new Octets(bytes[offset..logOffset]),
        };
        return new ReadResult(super, bytes.Length, found, null);
    }

    /// <summary>
    /// Reads a device (struct imsm_dev with one or two maps, sizes in sectors of 512 bytes) at <paramref name="offset"/> and moves the
    /// offset behind it. Null and an error when the bytes are no device.
    /// </summary>
    internal static ImsmDev? ReadDev(ReadOnlySpan<byte> bytes, ref int offset, out FormatError error) =>
        ReadDev(bytes, ref offset, out error, new Units(1, true));

    /// <summary>Reads one entry of a disk table (48 bytes, struct imsm_disk, sizes in sectors of 512 bytes).</summary>
    internal static ImsmDisk ReadDisk(ReadOnlySpan<byte> entry) => ReadDisk(entry, new Units(1, true))!;

    private static ImsmDisk? ReadDisk(ReadOnlySpan<byte> entry, Units units) =>
        units.Join(U32(entry, At.Disk.BlocksLow), U32(entry, At.Disk.BlocksHigh)) is { } blocks
            ? new ImsmDisk(
                new Octets(entry[..At.SerialLength]), blocks, U32(entry, At.Disk.ScsiId), (ImsmDiskStatus)U32(entry, At.Disk.Status),
                U32(entry, At.Disk.Owner), new Octets(entry.Slice(At.Disk.Filler, At.Disk.FillerLength)))
            : null;

    private static ImsmDev? ReadDev(ReadOnlySpan<byte> bytes, ref int offset, out FormatError error, Units units)
    {
        if (offset < 0 || bytes.Length - offset < At.Dev.Map)
        {
            error = new FormatError(Math.Max(offset, 0), "truncated: a volume begins here");
            return null;
        }

        var dev = bytes[offset..];
        var sizeUnits = units with { Wide = true };
        var size = sizeUnits.Join(U32(dev, At.Dev.SizeLow), U32(dev, At.Dev.SizeHigh));
        if (size is null)
        {
            error = new FormatError(offset + At.Dev.SizeLow, "volume's size overflows");
            return null;
        }

        var unit = sizeUnits.Join(U32(dev, At.Dev.UnitLow), U32(dev, At.Dev.UnitHigh));
        if (unit is null)
        {
            error = new FormatError(offset + At.Dev.UnitLow, "migration unit overflows");
            return null;
        }

        var behind = offset + At.Dev.Map;
        if (ReadMap(bytes, ref behind, out error, units) is not { } map)
            return null;
        ImsmMap? second = null;
        if (dev[At.Dev.MigrationState] != 0)
        {
            second = ReadMap(bytes, ref behind, out error, units);
            if (second is null)
                return null;
        }

        offset = behind;
        return new ImsmDev
        {
            Volume = new Octets(dev[..At.SerialLength]),
            Size = size.Value,
            Status = U32(dev, At.Dev.Status),
            ReservedBlocks = U32(dev, At.Dev.Reserved),
            Misc = new Octets(dev.Slice(At.Dev.Misc, At.Dev.MiscLength)),
            VolumeId = BinaryPrimitives.ReadUInt16LittleEndian(dev[At.Dev.VolumeId..]),
            NvCache = new Octets(dev.Slice(At.Dev.NvCache, At.Dev.NvCacheLength)),
            RwhPolicy = (RwhPolicy)dev[At.Dev.RwhPolicy],
            Tail = new Octets(dev.Slice(At.Dev.Tail, At.Dev.TailLength)),
            CurrentMigrationUnit = unit.Value,
            CheckpointId = U32(dev, At.Dev.CheckpointId),
            MigrationState = dev[At.Dev.MigrationState],
            MigrationType = (MigrationType)dev[At.Dev.MigrationType],
            Dirty = dev[At.Dev.Dirty],
            FsState = dev[At.Dev.FsState],
            VerifyErrors = BinaryPrimitives.ReadUInt16LittleEndian(dev[At.Dev.VerifyErrors..]),
            BadBlocks = BinaryPrimitives.ReadUInt16LittleEndian(dev[At.Dev.BadBlocks..]),
            VolFiller = new Octets(dev.Slice(At.Dev.VolFiller, At.Dev.VolFillerLength)),
            Map = map,
            SecondMap = second,
        };
    }

    private static ImsmMap? ReadMap(ReadOnlySpan<byte> bytes, ref int offset, out FormatError error, Units units)
    {
        error = default;
        if (bytes.Length - offset < At.Map.Order)
        {
            error = new FormatError(offset, "truncated: a map begins here");
            return null;
        }

        var map = bytes[offset..];
        int members = map[At.Map.Members];
        if (map.Length - At.Map.Order < 4 * members)
        {
            error = new FormatError(offset + At.Map.Members, $"{members} members do not fit");
            return null;
        }

        if (map[At.Map.State] > (byte)MapState.Failed)
        {
            error = new FormatError(offset + At.Map.State, $"unknown map state {map[At.Map.State]}");
            return null;
        }

        var strip = BinaryPrimitives.ReadUInt16LittleEndian(map[At.Map.Strip..]) * units.Factor;
        if (strip > ushort.MaxValue)
        {
            error = new FormatError(offset + At.Map.Strip, "chunk overflows");
            return null;
        }

        var first = units.Join(U32(map, At.Map.FirstLow), U32(map, At.Map.FirstHigh));
        var blocks = units.Join(U32(map, At.Map.BlocksLow), U32(map, At.Map.BlocksHigh));
        if (first is null || blocks is null)
        {
            error = new FormatError(offset + (first is null ? At.Map.FirstLow : At.Map.BlocksLow), "member's position or size overflows");
            return null;
        }

        var order = ImmutableArray.CreateBuilder<uint>(members);
        for (var slot = 0; slot < members; slot++)
            order.Add(U32(map, At.Map.Order + (4 * slot)));
        offset += At.Map.Order + (4 * members);
        return new ImsmMap
        {
            PbaOfLba0 = first.Value,
            BlocksPerMember = blocks.Value,
            NumDataStripes = (units with { Factor = 1 }).Join(U32(map, At.Map.StripesLow), U32(map, At.Map.StripesHigh))!.Value,
            BlocksPerStrip = (ushort)strip,
            State = (MapState)map[At.Map.State],
            RaidLevel = map[At.Map.Level],
            NumDomains = map[At.Map.Domains],
            FailedDisk = map[At.Map.FailedDisk],
            Ddf = map[At.Map.Ddf],
            Filler = new Octets(map.Slice(At.Map.Filler, At.Map.FillerLength)),
            Order = order.MoveToImmutable(),
        };
    }

    private static ImmutableArray<BbmLogEntry> ReadBadBlocks(ReadOnlySpan<byte> log, uint factor, out FormatError? error)
    {
        error = null;
        if (log.IsEmpty)
            return [];
        if (log.Length < At.BadBlockLog.Entries || U32(log, 0) != At.BadBlockLog.Signature)
        {
            error = new FormatError(0, "bad-block log without its signature");
            return [];
        }

        var count = U32(log, At.BadBlockLog.Count);
        if (count > At.BadBlockLog.MaxEntries || At.BadBlockLog.Entries + ((int)count * At.BadBlockLog.EntryLength) != log.Length)
        {
            error = new FormatError(At.BadBlockLog.Count, $"bad-block log of {log.Length} bytes claims {count} entries");
            return [];
        }

        var entries = ImmutableArray.CreateBuilder<BbmLogEntry>((int)count);
        for (var i = 0; i < count; i++)
        {
            var entry = log[(At.BadBlockLog.Entries + (i * At.BadBlockLog.EntryLength))..];
            var start = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]) | ((ulong)U32(entry, 4) << 16);
            entries.Add(new BbmLogEntry((entry[0] + 1) * (int)factor, entry[1], start * factor));
        }

        return entries.MoveToImmutable();
    }

    private static uint U32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    /// <summary>How sizes on disk become sectors of 512 bytes: times Factor; upper halves count only if Wide.</summary>
    private readonly record struct Units(uint Factor, bool Wide)
    {
        /// <summary>Joins two halves; null when the product does not fit. Upper halves that do not count are dropped as upstream drops
        /// them: after the conversion.</summary>
        public ulong? Join(uint low, uint high)
        {
            if (!Wide)
                return unchecked(low * Factor);
            var value = low | ((ulong)high << 32);
            return value > ulong.MaxValue / Factor ? null : value * Factor;
        }
    }
}
