using System.Globalization;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host;

/// <summary>What a path or a number leads to, if anything.</summary>
/// <param name="Kernel">
/// The kernel's name of the device (md126, and of a partition its whole device); its number (9:126) where sysfs does
/// not tell. Null: no device.
/// </param>
/// <param name="Problem">Why it cannot be told, or what else is there; null: it can, or there is nothing.</param>
internal readonly record struct NamedDevice(string? Kernel, string? Problem = null);

/// <summary>
/// From what people call a block device to the kernel's name of it, as whoever runs this program sees /dev.
/// </summary>
internal static class DeviceName
{
    /// <summary>
    /// What was given, as a path (<c>/dev/md/vol0</c>, <c>./node</c>), as a device number (<c>9:126</c>), or as a name
    /// below /dev/md (<c>vol0</c>). Only what is not there leads to nothing; any other failure is a problem.
    /// </summary>
    internal static NamedDevice Resolve(string given, string sysRoot = "/sys", string devRoot = "/dev")
    {
        if (Number(given) is { } number)
            return new(Kernel(number, sysRoot));
        var isPath = given.Contains('/');
        var path = isPath ? given : given is "" or "." or ".." ? null : $"{devRoot}/md/{given}";
        if (path is null)
            return default;
        var found = FileIdentity.Look(path);
        if (!found.Ok)
            return found.Error.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ENOTDIR or Errno.ENAMETOOLONG ? default : new(null, $"{found.Error}");
        if (found.Value is { IsBlockDevice: true } node)
            return new(Kernel(node.Number, sysRoot));
        return isPath ? new(null, $"{given} is no block device") : default;
    }

    /// <summary>
    /// The kernel's name of the device with that number: of a partition, of its whole device. The number itself where
    /// sysfs does not have it.
    /// </summary>
    internal static string Kernel(string number, string sysRoot)
    {
        // The kernel's own table: the node may be called anything.
        var entry = $"{sysRoot}/dev/block/{number}";
        if (LinkTarget(entry) is not { } device)
            return number;
        var whole = File.Exists($"{entry}/partition") ? Path.GetDirectoryName(device) : device;
        return Path.GetFileName(whole) is { Length: > 0 } name ? name : number;
    }

    private static string? LinkTarget(string link)
    {
        try
        {
            return Directory.ResolveLinkTarget(link, returnFinalTarget: false)?.FullName;
        }
        catch (IOException)
        {
            return null; // No such device, or no sysfs.
        }
    }

    private static string? Number(string given) =>
        given.Split(':') is [{ } major, { } minor]
        && uint.TryParse(major, NumberStyles.None, CultureInfo.InvariantCulture, out _)
        && uint.TryParse(minor, NumberStyles.None, CultureInfo.InvariantCulture, out _)
            ? given
            : null;
}
