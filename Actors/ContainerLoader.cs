using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>A container that was put together from its disks, or the reason why not.</summary>
internal sealed record LoadedContainer(
    IContainerModel? Model, ImmutableArray<OpenDisk> Disks, ImmutableArray<DiskVerdict> Verdicts, SuperviseReply? Refusal)
{
    /// <summary>Closes the disks.</summary>
    public void Close() => ContainerLoader.Close(Disks);
}

/// <summary>Finds a container's disks and reads its metadata. May wait for the disks: not for the loop's thread.</summary>
internal static class ContainerLoader
{
    private const string External = "external:";

    /// <summary>Reads everything.</summary>
    /// <param name="sysRoot">/sys, but for tests.</param>
    /// <param name="container">md127</param>
    /// <param name="formats">The formats that we know.</param>
    /// <param name="open">Disks that are open already: only what they hold is read again. Those that are no longer the container's are closed.</param>
    public static LoadedContainer Load(string sysRoot, string container, ImmutableArray<IMetadataFormat> formats, ImmutableArray<OpenDisk> open = default)
    {
        if (open.IsDefault)
        {
            open = [];
        }

        var version = SysfsAttribute.ReadOnce($"{sysRoot}/block/{container}/md/metadata_version");
        if (!version.Ok)
        {
            return Refuse(SuperviseOutcome.NotAContainer, $"{container} is no md array: {version.Error}");
        }

        if (!version.Value.StartsWith(External, StringComparison.Ordinal))
        {
            return Refuse(SuperviseOutcome.NotExternal, $"{container} has metadata version {version.Value}: only external metadata needs a monitor");
        }

        var name = version.Value[External.Length..];
        if (name.StartsWith('/') || name.StartsWith('-'))
        {
            return Refuse(SuperviseOutcome.NotAContainer, $"{container} is a member array, not a container");
        }

        var format = formats.FirstOrDefault(format => format.Name == name);
        if (format is null)
        {
            return Refuse(SuperviseOutcome.UnknownMetadata, $"{container} has external metadata \"{name}\", which is not supported");
        }

        var members = Members(sysRoot, container);
        var disks = ImmutableArray.CreateBuilder<OpenDisk>();
        foreach (var gone in open.Where(disk => !members.Contains((disk.Source.Name, disk.Source.Device))))
        {
            gone.Device.Dispose();
        }

        foreach (var (disk, device) in members)
        {
            var known = open.FirstOrDefault(known => (known.Source.Name, known.Source.Device) == (disk, device));
            var opened = (known is null ? null : ReadAgain(format, known)) ?? OpenDisk(format, disk, device);
            if (!opened.Ok)
            {
                Close(disks);
                return Refuse(SuperviseOutcome.Failed, $"{container}: {disk} cannot be read: {opened.Error}");
            }

            disks.Add(opened.Value);
        }

        // Of two families that were both used, mdadm has chosen one by starting its arrays. The last disks count first.
        var loaded = format.Load([.. disks.Select(disk => disk.Source).OrderBy(disk => IsLeg(sysRoot, container, disk.Name))]);
        if (loaded.Model is null)
        {
            Close(disks);
            return Refuse(SuperviseOutcome.Failed, $"{container}: {loaded.Refusal}");
        }

        return new LoadedContainer(loaded.Model, disks.ToImmutable(), loaded.Verdicts, null);

        LoadedContainer Refuse(SuperviseOutcome outcome, string message) => new(null, [], [], new SuperviseReply(outcome, message));
    }

    /// <summary>
    /// Whether a member array has the disk as well. Where that cannot be read nothing but the order among families hangs on it.
    /// </summary>
    private static bool IsLeg(string sysRoot, string container, string disk)
    {
        try
        {
            return Directory.GetFileSystemEntries($"{sysRoot}/block/{container}/md/dev-{disk}/block/holders").Length > 1;
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>The disks that md has in a container: the kernel's name and the number of each.</summary>
    public static ImmutableArray<(string Name, DeviceNumber Device)> Members(string sysRoot, string container)
    {
        string[] directories;
        try
        {
            directories = Directory.GetDirectories($"{sysRoot}/block/{container}/md", "dev-*");
        }
        catch (IOException)
        {
            return [];
        }

        Array.Sort(directories, StringComparer.Ordinal);
        var members = ImmutableArray.CreateBuilder<(string, DeviceNumber)>();
        foreach (var directory in directories)
        {
            var device = SysfsAttribute.ReadOnce($"{directory}/block/dev");
            if (device.Ok && Numbers.ParseDevice(device.Value) is { Major: > 0 } number)
            {
                members.Add((Path.GetFileName(directory)["dev-".Length..], number));
            }
        }

        return members.ToImmutable();
    }

    /// <summary>Opens a disk and reads what the format wants of it.</summary>
    public static Result<OpenDisk> OpenDisk(IMetadataFormat format, string name, DeviceNumber number)
    {
        // The kernel writes '!' where a device's name has a directory in it.
        var path = "/dev/" + name.Replace('!', '/');
        var opened = BlockDevice.Open(path, writable: true);
        if (!opened.Ok)
        {
            return opened.Error;
        }

        var device = opened.Value;
        var tail = ReadTail(format, device);
        if (!tail.Ok)
        {
            device.Dispose();
            return tail.Error;
        }

        var serial = DiskSerial.Read(path);
        if (!serial.Ok)
        {
            device.Dispose();
            return serial.Error;
        }

        device.StartWorker();
        return new OpenDisk(
            new DiskSource(number, name, serial.Value, (ulong)device.SizeBytes / 512, device.SectorSize, tail.Value), device);
    }

    /// <summary>Closes them.</summary>
    public static void Close(IEnumerable<OpenDisk> disks)
    {
        foreach (var disk in disks)
        {
            disk.Device.Dispose();
        }
    }

    /// <summary>Null: it cannot be read any more, and is closed: another disk may have its number.</summary>
    private static Result<OpenDisk>? ReadAgain(IMetadataFormat format, OpenDisk disk)
    {
        var tail = ReadTail(format, disk.Device);
        if (tail.Ok)
        {
            return disk with { Source = disk.Source with { Tail = tail.Value } };
        }

        disk.Device.Dispose();
        return null;
    }

    private static Result<byte[]> ReadTail(IMetadataFormat format, BlockDevice device) =>
        device.ReadTail((int)Math.Min(format.TailBytes(device.SectorSize), device.SizeBytes));
}
