using System.Collections.Immutable;

namespace ActorRaid.Metadata.Imsm.Model;

/// <summary>
/// The whole of one copy of IMSM metadata: anchor, disk table, devices, bad-block log (upstream: struct imsm_super in
/// super-intel.c). Numbers are in host order here and little-endian on disk. Bytes that have no meaning to us are kept,
/// so that what was read is written back the same. Size and checksum are not here: they follow from the rest.
/// </summary>
public sealed record ImsmSuper
{
    /// <summary>The 32 bytes of the signature with the version behind it: <c>Intel Raid ISM Cfg Sig. 1.3.00</c>, zero-padded.</summary>
    public required Octets Signature { get; init; }

    /// <summary>The container's family: the checksum of the first copy that was written (offset 0x28).</summary>
    public required uint FamilyNumber { get; init; }

    /// <summary>Advanced with each commit (0x2C).</summary>
    public required uint Generation { get; init; }

    /// <summary>Bytes of the error log (0x30).</summary>
    public uint ErrorLogSize { get; init; }

    /// <summary>Features that the metadata uses (0x34).</summary>
    public required ImsmAttributes Attributes { get; init; }

    /// <summary>Offset 0x3A.</summary>
    public byte ErrorLogPosition { get; init; }

    /// <summary>Offset 0x3B.</summary>
    public byte Fill { get; init; }

    /// <summary>MiB (0x3C).</summary>
    public uint CacheSize { get; init; }

    /// <summary>The family before the last change of family (0x40).</summary>
    public uint OriginalFamilyNumber { get; init; }

    /// <summary>Offset 0x44.</summary>
    public uint PowerCycleCount { get; init; }

    /// <summary>How many volumes were ever created: seeds their unique ids (0x4C).</summary>
    public ushort VolumesCreated { get; init; }

    /// <summary>Offset 0x4E.</summary>
    public ushort Filler1 { get; init; }

    /// <summary>Seconds or microseconds as whoever created it counted (0x50).</summary>
    public ulong CreationTime { get; init; }

    /// <summary>The 128 bytes at 0x58.</summary>
    public required Octets Filler { get; init; }

    /// <summary>The disk table (0xD8, 48 bytes each).</summary>
    public required ImmutableArray<ImsmDisk> Disks { get; init; }

    /// <summary>The volumes behind the disk table.</summary>
    public required ImmutableArray<ImsmDev> Devs { get; init; }

    /// <summary>The bad-block log behind the volumes; empty when none is there.</summary>
    public ImmutableArray<BbmLogEntry> BadBlocks { get; init; } = [];

    /// <summary>Bytes inside the metadata's size behind the volumes and before the bad-block log; usually none.</summary>
    public Octets Rest { get; init; } = Octets.Empty;

    /// <summary>Equal in every field; the tables entry by entry.</summary>
    public bool Equals(ImsmSuper? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Scalars == other.Scalars && Signature == other.Signature && Filler == other.Filler && Rest == other.Rest
            && Disks.SequenceEqual(other.Disks) && Devs.SequenceEqual(other.Devs) && BadBlocks.SequenceEqual(other.BadBlocks));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(FamilyNumber, Generation, Disks.Length, Devs.Length, BadBlocks.Length);

    private (uint, uint, uint, ImsmAttributes, byte, byte, uint, uint, uint, ushort, ushort, ulong) Scalars =>
        (FamilyNumber, Generation, ErrorLogSize, Attributes, ErrorLogPosition, Fill, CacheSize, OriginalFamilyNumber, PowerCycleCount,
            VolumesCreated, Filler1, CreationTime);
}

