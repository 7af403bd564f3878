using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>General migration: the first map says where the volume goes, the second where it comes from.</summary>
internal static class GeneralMigration
{
    /// <summary>What mdadm saves before it lets md go on: sectors of each leg.</summary>
    private const int AreaSectors = 2048;

    /// <summary>
    /// Sectors of the volume in a unit of its general migration, as mdadm makes them when it begins one (upstream: init_migr_record_imsm): of each leg as many
    /// whole chunks as fit into the checkpoint area. 0: not known.
    /// </summary>
    public static ulong SectorsPerUnit(ImsmDev dev)
    {
        var chunk = Math.Max(dev.Map.BlocksPerStrip, dev.SecondMap?.BlocksPerStrip ?? 0);
        return chunk == 0 ? 0 : (ulong)(AreaSectors / chunk * chunk) * (ulong)dev.Map.DataMembers();
    }

    /// <summary>The volume at the start of a migration to another map, its size that of the new map.</summary>
    public static ImsmDev Start(ImsmDev dev, ImsmMap destination) => dev with
    {
        MigrationState = 1,
        MigrationType = MigrationType.GeneralMigration,
        Status = dev.Status & ~VolumeGeometry.VerifyAndFix,
        CurrentMigrationUnit = 0,
        Size = MapSizes.VolumeSize(destination),
        Map = destination,
        SecondMap = dev.Map,
    };
}
