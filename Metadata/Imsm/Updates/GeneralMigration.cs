using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>General migration: the first map says where the volume goes, the second where it comes from.</summary>
internal static class GeneralMigration
{
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
