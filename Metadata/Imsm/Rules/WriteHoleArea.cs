using System.Buffers.Binary;
using System.Collections.Immutable;
using ActorRaid.Metadata.Commit;
using ActorRaid.Metadata.Imsm.Examine;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>
/// The 1 MiB behind a volume's part of each member, where its partial parity log (PPL) or its bitmap is, by its write-hole
/// policy. A disk that takes a slot needs it as mdadm wants to find it (upstream: get_ppl_sector, write_init_bitmap_imsm).
/// </summary>
internal static class WriteHoleArea
{
    private const int Bytes = 1 << 20;
    private const ulong Sectors = Bytes / 512;
    private const int BitmapHeaderAt = 8192;
    private const int BitmapBitsAt = BitmapHeaderAt + 4096;
    private const int BitmapChunk = 64 << 20;

    /// <summary>What a disk needs for a volume before md gets it.</summary>
    /// <param name="Ppl">Where its PPL is.</param>
    /// <param name="Prepare">What is to be written before.</param>
    public readonly record struct Needs(DiskExtent? Ppl, ImmutableArray<SectorWrite> Prepare);

    /// <summary>Why the disk has no place for it; null when it has, or none is needed.</summary>
    public static string? WhyNot(ImsmContainer container, int volume, PresentDisk disk)
    {
        var dev = container.Super.Devs[volume];
        if (Of(dev) is not { } area)
        {
            return null;
        }

        var what = UsesPpl(dev) ? "PPL" : "bitmap";
        if (!UsesPpl(dev) && disk.SectorSize != 512)
        {
            return $"{disk.Name} has sectors of {disk.SectorSize} bytes, and mdadm does not agree with itself where a bitmap lies there";
        }

        var last = area.Start + area.Size - 1;
        var ends = Extents.EndOfData(disk);
        var others = container.Super.Devs
            .Where(other => !ReferenceEquals(other, dev) && disk.Index >= 0 && Maps.SlotOf(other.Map, disk.Index) >= 0)
            .Select(other => new DiskExtent(other.Map.PbaOfLba0, other.Map.PerMemberSectors()));
        return last >= ends || others.Any(other => Overlap(area, other))
            ? $"{disk.Name} does not have sectors {area.Start} to {last} free for the {what} of volume {dev.Volume}"
            : null;
    }

    /// <summary>What a disk needs that takes a slot of the volume.</summary>
    public static Needs For(ImsmContainer container, int volume)
    {
        var dev = container.Super.Devs[volume];
        if (Of(dev) is not { } area)
        {
            return new Needs(null, []);
        }

        var start = (long)area.Start * 512;

        // md writes the header of an empty log when it gets the leg; what an older log has left behind it must not be
        // taken for a part of the new one.
        return UsesPpl(dev)
            ? new Needs(area, [new SectorWrite(start, new byte[Bytes])])
            : new Needs(null, Bitmap(container, volume, start));
    }

    /// <summary>
    /// All bits say that the region may differ, and only when they are there the header says that they count.
    /// </summary>
    private static ImmutableArray<SectorWrite> Bitmap(ImsmContainer container, int volume, long start)
    {
        var bits = new byte[Bytes - BitmapBitsAt];
        bits.AsSpan().Fill(0xFF);
        var header = new byte[BitmapBitsAt - BitmapHeaderAt];
        "bitm"u8.CopyTo(header.AsSpan());
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), 4); // version
        ImsmUuid.BytesOfVolume(container.Super, volume).CopyTo(header, 8);
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(40), bits.Length); // mdadm: the area's bytes, as sync size
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(52), BitmapChunk);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(56), 5); // md's daemon looks every 5 s
        return
        [
            new SectorWrite(start + BitmapHeaderAt, new byte[header.Length]),
            new SectorWrite(start + BitmapBitsAt, bits),
            new SectorWrite(start + BitmapHeaderAt, header),
        ];
    }

    private static bool UsesPpl(ImsmDev dev) =>
        dev.Map.Level() == 5 && dev.RwhPolicy is RwhPolicy.Distributed or RwhPolicy.MultipleDistributed;

    private static DiskExtent? Of(ImsmDev dev) =>
        UsesPpl(dev) ? new DiskExtent(dev.Map.PbaOfLba0 + dev.Map.PerMemberSectors(), Sectors)
        : dev.RwhPolicy == RwhPolicy.Bitmap && dev.Map.Level() > 0
            ? new DiskExtent(dev.Map.PbaOfLba0 + dev.ComponentSectors(), Sectors)
        : null;

    private static bool Overlap(DiskExtent one, DiskExtent other) =>
        one.Start < other.Start + other.Size && other.Start < one.Start + one.Size;
}
