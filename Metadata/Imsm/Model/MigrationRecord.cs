namespace ActorRaid.Metadata.Imsm.Model;

/// <summary>
/// The migration record in the last sector of a disk: 128 bytes, little-endian (struct migr_record). It is written to
/// the first two members of a volume under general migration, by mdadm and by us.
/// </summary>
public sealed record MigrationRecord
{
    /// <summary>0: source data of the current unit is in place; 1: it is in the checkpoint area.</summary>
    public required uint Status { get; init; }

    /// <summary>Unit now being migrated (two halves on disk).</summary>
    public required ulong CurrentUnit { get; init; }

    /// <summary>Family of the metadata that the volume is in.</summary>
    public required uint FamilyNumber { get; init; }

    /// <summary>1: in ascending order of addresses.</summary>
    public required uint Ascending { get; init; }

    /// <summary>Sectors in a unit.</summary>
    public required uint BlocksPerUnit { get; init; }

    /// <summary>Sectors by which each member of the destination advances in a unit.</summary>
    public required uint DestinationDepthPerUnit { get; init; }

    /// <summary>First sector of the checkpoint area (two halves on disk).</summary>
    public required ulong CheckpointArea { get; init; }

    /// <summary>First sector of the destination on its first member (two halves on disk).</summary>
    public required ulong DestinationFirstMember { get; init; }

    /// <summary>Units in all (two halves on disk).</summary>
    public required ulong Units { get; init; }

    /// <summary>Size of the volume afterwards, in sectors (two halves on disk).</summary>
    public required ulong PostMigrationCapacity { get; init; }

    /// <summary>Member from which the record was read.</summary>
    public required uint CheckpointReadDisk { get; init; }

    /// <summary>The 64 bytes of filler.</summary>
    public required Octets Filler { get; init; }
}
