using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>A part of a disk that is in use, in sectors.</summary>
internal readonly record struct Extent(ulong Start, ulong Size);

/// <summary>What of a disk is in use: by volumes, and at the end by the metadata.</summary>
internal static class Extents
{
    private const ulong MetadataSectors = 2210;
    private const ulong ReservedSectors = 8192;
    private const ulong DirtyStripeSectors = 2048;

    /// <summary>
    /// The extents of a disk in ascending order; the last, of size 0, is where the metadata's reservation begins. A candidate
    /// for a rebuild is asked for no more of it than the smallest member has.
    /// </summary>
    public static ImmutableArray<Extent> Of(ImsmContainer container, PresentDisk disk, bool leastReservation)
    {
        var reserved = disk.Index == -1 || leastReservation ? LeastReservation(container) : MetadataSectors + ReservedSectors;
        var used = container.Super.Devs
            .Where(dev => disk.Index >= 0 && Maps.SlotOf(dev.Map, disk.Index) >= 0)
            .Select(dev => new Extent(dev.Map.PbaOfLba0, dev.Map.PerMemberSectors()))
            .OrderBy(extent => extent.Start)
            .ToImmutableArray();
        var total = disk.Disk.TotalBlocks;
        if (!used.IsEmpty)
        {
            // Older metadata leaves less: what is behind the last volume, in whole KiB, but at least the metadata itself.
            var end = used[^1].Start + used[^1].Size;
            var rest = total > end ? (total - end) & ~1ul : 0;
            reserved = Math.Min(reserved, Math.Max(rest, (ulong)ImsmPlacement.SectorCount(ImsmWriter.SizeOf(container.Super), 512)));
        }

        return used.Add(new Extent(total > reserved ? total - reserved : 0, 0));
    }

    /// <summary>Whether <paramref name="size"/> sectors from <paramref name="start"/> lie in one gap between a disk's extents.</summary>
    public static bool HasRoom(ImmutableArray<Extent> extents, ulong start, ulong size)
    {
        var free = 0ul;
        foreach (var extent in extents)
        {
            if (start >= free && start + size <= extent.Start)
            {
                return true;
            }

            free = extent.Start + extent.Size;
        }

        return false;
    }

    /// <summary>Where the part of a disk ends that is not the metadata's.</summary>
    public static ulong EndOfData(PresentDisk disk) =>
        disk.Disk.TotalBlocks > MetadataSectors ? disk.Disk.TotalBlocks - MetadataSectors : 0;

    private static ulong LeastReservation(ImsmContainer container)
    {
        var smallest = container.Present.Where(disk => disk.Index >= 0 && disk.Disk.TotalBlocks > 0).MinBy(disk => disk.Disk.TotalBlocks);
        if (smallest is null)
        {
            return MetadataSectors + ReservedSectors;
        }

        var rest = smallest.Disk.TotalBlocks - Of(container, smallest, leastReservation: false)[^1].Start;
        return Math.Min(rest, MetadataSectors + DirtyStripeSectors);
    }
}
