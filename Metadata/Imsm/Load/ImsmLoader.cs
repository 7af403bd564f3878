using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// Puts an IMSM container together from its disks (upstream: load_super_imsm_all). Other than upstream, a disk that cannot be read
/// does not keep the container from being loaded: it is left out and its verdict says why.
/// </summary>
public static class ImsmLoader
{
    /// <summary>Loads a container.</summary>
    public static (ImsmContainer? Container, ImmutableArray<DiskVerdict> Verdicts, string? Refusal) Load(ImmutableArray<DiskSource> disks)
    {
        var read = disks.Select(ReadDisk.From).ToArray();
        var copies = read.Select(disk => disk.Copy).OfType<DiskCopy>().ToImmutableArray();
        var verdicts = new DiskVerdict[disks.Length];
        for (var i = 0; i < read.Length; i++)
            verdicts[i] = new DiskVerdict(disks[i].Device, disks[i].Name, read[i].Standing, read[i].Reason);
        var choice = Champion.Choose(copies);
        if (choice.Copy is not { } champion)
        {
            foreach (var copy in copies)
                verdicts[copy.Position] = Verdict(copy, DiskStanding.Foreign, "its copy and the others contradict each other");
            return (null, [.. verdicts], copies.IsEmpty
                ? "no disk has a valid copy of IMSM metadata" + Broken(verdicts)
                : "no copy is consistent with the disks");
        }

        copies = choice.Copies;
        var super = champion.Super;
        foreach (var copy in copies)
            super = (copy.Super.Attributes & ~super.Attributes & ImsmAttributes.Disk2TB) == 0
                ? super
                : super with { Attributes = super.Attributes | ImsmAttributes.Disk2TB };

        var present = ImmutableArray.CreateBuilder<PresentDisk>();
        foreach (var copy in copies)
        {
            var (disk, verdict) = Place(copy, champion, choice);
            verdicts[copy.Position] = verdict;
            if (disk is not null)
                present.Add(disk);
        }

        // The chosen copy is a spare's record: there is no volume, so no disk is a member and the table is empty.
        if (champion.IsSpareRecord)
            super = super with { Disks = [] };
        // mdmon leaves bad blocks of a disk that it has taken out of the table; the next disk in that place does not have them.
        if (super.BadBlocks.Any(entry => entry.DiskIndex >= super.Disks.Length))
            super = super with { BadBlocks = [.. super.BadBlocks.Where(entry => entry.DiskIndex < super.Disks.Length)] };
        var isUneven = copies.Any(copy => copy.IsVeiled || copy.IsLeftBehind);
        var container = new ImsmContainer(super, present.ToImmutable(), null)
        {
            IsUneven = isUneven,
            FamilyIsDue = isUneven || FamilyChange.IsLeftToDo(super),
        };
        var refusal = LoadMigration(ref container, copies);
        return (refusal is null ? container : null, [.. verdicts], refusal);
    }

    private static string Broken(DiskVerdict[] verdicts) =>
        verdicts.FirstOrDefault(verdict => verdict.Standing == DiskStanding.Broken) is { } broken ? $"; {broken.Name}: {broken.Reason}" : "";

    /// <summary>What a disk with a copy is to a container: present, or not ours.</summary>
    internal static (PresentDisk? Disk, DiskVerdict Verdict) Place(DiskCopy copy, DiskCopy champion, Champion.Choice choice)
    {
        var listed = champion.Super.IndexOf(copy.Serial);
        if (listed >= 0)
        {
            var entry = champion.Super.Disks[listed];
            if ((entry.Status & ImsmDiskStatus.Failed) != 0)
                return (Present(copy, -2, entry), Verdict(copy, DiskStanding.Stale, "recorded as failed"));
            if (champion.IsSpareRecord || (entry.Status & (ImsmDiskStatus.Spare | ImsmDiskStatus.Journal)) != 0)
                return (Present(copy, -1, entry), Verdict(copy, DiskStanding.Spare, "recorded as a spare"));
            return (Present(copy, listed, entry), Verdict(copy, champion, listed));
        }

        var status = choice.Known.TryGetValue(copy.Serial, out var known) ? known.Status : ImsmDiskStatus.None;
        // A spare's record is only written when the disk is added: that an old copy on another disk has it as a member does not count.
        var spareOnly = (status & (ImsmDiskStatus.Spare | ImsmDiskStatus.Failed | ImsmDiskStatus.Configured)) == ImsmDiskStatus.Spare;
        var added = copy.IsSpareRecord && (copy.Own?.Status & ImsmDiskStatus.Spare) != 0 && (status & ImsmDiskStatus.Failed) == 0;
        if (copy.Own is { } own && (spareOnly || added))
            return (Present(copy, -1, own), Verdict(copy, DiskStanding.Spare, "a spare's record of its own"));
        if (copy.Own is { } old && copy.Lineage == champion.Lineage && !copy.IsSpareRecord)
        {
            return choice.Conflicts.Contains(copy.Super.FamilyNumber)
                ? (Present(copy, -2, old), Verdict(copy, DiskStanding.Foreign, InConflict(copy, champion)))
                : (Present(copy, -2, old), Verdict(copy, DiskStanding.Stale, $"generation {copy.Super.Generation}; generation "
                    + $"{champion.Super.Generation} on {champion.Source.Name} has this disk failed or replaced") with { HasReturned = true });
        }

        return (null, Verdict(copy, DiskStanding.Foreign, copy.Own is null
            ? $"its copy does not list serial number {copy.Serial}"
            : $"family {copy.Super.FamilyNumber:x8}, the container's is {champion.Super.FamilyNumber:x8}"));
    }

