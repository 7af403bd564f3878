using System.Buffers.Binary;
using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>What an anchor says of a disk.</summary>
internal enum Listing
{
    /// <summary>A healthy member.</summary>
    Member,

    /// <summary>Failed, or missing.</summary>
    Failed,

    /// <summary>The disk table does not have it: not yet, or not any more.</summary>
    NotThere,

    /// <summary>A spare, or its entry is not in the anchor's sector.</summary>
    Unknown,
}

/// <summary>What the anchor of a copy says by itself: one sector, which is whole even in a torn copy.</summary>
/// <param name="Family">The family.</param>
/// <param name="Original">The family that the container was created with; 0 means the family itself.</param>
/// <param name="Generation">The generation.</param>
/// <param name="Disks">The disk table, as far as it lies in the sector.</param>
/// <param name="HasAllDisks">Whether that is all of it.</param>
internal sealed record Anchor(uint Family, uint Original, uint Generation, ImmutableArray<ImsmDisk> Disks, bool HasAllDisks)
{
    /// <summary>The family by which containers are told apart for good.</summary>
    public uint Lineage => Original != 0 ? Original : Family;

    /// <summary>A disk's anchor; null when it has none.</summary>
    public static Anchor? Of(DiskSource disk)
    {
        if (!ImsmPlacement.HasAnchor(disk.Tail.Span, disk.SectorSize))
            return null;
        var anchor = ImsmPlacement.Anchor(disk.Tail.Span, disk.SectorSize);
        var disks = ImmutableArray.CreateBuilder<ImsmDisk>();
        var offset = ImsmOffsets.Disks;
        while (disks.Count < anchor[ImsmOffsets.DiskCount] && offset + ImsmOffsets.Disk.Length <= anchor.Length)
        {
            disks.Add(ImsmReader.ReadDisk(anchor.Slice(offset, ImsmOffsets.Disk.Length)));
            offset += ImsmOffsets.Disk.Length;
        }

        return new Anchor(
            BinaryPrimitives.ReadUInt32LittleEndian(anchor[ImsmOffsets.Family..]),
            BinaryPrimitives.ReadUInt32LittleEndian(anchor[ImsmOffsets.OriginalFamily..]),
            BinaryPrimitives.ReadUInt32LittleEndian(anchor[ImsmOffsets.Generation..]),
            disks.ToImmutable(), disks.Count == anchor[ImsmOffsets.DiskCount]);
    }

    /// <summary>What it says of the disk with that serial number.</summary>
    public Listing Of(Octets serial)
    {
        foreach (var disk in Disks)
        {
            if (IsFailed(disk) ? IsPlaceholder(disk.Serial.Exact, serial.Exact) : disk.Serial == serial)
                return IsFailed(disk) ? Listing.Failed : IsMember(disk) ? Listing.Member : Listing.Unknown;
        }

        return HasAllDisks ? Listing.NotThere : Listing.Unknown;
    }

    private static bool IsFailed(ImsmDisk disk) => (disk.Status & ImsmDiskStatus.Failed) != 0;

    private static bool IsMember(ImsmDisk disk) => (disk.Status & ImsmDiskStatus.Configured) != 0;

    /// <summary>
    /// Whether a failed entry's serial number stands for that disk: it has :0 behind it, once for each volume, and has lost
    /// in front what there is no room for.
    /// </summary>
    internal static bool IsPlaceholder(string failed, string serial)
    {
        var kept = failed;
        while (kept.EndsWith(":0", StringComparison.Ordinal))
            kept = kept[..^2];
        return kept.Length > 0 && serial.EndsWith(kept, StringComparison.Ordinal);
    }
}
