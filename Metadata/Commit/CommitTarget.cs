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
    /// How many bytes, aligned to as many, the disk writes whole or not at all: its logical sector size, or the queue's
    /// atomic_write_unit where there is one. Less than a logical sector counts as one.
    /// </param>
    /// <remarks>
    /// Changed sectors that all lie in one atomic unit go out as a single write, the unchanged ones between them included:
    /// two writes would be torn between them.
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

        if (first / unit != (end - 1) / unit)
        {
            return new CommitTarget(device, writes, CanTear: true);
        }

        var whole = target.Bytes[(int)(first - target.Offset)..(int)(end - target.Offset)];
        return new CommitTarget(device, [new SectorWrite(first, whole)], CanTear: false);
    }
}
