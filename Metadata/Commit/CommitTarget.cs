using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>A disk that a commit goes to.</summary>
/// <param name="Device">The disk.</param>
/// <param name="Writes">What to write, one after the other in this order; empty when the disk holds it already.</param>
/// <param name="CanTear">
/// Whether a power cut can leave a mixture of old and new sectors behind, which costs the disk its copy: a checksum over
/// the whole then fails, and mdadm takes the disk for a stranger.
/// </param>
public sealed record CommitTarget(DeviceNumber Device, ImmutableArray<SectorWrite> Writes, bool CanTear)
{
    /// <summary>Works out what to write to a disk.</summary>
    /// <param name="device">The disk.</param>
    /// <param name="onDisk">What it holds; null when that is not known, such as after a write that failed or was not waited for.</param>
    /// <param name="target">What it shall hold.</param>
    /// <param name="atomicBytes">
    /// How many bytes, aligned to as many, the disk writes whole or not at all: its physical sector, or more where it promises
    /// more. Less than a logical sector counts as one.
    /// </param>
    /// <remarks>
    /// Changed sectors that all lie in one atomic unit go out as a single write, the unchanged ones between them included:
    /// two writes would be torn between them. Where a copy grows into sectors that the old one does not use, those go out
    /// before the anchor, and the anchor on its own: the old copy is whole until the new one is, so it cannot tear either.
    /// </remarks>
    public static CommitTarget For(DeviceNumber device, DiskImage? onDisk, DiskImage target, int atomicBytes)
    {
        var writes = SectorDiff.Changes(onDisk, target);
        if (writes.IsEmpty)
        {
            return new CommitTarget(device, writes, CanTear: false);
        }

        var unit = Math.Max(atomicBytes, target.SectorSize);
        var first = long.MaxValue;
        var end = 0L;
        foreach (var write in writes)
        {
            first = Math.Min(first, write.Offset);
            end = Math.Max(end, write.End);
        }

        if (first / unit == (end - 1) / unit)
        {
            return new CommitTarget(device, [Slice(target, first, end)], CanTear: false);
        }

        var apart = onDisk is null ? default : Apart(onDisk, target, writes);
        return apart.IsDefault ? new CommitTarget(device, writes, CanTear: true) : new CommitTarget(device, apart, CanTear: false);
    }

    /// <summary>
    /// The writes with the anchor's sector apart from the rest; default when the old copy would suffer before the anchor is
    /// written, or none of them writes the anchor.
    /// </summary>
    private static ImmutableArray<SectorWrite> Apart(DiskImage onDisk, DiskImage target, ImmutableArray<SectorWrite> writes)
    {
        var anchor = target.Offset + target.AnchorOffset;
        var anchorEnd = Math.Min(anchor + target.SectorSize, target.Offset + target.Bytes.Length);
        var apart = ImmutableArray.CreateBuilder<SectorWrite>();
        var writesAnchor = false;
        foreach (var write in writes)
        {
            if (write.End <= anchor || anchorEnd <= write.Offset)
            {
                apart.Add(write);
                continue;
            }

            writesAnchor = true;
            if (write.Offset < anchor)
            {
                apart.Add(Slice(target, write.Offset, anchor));
            }

            if (anchorEnd < write.End)
            {
                apart.Add(Slice(target, anchorEnd, write.End));
            }
        }

        if (!writesAnchor || apart.Any(write => SectorDiff.Touches(onDisk, write.Offset, write.End)))
        {
            return default;
        }

        apart.Add(Slice(target, anchor, anchorEnd));
        return apart.DrainToImmutable();
    }

    private static SectorWrite Slice(DiskImage image, long offset, long end) =>
        new(offset, image.Bytes[(int)(offset - image.Offset)..(int)(end - image.Offset)]);
}
