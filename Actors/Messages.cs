using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

// Messages between the actors, in one place. All of them are immutable.

/// <summary>To the host: take this container under supervision. Answered with <see cref="SuperviseReply"/>.</summary>
/// <param name="Container">md127</param>
/// <param name="Handed">What to take over from the process that supervised it; null: begin afresh.</param>
public sealed record Supervise(string Container, HandedContainer? Handed = null);

/// <summary>How a request to supervise ended.</summary>
public enum SuperviseOutcome
{
    /// <summary>It is supervised from now on.</summary>
    Supervised,

    /// <summary>It was supervised by us already.</summary>
    AlreadySupervised,

    /// <summary>There is no such array, or it is a member array or one with metadata of the kernel's own.</summary>
    NotAContainer,

    /// <summary>The array's metadata is not external.</summary>
    NotExternal,

    /// <summary>External metadata of a kind that we do not know.</summary>
    UnknownMetadata,

    /// <summary>It could not be taken up, for the reason in the message.</summary>
    Failed,
}

/// <summary>The answer to <see cref="Supervise"/>.</summary>
public sealed record SuperviseReply(SuperviseOutcome Outcome, string Message)
{
    /// <summary>It failed for a reason that lies in this process: descriptors, threads or memory are short, or the program is at fault.</summary>
    public bool IsOurFault { get; init; }
}

/// <summary>/proc/mdstat has changed; this is what it says now.</summary>
public sealed record MdStatChanged(MdStatFile MdStat);

/// <summary>To a container: let go of everything as mdmon does at shutdown: arrays clean first. Answered with <see cref="Gone"/>.</summary>
/// <param name="Limit">After so long it is left as it is; null: as long as it takes.</param>
public sealed record Farewell(TimeSpan? Limit = null);

/// <summary>To the host: another process has taken these containers: let go of them.</summary>
public sealed record LetGo(ImmutableArray<string> Containers, TimeSpan Limit);

/// <summary>Something that was asked to leave has left.</summary>
public sealed record Gone;

/// <summary>To a member array: one of its attributes has changed.</summary>
public sealed record SysfsChanged
{
    /// <summary>There is nothing in it.</summary>
    public static readonly SysfsChanged Instance = new();
}

/// <summary>To a member array: look again at everything after this message, then answer with <see cref="Looked"/>.</summary>
public sealed record Look(IActorRef ReplyTo);

/// <summary>The answer to <see cref="Look"/>.</summary>
public sealed record Looked;

/// <summary>To a member array: legs may have come or gone, disks may have joined the container; look at which they are.</summary>
public sealed record LegsMayHaveChanged(bool DisksChanged);

/// <summary>From a member array to its container: the array is gone, and that is recorded.</summary>
public sealed record ArrayGone(string Array);

/// <summary>From a member array to its container: its attributes cannot be read now, though they are there. It has ended, and is to be made again.</summary>
internal sealed record ArrayNotRead(string Array, KernelError Error);

/// <summary>To itself, of a member array or a container: what could not be read before may be by now.</summary>
internal sealed record LookOnceMore;

/// <summary>To whoever waits for answers of several: this one was restarted, and may have forgotten that it was asked.</summary>
internal sealed record AskAgain(IActorRef Actor);

/// <summary>One thing to record. All changes of one <see cref="Record"/> go into the same commit.</summary>
public abstract record Change;

/// <summary>Record an array's state. See <see cref="IContainerModel.SetArrayState"/>.</summary>
public sealed record StateChange(int Volume, Consistency Consistency, ArrayFacts Facts) : Change;

/// <summary>Record a leg's state. See <see cref="IContainerModel.SetLeg"/>.</summary>
public sealed record LegChange(int Volume, int Slot, LegState State) : Change;

/// <summary>Record a bad block, device sectors.</summary>
public sealed record BadBlockFound(int Volume, int Slot, BadBlock Block) : Change;

/// <summary>Forget those recorded bad blocks of a leg that md no longer lists.</summary>
public sealed record BadBlocksNow(int Volume, int Slot, ImmutableArray<BadBlock> Listed) : Change;

/// <summary>An update that was prepared before: a spare that md was given.</summary>
public sealed record PreparedChange(PreparedUpdate Update) : Change;

/// <summary>A recorded reshape did not begin: undo it. See <see cref="IContainerModel.CancelReshape"/>.</summary>
public sealed record ReshapeCancelled(int Volume) : Change;

/// <summary>A reshape has begun, and these are md's legs. See <see cref="IContainerModel.PlaceNewLegs"/>.</summary>
public sealed record NewLegsPlaced(int Volume, ImmutableArray<LegFact> Legs) : Change;

/// <summary>Whom a record is for: the answers are not mixed up.</summary>
public enum RecordFor
{
    /// <summary>What a look at the array found.</summary>
    Array,

    /// <summary>A spare's activation.</summary>
    Spare,

    /// <summary>Nothing new: an array that was left frozen may go on when all before is recorded.</summary>
    Thaw,

    /// <summary>A reshape's legs, or its end before it began.</summary>
    Reshape,
}

