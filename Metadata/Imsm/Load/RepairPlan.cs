using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>What is to become of one disk.</summary>
public enum RepairDecision
{
    /// <summary>Its copy is as it should be.</summary>
    Nothing,

    /// <summary>Its metadata is to be rewritten.</summary>
    Rewrite,

    /// <summary>Its metadata is not to be touched.</summary>
    Refuse,
}

/// <summary>The decision for one disk, and why.</summary>
/// <param name="Device">Its number.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Decision">What to do.</param>
/// <param name="Reason">Why, as a sentence's second half.</param>
/// <param name="Image">What to write, with <see cref="RepairDecision.Rewrite"/>.</param>
public sealed record RepairStep(DeviceNumber Device, string Name, RepairDecision Decision, string Reason, DiskImage? Image);

/// <summary>
/// Which disks of a container get their metadata rewritten from the valid copies on the others: those whose copy is
/// torn or stale, which the valid copies list as healthy members, and which did not go on without them (<see
/// cref="Confirmation"/>). Anything else is refused. Nothing is written here.
/// </summary>
/// <param name="Steps">One for each disk given, in that order.</param>
/// <param name="Refusal">Why nothing can be repaired at all: no valid copy.</param>
public sealed record RepairPlan(ImmutableArray<RepairStep> Steps, string? Refusal)
{
    /// <summary>Plans the repair of a container from all of its disks.</summary>
    /// <param name="disks">The disks.</param>
    /// <param name="automatic">Whether it is done without asking anybody: then only where nothing can be lost.</param>
    public static RepairPlan For(ImmutableArray<DiskSource> disks, bool automatic = false)
    {
        var (container, verdicts, refusal) = ImsmLoader.Load(disks);
        if (container is null)
            return new RepairPlan([.. verdicts.Select(verdict => Refuse(verdict, "no valid copy to repair it from"))], refusal);
        if (container.Super.Devs.IsEmpty)
        {
            const string Empty = "the valid copies have no volume, so no disk is a member";
            return new RepairPlan([.. verdicts.Select(verdict => Other(verdict, Empty))], null);
        }

        return new RepairPlan([.. verdicts.Select((verdict, i) => Step(container, disks[i], verdict, automatic))], null);
    }

    private static RepairStep Step(ImsmContainer container, DiskSource disk, DiskVerdict verdict, bool automatic) => verdict.Standing switch
    {
        DiskStanding.Broken or DiskStanding.Stale => Judge(container, disk, verdict, automatic),
        _ => Other(verdict, verdict.Reason),
    };

    private static RepairStep Other(DiskVerdict verdict, string reason) => verdict.Standing is DiskStanding.Member or DiskStanding.Spare
        ? new RepairStep(verdict.Device, verdict.Name, RepairDecision.Nothing, verdict.Reason, null)
        : Refuse(verdict, verdict.Standing == DiskStanding.Blank ? $"replaced or never a member: {verdict.Reason}" : reason);

    private static RepairStep Judge(ImsmContainer container, DiskSource disk, DiskVerdict verdict, bool automatic)
    {
        var super = container.Super;
        if (ForeignFamily(disk, super) is { } family)
            return Refuse(verdict, $"family {family:x8} is not the container's {super.FamilyNumber:x8}");
        if (verdict.Standing == DiskStanding.Broken && !TornDisks.IsTorn(disk))
            return Refuse(verdict, $"its copy is not torn, but cannot be used: {verdict.Reason}");
        var serial = ImsmSerial.Trim(disk.Serial);
        var index = super.IndexOf(serial);
        if (index < 0)
            return Refuse(verdict, $"failed or replaced: the valid copies do not list serial number {serial}");
        var entry = super.Disks[index];
        if ((entry.Status & ImsmDiskStatus.Failed) != 0)
            return Refuse(verdict, "the valid copies have it as failed");
        if ((entry.Status & ImsmDiskStatus.Configured) == 0 || !super.Devs.Any(dev => dev.Map.SlotOf(index) >= 0))
            return Refuse(verdict, "the valid copies do not have it as a member of any volume");
        if (entry.TotalBlocks / 8 != disk.Sectors / 8)
            return Refuse(verdict, $"replaced: the valid copies have a disk of {entry.TotalBlocks} sectors, this one has {disk.Sectors}");
        if (container.Present.Any(other => other.Index == index && other.Device != disk.Device))
            return Refuse(verdict, $"another disk is there with serial number {serial}");
        if (container.Present.Any(other => other.SectorSize != disk.SectorSize))
            return Refuse(verdict, $"its sectors of {disk.SectorSize} bytes are not the other disks'");
        if (Confirmation.WhyNot(container, disk, automatic) is { } doubt)
            return Refuse(verdict, doubt);
        var image = container.ImageOf(new PresentDisk(disk.Device, disk.Name, index, entry, disk.SectorSize, disk.Sectors, null));
        return new RepairStep(
            verdict.Device, verdict.Name, RepairDecision.Rewrite,
            $"{(verdict.Standing == DiskStanding.Broken ? "torn" : "stale")} ({verdict.Reason}); "
                + $"generation {super.Generation} lists it as disk {index}, healthy", image);
    }

    private static RepairStep Refuse(DiskVerdict verdict, string reason) =>
        new(verdict.Device, verdict.Name, RepairDecision.Refuse, reason, null);

    /// <summary>The family in the disk's anchor, if it is not the container's.</summary>
    private static uint? ForeignFamily(DiskSource disk, ImsmSuper super) =>
        Anchor.Of(disk) is { } found && found.Family != super.FamilyNumber
            && found.Original != (super.OriginalFamilyNumber != 0 ? super.OriginalFamilyNumber : super.FamilyNumber)
            ? found.Family
            : null;
}
