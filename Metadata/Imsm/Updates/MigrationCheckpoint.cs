using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// How far the running general migration has come (struct imsm_update_general_migration_checkpoint, 16 bytes, little-endian: type
/// 8; 4 bytes of padding; 64 bits of units). mdadm has written the migration record itself by then.
/// </summary>
internal sealed record MigrationCheckpoint(ulong Unit) : ImsmUpdate("migration checkpoint")
{
    /// <summary>Bytes.</summary>
    public const int Length = 16;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes) => new MigrationCheckpoint(UpdateBytes.ULong(bytes, 8));

    /// <inheritdoc/>
    public override bool ConcernsLegs => false;

    /// <inheritdoc/>
    public override bool IsProgress => true;

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container) => null; // The last one comes when md, and so we, have ended the migration.

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container) => container with
    {
        Super = container.Super with
        {
            Devs = [.. container.Super.Devs.Select(dev => dev.IsGeneralMigration() ? dev with { CurrentMigrationUnit = Unit } : dev)],
        },
    };
}
