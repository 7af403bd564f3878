using System.Globalization;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host;

/// <summary>Which file a path leads to: the file system's device, the inode, and for a device node whose node it is.</summary>
/// <param name="Device">Device of the file system, as the C library numbers it.</param>
/// <param name="Inode">Inode number.</param>
/// <param name="IsBlockDevice">Whether it is a block device's node.</param>
/// <param name="NodeMajor">Major number of the node's device.</param>
/// <param name="NodeMinor">Minor number of the node's device.</param>
internal readonly record struct FileIdentity(
    ulong Device, ulong Inode, bool IsBlockDevice, int NodeMajor, int NodeMinor)
{
    /// <summary>A node's device as sysfs spells its number: <c>9:126</c>.</summary>
    internal string Number => string.Create(CultureInfo.InvariantCulture, $"{NodeMajor}:{NodeMinor}");

    /// <summary>Follows links to the file; null when there is none.</summary>
    internal static FileIdentity? Of(string path) => Look(path) is { Ok: true, Value: var found } ? found : null;

    /// <summary>Follows links to the file; the kernel's error when that leads to none.</summary>
    internal static Result<FileIdentity> Look(string path) =>
        Syscall.stat(path, out var status) != 0
            ? KernelError.Last(path, "stat")
            : new FileIdentity(
                status.st_dev, status.st_ino, status.IsBlockDevice(), status.DeviceMajor(), status.DeviceMinor());
}