/// <summary>One entry of the disk table: 48 bytes (struct imsm_disk).</summary>
/// <param name="Serial">16 bytes of serial number.</param>
/// <param name="TotalBlocks">The disk's size in sectors of 512 bytes; low and high half are apart on disk.</param>
/// <param name="ScsiId">SCSI id; ~0 for a missing disk.</param>
/// <param name="Status">Spare, configured, failed.</param>
/// <param name="OwnerConfig">Offset 28.</param>
/// <param name="Filler">The last 12 bytes.</param>
public sealed record ImsmDisk(Octets Serial, ulong TotalBlocks, uint ScsiId, ImsmDiskStatus Status, uint OwnerConfig, Octets Filler);

/// <summary>The status word of a disk.</summary>
[Flags]
public enum ImsmDiskStatus : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Free to be used.</summary>
    Spare = 0x1,

    /// <summary>Member of some volume.</summary>
    Configured = 0x2,

    /// <summary>Failed for good.</summary>
    Failed = 0x4,

    /// <summary>Holds a journal.</summary>
    Journal = 0x2000000,
}

/// <summary>A volume (struct imsm_dev with its struct imsm_vol): 164 bytes with one map of one disk.</summary>
public sealed record ImsmDev
{
    /// <summary>16 bytes of name, zero-padded.</summary>
    public required Octets Volume { get; init; }

    /// <summary>Size in sectors of 512 bytes (two halves on disk).</summary>
    public required ulong Size { get; init; }

    /// <summary>DEV_* flags.</summary>
    public required uint Status { get; init; }

    /// <summary>Reserved blocks at the beginning.</summary>
    public uint ReservedBlocks { get; init; }

    /// <summary>The bytes from migr_priority to jd_serial's end and filler1 but for <see cref="RwhPolicy"/> and
    /// <see cref="VolumeId"/>: migr_priority, num_sub_vols, tid, cng_master_disk (4), cache_policy, cng_state, cng_sub_state (4).</summary>
    public required Octets Misc { get; init; }

    /// <summary>my_vol_raid_dev_num: part of the volume's unique id.</summary>
    public required ushort VolumeId { get; init; }

    /// <summary>nv_cache_mode, nv_cache_flags, nvc_vol_orig_family_num, nvc_vol_raid_dev_num: 8 bytes.</summary>
    public required Octets NvCache { get; init; }

    /// <summary>Write-hole policy.</summary>
    public required RwhPolicy RwhPolicy { get; init; }

    /// <summary>jd_serial (16), filler1 (1), filler (12): 29 bytes.</summary>
    public required Octets Tail { get; init; }

    /// <summary>How far a migration has come, in units.</summary>
    public required ulong CurrentMigrationUnit { get; init; }

    /// <summary>checkpoint_id</summary>
    public uint CheckpointId { get; init; }

    /// <summary>Whether a migration of any kind runs: there are two maps then. Only 0 and 1 are known.</summary>
    public required byte MigrationState { get; init; }

    /// <summary>Which kind of migration.</summary>
    public required MigrationType MigrationType { get; init; }

    /// <summary>RAIDVOL_CLEAN 0, RAIDVOL_DIRTY 1, RAIDVOL_DSRECORD_VALID 2.</summary>
    public required byte Dirty { get; init; }

    /// <summary>fs_state</summary>
    public byte FsState { get; init; }

    /// <summary>Mismatches found.</summary>
    public ushort VerifyErrors { get; init; }

    /// <summary>Bad blocks found while verifying.</summary>
    public ushort BadBlocks { get; init; }

    /// <summary>imsm_vol's 12 bytes of filler.</summary>
    public required Octets VolFiller { get; init; }

    /// <summary>Where the volume lies; while a migration runs, where it goes.</summary>
    public required ImsmMap Map { get; init; }

    /// <summary>While a migration runs, where it comes from; null otherwise.</summary>
    public ImsmMap? SecondMap { get; init; }
}

/// <summary>Where a volume lies (struct imsm_map): 48 bytes and 4 for each member.</summary>
public sealed record ImsmMap
{
    /// <summary>First sector on each member (two halves on disk).</summary>
    public required ulong PbaOfLba0 { get; init; }

