using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>A commit that is a step of a change of family.</summary>
/// <param name="Generation">The commit's generation; the model of any other is no such step.</param>
/// <param name="Keeper">The disk that speaks for the container all the time: first for the old family, then for the new one.</param>
/// <param name="Veils">All members but the keeper get a copy that takes no side; else all get the new family, the keeper first.</param>
internal sealed record FamilyStep(uint Generation, DeviceNumber Keeper, bool Veils);

/// <summary>
/// A container gets another family (and keeps the original one) when a disk takes a slot, as with mdmon. A disk that was
/// replaced is of the old family for good: however often it is written elsewhere, its copy is never the newer one of this container.
/// <para>
/// mdmon changes the family together with the slots. A power cut in the middle leaves two families that list each other's disks, and
/// mdadm uses neither. Here two commits of their own follow, once the activation is on all disks. In the first all members
/// but one, the keeper, get a copy that takes no side (<see cref="Load.Veil"/>), once the keeper has answered. In the second the
/// keeper gets the new family in one sector, and then the others get it. Wherever it ends, mdadm finds one family, and all members. Each commit that
/// comes in between before the keeper has the new family takes the first step back; that begins again once all is on all disks.
/// </para>
/// </summary>
internal static class FamilyChange
{
    private const uint Basis = 2166136261, Prime = 16777619;

    /// <summary>
    /// The family of a container that has come to these disks by an activation: FNV-1a of the original family and the serial
    /// numbers in the disk table. (mdmon adds a random number.) Two halves of a container that got spares of their own differ in these,
    /// and who loads a container sees whether it is due.
    /// </summary>
    public static uint FamilyOf(ImsmSuper super)
    {
        var hash = Basis;
        foreach (var each in BitConverter.GetBytes(Lineage(super)))
        {
            Add(each);
        }

        foreach (var disk in super.Disks)
        {
            foreach (var each in disk.Serial.Exact)
            {
                Add((byte)each);
            }

            Add(0);
        }

        return Math.Max(hash, 1);

        void Add(byte each) => hash = unchecked((hash ^ each) * Prime);
    }

    /// <summary>The family by which copies are told apart for good: the original one or, where it was left out, the present one.</summary>
    public static uint Lineage(ImsmSuper super) => super.OriginalFamilyNumber != 0 ? super.OriginalFamilyNumber : super.FamilyNumber;

    /// <summary>A rebuild that was recorded before the family was changed for it.</summary>
    public static bool IsLeftToDo(ImsmSuper super) =>
        super.Devs.Any(Migration.IsRebuilding) && super.FamilyNumber != FamilyOf(super);

    /// <summary>
    /// A disk that comes back to where it was leaves the family as it is. Nothing must stay due then: when that disk is
    /// lost once more, the table is another one, and the family would change without it.
    /// </summary>
    public static ImsmContainer AfterActivation(ImsmContainer container) =>
        container.FamilyIsDue && FamilyOf(container.Super) == container.Super.FamilyNumber
            ? container with { FamilyIsDue = false }
            : container;

    /// <summary>Whether the members other than the keeper have a copy that takes no side.</summary>
    public static bool IsVeiled(ImsmContainer container) =>
        container.FamilyStep is { Veils: true } step && step.Generation == container.Super.Generation;

    /// <summary>The next step; null: none is wanted or possible now.</summary>
    /// <param name="container">As it was committed last.</param>
    /// <param name="onAllDisks">Whether that is on every disk that it went to.</param>
    public static FollowUp? Next(ImsmContainer container, bool onAllDisks)
    {
        if (!container.FamilyIsDue && !container.IsUneven && !IsVeiled(container))
        {
            return null;
        }

        var family = FamilyOf(container.Super);
        var isDue = container.FamilyIsDue && family != container.Super.FamilyNumber;
        var isReady = isDue && onAllDisks && AllListedArePresent(container);
        if (IsVeiled(container))
        {
            var keeper = container.FamilyStep!.Keeper;
            var reason = $"family {container.Super.FamilyNumber:x8} becomes {family:x8}, as a disk was replaced";
            return isReady && container.Present.Any(disk => disk.Device == keeper && disk.Index >= 0)
                ? new FollowUp(WithFamily(container, family, keeper), reason)
                : new FollowUp(container with { FamilyStep = null }, "the change of family is taken back for now");
        }

        if (container.IsUneven)
        {
            return onAllDisks
                ? new FollowUp(container with { IsUneven = false }, "a change of family was cut off: all disks get the same again")
                : null;
        }

        if (!isReady || Keeper(container) is not { } chosen)
        {
            return null;
        }

        var step = new FamilyStep(container.Super.Generation + 1, chosen, Veils: true);
        return new FollowUp(container with { FamilyStep = step }, "all members but one take no side while the family changes");
    }

    private static ImsmContainer WithFamily(ImsmContainer container, uint family, DeviceNumber keeper) => container with
    {
        Super = container.Super with { FamilyNumber = family },
        FamilyIsDue = false,
        FamilyStep = new FamilyStep(container.Super.Generation + 1, keeper, Veils: false),
    };

    // The copy of a disk that is listed and not there would be of the old family when it comes back: neither could be used then.
    private static bool AllListedArePresent(ImsmContainer container)
    {
        for (var index = 0; index < container.Super.Disks.Length; index++)
        {
            var isHealthy = (container.Super.Disks[index].Status & (ImsmDiskStatus.Failed | ImsmDiskStatus.Spare)) == 0;
            if (isHealthy && Maps.PresentAt(container, index) is null)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// A leg without which a volume that is being rebuilt cannot start, so that nothing is lost if the keeper is; else any
    /// leg in sync. Of those the last in the disk table, whose entry may lie beyond the anchor's sector.
    /// </summary>
    private static DeviceNumber? Keeper(ImsmContainer container)
    {
        (DeviceNumber Device, bool IsNeeded, int Index)? keeper = null;
        foreach (var volume in container.Volumes)
        {
            foreach (var leg in volume.Legs)
            {
                if (!leg.InSync || leg.Device is not { } device)
                {
                    continue;
                }

                bool[] others = [.. volume.Legs.Select(other => other.InSync && other.Slot != leg.Slot)];
                var index = container.Present.First(disk => disk.Device == device).Index;
                var found = (device, volume.Activity == VolumeActivity.Recovery && !volume.CanStart(others), index);
                if (keeper is not { } best || (found.Item2, index).CompareTo((best.IsNeeded, best.Index)) > 0)
                {
                    keeper = found;
                }
            }
        }

        return keeper?.Device;
    }
}
