using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ActorRaid.Reporting;

// How a host stands, as the daemon tells it, the gateway passes it on, the cluster keeps it and people see it: one set
// of records for all.

/// <summary>The one question: is my data safe? Ordered from best to worst.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Health>))]
public enum Health
{
    /// <summary>Whole, and nothing is going on that would matter.</summary>
    [JsonStringEnumMemberName("ok")] Ok,

    /// <summary>A resync, recovery or reshape is under way.</summary>
    [JsonStringEnumMemberName("rebuilding")] Rebuilding,

    /// <summary>Redundancy is missing, and nothing is being done about it.</summary>
    [JsonStringEnumMemberName("degraded")] Degraded,

    /// <summary>Somebody who should know does not answer.</summary>
    [JsonStringEnumMemberName("unknown")] Unknown,

    /// <summary>
    /// A volume that the metadata has does not run, though it could: its data is not available until it is started.
    /// </summary>
    [JsonStringEnumMemberName("inactive")] Inactive,

    /// <summary>Writers may be waiting: a disk hangs, or a supervisor is stuck.</summary>
    [JsonStringEnumMemberName("stalled")] Stalled,

    /// <summary>Data cannot be read: more disks are missing than the array can do without.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>A host.</summary>
/// <param name="Version">Of these records: <see cref="Current"/>. What is added later does not change it; what would
/// mislead an older reader does.</param>
/// <param name="Host">The host's name.</param>
/// <param name="At">When this was so.</param>
/// <param name="Program">The daemon's version.</param>
/// <param name="Process">The daemon's process number.</param>
/// <param name="Since">When the daemon began.</param>
/// <param name="Health">The worst of the containers' and of the native arrays'.</param>
/// <param name="Summary">One line for people: <c>REBUILDING md126 43 %, 12 min left</c>.</param>
/// <param name="EventsDropped">How many events were dropped because they came faster than they could be kept.</param>
/// <param name="Containers">By name.</param>
/// <param name="NativeArrays">
/// md arrays whose metadata the kernel writes by itself: not ours to supervise, told as /proc/mdstat shows them. Null:
/// none.
/// </param>
/// <param name="Problem">Why a part of this is unknown, in words; null: all is known.</param>
public sealed record HostStatus(
    int Version, string Host, DateTimeOffset At, string Program, int Process, DateTimeOffset Since, Health Health,
        string Summary,
    long EventsDropped, ImmutableArray<ContainerStatus> Containers, ImmutableArray<ArrayStatus>? NativeArrays = null,
        string? Problem = null)
{
    /// <summary>The version of these records.</summary>
    public const int Current = 1;
}

/// <summary>A container.</summary>
/// <param name="Name">md127</param>
/// <param name="Format">imsm; empty when the metadata does not answer.</param>
/// <param name="Generation">The metadata's generation.</param>
/// <param name="Health">The worst of its arrays', and its own.</param>
/// <param name="WaitsFor">Whom the daemon waits for here, in words; null: nobody.</param>
/// <param name="WaitsSince">Since when.</param>
/// <param name="Arrays">Its running arrays, and the volumes that its metadata has and that do not run.</param>
/// <param name="Disks">Its disks.</param>
/// <param name="Monitor">The process that monitors it, where that is not this daemon; 0: nobody does. Null: this
/// daemon, or it is unknown.</param>
/// <param name="WaitsHealth">What <paramref name="WaitsFor"/> means by itself: unknown or stalled. Null: nobody is
/// waited for.</param>
public sealed record ContainerStatus(
    string Name, string Format, uint Generation, Health Health, string? WaitsFor, DateTimeOffset? WaitsSince,
    ImmutableArray<ArrayStatus> Arrays, ImmutableArray<DiskStatus> Disks, int? Monitor = null,
    Health? WaitsHealth = null)
{
    /// <summary>Its UUID, as mdadm prints it; null: it has none, or it is not known.</summary>
    public string? Uuid { get; init; }
}

/// <summary>An array that runs, or a volume that does not.</summary>
/// <param name="Name">md126; of a volume that has no array its place in its container: md127/0.</param>
/// <param name="Volume">Its subarray index.</param>
/// <param name="VolumeName">Its name in the metadata.</param>
/// <param name="Level">raid0, raid1, raid5, raid10; empty when the metadata does not answer.</param>
/// <param name="SizeBytes">How much it holds.</param>
/// <param name="ChunkBytes">0 where there are no chunks.</param>
/// <param name="Health">Its own.</param>
/// <param name="State">array_state as the kernel spells it: clean, active, write-pending ...; inactive when it does not
/// run; empty when unknown.</param>
/// <param name="Action">sync_action as the kernel spells it: idle, resync, recover, check, repair, reshape,
/// frozen.</param>
/// <param name="Progress">How far that is; null: nothing is under way.</param>
/// <param name="CheckpointSectors">How far the metadata knows that it is, in sectors of a leg (a reshape: of the
/// array); null: nothing is recorded.</param>
/// <param name="IsDirty">The metadata says that it is being written.</param>
/// <param name="RaidDisks">How many legs it has when it is whole.</param>
/// <param name="Missing">How many of them are missing, failed, or not rebuilt yet.</param>
/// <param name="MismatchSectors">mismatch_cnt: what the last check or repair found, in sectors; null where it cannot be
/// read.</param>
/// <param name="Legs">The legs that md has, by slot.</param>
/// <param name="Since">Since when its health is what it is, as far as this daemon knows.</param>
/// <param name="Conditions">
/// What else there is to know, in words for programs: frozen (somebody wants it left alone), delayed (its resync waits
/// for another array's on the same disks), remote (another node of a cluster does it), pending (its resync waits for
/// the first write), recording (what was seen is being recorded, and takes long), reshape (one is recorded: an mdadm
/// has to drive it), unrecorded (the metadata does not have it), not-whole (md has a leg in sync that the metadata has
/// not), unsupervised (the daemon could not take it up yet). Null: nothing.
/// </param>
/// <param name="MissingDisks">
/// Of a volume that does not run: the serial numbers of the disks that it misses, as the metadata spells them. Null: it
/// runs, or misses none.
/// </param>
public sealed record ArrayStatus(
    string Name, int Volume, string VolumeName, string Level, long SizeBytes, int ChunkBytes, Health Health,
        string State, string Action, Progress? Progress,
    ulong? CheckpointSectors, bool IsDirty, int RaidDisks, int Missing, long? MismatchSectors,
        ImmutableArray<LegStatus> Legs, DateTimeOffset Since,
    ImmutableArray<string>? Conditions = null, ImmutableArray<string>? MissingDisks = null)
{
    /// <summary>The volume's UUID, as mdadm prints it; null: it is not known.</summary>
    public string? Uuid { get; init; }

    /// <summary>
    /// What was counted of its writers; null where that is not known (RAID 0, which has none that wait).
    /// </summary>
    public WriterStatus? Writers { get; init; }
}

/// <summary>
/// What this daemon has counted of an array's writers since it supervises it. Those that wait do so until it is
/// recorded that the array is dirty.
/// </summary>
/// <param name="Dirtied">How often it became dirty.</param>
/// <param name="Cleaned">How often it became clean.</param>
/// <param name="Checkpoints">How often the place of a resync or recovery was recorded.</param>
/// <param name="Waits">How often writers waited: from write-pending seen to active written.</param>
/// <param name="TotalMicroseconds">For how long in all.</param>
/// <param name="P50Microseconds">Half of them no longer than that.</param>
/// <param name="P99Microseconds">99 of 100 no longer than that.</param>
/// <param name="MaxMicroseconds">The longest.</param>
/// <param name="Below">How many took less than 128 us, 256 us, and so on up to 2^24 us (16.8 s).</param>
public sealed record WriterStatus(
    long Dirtied, long Cleaned, long Checkpoints, long Waits, long TotalMicroseconds, long P50Microseconds,
        long P99Microseconds, long MaxMicroseconds,
    ImmutableArray<long> Below)
{
    /// <summary>The time that a place of <see cref="Below"/> stands for, in microseconds.</summary>
    public static long Bound(int place) => 128L << place;
}

/// <summary>How far a resync, recovery, check, repair or reshape is.</summary>
/// <param name="DoneSectors">Done, as sync_completed counts.</param>
/// <param name="TotalSectors">Of how many.</param>
/// <param name="KibPerSecond">Over the last while; 0: not known yet, or it stands still.</param>
/// <param name="SecondsLeft">At that pace; null: not known.</param>
public sealed record Progress(ulong DoneSectors, ulong TotalSectors, long KibPerSecond, long? SecondsLeft)
{
    /// <summary>0 to 1.</summary>
    [JsonIgnore] public double Fraction => TotalSectors == 0 ? 0 : (double)DoneSectors / TotalSectors;
}

/// <summary>A leg of an array.</summary>
/// <param name="Slot">md's slot; -1: none.</param>
/// <param name="Disk">The kernel's name of the disk: sda.</param>
/// <param name="State">The words of its state attribute: in_sync, faulty, blocked, spare, write_mostly, ...</param>
public sealed record LegStatus(int Slot, string Disk, ImmutableArray<string> State)
{
    /// <summary>How many of its sectors are recorded as bad: only other legs have what lies there. Null: none.</summary>
    public long? BadSectors { get; init; }
}

/// <summary>A disk of a container.</summary>
/// <param name="Name">The kernel's name: sda.</param>
/// <param name="Device">major:minor</param>
/// <param name="Serial">As the metadata spells it; empty when the metadata does not know it.</param>
/// <param name="SizeBytes">Its size.</param>
/// <param name="Role">member, spare, failed, or unknown.</param>
/// <param name="Hangs">It has not answered a metadata write for long, or its actor waits in the kernel.</param>
/// <param name="Since">Since when that is so, as far as this daemon knows.</param>
/// <param name="Unreadable">Why its metadata cannot be read, in words; null: it can.</param>
/// <param name="Unwritten">The last write of its metadata failed: its copy may be old or torn, and is tried
/// again.</param>
public sealed record DiskStatus(
    string Name, string Device, string Serial, long SizeBytes, string Role, bool Hangs, DateTimeOffset Since,
        string? Unreadable = null,
    bool Unwritten = false);
