using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>The beginning of a general migration: which slots md gave to the new legs, or that it did not begin at all.</summary>
internal static class ReshapeStart
{
    /// <summary>Whether data may have been moved: a unit was recorded, or mdadm has written its migration record.</summary>
    public static bool HasBegun(ImsmContainer container, ImsmDev dev) =>
        dev.CurrentMigrationUnit != 0 || (container.Migration is { } record && !MigrationRecordBytes.IsCleared(record));

    /// <summary>
    /// The volume as it was before its general migration was recorded; new members that no volume uses become spares. A
    /// migration that has begun is not undone: only going on brings the data together again.
    /// </summary>
    public static ImsmContainer Cancel(ImsmContainer container, int volume)
    {
        var dev = container.Super.Devs[volume];
        if (!dev.IsGeneralMigration() || HasBegun(container, dev))
        {
            return container;
        }

        var before = dev.SecondMap!;
        var devs = container.Super.Devs.SetItem(volume, dev with
        {
            MigrationState = 0,
            MigrationType = MigrationType.Init,
            CurrentMigrationUnit = 0,
            Size = Geometry.RoundedVolumeSectors(before),
            Map = before,
            SecondMap = null,
        });
        return WithoutUnused(container with { Super = container.Super with { Devs = devs }, Migration = null });
    }

    /// <summary>
    /// The new legs' order entries as md has them. Only legs that the migration brought are moved, and only among the slots
    /// that it added: data lies on the others already.
    /// </summary>
    public static ImsmContainer Place(ImsmContainer container, int volume, ImmutableArray<LegFact> legs)
    {
        var dev = container.Super.Devs[volume];
        if (!dev.IsGeneralMigration() || HasBegun(container, dev))
        {
            return container;
        }

        var first = dev.SecondMap!.Order.Length;
        var order = dev.Map.Order.ToArray();
        foreach (var leg in legs)
        {
            var disk = container.Present.FirstOrDefault(present => present.Device == leg.Device);
            if (leg.Slot >= first && leg.Slot < order.Length && disk is { Index: >= 0 })
            {
                order[leg.Slot] = Maps.Whole(disk.Index);
            }
        }

        var same = order.SequenceEqual(dev.Map.Order);
        var permuted = order.Select(Maps.IndexOf).Order().SequenceEqual(dev.Map.Order.Select(Maps.IndexOf).Order());
        return same || !permuted
            ? container
            : Maps.WithDev(container, volume, dev with { Map = dev.Map with { Order = [.. order] } });
    }

    // Members were added at the end of the table (upstream: reshape updates), so none of the others changes its index.
    private static ImsmContainer WithoutUnused(ImsmContainer container)
    {
        var disks = container.Super.Disks;
        while (disks.Length > 0 && !container.Super.Devs.Any(dev => Maps.Uses(dev, disks.Length - 1)))
        {
            disks = disks.RemoveAt(disks.Length - 1);
        }

        return container with
        {
            Super = container.Super with { Disks = disks },
            Present = [.. container.Present.Select(disk => disk.Index >= disks.Length ? ToSpare(disk) : disk)],
        };
    }

    private static PresentDisk ToSpare(PresentDisk disk) => disk with
    {
        Index = Maps.IsFailed(disk.Disk) ? -2 : -1,
        SpareRecord = null,
        Disk = disk.Disk with { Status = (disk.Disk.Status | ImsmDiskStatus.Spare) & ~ImsmDiskStatus.Configured },
    };
}
