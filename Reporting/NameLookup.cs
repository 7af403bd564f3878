using System.Collections.Immutable;

namespace ActorRaid.Reporting;

/// <summary>What a name stands for: a container, one of its arrays, one of its disks, or a native array, which lies in
/// no container.</summary>
/// <param name="Container">The container; null: a native array is meant.</param>
/// <param name="Array">The array in it, or the native one; null where the container or a disk is meant.</param>
/// <param name="Disk">The disk in it; null where the container or an array is meant.</param>
public sealed record NamedThing(ContainerStatus? Container, ArrayStatus? Array = null, DiskStatus? Disk = null)
{
    /// <summary>
    /// The kernel's name of it: md127, md126, sda. Of a volume that does not run its place in its container: md127/0.
    /// </summary>
    public string Kernel => Array?.Name ?? Disk?.Name ?? Container?.Name ?? "";

    /// <summary>For a list: <c>md126 (volume "vol0" of md127)</c>.</summary>
    public string Text => this switch
    {
        { Array: { } array, Container: null } => $"{array.Name} (native array)",
        { Array: { VolumeName: "" } array } => $"{array.Name} (array of {Container.Name})",
        { Array: { } array } => $"{array.Name} (volume \"{array.VolumeName}\" of {Container.Name})",
        { Disk: { } disk } => $"{disk.Name} (disk of {Container?.Name})",
        _ => $"{Kernel} (container)",
    };
}

/// <summary>
/// From what people call a container, an array or a disk to what a status has of it: pure functions, one for all who
/// are asked.
/// </summary>
public static class NameLookup
{
    private const string Devices = "/dev/", ArrayLinks = "/dev/md/", UuidLinks = "/dev/disk/by-id/md-uuid-";

    /// <summary>
    /// Everything that a name fits: none, one, or several, among which nobody may choose for the person who asks. A
    /// path leads to one device, whatever its last part is called: what others are called does not count then.
    /// </summary>
    /// <param name="status">What there is.</param>
    /// <param name="name">
    /// The kernel's name (md126), a volume's name, a UUID (mdadm's form, or with other separators), a disk's serial
    /// number, a device number (9:126), or a path.
    /// </param>
    /// <param name="device">
    /// The kernel's name, or the device number, of what the name leads to where it was given; null: it leads to no
    /// device there.
    /// </param>
    public static ImmutableArray<NamedThing> Find(HostStatus status, string name, string? device = null)
    {
        var shown = Printable.Of(name); // As the status has it.
        return
        [
            .. Things(status).Where(thing =>
                !shown.Contains('/') ? Fits(thing, shown) || IsDevice(thing, device ?? shown)
                : device is not null ? IsDevice(thing, device)
                : FitsPath(thing, shown)),
        ];
    }

    /// <summary>Why a name that fits several things is refused.</summary>
    public static string Several(string name, ImmutableArray<NamedThing> things) =>
        $"\"{Printable.Of(name)}\" may be any of {things.Length}: "
            + $"{string.Join(", ", things.Select(thing => thing.Text))}; say which by the kernel's name, below /dev, "
            + $"or by its UUID";

    /// <summary>Why a name that fits nothing is refused: there is no such thing, or what there is cannot be
    /// told.</summary>
    public static string None(HostStatus status, string name) => status.Problem is { } problem
        ? $"whether there is a {name} here is unknown: {problem}"
        : $"there is no {name} here; what there is: {All(status)}";

    /// <summary>What there is to ask for: containers, arrays with their volumes' names, disks.</summary>
    public static string All(HostStatus status) => string.Join(", ", Things(status).Select(thing => thing switch
    {
        { Array: { VolumeName: not "" } array } => $"{array.Name} ({array.VolumeName})",
        _ => thing.Kernel,
    }).DefaultIfEmpty("nothing"));

    private static IEnumerable<NamedThing> Things(HostStatus status) =>
        status.Containers.SelectMany(container => new[] { new NamedThing(container) }
        .Concat(container.Arrays.Select(array => new NamedThing(container, Array: array)))
        .Concat(container.Disks.Select(disk => new NamedThing(container, Disk: disk))))
        .Concat((status.NativeArrays ?? []).Select(array => new NamedThing(null, array)));

    private static bool Fits(NamedThing thing, string name) => thing switch
    {
        { Array: { } array } => (array.VolumeName is not "" && array.VolumeName == name) || IsUuid(array.Uuid, name),
        { Disk: { } disk } => IsSerial(disk.Serial, name),
        _ => IsUuid(thing.Container?.Uuid, name),
    };

    /// <summary>
    /// A path that leads to no device where it was given: that of a device whose node is missing, or of an array that
    /// does not run.
    /// </summary>
    private static bool FitsPath(NamedThing thing, string path) =>
        thing.Kernel == path // A volume that does not run: md127/0.
        || Fits(thing, path) // A volume or a serial number with a slash in it.
        || (path.StartsWith(UuidLinks, StringComparison.Ordinal) ? Fits(thing, path[UuidLinks.Length..])
            : path.StartsWith(ArrayLinks, StringComparison.Ordinal) ? Fits(thing, path[ArrayLinks.Length..])
            : path.StartsWith(Devices, StringComparison.Ordinal) && IsDevice(thing, path[Devices.Length..]));

    private static bool IsDevice(NamedThing thing, string device) => device is not ""
        && (thing.Kernel == device || thing switch
    {
        { Disk: { } disk } => disk.Device == device,
        // md's own major number, and the minor number that is the array's (one with partitions of the old kind has
        // another major).
        _ => device.StartsWith("9:", StringComparison.Ordinal) && thing.Kernel == $"md{device[2..]}",
    });

    /// <summary>As the metadata has it, or, as that keeps the last 16 characters, in full.</summary>
    private static bool IsSerial(string serial, string name) =>
        serial is not "" && (serial == name
            || (serial.Length == 16 && name.EndsWith(serial, StringComparison.Ordinal)));

    private static bool IsUuid(string? uuid, string name) => uuid is not null && Digits(uuid) is { Length: 32 } digits
        && digits == Digits(name);

    /// <summary>Its hexadecimal digits alone; null where there is anything else but separators.</summary>
    private static string? Digits(string text) => text
        .All(letter => char.IsAsciiHexDigit(letter) || letter is ':' or '-' or '.' or ' ')
        ? string.Concat(text.Where(char.IsAsciiHexDigit)).ToLowerInvariant()
        : null;
}
