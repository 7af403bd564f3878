using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>Which disk is which, and how a spare becomes a member.</summary>
internal static class Membership
{
    /// <summary>Places in the disk table: its length is one byte, and 255 is upstream's limit.</summary>
    public const int MaximumDisks = 255;

    /// <summary>The disk with that index, if it is present.</summary>
    public static PresentDisk? ByIndex(ImsmContainer container, int index) =>
        container.Present.FirstOrDefault(disk => disk.Index == index && index >= 0);

    /// <summary>Whether the disk is recorded as failed, in its own entry or in the table.</summary>
    public static bool IsFailed(ImsmContainer container, PresentDisk disk) =>
        disk.Index < -1
        || disk.Disk.Status.HasFlag(ImsmDiskStatus.Failed)
        || (disk.Index >= 0 && disk.Index < container.Super.Disks.Length
            && container.Super.Disks[disk.Index].Status.HasFlag(ImsmDiskStatus.Failed));

    /// <summary>The container with a present spare made a member: its place is at the end of the disk table.</summary>
    public static ImsmContainer Admit(ImsmContainer container, PresentDisk spare)
    {
        var entry = spare.Disk with { Status = (spare.Disk.Status | ImsmDiskStatus.Configured) & ~ImsmDiskStatus.Spare };
        var member = spare with { Index = container.Super.Disks.Length, Disk = entry, SpareRecord = null };
        return container with
        {
            Super = container.Super with
            {
                Attributes = container.Super.Attributes
                    | (entry.TotalBlocks > uint.MaxValue ? ImsmAttributes.Disk2TB : ImsmAttributes.None),
                Disks = container.Super.Disks.Add(entry),
            },
            Present = container.Present.Replace(spare, member),
        };
    }

    /// <summary>The container with one volume replaced.</summary>
    public static ImsmContainer WithVolume(ImsmContainer container, int volume, ImsmDev dev) =>
        container with { Super = container.Super with { Devs = container.Super.Devs.SetItem(volume, dev) } };

    /// <summary>Why there is no volume of that index; null if there is one.</summary>
    public static string? NoVolume(ImsmContainer container, int volume) =>
        volume >= 0 && volume < container.Super.Devs.Length
            ? null
            : $"there is no volume {volume}: the container has {container.Super.Devs.Length}";

    /// <summary>First sector behind the data of every volume.</summary>
    public static ulong EndOfVolumes(ImsmContainer container) =>
        container.Super.Devs.Aggregate(0UL, (end, dev) => Math.Max(end, MapSizes.End(dev.Map)));

    /// <summary>
    /// Why the disk cannot become a member of all the container's volumes as they lie now; null if it can. It must be as
    /// large as their data, with room for the metadata behind it, or as little room as the smallest member leaves.
    /// </summary>
    public static string? Unfit(ImsmContainer container, PresentDisk disk)
    {
        if (disk.Index != -1 || IsFailed(container, disk))
        {
            return $"{disk.Name} is not a spare";
        }

        var members = container.Present.Where(other => other.Index >= 0).ToImmutableArray();
        if (members.Any(other => other.SectorSize != disk.SectorSize))
        {
            return $"{disk.Name} has sectors of {disk.SectorSize} bytes, unlike the members";
        }

        var end = EndOfVolumes(container);
        var smallest = members.IsEmpty ? ulong.MaxValue : members.Min(other => other.Disk.TotalBlocks);
        var reserve = smallest > end ? Math.Min(MapSizes.SpareReserve, smallest - end) : 0;
        return disk.Sectors >= end && disk.Sectors - end >= reserve
            ? null
            : $"{disk.Name} has {disk.Sectors} sectors, {(UInt128)end + reserve} are needed";
    }
}
