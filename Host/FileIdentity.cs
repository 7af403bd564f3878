using ActorRaid.SysfsIo;

namespace ActorRaid.Host;

/// <summary>Which file a path leads to: the file system's device, the inode, and for a device node whose node it is.</summary>
/// <param name="Device">Device of the file system (major in the upper half).</param>
/// <param name="Inode">Inode number.</param>
/// <param name="IsBlockDevice">Whether it is a block device's node.</param>
/// <param name="NodeMajor">Major number of the node's device.</param>
/// <param name="NodeMinor">Minor number of the node's device.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, bool IsBlockDevice, uint NodeMajor, uint NodeMinor)
{
    private const uint BasicStats = 0x7ff;

    /// <summary>Follows links to the file; null when there is none.</summary>
    internal static unsafe FileIdentity? Of(string path)
    {
        Native.FileStatus status;
        return Native.Status(Native.AtFdCwd, path, 0, BasicStats, &status) != 0 ? null : new FileIdentity(
            (ulong)status.FileSystemMajor << 32 | status.FileSystemMinor, status.Inode, status.IsBlockDevice, status.DeviceMajor, status.DeviceMinor);
    }
}
