using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Load;

namespace ActorRaid.Host;

/// <summary>The metadata formats whose containers are supervised. Others are left to mdadm's own mdmon.</summary>
internal static class SupportedFormats
{
    /// <summary>All of them.</summary>
    internal static readonly ImmutableArray<IMetadataFormat> All = [new ImsmFormat()];
}
