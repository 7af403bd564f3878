using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// Disks with a torn copy of the metadata, among disks of any containers: the anchor is there, but what belongs to it is of another
/// commit, so that mdadm takes the disk for one that it does not know.
/// </summary>
public static class TornDisks
{
    /// <summary>Whether a disk's copy is torn.</summary>
    public static bool IsTorn(DiskSource disk) => ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize).IsTorn;

    /// <summary>
    /// The disks of each container that has a torn one, or one that a change of family left behind, as positions among the disks given,
    /// in their order. Disks belong together by the family that the container was created with (upstream: orig_family_num; 0 means the family itself).
    /// </summary>
    public static ImmutableArray<ImmutableArray<int>> Containers(IReadOnlyList<DiskSource> disks) =>
    [
        .. Enumerable.Range(0, disks.Count)
            .Select(position => (Position: position, Anchor: Anchor.Of(disks[position])))
            .Where(disk => disk.Anchor is not null)
            .GroupBy(disk => disk.Anchor!.Lineage)
            .Select(container => container.Select(disk => disk.Position).ToImmutableArray())
            .Where(container => container.Any(position => IsTorn(disks[position])) || IsCut([.. container.Select(position => disks[position])])),
    ];

    // mdadm may find no container in such disks, though not one of them is torn.
    private static bool IsCut(ImmutableArray<DiskSource> container) => !CutChange.Disks(container).IsEmpty;
}
