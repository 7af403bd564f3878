using System.Collections.Immutable;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>To the host: how do things stand? Answered with <see cref="SystemReport"/>, at the latest when the limit is over.</summary>
public sealed record Describe(TimeSpan Limit);

/// <summary>How everything stands: who was asked has answered by himself, or is shown as one who does not.</summary>
public sealed record SystemReport(ImmutableArray<ContainerReport> Containers);

/// <summary>Whether a container answers, and if not, whose affair that is.</summary>
public enum ContainerHealth
{
    /// <summary>All of its actors answer; of its disks' actors see <see cref="DiskReport.Answers"/>.</summary>
    Answers,

    /// <summary>It is being taken up.</summary>
    Starting,

    /// <summary>Its thread is free, but some actor does not answer: it is being restarted, or the container's own waits for a disk.</summary>
    Silent,

    /// <summary>Its thread waits in the kernel, for md or for a disk: no new process of ours would fare better.</summary>
    WaitsInKernel,

    /// <summary>Its thread is stuck in our own program: its writers wait until this process is replaced.</summary>
    Stuck,

    /// <summary>It could not be taken up, for a reason that another process would meet as well; it is tried again.</summary>
    Refused,

    /// <summary>It is not supervised though it should be, for a reason that lies in this process; it is tried again.</summary>
    Lost,
}

/// <summary>A container.</summary>
/// <param name="Name">md127</param>
/// <param name="Health">Whether it answers.</param>
/// <param name="Silent">Who does not answer, by the actors' names.</param>
/// <param name="Format">imsm; empty when the metadata's actor does not answer.</param>
/// <param name="Generation">The metadata's generation; 0 when its actor does not answer.</param>
/// <param name="Arrays">Its running arrays.</param>
/// <param name="Disks">Its disks.</param>
public sealed record ContainerReport(
    string Name, ContainerHealth Health, ImmutableArray<string> Silent, string Format, uint Generation,
    ImmutableArray<ArrayReport> Arrays, ImmutableArray<DiskReport> Disks)
{
    /// <summary>All volumes that the metadata has, whether they run or not; none when its actor does not answer.</summary>
    public ImmutableArray<VolumeInfo> Volumes { get; init; } = [];

    /// <summary>Its UUID; null: it has none, or its metadata does not answer.</summary>
    public string? Uuid { get; init; }

    /// <summary>Why it is not supervised, in words; null: it is.</summary>
    public string? Refusal { get; init; }
}

/// <summary>A running array.</summary>
/// <param name="Name">md126</param>
/// <param name="Volume">Its subarray index.</param>
/// <param name="VolumeName">Its name in the metadata; empty when that does not answer.</param>
/// <param name="Level">As md counts: 0, 1, 5, 10; null when the metadata does not answer.</param>
/// <param name="State">array_state as it was seen last; unknown when its actor does not answer.</param>
/// <param name="Action">sync_action as it was seen last.</param>
/// <param name="Done">What of that is done, 0 to 1; null where there is nothing to do.</param>
/// <param name="RaidDisks">How many legs it has when it is whole; 0: RAID 0, or not known.</param>
/// <param name="Legs">The legs that md has.</param>
public sealed record ArrayReport(
    string Name, int Volume, string VolumeName, int? Level, ArrayState State, SyncAction Action, double? Done, int RaidDisks,
    ImmutableArray<LegReport> Legs)
{
    /// <summary>Its UUID; null when the metadata does not answer.</summary>
    public string? Uuid { get; init; }

    /// <summary>What the metadata has of it; null when that does not answer.</summary>
    public VolumeInfo? Recorded { get; init; }

    /// <summary>sync_completed: so many sectors done of so many; null where there is nothing to do.</summary>
    public SyncPosition? Sync { get; init; }

    /// <summary>For how long what was seen of it has been waiting to be recorded, and its writers with it; zero: nothing is.</summary>
    public TimeSpan Waiting { get; init; }

    /// <summary>What was counted of its writers; null where no actor looks after it, or that does not answer.</summary>
    public WriterWaitCounts? Writers { get; init; }

    /// <summary>How many legs are missing, failed, or not yet rebuilt.</summary>
    public int Missing => Math.Max(0, RaidDisks - (Recorded?.LegsNotMissed ?? 0) - Legs.Count(leg => leg.Flags.IsThere(Recorded is { LegsNotMissed: > 0 })));
}

/// <summary>How far a resync, recovery, check, repair or reshape has come, in sectors.</summary>
/// <param name="Done">Done.</param>
/// <param name="Total">Of how many; never 0.</param>
public readonly record struct SyncPosition(ulong Done, ulong Total)
{
    /// <summary>0 to 1.</summary>
    public double Fraction => Math.Min(1, (double)Done / Total);
}

