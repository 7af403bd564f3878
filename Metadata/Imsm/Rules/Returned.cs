using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>
/// A disk that comes with a copy of this container's metadata: it was part of it once. (mdadm --add would have cleared
/// it; it came by mdadm -I, or was there when the container was assembled.)
/// </summary>
internal static class Returned
{
    /// <summary>The container with such a disk, where it is no mere spare; null where it is.</summary>
    public static ImsmContainer? Take(ImsmContainer container, DiskSource source)
    {
        var super = container.Super;
        if (ReadDisk.From(source, 0).Copy is not { IsSpareRecord: false, Own: { } own } copy || super.Devs.IsEmpty
            || copy.Lineage != FamilyChange.Lineage(super))
        {
            return null;
        }

        var disk = new PresentDisk(source.Device, source.Name, -2, own, source.SectorSize, source.Sectors, null);
        return HasLifeOfItsOwn(super, copy)
            ? container with { Present = container.Present.Add(disk) }
            : Reinstated(container, copy, disk)
                ?? (IsNeeded(container, copy) ? container with { Present = container.Present.Add(disk) } : null);
    }

    /// <summary>
    /// The copy is not what this container was before it lost the disk: the disk was used without this container since, or
    /// this one without it, and who has the data that is wanted is not for us to say. Whoever starts volumes without some
    /// disks records first that these are missing, so a copy that counts on the present members was never used without
    /// them. A disk that was replaced, and is in the table no more, must be of the present family.
    /// </summary>
    private static bool HasLifeOfItsOwn(ImsmSuper super, DiskCopy copy)
    {
        var isListed = super.Disks.Any(disk => IsLost(disk, copy.Serial));
        if (copy.Super.Generation > super.Generation || (copy.Super.FamilyNumber != super.FamilyNumber && !isListed))
        {
            return true;
        }

        var members = CutChange.Healthy(super).Remove(copy.Serial);
        return !CutChange.Healthy(copy.Super).Overlaps(members)
            || members.Any(member => copy.Super.Disks.Any(disk => IsLost(disk, member)));
    }

    private static bool IsLost(ImsmDisk disk, string serial) =>
        Maps.IsFailed(disk) && Anchor.IsPlaceholder(disk.Serial.Exact, serial);

    /// <summary>
    /// A disk that one volume lost is failed for the whole container, but a RAID 0 volume cannot have been written without
    /// it: the disk is the member again that it was, and the volumes that went on without it are to be rebuilt onto it. As
    /// a spare it would get another place in the disk table, and the RAID 0 volume would never find it. Where the table has
    /// the disk as healthy in another place, that is the place it had.
    /// </summary>
    private static ImsmContainer? Reinstated(ImsmContainer container, DiskCopy copy, PresentDisk disk)
    {
        var disks = container.Super.Disks;
        if (disks.Any(entry => entry.Serial == disk.Disk.Serial && !Maps.IsFailed(entry)))
        {
            return null;
        }

        for (var index = 0; index < disks.Length; index++)
        {
            if (!IsLost(disks[index], copy.Serial) || OddContent.IsFree(disks[index].Status & ~ImsmDiskStatus.Failed)
                || Maps.PresentAt(container, index) is not null || !container.Super.Devs.Any(dev => Awaits(dev, index)))
            {
                continue;
            }

            for (var volume = 0; volume < container.Super.Devs.Length; volume++)
            {
                container = Awaits(container.Super.Devs[volume], index)
                    ? container
                    : Failure.MarkFailed(container, volume, index);
            }

            var entry = container.Super.Disks[index] with
            {
                Serial = disk.Disk.Serial,
                ScsiId = disk.Disk.ScsiId,
                Status = container.Super.Disks[index].Status & ~ImsmDiskStatus.Failed,
            };
            return Maps.WithDisk(container, index, entry) with
            {
                Present = container.Present.Add(disk with { Index = index, Disk = entry }),
                Departed = [.. container.Departed.Where(departed => departed != index)],
            };
        }

        return null;
    }

    private static bool Awaits(ImsmDev dev, int index) =>
        dev.Map.Level() == 0 && dev.SecondMap is null && dev.Map.Order.Contains(Maps.Whole(index));

    /// <summary>
    /// A volume of the disk's has failed: what the disk holds, its metadata too, may be what the data can be saved from.
    /// </summary>
    private static bool IsNeeded(ImsmContainer container, DiskCopy copy) => container.Super.Devs.Any(dev =>
        Degradation.StateOf(container, dev) == MapState.Failed
        && copy.Super.Devs.Any(old => old.Volume == dev.Volume && Maps.Uses(old, copy.OwnIndex)));
}
