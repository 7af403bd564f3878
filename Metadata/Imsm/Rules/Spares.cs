using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>A disk takes a slot of a volume and is to be filled. Made by <see cref="Spares.Plan"/>, never received.</summary>
/// <param name="Volume">The volume's index.</param>
/// <param name="Slot">The slot.</param>
/// <param name="Device">The disk.</param>
internal sealed record ActivateSpare(int Volume, int Slot, DeviceNumber Device) : PreparedUpdate("activate spare");

/// <summary>Which disk takes the place of a lost leg.</summary>
internal static class Spares
{
    /// <summary>
    /// Chooses a disk for the first free slot that one can be found for: the disk that had the slot, else a disk that serves
    /// another volume of the container, else a spare. One at a time: a volume has one checkpoint only, so two legs that were
    /// filled at once would both begin again after a restart.
    /// </summary>
    public static SparePlan Plan(ImsmContainer container, int volume, SpareFacts facts)
    {
        if (volume < 0 || volume >= container.Super.Devs.Length)
        {
            return Refused($"there is no volume {volume}");
        }

        var dev = container.Super.Devs[volume];
        var failed = dev.Map.Order.Length - facts.Legs.Select(leg => leg.Slot).Distinct().Count();
        var state = Degradation.StateOf(container, dev, failed);
        if (state is not (MapState.Degraded or MapState.Failed))
        {
            return new SparePlan([], null, null);
        }

        var again = Migration.IsRebuilding(dev) ? SlotToFillAgain(container, dev, facts) : null;
        if (WhyNot(container, volume, state, failed, again is not null) is { } refusal)
        {
            return Refused(refusal);
        }

        var refusals = new List<string>();
        for (var slot = 0; slot < dev.Map.Order.Length; slot++)
        {
            if (facts.Legs.Any(leg => leg.Slot == slot) || (again is not null && again != slot))
            {
                continue;
            }

            if (Choose(container, volume, slot, facts, refusals) is { } disk)
            {
                var needs = WriteHoleArea.For(container, volume);
                var assignment = new SpareAssignment(
                    disk.Device, slot, dev.Map.PbaOfLba0, Geometry.ComponentSectors(container, dev), RecoveryStart: 0)
                {
                    Name = disk.Name,
                    Ppl = needs.Ppl,
                    Prepare = needs.Prepare,
                };
                return new SparePlan([assignment], new ActivateSpare(volume, slot, disk.Device), null);
            }
        }

        return Refused(refusals.Count == 0
            ? "no disk of the container is free"
            : "no disk of the container can be used: " + string.Join(", ", refusals.Distinct()));
    }

    /// <summary>
    /// Puts the disk into the slot: it gets an entry of the disk table if it has none, a rebuild begins, the family is to be
    /// changed (see <see cref="FamilyChange"/>), and the disk that had the slot leaves the table unless a volume still names
    /// it. A disk that has left meanwhile, or failed, changes nothing, nor does a volume that is being rebuilt already, unless
    /// it is onto that very disk: then it begins anew.
    /// </summary>
    public static ImsmContainer Apply(ImsmContainer container, ActivateSpare update)
    {
        var position = container.Present.ToList().FindIndex(present => present.Device == update.Device);
        if (update.Volume >= container.Super.Devs.Length || position < 0)
        {
            return container;
        }

        var disk = container.Present[position];
        var dev = container.Super.Devs[update.Volume];
        if (disk.Index < -1 || Maps.IsFailed(disk.Disk) || update.Slot >= dev.Map.Order.Length
            || (Migration.IsRebuilding(dev) && !IsBeingFilledWith(dev, update.Slot, disk.Index)))
        {
            return container;
        }

        var victim = Maps.IndexOf(Maps.Current(dev).Order[update.Slot]);
        var othersLost = Maps.Current(dev).Order
            .Where((entry, slot) => slot != update.Slot && !Maps.IsUsable(container, Maps.IndexOf(entry)))
            .Count();
        (container, var index) = Enlist(container, position);

        var target = Degradation.StateOf(container, dev, othersLost);
        dev = Migration.Start(dev with { Map = dev.Map with { State = MapState.Degraded } }, target, MigrationType.Rebuild);
        dev = dev with
        {
            Map = Maps.WithEntry(dev.Map, update.Slot, Maps.Whole(index)),
            SecondMap = dev.SecondMap is { } second ? Maps.WithEntry(second, update.Slot, Maps.Marked(index)) : null,
        };

        // The family changes in a commit of its own, other than with mdmon: a power cut half way through this one would leave
        // two families, of which mdadm can start neither.
        container = Maps.WithDev(container, update.Volume, dev) with { FamilyIsDue = true };
        return victim >= container.Super.Disks.Length || container.Super.Devs.Any(other => Maps.Uses(other, victim))
            ? container
            : Membership.DeleteEntry(container, victim);
    }

