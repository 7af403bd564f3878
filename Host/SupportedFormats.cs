using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Load;

namespace ActorRaid.Host;

/// <summary>The metadata formats whose containers are supervised. Others are left to mdadm's own mdmon.</summary>
internal static class SupportedFormats
{
    /// <summary>The one that disks are examined and repaired by.</summary>
    internal static readonly IMetadataFormat Imsm = new ImsmFormat();

    /// <summary>All of them.</summary>
    internal static readonly ImmutableArray<IMetadataFormat> All = [Imsm];
}
