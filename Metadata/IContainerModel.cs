using System.Collections.Immutable;

namespace ActorRaid.Metadata;

/// <summary>
/// One container's metadata as a value. Every change is a pure function that yields another model, or this one where
/// there is nothing to change; nothing here touches a disk, a clock or a thread. Sizes and positions are in sectors of
/// 512 bytes unless said otherwise.
/// </summary>
public interface IContainerModel
{
    /// <summary>The format's name as metadata_version spells it: <c>imsm</c>.</summary>
    string Format { get; }

    /// <summary>The generation that the model was loaded with or last committed as.</summary>
    uint Generation { get; }

    /// <summary>The container's UUID as mdadm prints it; null: it has none.</summary>
    string? Uuid => null;

    /// <summary>A volume's UUID as mdadm prints it; null: it has none.</summary>
    string? UuidOf(int volume) => null;

    /// <summary>The disks that are present in the container, spares included.</summary>
    ImmutableArray<DiskInfo> Disks { get; }

    /// <summary>The volumes, in the order of their subarray index (the number behind the second slash of metadata_version).</summary>
    ImmutableArray<VolumeInfo> Volumes { get; }

    /// <summary>Records that an array became clean or dirty, how far its resync or recovery has come, or where a reshape stands.</summary>
    ArrayStateChange SetArrayState(int volume, Consistency consistency, ArrayFacts facts);

    /// <summary>Records what md says of one leg: failed, or in sync.</summary>
    IContainerModel SetLeg(int volume, int slot, LegState state);

    /// <summary>Chooses spares for the free slots of a degraded volume, as the format wants them chosen.</summary>
    SparePlan PlanSpare(int volume, SpareFacts facts);

    /// <summary>Checks an update as mdadm sent it, and does whatever may fail. The model is not changed.</summary>
    PrepareResult Prepare(ReadOnlyMemory<byte> update);

    /// <summary>Applies an update that this very model prepared. Cannot fail half way.</summary>
    IContainerModel Process(PreparedUpdate update);

    /// <summary>A disk has come into the container (mdadm --add): what its metadata area holds decides what it is to us.</summary>
    IContainerModel AddDisk(DiskSource disk);

    /// <summary>
    /// A disk that was in the container all the time, but could not be read when that was loaded, can be read now: what it is to us
    /// follows from what it holds and what the metadata has of it, as at a load. One that holds what is newer than all that could be read
    /// then is left alone.
    /// </summary>
    /// <param name="disk">The disk.</param>
    /// <param name="loaded">The generation that the container was loaded with.</param>
    (IContainerModel Model, DiskVerdict Verdict) FindDisk(DiskSource disk, uint loaded);

    /// <summary>A disk has left the container. Its place in the metadata stays, marked missing where a volume uses it.</summary>
    IContainerModel RemoveDisk(DeviceNumber disk);

    /// <summary>Records a bad block of a leg; sectors are the leg's own device sectors (data offset included). Null when there is no room for it.</summary>
    IContainerModel? RecordBadBlock(int volume, int slot, ulong sector, int length);

    /// <summary>
    /// Forgets those recorded bad blocks of a leg that md does not list any more; of a range that md lists in part, that part stays.
    /// Sectors are the leg's own device sectors.
    /// </summary>
    IContainerModel KeepBadBlocks(int volume, int slot, ImmutableArray<BadBlock> listed);

    /// <summary>The recorded bad blocks of a leg, in device sectors (data offset included).</summary>
    ImmutableArray<BadBlock> BadBlocks(int volume, int slot);

    /// <summary>
    /// Undoes a reshape that was recorded but did not begin: the volume is what it was, disks that it would have got are spares
    /// again. This very model when there is none such.
    /// </summary>
    IContainerModel CancelReshape(int volume);

    /// <summary>
    /// A reshape has begun, and md has put the legs that came with it into these slots: the metadata follows. This very model
    /// when it says so already, or when md's legs are not those that the reshape was recorded with.
    /// </summary>
    IContainerModel PlaceNewLegs(int volume, ImmutableArray<LegFact> legs);

    /// <summary>The same model, its generation advanced by one: what a commit writes.</summary>
    IContainerModel NextGeneration();

    /// <summary>What this model wants to be committed next by itself, when nothing else is waiting; null: nothing, or not now.</summary>
    /// <param name="onAllDisks">Whether this model is on every disk that it was to be written to.</param>
    FollowUp? FollowedBy(bool onAllDisks) => null;

    /// <summary>What the disks hold is one step of several: <see cref="FollowedBy"/> is to be committed even before a handoff.</summary>
    bool IsInterim => false;

