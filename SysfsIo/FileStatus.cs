using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>What stat(2) says, in the kernel's terms: Mono has the fields as the C library has them.</summary>
public static class FileStatus
{
    /// <summary>Whether it is a block device's node.</summary>
    public static bool IsBlockDevice(this Stat status) =>
        (status.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFBLK;

    /// <summary>Whether it is a regular file.</summary>
    public static bool IsRegularFile(this Stat status) =>
        (status.st_mode & FilePermissions.S_IFMT) == FilePermissions.S_IFREG;

    /// <summary>The major number of a node's device (gnu_dev_major(3)).</summary>
    public static int DeviceMajor(this Stat status) =>
        (int)(((status.st_rdev >> 8) & 0xFFF) | ((status.st_rdev >> 32) & 0xFFFFF000));

    /// <summary>The minor number of a node's device (gnu_dev_minor(3)).</summary>
    public static int DeviceMinor(this Stat status) =>
        (int)((status.st_rdev & 0xFF) | ((status.st_rdev >> 12) & 0xFFFFFF00));
}
