using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>IMSM as a format that containers can have.</summary>
public sealed class ImsmFormat : IMetadataFormat
{
    /// <inheritdoc/>
    public string Name => "imsm";

    /// <inheritdoc/>
    public int TailBytes(int sectorSize) => ImsmPlacement.TailBytes;

    /// <inheritdoc/>
    public LoadResult Load(ImmutableArray<DiskSource> disks)
    {
        var (container, verdicts, refusal) = ImsmLoader.Load(disks);
        return new LoadResult(container, verdicts, refusal);
    }
}