    /// <summary>The disk that gets this commit before any other, for the format's sake; null: none.</summary>
    DeviceNumber? Leader => null;

    /// <summary>Everything that the disk's metadata area must hold; null when nothing of ours belongs there (a failed disk, a stranger).</summary>
    DiskImage? Sectors(DeviceNumber disk);
}

/// <summary>A format: how to tell a container from its disks.</summary>
public interface IMetadataFormat
{
    /// <summary>As metadata_version spells it: <c>imsm</c>.</summary>
    string Name { get; }

    /// <summary>How many bytes from the end of a disk <see cref="Load"/> wants, for a disk with that logical sector size in bytes.</summary>
    int TailBytes(int sectorSize);

    /// <summary>Puts a container together from what its disks say.</summary>
    LoadResult Load(ImmutableArray<DiskSource> disks);
}

/// <summary>A block device's number.</summary>
public readonly record struct DeviceNumber(int Major, int Minor)
{
    /// <summary>As sysfs writes it: <c>7:0</c>.</summary>
    public override string ToString() => $"{Major}:{Minor}";
}

/// <summary>A disk as it was found: who it is, and the last bytes of it.</summary>
/// <param name="Device">Its number.</param>
/// <param name="Name">The kernel's name (loop0).</param>
/// <param name="Serial">Its serial number as mdadm would find it, trimmed the format's way or not.</param>
/// <param name="Sectors">Its size in sectors of 512 bytes.</param>
/// <param name="SectorSize">Its logical sector size in bytes: 512 or 4096.</param>
/// <param name="Tail">The last bytes of the disk, as many as the format asked for, or all of a smaller disk.</param>
public sealed record DiskSource(DeviceNumber Device, string Name, string Serial, ulong Sectors, int SectorSize, ReadOnlyMemory<byte> Tail);

/// <summary>What Load made of a container's disks.</summary>
/// <param name="Model">The container, or null when there is none.</param>
/// <param name="Verdicts">What was thought of each disk, in the order given.</param>
/// <param name="Refusal">Why there is no model.</param>
public sealed record LoadResult(IContainerModel? Model, ImmutableArray<DiskVerdict> Verdicts, string? Refusal);

/// <summary>How a disk's copy of the metadata relates to the container's.</summary>
public enum DiskStanding
{
    /// <summary>A member whose copy is the one chosen.</summary>
    Member,

    /// <summary>A spare.</summary>
    Spare,

    /// <summary>A member whose copy is older than the one chosen.</summary>
    Stale,

    /// <summary>Its copy is of another family, or does not list this disk.</summary>
    Foreign,

    /// <summary>Its copy cannot be read: torn, corrupt, of a kind that is not supported.</summary>
    Broken,

    /// <summary>No metadata at all.</summary>
    Blank,

    /// <summary>It could not be read at all: the disk is dead, hangs, or has no device node.</summary>
    Unreadable,
}

/// <summary>One disk's standing, and why.</summary>
public sealed record DiskVerdict(DeviceNumber Device, string Name, DiskStanding Standing, string Reason)
{
    /// <summary>The others went on without the disk, which is back with the copy that it had.</summary>
    public bool HasReturned { get; init; }

    /// <summary>It could be read, and what it holds is not this container's, or is torn.</summary>
    public bool IsLeftOut => Standing is DiskStanding.Broken or DiskStanding.Foreign;

    /// <summary>That, in words.</summary>
    public string NotUsed => $"{Name} is not used: {Reason}";
}

/// <summary>A disk that is present.</summary>
/// <param name="Device">Its number.</param>
/// <param name="Name">The kernel's name.</param>
/// <param name="Serial">Its own, as the metadata spells it.</param>
/// <param name="Index">Its place in the metadata's disk table; -1 for a spare without one.</param>
/// <param name="IsSpare">Free to be used.</param>
/// <param name="IsFailed">Recorded as failed: nothing is written to it.</param>
/// <param name="Sectors">Its size.</param>
public sealed record DiskInfo(DeviceNumber Device, string Name, string Serial, int Index, bool IsSpare, bool IsFailed, ulong Sectors);

/// <summary>What a volume is going through, by its metadata.</summary>
public enum VolumeActivity
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Initialization, verification or repair: md's resync.</summary>
    Resync,

    /// <summary>A new leg is being filled: md's recovery.</summary>
    Recovery,

    /// <summary>Capacity expansion or migration: md's reshape.</summary>
    Reshape,
}