    /// <summary>Sectors of each member (two halves on disk).</summary>
    public required ulong BlocksPerMember { get; init; }

    /// <summary>Stripes of data (two halves on disk).</summary>
    public required ulong NumDataStripes { get; init; }

    /// <summary>Chunk in sectors.</summary>
    public required ushort BlocksPerStrip { get; init; }

    /// <summary>Normal, uninitialized, degraded, failed.</summary>
    public required MapState State { get; init; }

    /// <summary>0, 1 (which is RAID 10 with four members), 5.</summary>
    public required byte RaidLevel { get; init; }

    /// <summary>Mirrors: 1 for RAID 0 and 5, 2 for RAID 1 and 10.</summary>
    public required byte NumDomains { get; init; }

    /// <summary>First failed member, 0xFF for none.</summary>
    public required byte FailedDisk { get; init; }

    /// <summary>The ddf byte: 1 in everything that mdadm makes.</summary>
    public required byte Ddf { get; init; }

    /// <summary>16 bytes of filler.</summary>
    public required Octets Filler { get; init; }

    /// <summary>Disk table index of each member in the low 24 bits; bit 24: being rebuilt.</summary>
    public required ImmutableArray<uint> Order { get; init; }

    /// <summary>Equal in every field; the order entry by entry.</summary>
    public bool Equals(ImsmMap? other) =>
        ReferenceEquals(this, other)
        || (other is not null && Scalars == other.Scalars && Filler == other.Filler && Order.AsSpan().SequenceEqual(other.Order.AsSpan()));

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Scalars, Order.Length);

    private (ulong, ulong, ulong, ushort, MapState, byte, byte, byte, byte) Scalars =>
        (PbaOfLba0, BlocksPerMember, NumDataStripes, BlocksPerStrip, State, RaidLevel, NumDomains, FailedDisk, Ddf);
}

/// <summary>State of a map.</summary>
public enum MapState : byte
{
    /// <summary>All legs there.</summary>
    Normal = 0,

    /// <summary>Never synchronized.</summary>
    Uninitialized = 1,

    /// <summary>Legs missing, data there.</summary>
    Degraded = 2,

    /// <summary>Data lost.</summary>
    Failed = 3,
}

/// <summary>Kind of migration.</summary>
public enum MigrationType : byte
{
    /// <summary>First synchronization.</summary>
    Init = 0,

    /// <summary>A leg is filled.</summary>
    Rebuild = 1,

    /// <summary>check; with the status bit 0x80 repair (after an unclean stop).</summary>
    Verify = 2,

    /// <summary>Reshape.</summary>
    GeneralMigration = 3,

    /// <summary>State change.</summary>
    StateChange = 4,

    /// <summary>Repair: stored as Verify with status bit 0x80.</summary>
    Repair = 5,
}

/// <summary>Write-hole policy.</summary>
public enum RwhPolicy : byte
{
    /// <summary>None: an unclean stop means resync.</summary>
    Off = 0,

    /// <summary>PPL on the members.</summary>
    Distributed = 1,

    /// <summary>Journal on a disk of its own.</summary>
    JournalingDrive = 2,

    /// <summary>Several PPL on the members: what mdadm writes.</summary>
    MultipleDistributed = 3,

    /// <summary>Several PPL on a journal disk.</summary>
    MultiplePplsJournalingDrive = 4,

    /// <summary>Off, with room for several PPL.</summary>
    MultipleOff = 5,

    /// <summary>Write-intent bitmap.</summary>
    Bitmap = 6,
}

/// <summary>One entry of the bad-block log: 8 bytes (struct bbm_log_entry).</summary>
/// <param name="Count">Sectors marked: 1 to 256, stored less one; with 4096-byte sectors multiples of 8 up to 2048.</param>
/// <param name="DiskIndex">Disk table index.</param>
/// <param name="Start">First sector, 48 bits.</param>
public readonly record struct BbmLogEntry(int Count, byte DiskIndex, ulong Start);
