using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors.Recording;

/// <summary>An image on its way to a disk: writes, one after the other. A device has one at most.</summary>
/// <param name="device">The disk's number.</param>
/// <param name="disk">The disk as it was when this began; null for a write that another actor began.</param>
/// <param name="image">What the disk holds when all of it has gone well.</param>
/// <param name="writes">The writes.</param>
/// <param name="canTear">Whether a power cut can leave a mixture of old and new.</param>
/// <param name="since">When it began, by the writer's clock.</param>
/// <param name="generation">Of the metadata.</param>
internal sealed class Flight(
    DeviceNumber device, CommitWriter.Disk? disk, DiskImage? image, ImmutableArray<SectorWrite> writes, bool canTear, long since, uint generation)
{
    /// <summary>The disk's number.</summary>
    public DeviceNumber Device => device;

    /// <summary>The disk as it was when this began; null for a write that another actor began.</summary>
    public CommitWriter.Disk? Disk => disk;

    /// <summary>What the disk holds when all of it has gone well.</summary>
    public DiskImage? Image => image;

    /// <summary>The writes.</summary>
    public ImmutableArray<SectorWrite> Writes => writes;

    /// <summary>Whether a power cut can leave a mixture of old and new.</summary>
    public bool CanTear => canTear;

    /// <summary>When it began, by the writer's clock.</summary>
    public long Since => since;

    /// <summary>Of the metadata.</summary>
    public uint Generation => generation;

    /// <summary>The place in <see cref="Writes"/> of the write that is to be begun next.</summary>
    public int Next { get; set; }

    /// <summary>It has not ended for so long that nobody waits for it.</summary>
    public bool IsHung { get; set; }
}

/// <summary>Where a disk's metadata is written.</summary>
internal interface IWritableDisk : IDisposable
{
    /// <summary>How many bytes, aligned to as many, the disk writes whole or not at all.</summary>
    int AtomicWriteBytes { get; }

    /// <summary>Begins one write of a flight; how it ended comes back to the writer later, never before this has returned.</summary>
    void Write(Flight flight, SectorWrite write);
}

/// <summary>
/// The metadata writes of a container that are under way, by disk; outlives its actors. A write cannot be called back: whoever comes next
/// has to reckon with it.
/// </summary>
public sealed class WritesUnderWay
{
    private readonly Lock _gate = new();
    private readonly HashSet<DeviceNumber> _devices = [];

    /// <summary>The disks with a write under way.</summary>
    public ImmutableArray<DeviceNumber> Devices
    {
        get
        {
            lock (_gate)
            {
                return [.. _devices];
            }
        }
    }

    /// <summary>Whether a write to that disk is under way.</summary>
    public bool Has(DeviceNumber device)
    {
        lock (_gate)
        {
            return _devices.Contains(device);
        }
    }

    /// <summary>A write begins.</summary>
    public void Begin(DeviceNumber device)
    {
        lock (_gate)
        {
            _devices.Add(device);
        }
    }

    /// <summary>It has ended.</summary>
    public void End(DeviceNumber device)
    {
        lock (_gate)
        {
            _devices.Remove(device);
        }
    }

    /// <summary>Waits until there is none. False when the limit is over.</summary>
    public bool WaitForNone(TimeSpan limit) => SpinWait.SpinUntil(() => Devices.IsEmpty, limit);
}
