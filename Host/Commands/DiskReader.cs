using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Commands;

/// <summary>A disk, or a disk's image, as examine and repair see it.</summary>
/// <param name="Path">As it was given.</param>
/// <param name="IsImage">Whether it is a regular file.</param>
/// <param name="Source">What the format is shown.</param>
internal sealed record ReadDisk(string Path, bool IsImage, DiskSource Source);

/// <summary>Reads disks for the commands that are run by hand.</summary>
internal static class DiskReader
{
    /// <summary>
    /// Reads a disk's metadata area, and its serial number if there is metadata. An image has no serial number of its own; where IMSM_DEVNAME_AS_SERIAL=1 is set, its file name
    /// serves as a device's name would: <c>loop0</c> is <c>/dev/loop0</c>. Its sectors are 4096 bytes long where the metadata's
    /// signature lies as on such a disk.
    /// </summary>
    /// <param name="path">The device or file.</param>
    /// <param name="format">Says how much to read.</param>
    /// <param name="ordinal">Which of the disks given this is: tells images apart, which have no device number.</param>
    internal static Result<ReadDisk> Read(string path, IMetadataFormat format, int ordinal)
    {
        if (Directory.Exists(path))
            return new KernelError(Errno.EISDIR, path, "read");
        var isImage = FileIdentity.Of(path) is { IsBlockDevice: false };
        var opened = BlockDevice.Open(path, writable: false);
        if (!opened.Ok)
            return opened.Error;
        using var device = opened.Value;
        var sectorSize = isImage && LooksLike4096(device) ? 4096 : device.SectorSize;
        var tail = device.ReadTail((int)Math.Min(format.TailBytes(sectorSize), device.SizeBytes));
        if (!tail.Ok)
            return tail.Error;
        var name = Path.GetFileName(path);
        var serial = "";
        if (isImage)
        {
            serial = Environment.GetEnvironmentVariable(DiskSerial.NameAsSerialVariable) == "1" ? DiskSerial.NameAsSerial(name) : "";
        }
        else if (ImsmPlacement.HasAnchor(tail.Value, sectorSize))
        {
            var read = DiskSerial.Read(path);
            if (!read.Ok)
                return read.Error;
            serial = read.Value;
        }
        var number = isImage ? new DeviceNumber(0, ordinal + 1) : new DeviceNumber(device.Major, device.Minor);
        return new ReadDisk(
            path, isImage, new DiskSource(number, name, serial, (ulong)device.SizeBytes / 512, sectorSize, tail.Value));
    }

    /// <summary>
    /// The devices of this machine that may be a container's disk: every whole disk that has a size and is not made of other
    /// disks (md, device mapper) or of memory.
    /// </summary>
    internal static IEnumerable<string> Disks(string sysRoot = "/sys") =>
        Directory.EnumerateFileSystemEntries($"{sysRoot}/block")
            .Where(entry => !Directory.Exists($"{entry}/md") && !Directory.Exists($"{entry}/dm") && HasSize(entry))
            .Select(entry => Path.GetFileName(entry))
            .Where(name => !name.StartsWith("ram", StringComparison.Ordinal) && !name.StartsWith("zram", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => $"/dev/{name.Replace('!', '/')}");

    /// <summary>Whether an error says that there is nothing to be read: the disk is gone, or the drive is empty.</summary>
    internal static bool IsAbsence(KernelError error) => error.Errno is Errno.ENOENT or Errno.ENODEV or Errno.ENOMEDIUM;

    // A disk whose size cannot be read shows why when it is opened.
    private static bool HasSize(string entry)
    {
        var size = SysfsAttribute.ReadOnce($"{entry}/size");
        return size.Ok ? size.Value.Trim() != "0" : !IsAbsence(size.Error);
    }

    private static bool LooksLike4096(BlockDevice device)
    {
        const int anchorFromEnd = 2 * 4096;
        if (device.SizeBytes < anchorFromEnd)
            return false;
        var tail = device.ReadTail(anchorFromEnd);
        return tail.Ok && tail.Value.AsSpan().StartsWith("Intel Raid ISM Cfg Sig. "u8);
    }
}
