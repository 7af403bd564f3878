
namespace ActorRaid.Host;

/// <summary>Which file a path leads to: the file system's device, the inode, and for a device node whose node it is.</summary>
/// <param name="Device">Device of the file system (major in the upper half).</param>
/// <param name="Inode">Inode number.</param>
/// <param name="IsBlockDevice">Whether it is a block device's node.</param>
/// <param name="NodeMajor">Major number of the node's device.</param>
/// <param name="NodeMinor">Minor number of the node's device.</param>
internal readonly record struct FileIdentity(ulong Device, ulong Inode, bool IsBlockDevice, uint NodeMajor, uint NodeMinor)
{
    private const int CurrentDirectory = -100;
    private const uint BasicStats = 0x7ff;

    /// <summary>
    /// Follows links to the file; null when there is none.
    /// Offsets are those of struct statx (linux/stat.h), the same everywhere.
    /// </summary>
    internal static unsafe FileIdentity? Of(string path)
    {
        var stat = stackalloc byte[256];
        if (Libc.StatX(CurrentDirectory, path, 0, BasicStats, stat) != 0)
            return null;
        const int blockDevice = 0x6000, kindMask = 0xF000;
        return new FileIdentity(
            (ulong)*(uint*)(stat + 136) << 32 | *(uint*)(stat + 140),
            *(ulong*)(stat + 32),
            (*(ushort*)(stat + 28) & kindMask) == blockDevice,
            *(uint*)(stat + 128),
            *(uint*)(stat + 132));
    }
}
