using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Updates;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// Content that no rule can be applied to, though its checksum is right. Whatever passes here every rule and every
/// update can work on, and a commit of it can be started and comes to an end; what the rules make of it passes again.
/// All that mdadm and mdmon write passes: reshapes, disks that are missing, failed disks' placeholders.
/// </summary>
internal static class OddContent
{
    // A disk's bytes are counted in 63 bits.
    private const ulong MostSectors = 1ul << 54;

    /// <summary>Why metadata cannot be what it says; null when it can.</summary>
    public static string? In(ImsmSuper super)
    {
        if (!Fits(super, Widest(super)))
            return $"{super.Devs.Length} volumes of up to {Widest(super)} members leave no room for what may have to be recorded of them";
        foreach (var dev in super.Devs)
        {
            if (In(dev, super) is { } problem)
                return $"volume {dev.Volume}: {problem}";
        }

        return TwiceInTable(super);
    }

    /// <summary>
    /// Whether metadata will not outgrow its limit, whatever is recorded of its volumes: each may come to have two
    /// maps, the disk table to have all its entries, the bad-block log to be full.
    /// </summary>
    /// <param name="super">The metadata.</param>
    /// <param name="members">How many members each volume may come to have.</param>
    public static bool Fits(ImsmSuper super, int members)
    {
        const int Fixed = ImsmOffsets.Disks + (Membership.MaximumDisks * ImsmOffsets.Disk.Length)
            + ImsmOffsets.BadBlockLog.Entries + (ImsmOffsets.BadBlockLog.MaxEntries * ImsmOffsets.BadBlockLog.EntryLength);
        var volume = ImsmOffsets.Dev.Map + (2 * (ImsmOffsets.Map.Order + (4 * members)));
        return Fixed + (super.Devs.Length * volume) + super.Rest.Length <= ImsmReader.MaxSize;
    }

    /// <summary>The most members that a map of any volume has.</summary>
    public static int Widest(ImsmSuper super)
    {
        var widest = 0;
        foreach (var dev in super.Devs)
            widest = Math.Max(widest, Math.Max(dev.Map.Order.Length, dev.SecondMap?.Order.Length ?? 0));
        return widest;
    }

    private static string? In(ImsmDev dev, ImsmSuper super)
    {
        if (dev.MigrationState != 0 && dev.Migration() > MigrationType.Repair)
            return $"unknown kind of migration {(int)dev.MigrationType}";
        if (dev.Size > MostSectors)
            return $"a size of {dev.Size} sectors";
        if (In(dev.Map, super) is { } problem)
            return problem;
        return dev.SecondMap is not { } second ? null
            : In(second, super) is { } inSecond ? $"before its migration, {inSecond}"
            : In(dev, dev.Map, second);
    }

    // Only a reshape changes the number of members, and never takes some away; only a reshape moves disks.
    private static string? In(ImsmDev dev, ImsmMap map, ImsmMap second)
    {
        var (members, before) = (map.Order.Length, second.Order.Length);
        if (dev.IsGeneralMigration() ? before > members : before != members)
            return $"its migration ({dev.Migration()}) leads from {before} to {members} members";
        for (var slot = 0; slot < before && !dev.IsGeneralMigration(); slot++)
        {
            if (map.SlotOf(VolumeGeometry.DiskIndex(second.Order[slot])) is >= 0 and var after && after != slot)
                return $"its migration ({dev.Migration()}) leads from slot {slot} to slot {after}";
        }

        return null;
    }

    private static string? In(ImsmMap map, ImsmSuper super)
    {
        var (level, members) = (map.Level(), map.Order.Length);
        var fits = level switch
        {
            0 => members >= 1,
            1 => true,
            5 => members >= 2,
            10 => members >= 4 && members % 2 == 0,
            _ => false,
        };
        if (!fits)
            return $"RAID level {map.RaidLevel} with {members} members";
        if (level != 1 && map.BlocksPerStrip == 0)
            return "a chunk of no sectors";
        if (Math.Max(MapSizes.End(map), map.BlocksPerMember) > MostSectors / (ulong)members)
            return $"sectors {map.PbaOfLba0} to {MapSizes.End(map)} of each member";
        return Members(map, super);
    }

    private static string? Members(ImsmMap map, ImsmSuper super)
    {
        for (var slot = 0; slot < map.Order.Length; slot++)
        {
            var index = VolumeGeometry.DiskIndex(map.Order[slot]);
            if (index >= super.Disks.Length)
                return $"slot {slot} has disk {index} of a table of {super.Disks.Length}";
            if (map.SlotOf(index) is var first && first != slot)
                return $"disk {index} ({super.Disks[index].Serial}) has slot {first} and slot {slot}";
            if (IsFree(super.Disks[index].Status))
                return $"slot {slot} has disk {index} ({super.Disks[index].Serial}), which is a spare";
        }

        return null;
    }

    // mdmon copies a spare's status into the placeholder of a disk that is missing, and adds that it has failed.
    internal static bool IsFree(ImsmDiskStatus status) =>
        (status & (ImsmDiskStatus.Spare | ImsmDiskStatus.Journal)) != 0 && (status & ImsmDiskStatus.Failed) == 0;

    // A failed disk's placeholder may be spelled like another one's, and an entry that no volume uses be left behind.
    private static string? TwiceInTable(ImsmSuper super)
    {
        for (var index = 0; index < super.Disks.Length; index++)
        {
            var disk = super.Disks[index];
            if ((disk.Status & ImsmDiskStatus.Failed) != 0 || !super.Uses(index))
                continue;
            for (var other = 0; other < index; other++)
            {
                if (super.Disks[other].Serial == disk.Serial && (super.Disks[other].Status & ImsmDiskStatus.Failed) == 0
                    && super.Uses(other))
                    return $"disk {disk.Serial} is in the table twice, as {other} and as {index}";
            }
        }

        return null;
    }
}
