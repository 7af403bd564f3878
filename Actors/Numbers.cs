using System.Globalization;
using ActorRaid.Metadata;

namespace ActorRaid.Actors;

/// <summary>Small readings of the kernel's text.</summary>
internal static class Numbers
{
    /// <summary>Reads <c>7:0</c>; 0:0 for anything else.</summary>
    public static DeviceNumber ParseDevice(string text)
    {
        var colon = text.IndexOf(':');
        return colon > 0
            && int.TryParse(text.AsSpan(0, colon), CultureInfo.InvariantCulture, out var major)
            && int.TryParse(text.AsSpan(colon + 1), CultureInfo.InvariantCulture, out var minor)
            ? new DeviceNumber(major, minor)
            : default;
    }
}
