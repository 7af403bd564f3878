using System.Buffers.Binary;
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
    public static bool IsTorn(DiskSource disk) =>
        ImsmPlacement.HasAnchor(disk.Tail.Span, disk.SectorSize) && ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize).Super is null;

    /// <summary>
    /// The disks of each container that has a torn one, as positions among the disks given, in their order. Disks belong together
    /// by the family that the container was created with (upstream: orig_family_num; 0 means the family itself).
    /// </summary>
    public static ImmutableArray<ImmutableArray<int>> Containers(IReadOnlyList<DiskSource> disks) =>
    [
        .. Enumerable.Range(0, disks.Count)
            .Select(position => (Position: position, Families: Families(disks[position])))
            .Where(disk => disk.Families is not null)
            .GroupBy(disk => disk.Families!.Value.Original != 0 ? disk.Families.Value.Original : disk.Families.Value.Family)
            .Select(container => container.Select(disk => disk.Position).ToImmutableArray())
            .Where(container => container.Any(position => IsTorn(disks[position]))),
    ];

    /// <summary>The family numbers in a disk's anchor, one sector that holds them whole even in a torn copy; null without an anchor.</summary>
    internal static (uint Family, uint Original)? Families(DiskSource disk)
    {
        if (!ImsmPlacement.HasAnchor(disk.Tail.Span, disk.SectorSize))
            return null;
        var anchor = ImsmPlacement.Anchor(disk.Tail.Span, disk.SectorSize);
        return (
            BinaryPrimitives.ReadUInt32LittleEndian(anchor[ImsmOffsets.Family..]),
            BinaryPrimitives.ReadUInt32LittleEndian(anchor[ImsmOffsets.OriginalFamily..]));
    }
}
