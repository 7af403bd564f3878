namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// Updates that ask for nothing that the model has: 4 bytes, the type alone. *Add or remove disk* (4) tells mdmon's monitor to
/// take over disks that its manager has found, which AddDisk and RemoveDisk of the model do; *preallocate bad-block memory* (10)
/// makes room in a buffer, where the model needs none.
/// </summary>
internal sealed record Unchanging(string What) : ImsmUpdate(What)
{
    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container) => null;

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container) => container;
}