/// <summary>A volume.</summary>
/// <param name="Index">Its subarray index.</param>
/// <param name="Name">Its name in the metadata.</param>
/// <param name="Level">As md counts: 0, 1, 5, 10.</param>
/// <param name="Layout">md's layout number.</param>
/// <param name="ChunkBytes">Chunk size in bytes; 0 where there is none.</param>
/// <param name="ComponentSectors">Sectors used of each leg.</param>
/// <param name="ArraySectors">Size of the volume.</param>
/// <param name="Dirty">Recorded as being written.</param>
/// <param name="Activity">What it is going through.</param>
/// <param name="Checkpoint">How far: md's position in sectors of each leg; of a reshape, in sectors of the volume.</param>
/// <param name="Legs">One for each slot.</param>
public sealed record VolumeInfo(
    int Index, string Name, int Level, int Layout, int ChunkBytes, ulong ComponentSectors, ulong ArraySectors,
    bool Dirty, VolumeActivity Activity, ulong Checkpoint, ImmutableArray<LegInfo> Legs)
{
    /// <summary>Whether its data can be read with these legs alone.</summary>
    /// <param name="there">One for each slot; with another number of them (a reshape changes it) the answer is yes.</param>
    public bool CanStart(ReadOnlySpan<bool> there) => there.Length != Legs.Length || Commit.Redundancy.Of(this).Starts(there);

    /// <summary>While a reshape is recorded: where it began and where it leads to.</summary>
    public ReshapeInfo? Reshape { get; init; }

    /// <summary>
    /// How many of md's legs it does not miss although they are not there: a RAID 0 has no parity, but is reshaped as a RAID 4 or 5 with a leg for it.
    /// </summary>
    public int LegsNotMissed => Level == 0 || Reshape is { From.Level: 0 } ? 1 : 0;
}

/// <summary>A recorded reshape.</summary>
/// <param name="From">What the volume was.</param>
/// <param name="To">What it will be.</param>
/// <param name="HasBegun">Data may have been moved already: a checkpoint is recorded, here or in the migration record.</param>
public sealed record ReshapeInfo(VolumeShape From, VolumeShape To, bool HasBegun);

/// <summary>The shape of a volume.</summary>
/// <param name="Level">As md counts: 0, 1, 5, 10.</param>
/// <param name="Layout">md's layout number.</param>
/// <param name="ChunkBytes">Chunk size in bytes.</param>
/// <param name="Legs">How many.</param>
public sealed record VolumeShape(int Level, int Layout, int ChunkBytes, int Legs);

/// <summary>A slot of a volume.</summary>
/// <param name="Slot">Its number: md's rdN.</param>
/// <param name="Device">The disk in it, if it is present.</param>
/// <param name="InSync">Its data is whole, by the metadata (not failed, not being rebuilt).</param>
/// <param name="DataOffset">First sector of the disk that the volume uses.</param>
public sealed record LegInfo(int Slot, DeviceNumber? Device, bool InSync, ulong DataOffset)
{
    /// <summary>
    /// The metadata does not have it as failed or being rebuilt, but its disk is not there, or cannot be read: it is not in sync, and it may come
    /// back with the copy that it had.
    /// </summary>
    public bool MayReturn { get; init; }

    /// <summary>How many sectors of it are recorded as bad: what lies there only other legs have, if any.</summary>
    public long BadSectors { get; init; }

    /// <summary>The serial number of the slot's disk as the metadata spells it, whether it is present or not; empty when that is not known.</summary>
    public string Serial { get; init; } = "";
}

/// <summary>What is said of an array.</summary>
public enum Consistency
{
    /// <summary>It is being written.</summary>
    Dirty,

    /// <summary>It is at rest.</summary>
    Clean,

    /// <summary>It is about to be started: the metadata decides whether it may be clean.</summary>
    AsRecorded,
}

/// <summary>sync_action as the kernel spells it.</summary>
public enum SyncAction
{
    /// <summary>idle</summary>
    Idle,

    /// <summary>reshape</summary>
    Reshape,

    /// <summary>resync</summary>
    Resync,

    /// <summary>recover</summary>
    Recover,

    /// <summary>check</summary>
    Check,

    /// <summary>repair</summary>
    Repair,

    /// <summary>frozen</summary>
    Frozen,

    /// <summary>Not known: an attribute that is gone, or a word that we do not know.</summary>
    Unknown,
}

/// <summary>What md says of an array at the moment when its state is recorded.</summary>
/// <param name="ResyncStart">resync_start in sectors; <see cref="Complete"/> for none.</param>
/// <param name="LastCheckpoint">
/// How far the running or just ended resync, recovery or reshape came, in sectors as md counts them (a resync of RAID 10:
/// of the array; else of each leg); <see cref="Complete"/>: not known, what is recorded stays.
/// </param>
/// <param name="Previous">sync_action at the previous look.</param>
/// <param name="Current">sync_action now.</param>
/// <param name="ReshapePosition">reshape_position in sectors of the array; <see cref="Complete"/> for none.</param>
public sealed record ArrayFacts(ulong ResyncStart, ulong LastCheckpoint, SyncAction Previous, SyncAction Current, ulong ReshapePosition)
{
    /// <summary>Nothing left to do; of <see cref="LastCheckpoint"/>: not known.</summary>
    public const ulong Complete = ulong.MaxValue;
}

