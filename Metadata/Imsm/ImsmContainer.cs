using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm;

/// <summary>A container: the chosen copy of the metadata, and which disk is which.</summary>
/// <param name="Super">The metadata.</param>
/// <param name="Present">The disks that are there.</param>
/// <param name="Migration">The migration record, if one was found.</param>
public sealed partial record ImsmContainer(ImsmSuper Super, ImmutableArray<PresentDisk> Present, MigrationRecord? Migration);

/// <summary>A disk that is there.</summary>
/// <param name="Device">Its number.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Index">Its index in <see cref="ImsmSuper.Disks"/>; -1: a spare; -2: failed or replaced, not ours to write.</param>
/// <param name="Disk">Its own entry: for a member as in the table, for a spare what its spare record says.</param>
/// <param name="SectorSize">Logical sector size in bytes.</param>
/// <param name="Sectors">Its size in sectors of 512 bytes.</param>
/// <param name="SpareRecord">For a spare: its own metadata (a family of its own), as it is on the disk.</param>
public sealed record PresentDisk(
    DeviceNumber Device, string Name, int Index, ImsmDisk Disk, int SectorSize, ulong Sectors, ImsmSuper? SpareRecord)
{
    /// <summary>The disk's own serial number, as it came: the one in <see cref="Disk"/> is changed, and cut, when it fails.</summary>
    public Octets OwnSerial { get; init; } = Disk.Serial;
}