    private static string InConflict(DiskCopy copy, DiskCopy champion) =>
        $"family {copy.Super.FamilyNumber:x8}, generation {copy.Super.Generation}, was part of this container once and was used "
        + $"without the others since; family {champion.Super.FamilyNumber:x8} on {champion.Source.Name} is used";

    private static PresentDisk Present(DiskCopy copy, int index, ImsmDisk disk) => new(
        copy.Source.Device, copy.Source.Name, index, disk, copy.Source.SectorSize, copy.Source.Sectors,
        index == -1 && copy.IsSpareRecord ? copy.Super : null);

    private static DiskVerdict Verdict(DiskCopy copy, DiskStanding standing, string reason) =>
        new(copy.Source.Device, copy.Source.Name, standing, reason);

    private static DiskVerdict Verdict(DiskCopy copy, DiskCopy champion, int index)
    {
        if (copy.IsVeiled || copy.IsLeftBehind)
        {
            var behind = $"disk {index}, generation {copy.Super.Generation}, left behind by a change of family";
            return Verdict(copy, DiskStanding.Stale, behind);
        }

        if (copy.Checksum == champion.Checksum && copy.Super.FamilyNumber == champion.Super.FamilyNumber)
            return Verdict(copy, DiskStanding.Member, $"disk {index}, generation {copy.Super.Generation}");
        var what = copy.Super.FamilyNumber != champion.Super.FamilyNumber
            ? $"family {copy.Super.FamilyNumber:x8}, {champion.Source.Name} has {champion.Super.FamilyNumber:x8}"
            : copy.Super.Generation == champion.Super.Generation
                ? $"generation {copy.Super.Generation} like {champion.Source.Name}, but other content"
                : $"generation {copy.Super.Generation}, {champion.Source.Name} has {champion.Super.Generation}";
        return Verdict(copy, DiskStanding.Stale, $"disk {index}, {what}");
    }

    private static string? LoadMigration(ref ImsmContainer container, ImmutableArray<DiskCopy> copies)
    {
        ImsmDev? migrating = null;
        foreach (var dev in container.Super.Devs)
            migrating ??= dev.IsGeneralMigration() ? dev : null;
        if (migrating is null)
            return null;
        foreach (var disk in container.Present)
        {
            if (migrating.Map.SlotOf(disk.Index) is not (0 or 1))
                continue;
            var source = copies.First(copy => copy.Source.Device == disk.Device).Source;
            var sector = ImsmPlacement.MigrationSector(source.Tail.Span, source.SectorSize);
            container = container with { Migration = MigrationRecordBytes.Read(sector, source.SectorSize) };
            return Incompatible(container);
        }

        return $"volume {migrating.Volume} is being reshaped and none of its first two members, which hold the migration record, is here";
    }

    private static string? Incompatible(ImsmContainer container)
    {
        foreach (var dev in container.Super.Devs)
        {
            if (!dev.IsGeneralMigration())
                continue;
            if (dev.Map.PbaOfLba0 != dev.SecondMap!.PbaOfLba0)
                return $"volume {dev.Volume}: its reshape uses the migration optimization area, which is not supported";
            if (container.Migration is { Ascending: 0, DestinationDepthPerUnit: > 0 })
                return $"volume {dev.Volume}: descending reshape is not supported";
        }

        return null;
    }
}