    private static string? WhyNot(ImsmContainer container, int volume, MapState state, int failed, bool fillsAgain)
    {
        var dev = container.Super.Devs[volume];
        if (Migration.AnyGeneral(container))
        {
            return "a volume of the container is being reshaped";
        }

        if (Migration.IsRebuilding(dev) && !fillsAgain)
        {
            return "the volume is being rebuilt already";
        }

        if (state == MapState.Failed)
        {
            return "the volume has failed";
        }

        if (dev.Map.State == MapState.Uninitialized)
        {
            return "the volume was never initialized";
        }

        for (var other = 0; other < container.Super.Devs.Length; other++)
        {
            if (other != volume && HoldsBack(container, container.Super.Devs[other], failed))
            {
                return $"volume {container.Super.Devs[other].Volume} has failed, and its failed disks are still in the container";
            }
        }

        return null;
    }

    private static bool IsBeingFilledWith(ImsmDev dev, int slot, int index) =>
        Maps.IsBeingFilled(dev, slot) && Maps.IndexOf(dev.Map.Order[slot]) == index;

    /// <summary>
    /// The slot that is being filled by the metadata, with a disk that is there, but not by md: it was taken out again before
    /// the activation was recorded after all. The same disk begins there once more.
    /// </summary>
    private static int? SlotToFillAgain(ImsmContainer container, ImsmDev dev, SpareFacts facts)
    {
        for (var slot = 0; slot < dev.Map.Order.Length; slot++)
        {
            if (Maps.IsBeingFilled(dev, slot)
                && Maps.PresentAt(container, Maps.IndexOf(dev.Map.Order[slot])) is { } disk && !Maps.IsFailed(disk.Disk)
                && facts.Legs.All(leg => leg.Slot != slot && leg.Device != disk.Device))
            {
                return slot;
            }
        }

        return null;
    }

    // A failed volume's disks may be what its data can be saved from: nothing is rebuilt until somebody took them out.
    private static bool HoldsBack(ImsmContainer container, ImsmDev other, int failed) =>
        Degradation.StateOf(container, other, failed) == MapState.Failed
        && Maps.Current(other).Order.Any(entry =>
            Maps.PresentAt(container, Maps.IndexOf(entry)) is { } disk && Maps.IsFailed(disk.Disk));

    private static PresentDisk? Choose(ImsmContainer container, int volume, int slot, SpareFacts facts, List<string> refusals)
    {
        var dev = container.Super.Devs[volume];
        var occupant = Maps.IndexOf(Maps.Current(dev).Order[slot]);
        if (Maps.PresentAt(container, occupant) is { } previous && !Maps.IsFailed(previous.Disk)
            && facts.Legs.All(leg => leg.Device != previous.Device))
        {
            return IsRefused(WriteHoleArea.WhyNot(container, volume, previous)) ? null : previous;
        }

        PresentDisk? spare = null;
        foreach (var disk in container.Present)
        {
            // A disk that has another slot of this volume is to be given that one again.
            if (facts.Legs.Any(leg => leg.Device == disk.Device) || (disk.Index >= 0 && Maps.Uses(dev, disk.Index)))
            {
                continue;
            }

            if (IsRefused(WhyNotDisk(container, disk) ?? WriteHoleArea.WhyNot(container, volume, disk)))
            {
                continue;
            }

            if (disk.Index >= 0)
            {
                return disk;
            }

            spare ??= disk;
        }

        return spare;

        bool IsRefused(string? reason)
        {
            if (reason is not null)
            {
                refusals.Add(reason);
            }

            return reason is not null;
        }
    }

    private static string? WhyNotDisk(ImsmContainer container, PresentDisk disk)
    {
        if (Maps.IsFailed(disk.Disk) || disk.Index < -1)
        {
            return $"{disk.Name} has failed or was replaced";
        }

        if ((disk.Disk.Status & ImsmDiskStatus.Journal) != 0)
        {
            return $"{disk.Name} holds a journal";
        }

        var sectorSize = Geometry.SectorSize(container);
        if (disk.SectorSize != sectorSize)
        {
            return $"{disk.Name} has sectors of {disk.SectorSize} bytes and not of {sectorSize}";
        }

        var extents = Extents.Of(container, disk, leastReservation: true);
        foreach (var dev in container.Super.Devs)
        {
            var size = dev.Map.PerMemberSectors();
            if ((disk.Index < 0 || Maps.SlotOf(dev.Map, disk.Index) < 0) && !Extents.HasRoom(extents, dev.Map.PbaOfLba0, size))
            {
                var (first, last) = (dev.Map.PbaOfLba0, dev.Map.PbaOfLba0 + size - 1);
                return $"{disk.Name} does not have sectors {first} to {last} free for volume {dev.Volume}";
            }
        }

        return null;
    }

    private static (ImsmContainer Container, int Index) Enlist(ImsmContainer container, int position)
    {
        var disk = container.Present[position];
        var entry = disk.Disk with { Status = (disk.Disk.Status | ImsmDiskStatus.Configured) & ~ImsmDiskStatus.Spare };
        if (disk.Index >= 0)
        {
            return (Maps.WithDisk(container, disk.Index, entry), disk.Index);
        }

        var index = container.Super.Disks.Length;
        return (container with
        {
            Super = container.Super with { Disks = container.Super.Disks.Add(entry) },
            Present = container.Present.SetItem(position, disk with { Index = index, Disk = entry, SpareRecord = null }),
        }, index);
    }

    private static SparePlan Refused(string reason) => new([], null, reason);
}
