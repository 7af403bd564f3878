using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;
using FsCheck;
using FsCheck.Fluent;

namespace ActorRaid.Tests.ImsmFormat;

/// <summary>Arbitrary models, as far as the format can hold them.</summary>
internal static class Models
{
    public static Gen<ImsmSuper> Supers(int unit) =>
        from signature in Octets(26)
        from words in Words(5)
        from devs in Devs(unit).ListOf().Select(list => list.Take(3).ToImmutableArray())
        from disks in Disks(unit).ListOf().Select(list => list.Take(12).ToImmutableArray())
        from blocks in BadBlocks(unit).ListOf().Select(list => list.Take(254).ToImmutableArray())
        from filler in Octets(128)
        from rest in Gen.Choose(0, 9).SelectMany(Octets)
        from time in Words(2)
        select new ImsmSuper
        {
            Signature = Text("Intel Raid ISM Cfg Sig. ", signature),
            FamilyNumber = words[0],
            Generation = words[1],
            ErrorLogSize = words[2],
            Attributes = ((ImsmAttributes)words[3] | ImsmAttributes.Disk2TB) & ~ImsmAttributes.BadBlockManagement
                | (blocks.IsEmpty ? ImsmAttributes.None : ImsmAttributes.BadBlockManagement),
            ErrorLogPosition = (byte)words[4],
            Fill = (byte)(words[4] >> 8),
            CacheSize = words[4],
            OriginalFamilyNumber = words[1] ^ words[2],
            PowerCycleCount = words[0] ^ words[2],
            VolumesCreated = (ushort)words[2],
            Filler1 = (ushort)words[3],
            CreationTime = Join(time),
            Filler = filler,
            Disks = disks,
            Devs = devs,
            BadBlocks = blocks,
            Rest = rest,
        };

    private static Gen<ImsmDisk> Disks(int unit) =>
        from serial in Octets(16)
        from blocks in Size(unit)
        from words in Words(3)
        from filler in Octets(12)
        select new ImsmDisk(serial, blocks, words[0], (ImsmDiskStatus)words[1], words[2], filler);

    private static Gen<ImsmDev> Devs(int unit) =>
        from texts in Octets(16 + 8 + 8 + 29 + 12)
        from words in Words(6)
        from size in Size(unit)
        from progress in Size(unit)
        from migrating in Gen.Elements<byte>(0, 1, 2)
        from map in Maps(unit)
        from second in Maps(unit)
        select new ImsmDev
        {
            Volume = Part(texts, 0, 16),
            Size = size,
            Status = words[0],
            ReservedBlocks = words[1],
            Misc = Part(texts, 16, 8),
            VolumeId = (ushort)words[2],
            NvCache = Part(texts, 24, 8),
            RwhPolicy = (RwhPolicy)(byte)words[3],
            Tail = Part(texts, 32, 29),
            CurrentMigrationUnit = progress,
            CheckpointId = words[4],
            MigrationState = migrating,
            MigrationType = (MigrationType)(byte)words[5],
            Dirty = (byte)(words[5] >> 8),
            FsState = (byte)(words[5] >> 16),
            VerifyErrors = (ushort)words[3],
            BadBlocks = (ushort)words[4],
            VolFiller = Part(texts, 61, 12),
            Map = map,
            SecondMap = migrating == 0 ? null : second,
        };

    private static Gen<ImsmMap> Maps(int unit) =>
        from sizes in Size(unit).ListOf(2)
        from stripes in Size(1)
        from words in Words(3)
        from filler in Octets(16)
        from members in Gen.Choose(0, 8)
        from order in Words(members)
        select new ImsmMap
        {
            PbaOfLba0 = sizes[0],
            BlocksPerMember = sizes[1],
            NumDataStripes = stripes,
            BlocksPerStrip = (ushort)((ushort)words[0] / unit * unit),
            State = (MapState)(words[0] >> 30),
            RaidLevel = (byte)words[1],
            NumDomains = (byte)(words[1] >> 8),
            FailedDisk = (byte)(words[1] >> 16),
            Ddf = (byte)words[2],
            Filler = filler,
            Order = [.. order],
        };

    private static Gen<BbmLogEntry> BadBlocks(int unit) =>
        from count in Gen.Choose(1, 256)
        from words in Words(2)
        select new BbmLogEntry(count * unit, (byte)words[0], (Join(words) & 0xFFFF_FFFF_FFFF) * (ulong)unit);

    private static Gen<Octets> Octets(int count) =>
        Gen.Choose(0, 255).ListOf(count).Select(list => new Octets(list.Select(i => (byte)i).ToArray()));

    private static Gen<uint[]> Words(int count) =>
        Gen.Choose(0, 65535).ListOf(2 * count).Select(list =>
            Enumerable.Range(0, count).Select(i => ((uint)list[2 * i] << 16) | (uint)list[(2 * i) + 1]).ToArray());

    private static Gen<ulong> Size(int unit) => Words(2).Select(words => Join(words) / (ulong)unit * (ulong)unit);

    private static ulong Join(uint[] words) => words[0] | ((ulong)words[1] << 32);

    private static Octets Part(Octets all, int from, int count) => new(all.Span.Slice(from, count));

    private static Octets Text(string start, Octets rest)
    {
        var bytes = new byte[32];
        rest.Span.CopyTo(bytes.AsSpan(6));
        System.Text.Encoding.ASCII.GetBytes(start, bytes);
        return new Octets(bytes);
    }
}
