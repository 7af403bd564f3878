using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors.Handoff;

/// <summary>
/// What a container's supervisor knows beyond sysfs and the disks, at a moment when it does nothing: with this, another process goes
/// on where it stopped. Immutable, and free of the model: the disks say that.
/// </summary>
/// <param name="Container">md127</param>
/// <param name="Generation">The metadata's generation; it is on the disks.</param>
/// <param name="Digest">See <see cref="ContainerDigest"/>.</param>
/// <param name="Arrays">The member arrays.</param>
/// <param name="DoubtfulDisks">Disks whose last metadata write failed, by the kernel's name: it is to be tried again.</param>
/// <param name="Updates">mdadm's updates that are queued and not applied yet, in order.</param>
public sealed record ContainerSnapshot(
    string Container, uint Generation, string Digest, ImmutableArray<ArraySnapshot> Arrays,
    ImmutableArray<string> DoubtfulDisks, ImmutableArray<byte[]> Updates)
{
    /// <summary>The digest of each disk by itself, of those that have metadata of ours; null from a version that does not tell.</summary>
    public ImmutableArray<DiskDigest>? Disks { get; init; }

    /// <summary>Nothing is known.</summary>
    public static ContainerSnapshot Empty(string container) => new(container, 0, "", [], [], []);
}

/// <summary>What a member array's supervisor remembers.</summary>
/// <param name="Array">md126</param>
/// <param name="Memory">The previous look.</param>
/// <param name="Dropping">Slots of legs that are recorded as failed and being removed.</param>
public sealed record ArraySnapshot(string Array, MemberMemory Memory, ImmutableArray<int> Dropping);

/// <summary>What one disk is to have.</summary>
/// <param name="Device">major:minor</param>
/// <param name="Digest">See <see cref="ContainerDigest"/>.</param>
public sealed record DiskDigest(string Device, string Digest);

/// <summary>Whether two processes have the same metadata in mind.</summary>
public static class ContainerDigest
{
    private const ulong Basis = 14695981039346656037, Prime = 1099511628211;

    /// <summary>
    /// FNV-1a (64 bits, hexadecimal) of what every one of the disks is to have: number, place and bytes, by number. Against mistakes, not against
    /// forgery: only root can be at the other end. (A cryptographic hash would load a library while arrays wait.)
    /// </summary>
    public static string Of(IContainerModel model, IEnumerable<DeviceNumber> disks)
    {
        var hash = Basis;
        foreach (var disk in disks.Order(ByNumber))
        {
            if (model.Sectors(disk) is { } image)
            {
                Add(disk.Major);
                Add(disk.Minor);
                Add(image.Offset);
                AddBytes(image.Bytes.Span);
            }
        }

        return hash.ToString("x16", CultureInfo.InvariantCulture);

        void Add(long number) => AddBytes(BitConverter.GetBytes(number));

        void AddBytes(ReadOnlySpan<byte> bytes)
        {
            foreach (var each in bytes)
            {
                hash = (hash ^ each) * Prime;
            }
        }
    }

    /// <summary>The same of each disk by itself; of those that the model has nothing for there is none.</summary>
    public static ImmutableArray<DiskDigest> OfEach(IContainerModel model, IEnumerable<DeviceNumber> disks) =>
        [.. from disk in disks where model.Sectors(disk) is not null select new DiskDigest(disk.ToString(), Of(model, [disk]))];

    /// <summary>
    /// Why a container that was loaded is not what its supervisor has in mind; null: it is. Compared is what both have: a disk that one of them cannot read
    /// says nothing. As every member of a container has the whole of its metadata, one disk in common is enough, and there must be one.
    /// </summary>
    /// <param name="model">As it was loaded.</param>
    /// <param name="disks">The disks that it was loaded from.</param>
    /// <param name="expected">What the supervisor has.</param>
    public static string? Disagreement(IContainerModel model, ImmutableArray<DeviceNumber> disks, ContainerSnapshot expected)
    {
        var same = expected.Disks is { IsEmpty: false } each ? SameInCommon(OfEach(model, disks), each) : Of(model, disks) == expected.Digest;
        return same && model.Generation == expected.Generation
            ? null
            : $"the disks have generation {model.Generation} with digest {Of(model, disks)}, but whoever hands it over has {expected.Generation} with {expected.Digest}";
    }

    private static bool SameInCommon(ImmutableArray<DiskDigest> ours, ImmutableArray<DiskDigest> theirs)
    {
        var common = 0;
        foreach (var disk in ours)
        {
            if (theirs.FirstOrDefault(known => known.Device == disk.Device) is not { } other)
            {
                continue;
            }

            if (other.Digest != disk.Digest)
            {
                return false;
            }

            common++;
        }

        return common > 0;
    }

    private static readonly Comparer<DeviceNumber> ByNumber = Comparer<DeviceNumber>.Create(
        (a, b) => a.Major != b.Major ? a.Major.CompareTo(b.Major) : a.Minor.CompareTo(b.Minor));
}

/// <summary>What a container's actor takes over instead of beginning afresh.</summary>
/// <param name="Snapshot">What the one before knew, to be compared with the disks; null: nothing but its socket is known.</param>
/// <param name="Sockets">Its sockets; they belong to whoever gets this.</param>
/// <param name="Paused">Do nothing until <see cref="ResumeContainer"/>.</param>
/// <param name="Server">Instead of <paramref name="Sockets"/>: a server of this process, which is paused.</param>
public sealed record HandedContainer(ContainerSnapshot? Snapshot, PausedSockets? Sockets, bool Paused, MonitorServer? Server = null)
{
    /// <summary>It cannot be used.</summary>
    public void Close()
    {
        Sockets?.Close();
        _ = Server?.DisposeAsync().AsTask();
    }
}
