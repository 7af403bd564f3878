using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>
/// Migrations: initialization, repair, rebuild, general migration. While one runs the first map says how the volume will be
/// and the second how it is; without one the only map says how it is.
/// </summary>
internal static class Migration
{
    /// <summary>Whether any volume of the container is being reshaped: nothing is repaired meanwhile.</summary>
    public static bool AnyGeneral(ImsmContainer container) => container.Super.Devs.Any(dev => dev.IsGeneralMigration());

    /// <summary>Whether a leg is being filled: a rebuild whose present state is degraded.</summary>
    public static bool IsRebuilding(ImsmDev dev) =>
        dev is { MigrationState: not 0, SecondMap.State: MapState.Degraded } && dev.Migration() == MigrationType.Rebuild;

    /// <summary>Whether a volume that never was synchronized is being so.</summary>
    public static bool IsInitializing(ImsmDev dev) =>
        dev is { MigrationState: not 0, SecondMap.State: MapState.Uninitialized } && dev.Migration() == MigrationType.Init;

    /// <summary>Whether md's resync is recorded as under way.</summary>
    public static bool IsResyncing(ImsmDev dev) => dev.IsMigrating() && dev.Migration() switch
    {
        MigrationType.Init or MigrationType.Repair => true,
        MigrationType.GeneralMigration => false,
        _ => dev.SecondMap is { State: MapState.Normal },
    };

    /// <summary>
    /// Begins a migration towards a state: the map as it is becomes the second, the first gets the state that is to be
    /// reached. A general migration's first map keeps no marks.
    /// </summary>
    public static ImsmDev Start(ImsmDev dev, MapState target, MigrationType kind) => WithKind(dev, kind) with
    {
        MigrationState = 1,
        CurrentMigrationUnit = 0,
        SecondMap = dev.Map,
        Map = dev.Map with
        {
            State = target,
            Order = kind == MigrationType.GeneralMigration
                ? dev.Map.Order.Select(entry => Maps.Whole(Maps.IndexOf(entry))).ToImmutableArray()
                : dev.Map.Order,
        },
    };

    /// <summary>
    /// Ends whatever migration runs, with the volume in a state. Legs that were not filled keep their marks (upstream loses
    /// them when the state is the one that was to be reached: the leg would be taken for whole), and the state is taken from
    /// the legs when they say otherwise.
    /// </summary>
    public static ImsmDev End(ImsmContainer container, ImsmDev dev, MapState state)
    {
        var map = dev.Map;
        if (!dev.IsGeneralMigration() && dev.SecondMap is { } previous)
        {
            foreach (var entry in previous.Order)
            {
                var slot = Maps.SlotOf(map, Maps.IndexOf(entry));
                if (slot >= 0)
                {
                    map = Maps.WithEntry(map, slot, map.Order[slot] | entry);
                }
            }

            if (map != dev.Map || (state != map.State && previous.State != MapState.Uninitialized))
            {
                // Judged while both maps are still there: RAID 10 looks at the second.
                state = Degradation.StateOf(container, dev with { Map = map });
            }
        }

        return WithKind(dev, MigrationType.Init) with
        {
            MigrationState = 0,
            CurrentMigrationUnit = 0,
            SecondMap = null,
            Map = map with { State = state },
        };
    }

    private static ImsmDev WithKind(ImsmDev dev, MigrationType kind) => kind == MigrationType.Repair
        ? dev with { MigrationType = MigrationType.Verify, Status = dev.Status | VolumeGeometry.VerifyAndFix }
        : dev with { MigrationType = kind, Status = dev.Status & ~VolumeGeometry.VerifyAndFix };
}
