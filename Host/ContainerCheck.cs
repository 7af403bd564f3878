using ActorRaid.SysfsIo;

namespace ActorRaid.Host;

/// <summary>Whether an array can be a container at all: what can be said before a daemon is troubled.</summary>
internal enum ContainerKind
{
    /// <summary>It looks like a container: external metadata, no level.</summary>
    Container,

    /// <summary>The same, with metadata of a format that is not supported here.</summary>
    OtherFormat,

    /// <summary>It has a level, or is a member of a container: an array that holds data.</summary>
    NotAContainer,

    /// <summary>No level, but metadata that the kernel keeps itself, or none.</summary>
    NotExternal,
}

/// <summary>See <see cref="ContainerKind"/>.</summary>
internal static class ContainerCheck
{
    /// <summary>
    /// Judges by the texts of md/level and md/metadata_version. A container has no level (mdadm may have written
    /// <c>container</c>) and <c>external:FORMAT</c>; <c>external:/md127/0</c> and <c>external:-md127/0</c> are its members.
    /// </summary>
    internal static ContainerKind Judge(string level, string metadataVersion)
    {
        const string external = "external:";
        if (level.Trim() is not ("" or "container"))
            return ContainerKind.NotAContainer;
        var version = metadataVersion.Trim();
        if (!version.StartsWith(external, StringComparison.Ordinal))
            return ContainerKind.NotExternal;
        var format = version[external.Length..];
        return format is ['/' or '-', ..] ? ContainerKind.NotAContainer
            : SupportedFormats.All.Any(supported => supported.Name == format) ? ContainerKind.Container
            : ContainerKind.OtherFormat;
    }

    /// <summary>Judges an array by sysfs; null when it is gone. An error when that cannot be told.</summary>
    internal static Result<ContainerKind?> Look(string array, string sysRoot = "/sys")
    {
        var directory = $"{sysRoot}/block/{array}/md";
        var level = SysfsAttribute.ReadOnce($"{directory}/level");
        var version = level.Ok ? SysfsAttribute.ReadOnce($"{directory}/metadata_version") : level;
        return version.Ok ? Judge(level.Value, version.Value)
            : version.Error.MeansGone ? (ContainerKind?)null
            : version.Error;
    }
}
