using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>One disk with the valid copy that it holds.</summary>
/// <param name="Source">The disk.</param>
/// <param name="Position">Its place in the list of disks that were given.</param>
/// <param name="Serial">Its serial number, trimmed.</param>
/// <param name="Super">The metadata on it; of a veiled copy what it said before.</param>
/// <param name="Checksum">Its checksum.</param>
/// <param name="OwnIndex">The place that its own copy gives it; -1 when it does not list it.</param>
internal sealed record DiskCopy(DiskSource Source, int Position, string Serial, ImsmSuper Super, uint Checksum, int OwnIndex)
{
    /// <summary>The disk's copy takes no side (see <see cref="Veil"/>).</summary>
    public bool IsVeiled { get; init; }

    /// <summary>A change of family was cut off before this disk had the other family; the copy counts as being of that.</summary>
    public bool IsLeftBehind { get; init; }

    /// <summary>The entry that its own copy has for it.</summary>
    public ImsmDisk? Own => OwnIndex < 0 ? null : Super.Disks[OwnIndex];

    /// <summary>Whether its own copy calls it a member.</summary>
    public bool IsConfigured => Own is { } disk && (disk.Status & ImsmDiskStatus.Configured) != 0;

    /// <summary>A spare's record: no volumes in it.</summary>
    public bool IsSpareRecord => Super.Devs.IsEmpty;

    /// <summary>See <see cref="FamilyChange.Lineage"/>.</summary>
    public uint Lineage => FamilyChange.Lineage(Super);
}

/// <summary>What could be read of one disk: a copy, or the verdict that there is none.</summary>
internal sealed record ReadDisk(DiskCopy? Copy, DiskStanding Standing, string Reason)
{
    /// <summary>Reads a disk's tail.</summary>
    public static ReadDisk From(DiskSource source, int position)
    {
        if (!ImsmPlacement.HasAnchor(source.Tail.Span, source.SectorSize))
            return new ReadDisk(null, DiskStanding.Blank, "no IMSM signature in the last but one sector");
        var result = ImsmPlacement.Read(source.Tail.Span, source.SectorSize);
        if (result.Super is not { } super)
            return new ReadDisk(null, DiskStanding.Broken, result.Error!.Value.ToString());
        if (super.Attributes.UnsupportedNames() is { } names)
            return new ReadDisk(null, DiskStanding.Broken, $"unsupported attributes: {names}");
        if (OddContent.In(super) is { } problem)
            return new ReadDisk(null, DiskStanding.Broken, problem);

        var serial = ImsmSerial.Trim(source.Serial);
        var lifted = Veil.Lifted(super, serial);
        super = lifted ?? super;
        return new ReadDisk(
            new DiskCopy(source, position, serial, super, result.Checksum, super.IndexOf(serial)) { IsVeiled = lifted is not null },
            DiskStanding.Member, "");
    }
}
