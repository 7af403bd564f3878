using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorRaid.Metadata.Imsm.Examine;

/// <summary>
/// What one disk's metadata says, field by field as mdadm -E shows it (examine_super_imsm of 4.2). Sizes and positions are in the disk's
/// own sectors, as there. Families and checksums are hexadecimal, eight digits.
/// </summary>
public sealed partial record ImsmReport
{
    /// <summary>The disk's name, as given.</summary>
    public required string Name { get; init; }

    /// <summary>Why there is nothing else to tell; null when there is.</summary>
    public string? Problem { get; init; }

    /// <summary>The signature without its version.</summary>
    public string Magic { get; init; } = "";

    /// <summary>The version in the signature.</summary>
    public string Version { get; init; } = "";

    /// <summary>Original family.</summary>
    public string OriginalFamily { get; init; } = "";

    /// <summary>Family.</summary>
    public string Family { get; init; } = "";

    /// <summary>Generation.</summary>
    public uint Generation { get; init; }

    /// <summary>When it was created, in seconds since 1970; 0 where that was not recorded.</summary>
    public ulong CreationTime { get; init; }

    /// <summary>The attributes word, hexadecimal.</summary>
    public string Attributes { get; init; } = "";

    /// <summary>The names of the attributes that are not supported; null when all are.</summary>
    public string? UnsupportedAttributes { get; init; }

    /// <summary>The container's UUID.</summary>
    public string Uuid { get; init; } = "";

    /// <summary>The checksum; on disks with 4096-byte sectors, as mdadm does, of the metadata with its sizes in sectors of 512 bytes.
    /// A copy with a wrong one has a <see cref="Problem"/> instead.</summary>
    public string Checksum { get; init; } = "";

    /// <summary>How many sectors the metadata takes.</summary>
    public int MetadataSectors { get; init; }

    /// <summary>The disk's logical sector size in bytes.</summary>
    public int SectorSize { get; init; }

    /// <summary>The disk's place in the table; -1: a spare; -2: failed or not listed.</summary>
    public int Index { get; init; }

    /// <summary>Every disk in the table.</summary>
    public ImmutableArray<DiskReport> Disks { get; init; } = [];

    /// <summary>The disk's own entry, when it is a spare.</summary>
    public DiskReport? Spare { get; init; }

    /// <summary>The bad-block log, when there is one.</summary>
    public BadBlockLogReport? BadBlockLog { get; init; }

    /// <summary>The volumes.</summary>
    public ImmutableArray<VolumeReport> Volumes { get; init; } = [];

    /// <summary>The migration record, when a volume is being reshaped.</summary>
    public MigrationReport? Migration { get; init; }

    /// <summary>The report as JSON, indented, names in camel case.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, ReportJson.Default.ImsmReport);
}

/// <summary>A disk of the table.</summary>
/// <param name="Index">Its place; -1 for the spare that was examined.</param>
/// <param name="Serial">Its serial number.</param>
/// <param name="State">spare, active, failed, journal: what applies, in that order.</param>
/// <param name="Id">Its SCSI id, hexadecimal.</param>
/// <param name="UsableSize">Its size less what is reserved for metadata, in whole sectors of the disk.</param>
/// <param name="UsableBytes">The same in bytes: not always whole sectors.</param>
public sealed record DiskReport(int Index, string Serial, ImmutableArray<string> State, string Id, ulong UsableSize, ulong UsableBytes);

/// <summary>The bad-block log.</summary>
/// <param name="LogSize">Its size in bytes.</param>
/// <param name="Signature">Its signature, hexadecimal.</param>
/// <param name="EntryCount">How many entries it has.</param>
/// <param name="Entries">The entries: position and length are sectors of 512 bytes.</param>
public sealed record BadBlockLogReport(int LogSize, string Signature, int EntryCount, ImmutableArray<BadBlockReport> Entries);

/// <summary>A range of bad blocks.</summary>
/// <param name="Disk">The disk's place in the table.</param>
/// <param name="Sector">First sector of 512 bytes.</param>
/// <param name="Count">How many.</param>
public sealed record BadBlockReport(int Disk, ulong Sector, int Count);

/// <summary>What a map of a volume says; while a migration runs there are two.</summary>
/// <param name="Level">RAID level.</param>
/// <param name="Members">How many members.</param>
/// <param name="Slots">U for each member that is whole, _ for one that is not.</param>
/// <param name="ChunkKiB">Chunk size in KiB.</param>
/// <param name="State">normal, uninitialized, degraded, failed.</param>
public sealed record MapReport(int Level, int Members, string Slots, int ChunkKiB, string State);

/// <summary>A volume.</summary>
public sealed record VolumeReport
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its index.</summary>
    public required int Subarray { get; init; }

    /// <summary>Its UUID.</summary>
    public required string Uuid { get; init; }

    /// <summary>Where it lies, or where a migration takes it.</summary>
    public required MapReport Map { get; init; }

    /// <summary>Where a migration takes it from.</summary>
    public MapReport? Previous { get; init; }

    /// <summary>The index of the first failed disk.</summary>
    public int? FailedDisk { get; init; }

    /// <summary>The slot of the disk that was examined.</summary>
    public int? ThisSlot { get; init; }

    /// <summary>Whether that slot is out of sync.</summary>
    public bool ThisSlotOutOfSync { get; init; }

    /// <summary>The volume's size.</summary>
    public required ulong ArraySize { get; init; }

    /// <summary>Its size on each disk.</summary>
    public required ulong PerDeviceSize { get; init; }

    /// <summary>Where it begins on each disk.</summary>
    public required ulong SectorOffset { get; init; }

    /// <summary>How many stripes it has.</summary>
    public required ulong Stripes { get; init; }

    /// <summary>Reserved blocks at its beginning.</summary>
    public required int Reserved { get; init; }

    /// <summary>idle, initialize, rebuild, check, repair, general migration, state change.</summary>
    public required string MigrationState { get; init; }

    /// <summary>How many units a migration has done; null while none runs.</summary>
    public ulong? Checkpoint { get; init; }

    /// <summary>Sectors of 512 bytes of each disk in such a unit; null where this disk does not know.</summary>
    public ulong? CheckpointUnit { get; init; }

    /// <summary>dirty or clean.</summary>
    public required string DirtyState { get; init; }

    /// <summary>The write-hole policy, in mdadm's words.</summary>
    public required string RwhPolicy { get; init; }

    /// <summary>Its id.</summary>
    public required int VolumeId { get; init; }
}

/// <summary>The migration record, in sectors of 512 bytes; null in <see cref="Record"/> on disks that do not have it.</summary>
/// <param name="Record">What it says.</param>
public sealed record MigrationReport(MigrationRecordReport? Record);

/// <summary>A migration record's fields.</summary>
public sealed record MigrationRecordReport(
    bool ContainsData, ulong CurrentUnit, uint Family, uint Ascending, uint BlocksPerUnit, uint DestinationDepthPerUnit,
    ulong CheckpointArea, ulong FirstMember, ulong Units, ulong VolumeSize, uint ReadFrom);

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ImsmReport))]
internal sealed partial class ReportJson : JsonSerializerContext;
