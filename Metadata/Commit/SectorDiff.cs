using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>One write: whole sectors, contiguous.</summary>
/// <param name="Offset">Where it begins, in bytes from the start of the disk; a multiple of the disk's logical sector size.</param>
/// <param name="Bytes">What to write; a multiple of the logical sector size long. A view of the image's bytes, not a copy.</param>
public readonly record struct SectorWrite(long Offset, ReadOnlyMemory<byte> Bytes)
{
    /// <summary>The first byte behind it.</summary>
    public long End => Offset + Bytes.Length;
}

/// <summary>What has to be written to turn one image of a metadata area into another.</summary>
public static class SectorDiff
{
    /// <summary>
    /// The sectors that differ, contiguous ones as one write, in the order in which they must go out: ascending, but the
    /// write with the anchor last, because it is the anchor that makes a copy valid.
    /// </summary>
    /// <param name="onDisk">
    /// What the disk holds; null when that is not known: then everything is written. So is what lies outside of it, and
    /// sectors that the target no longer covers stay as they are.
    /// </param>
    /// <param name="target">What it shall hold.</param>
    /// <returns>Nothing when the disk holds the target already.</returns>
    public static ImmutableArray<SectorWrite> Changes(DiskImage? onDisk, DiskImage target)
    {
        var writes = ImmutableArray.CreateBuilder<SectorWrite>();
        SectorWrite? anchor = null;
        for (var position = 0; position < target.Bytes.Length;)
        {
            if (IsSame(onDisk, target, position))
            {
                position += target.SectorSize;
                continue;
            }

            var end = position + target.SectorSize;
            while (end < target.Bytes.Length && !IsSame(onDisk, target, end))
            {
                end += target.SectorSize;
            }

            end = Math.Min(end, target.Bytes.Length);
            var write = new SectorWrite(target.Offset + position, target.Bytes[position..end]);
            if (position <= target.AnchorOffset && target.AnchorOffset < end)
            {
                anchor = write;
            }
            else
            {
                writes.Add(write);
            }

            position = end;
        }

        if (anchor is { } last)
        {
            writes.Add(last);
        }

        return writes.DrainToImmutable();
    }

    /// <summary>Whether an image says what lies anywhere in a range of the disk's bytes.</summary>
    internal static bool Touches(DiskImage image, long offset, long end) =>
        offset < image.Offset + image.Bytes.Length && image.Offset < end;

    private static bool IsSame(DiskImage? onDisk, DiskImage target, int position)
    {
        if (onDisk is null || onDisk.SectorSize != target.SectorSize)
        {
            return false;
        }

        var length = Math.Min(target.SectorSize, target.Bytes.Length - position);
        var there = target.Offset + position - onDisk.Offset;
        return there >= 0 && there + length <= onDisk.Bytes.Length
            && onDisk.Bytes.Span.Slice((int)there, length).SequenceEqual(target.Bytes.Span.Slice(position, length));
    }
}