/// <summary>To the metadata: make these changes and commit them. Answered with <see cref="Recorded"/> once the quorum has them.</summary>
/// <param name="ReplyTo">Who waits.</param>
/// <param name="Changes">What to record.</param>
/// <param name="For">Comes back in the answer.</param>
public sealed record Record(IActorRef ReplyTo, ImmutableArray<Change> Changes, RecordFor For = RecordFor.Array)
{
    /// <summary>Comes back in the answer, so that whoever was restarted meanwhile does not take the answer to an earlier request for this one's.</summary>
    public long Ticket { get; init; }

    /// <summary>
    /// The legs that these changes lose. MetadataActor reports them once they are recorded: whoever asked may be gone by then.
    /// </summary>
    public ImmutableArray<LostLeg> Lost { get; init; } = [];
}

/// <summary>A leg that has failed.</summary>
/// <param name="Array">md126</param>
/// <param name="Slot">Its slot.</param>
/// <param name="Disk">The kernel's name of the disk: sda.</param>
/// <param name="WasRebuilding">It was being rebuilt, and held no data that counts.</param>
/// <param name="IsInContainer">Its disk is still in the container.</param>
public sealed record LostLeg(string Array, int Slot, string Disk, bool WasRebuilding, bool IsInContainer);

/// <summary>What was asked for is recorded: the kernel may be let go.</summary>
/// <param name="Changed">Whether anything had to be written.</param>
/// <param name="Clean">The last state change's answer: whether the array may be taken for clean.</param>
/// <param name="Refused">Bad blocks for which there was no room.</param>
/// <param name="For">As in the request.</param>
public sealed record Recorded(bool Changed, bool Clean, ImmutableArray<BadBlockFound> Refused, RecordFor For)
{
    /// <summary>The generation that has it, if anything had to be written.</summary>
    public uint Generation { get; init; }

    /// <summary>The legs' states were recorded, and the metadata has all legs of the volume in sync.</summary>
    public bool IsWhole { get; init; }

    /// <summary>As in the request.</summary>
    public long Ticket { get; init; }
}

/// <summary>To the metadata: an update as it came over the socket. Answered with <see cref="Queued"/> as soon as it is in the queue.</summary>
public sealed record ApplyUpdate(ReadOnlyMemory<byte> Bytes);

/// <summary>The answer to <see cref="ApplyUpdate"/>.</summary>
public sealed record Queued;

/// <summary>To the metadata: answer with <see cref="Flushed"/> when all that came before is on every disk that can be written.</summary>
public sealed record Flush;

/// <summary>The answer to <see cref="Flush"/>.</summary>
public sealed record Flushed;

/// <summary>To the metadata: which spare for this volume? Answered with <see cref="SparePlanned"/>.</summary>
public sealed record PlanSpare(int Volume, SpareFacts Facts);

/// <summary>The answer to <see cref="PlanSpare"/>.</summary>
public sealed record SparePlanned(SparePlan Plan);

/// <summary>To the metadata: how is this volume? Answered with <see cref="VolumeDescribed"/>.</summary>
public sealed record DescribeVolume(int Volume);

/// <summary>The answer to <see cref="DescribeVolume"/>; null: no such volume.</summary>
public sealed record VolumeDescribed(VolumeInfo? Volume);

/// <summary>To the metadata: a disk has come into the container.</summary>
public sealed record DiskArrived(DiskSource Source, BlockDevice Device)
{
    /// <summary>It was there all the time, but could not be read when the container was loaded with this generation; null: it is new.</summary>
    public uint? FoundSince { get; init; }
}

/// <summary>To the metadata: a disk has left the container.</summary>
public sealed record DiskLeft(DeviceNumber Device);

/// <summary>To the metadata: these volumes are running, so that no update may take them away or rename them.</summary>
public sealed record VolumesActive(ImmutableArray<int> Volumes);

/// <summary>From the metadata to its container: an update was applied (and committed); disks or volumes may be others now.</summary>
public sealed record UpdateApplied(string Kind);

/// <summary>
/// To a disk: join this array, which is frozen, as planned; recovery is held back until <see cref="StartRecovery"/>.
/// Answered with <see cref="LegJoined"/>.
/// </summary>
/// <param name="Array">md126</param>
/// <param name="Assignment">Slot, offset and size.</param>
/// <param name="BadBlocks">Those that are recorded of the disk there.</param>
/// <param name="Attempt">Comes back in the answer.</param>
/// <param name="Permit">To be had before the slot is written.</param>
public sealed record JoinArray(
    string Array, SpareAssignment Assignment, ImmutableArray<BadBlock> BadBlocks, long Attempt, JoinPermit Permit);

/// <summary>
/// The answer to <see cref="JoinArray"/>; an error if md did not take it (and has nothing of it any more).
/// </summary>
public sealed record LegJoined(long Attempt, SpareAssignment Assignment, KernelError? Error);

/// <summary>To the member arrays: these are the container's disks.</summary>
public sealed record DisksAre(ImmutableDictionary<DeviceNumber, IActorRef> Disks);

/// <summary>To a member array: its leg was removed from md.</summary>
public sealed record LegRemoved(int Slot, string Disk);

/// <summary>mdadm's ping: answered with <see cref="Pong"/> when all that came before is on the disks and all arrays were looked at again.</summary>
public sealed record PingMonitor;

/// <summary>mdadm's other ping: answered with <see cref="Pong"/> when /proc/mdstat was read again and acted on.</summary>
public sealed record PingManager;

/// <summary>The answer to both pings.</summary>
public sealed record Pong;
