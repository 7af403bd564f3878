using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>The end of a general migration, and the step to the container's next volume.</summary>
internal static class Reshape
{
    /// <summary>
    /// Ends a volume's general migration when md says that the reshape is done: it ran and stopped with no position left, or
    /// went to the end of the component. One that stopped before stays as it is, to be resumed.
    /// </summary>
    public static ImsmContainer Settle(ImsmContainer container, int volume, ArrayFacts facts)
    {
        var dev = container.Super.Devs[volume];
        if (!dev.IsGeneralMigration() || !IsDone(container, dev, facts))
        {
            return container;
        }

        var state = Degradation.StateOf(container, dev);
        dev = state switch
        {
            MapState.Normal => WithoutFailedDisk(Migration.End(container, dev, state)),
            MapState.Degraded => Migration.End(container, dev, state),
            MapState.Failed => dev with { Map = dev.Map with { State = state } },
            _ => dev,
        };
        return Advance(Maps.WithDev(container, volume, dev));
    }

    /// <summary>A volume under general migration with its second map's state taken from that map's legs.</summary>
    public static ImsmDev WithSecondState(ImsmContainer container, ImsmDev dev)
    {
        if (!dev.IsGeneralMigration() || dev.SecondMap is not { } second)
        {
            return dev;
        }

        var failed = Degradation.CountFailed(container, dev, MapChoice.Second);
        return dev with { SecondMap = second with { State = Degradation.StateOf(container, dev, failed, MapChoice.Second) } };
    }

    /// <summary>
    /// When no volume migrates and one has fewer members than the first, it is the next to be given that many: it enters
    /// general migration, over the disks of the first volume that it has not yet, with a migration record that says nothing
    /// yet. Only RAID 0 and RAID 5 grow so; a mirror that was made while the first volume grew stays as it is.
    /// </summary>
    public static ImsmContainer Advance(ImsmContainer container)
    {
        var devs = container.Super.Devs;
        if (devs.IsEmpty || devs.Any(dev => dev.MigrationState != 0))
        {
            return container;
        }

        var wanted = devs[0].Map.Order;
        for (var volume = 1; volume < devs.Length; volume++)
        {
            var map = devs[volume].Map;
            if (map.Order.Length < wanted.Length && map.Level() is (0 or 5))
            {
                return Maps.WithDev(container, volume, Grown(devs[volume], wanted)) with { Migration = BlankRecord, ClearsRecord = true };
            }
        }

        return container;
    }

    /// <summary>A migration record of zeros: what a commit leaves where none is in use.</summary>
    public static MigrationRecord BlankRecord { get; } = new()
    {
        Status = 0,
        CurrentUnit = 0,
        FamilyNumber = 0,
        Ascending = 0,
        BlocksPerUnit = 0,
        DestinationDepthPerUnit = 0,
        CheckpointArea = 0,
        DestinationFirstMember = 0,
        Units = 0,
        PostMigrationCapacity = 0,
        CheckpointReadDisk = 0,
        Filler = Octets.Zeros(64),
    };

    private static ImsmDev Grown(ImsmDev dev, ImmutableArray<uint> wanted)
    {
        var added = wanted.Select(Maps.IndexOf)
            .Where(index => Maps.SlotOf(dev.Map, index) < 0)
            .Take(wanted.Length - dev.Map.Order.Length)
            .Select(Maps.Whole);
        var started = Migration.Start(dev, dev.Map.State, MigrationType.GeneralMigration);
        var map = started.Map with { Order = dev.Map.Order.AddRange(added) };
        return started with
        {
            Map = map,
            Size = Geometry.RoundedVolumeSectors(map),
        };
    }

    private static ImsmDev WithoutFailedDisk(ImsmDev dev) => dev with { Map = dev.Map with { FailedDisk = Maps.NoFailedDisk } };

    // A reshape that is frozen is not done, whatever else is said of it.
    private static bool IsDone(ImsmContainer container, ImsmDev dev, ArrayFacts facts) =>
        facts is { Previous: SyncAction.Reshape, Current: SyncAction.Idle }
        && (facts.ReshapePosition == ArrayFacts.Complete || facts.LastCheckpoint >= Geometry.ComponentSectors(container, dev));
}