/// <summary>A leg of an array.</summary>
/// <param name="Slot">md's slot.</param>
/// <param name="Disk">The kernel's name of the disk: sda.</param>
/// <param name="Flags">As they were seen last.</param>
public sealed record LegReport(int Slot, string Disk, LegFlags Flags)
{
    /// <summary>How many sectors md has as bad, where that was read: of a volume the metadata knows it.</summary>
    public long BadSectors { get; init; }
}

/// <summary>A disk of a container.</summary>
/// <param name="Name">The kernel's name: sda.</param>
/// <param name="Device">Its number.</param>
/// <param name="IsSpare">Free to be used, by the metadata.</param>
/// <param name="IsFailed">Recorded as failed.</param>
/// <param name="Hangs">It has not answered a metadata write for long.</param>
/// <param name="Answers">It does not wait in the kernel, to have a leg removed for example.</param>
public sealed record DiskReport(string Name, DeviceNumber Device, bool IsSpare, bool IsFailed, bool Hangs, bool Answers)
{
    /// <summary>Its serial number as the metadata spells it; empty when that does not know it.</summary>
    public string Serial { get; init; } = "";

    /// <summary>Its last metadata write failed, and is tried again.</summary>
    public bool IsDoubtful { get; init; }

    /// <summary>Why its metadata cannot be read; null: it can.</summary>
    public string? Unreadable { get; init; }

    /// <summary>Its size in sectors; 0 when the metadata does not know it.</summary>
    public ulong Sectors { get; init; }
}

/// <summary>To a container: who belongs to you? Answered with <see cref="ContainerParts"/>.</summary>
internal sealed record NameParts;

/// <summary>The answer to <see cref="NameParts"/>.</summary>
/// <param name="Metadata">The metadata's actor.</param>
/// <param name="Members">The member arrays' actors, by the arrays' names.</param>
/// <param name="Disks">The disks' actors.</param>
/// <param name="Striped">RAID 0 arrays, which have no actor.</param>
internal sealed record ContainerParts(
    IActorRef Metadata, ImmutableArray<(string Name, IActorRef Actor)> Members,
    ImmutableArray<(string Name, DeviceNumber Device, IActorRef Actor)> Disks, ImmutableArray<ArrayStanding> Striped)
{
    /// <summary>Disks whose metadata could not be read, and why.</summary>
    public ImmutableDictionary<DeviceNumber, string> Unreadable { get; init; } = ImmutableDictionary<DeviceNumber, string>.Empty;
}

/// <summary>
/// To the metadata, a member array or a disk: how do you stand? Answered at once, from what is known, with <see cref="MetadataStanding"/>,
/// <see cref="ArrayStanding"/> or <see cref="DiskAnswer"/>.
/// </summary>
internal sealed record DescribeYourself;

/// <summary>The metadata's answer.</summary>
internal sealed record MetadataStanding(
    string Format, uint Generation, ImmutableArray<VolumeInfo> Volumes, ImmutableArray<DiskInfo> Disks, ImmutableArray<DeviceNumber> Hanging)
{
    /// <summary>Disks whose last metadata write failed, by the kernel's names: it is tried again.</summary>
    public ImmutableArray<string> Doubtful { get; init; } = [];

    /// <summary>The container's UUID; null: it has none.</summary>
    public string? Uuid { get; init; }

    /// <summary>The volumes' UUIDs, in the order of <see cref="Volumes"/>.</summary>
    public ImmutableArray<string?> VolumeUuids { get; init; } = [];

    /// <summary>How a container stands by its metadata.</summary>
    public static MetadataStanding Of(IContainerModel model, ImmutableArray<DeviceNumber> hanging)
    {
        var volumes = model.Volumes;
        return new MetadataStanding(model.Format, model.Generation, volumes, model.Disks, hanging)
        {
            Uuid = model.Uuid,
            VolumeUuids = [.. volumes.Select(volume => model.UuidOf(volume.Index))],
        };
    }
}

/// <summary>A member array's answer. See <see cref="ArrayReport"/>.</summary>
internal sealed record ArrayStanding(
    string Name, int Volume, ArrayState State, SyncAction Action, SyncPosition? Sync, int RaidDisks, ImmutableArray<LegReport> Legs, TimeSpan Waiting = default)
{
    /// <summary>See <see cref="ArrayReport.Writers"/>.</summary>
    public WriterWaitCounts? Writers { get; init; }
}

/// <summary>A disk's answer.</summary>
/// <param name="Waits">
/// It has been waiting in the kernel for a while: to join an array, for a leg of it to be removed.
/// </param>
internal sealed record DiskAnswer(bool Waits);