/// <summary>A changed model, and whether the array may now be taken for clean (the answer to <see cref="Consistency.AsRecorded"/>).</summary>
public sealed record ArrayStateChange(IContainerModel Model, bool Clean);

/// <summary>What md says of a leg.</summary>
[Flags]
public enum LegState
{
    /// <summary>Neither.</summary>
    None = 0,

    /// <summary>faulty</summary>
    Faulty = 1,

    /// <summary>in_sync</summary>
    InSync = 2,
}

/// <summary>What md says of a degraded array when a spare is looked for.</summary>
/// <param name="Legs">The devices that md has in slots now, faulty ones left out.</param>
public sealed record SpareFacts(ImmutableArray<LegFact> Legs);

/// <summary>A device in a slot.</summary>
public sealed record LegFact(int Slot, DeviceNumber Device);

/// <summary>The outcome of looking for spares: assignments with the update that records them, the reason why not, or nothing.</summary>
/// <param name="Assignments">What md is to be given; empty when refused, and when no leg is missing.</param>
/// <param name="Update">What to hand to <see cref="IContainerModel.Process"/> once md has the legs.</param>
/// <param name="Refusal">Why a missing leg is not replaced; null when none is missing.</param>
public sealed record SparePlan(ImmutableArray<SpareAssignment> Assignments, PreparedUpdate? Update, string? Refusal);

/// <summary>One disk for one slot.</summary>
/// <param name="Device">The disk.</param>
/// <param name="Slot">md's slot.</param>
/// <param name="DataOffset">In sectors.</param>
/// <param name="ComponentSectors">Sectors of the disk that the volume uses.</param>
/// <param name="RecoveryStart">From where it needs to be rebuilt, in sectors of the leg.</param>
public sealed record SpareAssignment(DeviceNumber Device, int Slot, ulong DataOffset, ulong ComponentSectors, ulong RecoveryStart)
{
    /// <summary>The kernel's name of the disk.</summary>
    public string Name { get; init; } = "";

    /// <summary>Where md keeps the volume's partial parity log (PPL) on this disk; null: the volume has none.</summary>
    public DiskExtent? Ppl { get; init; }

    /// <summary>
    /// What must be durable on the disk, in this order, before md gets it: the volume would be another one without it.
    /// </summary>
    public ImmutableArray<Commit.SectorWrite> Prepare { get; init; } = [];
}

/// <summary>A part of a disk, in sectors.</summary>
public readonly record struct DiskExtent(ulong Start, ulong Size);

/// <summary>An update that was checked against a model and can be processed by it.</summary>
public abstract record PreparedUpdate(string Kind)
{
    /// <summary>
    /// Whether that volume must not be active when the update is processed: the update would remove it, or change its
    /// identity. Whether it is active, the model does not know.
    /// </summary>
    /// <param name="volume">Its subarray index.</param>
    public virtual bool Disturbs(int volume) => false;

    /// <summary>Whether legs, disks or volumes may be others once it is processed.</summary>
    public virtual bool ConcernsLegs => true;

    /// <summary>Whether it comes again and again while something goes on: how far that is.</summary>
    public virtual bool IsProgress => false;
}

/// <summary>An update that may be processed, or the reason why it may not.</summary>
public sealed record PrepareResult(PreparedUpdate? Update, string? Refusal);

/// <summary>A commit that a model wants to follow it.</summary>
/// <param name="Model">What to commit, its generation not advanced yet.</param>
/// <param name="Reason">Why, for the log.</param>
public sealed record FollowUp(IContainerModel Model, string Reason);

/// <summary>A range of bad blocks of a disk, in sectors.</summary>
public readonly record struct BadBlock(ulong Sector, int Length);

/// <summary>What belongs into a disk's metadata area.</summary>
/// <param name="Offset">Where it begins, in bytes from the start of the disk; a multiple of the sector size.</param>
/// <param name="SectorSize">The disk's logical sector size in bytes.</param>
/// <param name="Bytes">Whole sectors, in ascending order.</param>
/// <param name="AnchorOffset">Where in <paramref name="Bytes"/> the sector begins that makes the copy valid (checksum, generation).</param>
public sealed record DiskImage(long Offset, int SectorSize, ReadOnlyMemory<byte> Bytes, int AnchorOffset);
