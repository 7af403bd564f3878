using System.Buffers.Binary;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Rules;
using ActorRaid.Metadata.Imsm.Updates;

namespace ActorRaid.Metadata.Imsm;

public sealed partial record ImsmContainer
{
    /// <summary>
    /// Parses an update as mdadm sends it (<see cref="UpdateType"/>, then the type's own C struct) and checks everything in
    /// it against this container. Bytes behind the struct are ignored, as mdmon ignores them. Never throws.
    /// </summary>
    public PrepareResult Prepare(ReadOnlyMemory<byte> update)
    {
        var bytes = update.Span;
        if (bytes.Length < 4)
        {
            return new PrepareResult(null, $"update: {bytes.Length} bytes are too few for a type");
        }

        var type = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        var (minimum, kind) = Shape((UpdateType)type);
        if (minimum == 0)
        {
            return new PrepareResult(null, $"update: type {type} is not known");
        }

        if (bytes.Length < minimum)
        {
            return new PrepareResult(null, $"{kind}: {bytes.Length} bytes, {minimum} are needed");
        }

        var parsed = Parse((UpdateType)type, bytes);
        var refusal = parsed.Refusal ?? WhyNot(parsed.Update!);
        return refusal is null ? new PrepareResult(parsed.Update, null) : new PrepareResult(null, $"{kind}: {refusal}");
    }

    /// <summary>
    /// Applies an update that this container prepared. An update that no longer fits, because it was prepared by another
    /// model, leaves this one as it is.
    /// </summary>
    public ImsmContainer Process(PreparedUpdate update) => update switch
    {
        ActivateSpare spare => Apply(spare),
        ImsmUpdate known when WhyNot(known) is null => known.Apply(this),
        _ => this,
    };

    // What an update leads to must be what a container can be loaded from.
    private string? WhyNot(ImsmUpdate update) =>
        update.Refusal(this) ?? (OddContent.In(update.Apply(this).Super) is { } odd ? $"it would come to {odd}" : null);

    private static (int Minimum, string Kind) Shape(UpdateType type) => type switch
    {
        UpdateType.ActivateSpare => (4, "activate spare"),
        UpdateType.CreateArray => (CreateArray.MinimumLength, "create array"),
        UpdateType.KillArray => (KillArray.Length, "kill array"),
        UpdateType.RenameArray => (RenameArray.Length, "rename array"),
        UpdateType.AddRemoveDisk => (4, "add or remove disk"),
        UpdateType.ReshapeContainerDisks => (ReshapeContainer.MinimumLength, "reshape container"),
        UpdateType.ReshapeMigration => (ReshapeMigration.Length, "migrate volume"),
        UpdateType.Takeover => (Takeover.Length, "takeover"),
        UpdateType.GeneralMigrationCheckpoint => (MigrationCheckpoint.Length, "migration checkpoint"),
        UpdateType.SizeChange => (SizeChange.Length, "size change"),
        UpdateType.PreallocateBadBlocks => (4, "preallocate bad-block memory"),
        UpdateType.WriteHolePolicy => (WriteHolePolicy.Length, "write-hole policy"),
        _ => (0, ""),
    };

    private static Parsed Parse(UpdateType type, ReadOnlySpan<byte> bytes) => type switch
    {
        UpdateType.CreateArray => CreateArray.Parse(bytes),
        UpdateType.KillArray => KillArray.Parse(bytes),
        UpdateType.RenameArray => RenameArray.Parse(bytes),
        UpdateType.AddRemoveDisk => new Unchanging("add or remove disk"),
        UpdateType.ReshapeContainerDisks => ReshapeContainer.Parse(bytes),
        UpdateType.ReshapeMigration => ReshapeMigration.Parse(bytes),
        UpdateType.Takeover => Takeover.Parse(bytes),
        UpdateType.GeneralMigrationCheckpoint => MigrationCheckpoint.Parse(bytes),
        UpdateType.SizeChange => SizeChange.Parse(bytes),
        UpdateType.PreallocateBadBlocks => new Unchanging("preallocate bad-block memory"),
        UpdateType.WriteHolePolicy => WriteHolePolicy.Parse(bytes),
        _ => Parsed.Refused("this update is the monitor's own and is not taken from outside"),
    };
}
