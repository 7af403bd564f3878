using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>
/// Order entries and maps. An order entry (4 bytes, little-endian on disk) holds the disk table index in its low 24 bits;
/// bit 24 says that the leg in this slot does not hold its data: it failed, or is being filled.
/// </summary>
internal static class Maps
{
    /// <summary>The bit of an order entry that marks a leg without its data (IMSM_ORD_REBUILD in super-intel.c).</summary>
    public const uint RebuildBit = 1u << 24;

    /// <summary>What <see cref="ImsmMap.FailedDisk"/> holds when no member failed.</summary>
    public const byte NoFailedDisk = 0xFF;

    /// <summary>The disk table index of an order entry.</summary>
    public static int IndexOf(uint entry) => (int)(entry & 0x00FF_FFFF);

    /// <summary>Whether the entry is marked.</summary>
    public static bool IsMarked(uint entry) => (entry & RebuildBit) != 0;

    /// <summary>An entry for a disk whose data is whole.</summary>
    public static uint Whole(int index) => (uint)index;

    /// <summary>An entry for a disk whose data is not there.</summary>
    public static uint Marked(int index) => (uint)index | RebuildBit;

    /// <summary>The map that says what the disks hold now: the second while a migration runs, else the only one.</summary>
    public static ImsmMap Current(ImsmDev dev) => dev.SecondMap ?? dev.Map;

    /// <summary>The slot in which a map has a disk; -1 for none.</summary>
    public static int SlotOf(ImsmMap map, int index)
    {
        for (var slot = 0; slot < map.Order.Length; slot++)
        {
            if (IndexOf(map.Order[slot]) == index)
            {
                return slot;
            }
        }

        return -1;
    }

    /// <summary>The map with another entry in a slot.</summary>
    public static ImsmMap WithEntry(ImsmMap map, int slot, uint entry) =>
        map.Order[slot] == entry ? map : map with { Order = map.Order.SetItem(slot, entry) };

    /// <summary>Whether any map of the volume names the disk.</summary>
    public static bool Uses(ImsmDev dev, int index) =>
        SlotOf(dev.Map, index) >= 0 || (dev.SecondMap is { } second && SlotOf(second, index) >= 0);

    /// <summary>Whether a leg is being filled: not there by the current map, but there by the one that the migration leads to.</summary>
    public static bool IsBeingFilled(ImsmDev dev, int slot) =>
        dev.SecondMap is { } second && slot < second.Order.Length && slot < dev.Map.Order.Length
        && IsMarked(second.Order[slot]) && !IsMarked(dev.Map.Order[slot]);

    /// <summary>Whether any leg of the volume is being filled.</summary>
    public static bool AnyBeingFilled(ImsmDev dev)
    {
        for (var slot = 0; slot < dev.Map.Order.Length; slot++)
        {
            if (IsBeingFilled(dev, slot))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The container with another volume in that place.</summary>
    public static ImsmContainer WithDev(ImsmContainer container, int volume, ImsmDev dev) =>
        ReferenceEquals(container.Super.Devs[volume], dev)
            ? container
            : container with { Super = container.Super with { Devs = container.Super.Devs.SetItem(volume, dev) } };

    /// <summary>The present disk that has an index of the disk table; null when none has.</summary>
    public static PresentDisk? PresentAt(ImsmContainer container, int index)
    {
        if (index < 0)
        {
            return null;
        }

        foreach (var disk in container.Present)
        {
            if (disk.Index == index)
            {
                return disk;
            }
        }

        return null;
    }

    /// <summary>Whether a disk of the table is there and has not failed.</summary>
    public static bool IsUsable(ImsmContainer container, int index) =>
        PresentAt(container, index) is { } disk && !IsFailed(disk.Disk);

    /// <summary>Whether the disk's status says failed.</summary>
    public static bool IsFailed(ImsmDisk disk) => (disk.Status & ImsmDiskStatus.Failed) != 0;

    /// <summary>The container with another entry in its disk table; a present disk with that index has it as well.</summary>
    public static ImsmContainer WithDisk(ImsmContainer container, int index, ImsmDisk disk) => container with
    {
        Super = container.Super with { Disks = container.Super.Disks.SetItem(index, disk) },
        Present = container.Present.Select(present => present.Index == index ? present with { Disk = disk } : present).ToImmutableArray(),
    };
}
