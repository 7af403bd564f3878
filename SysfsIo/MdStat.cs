using System.Collections.Immutable;

namespace ActorRaid.SysfsIo;

/// <summary>What /proc/mdstat says.</summary>
/// <param name="Personalities">The levels that the kernel knows now: <c>raid1</c>, <c>raid456</c>'s three names.</param>
/// <param name="ReadAhead">The text behind <c>read_ahead</c>, as kernels before 2.6 print it; else null.</param>
/// <param name="Arrays">The arrays, in the order printed.</param>
/// <param name="UnusedDevices">Devices that md holds without using them.</param>
/// <param name="Unknown">Lines that are none of the above, as they are.</param>
public sealed record MdStatFile(
    ImmutableArray<string> Personalities,
    string? ReadAhead,
    ImmutableArray<MdStatArray> Arrays,
    ImmutableArray<string> UnusedDevices,
    ImmutableArray<string> Unknown);

/// <summary>The first word of an array's line.</summary>
public enum MdStatState
{
    /// <summary>It has no personality: being assembled, or a container.</summary>
    Inactive,

    /// <summary>It runs.</summary>
    Active,

    /// <summary>It runs no longer: too many legs have failed (kernel 6.0 on).</summary>
    Broken,

    /// <summary>A word that is not known here; see <see cref="MdStatArray.StateText"/>.</summary>
    Other,
}

/// <summary>An array, or a container.</summary>
/// <param name="Name">The kernel's name: <c>md126</c>.</param>
/// <param name="State">Whether it runs.</param>
/// <param name="StateText">The state's word as printed.</param>
/// <param name="Marks">What stands in parentheses behind the state: <c>read-only</c>, <c>auto-read-only</c>.</param>
/// <param name="Level">The personality: <c>raid5</c>; null when there is none.</param>
/// <param name="Members">Its devices.</param>
/// <param name="Blocks">Its size in blocks of 1024 bytes, for an inactive array its devices' sizes added up; null when not printed.</param>
/// <param name="MetadataVersion">
/// As the attribute metadata_version spells it: <c>1.2</c>, <c>external:imsm</c>, <c>external:/md127/0</c>,
/// <c>non-persistent</c>; null for version 0.90, which is not printed.
/// </param>
/// <param name="Layout">What the personality says before the counts: <c>level 5, 64k chunk, algorithm 0</c>; may be empty.</param>
/// <param name="RaidDisks">The array's slots, the n of [n/m]; null when not printed.</param>
/// <param name="WorkingDisks">The slots in sync, the m of [n/m]; null when not printed.</param>
/// <param name="Slots">One character for each slot: <c>U</c> in sync, <c>_</c> not; null when not printed.</param>
/// <param name="Progress">What runs or waits; null for nothing.</param>
/// <param name="Bitmap">The write-intent bitmap; null for none.</param>
/// <param name="Unknown">Lines of this array that are none of the above, as they are.</param>
public sealed record MdStatArray(
    string Name,
    MdStatState State,
    string StateText,
    ImmutableArray<string> Marks,
    string? Level,
    ImmutableArray<MdStatMember> Members,
    long? Blocks,
    string? MetadataVersion,
    string Layout,
    int? RaidDisks,
    int? WorkingDisks,
    string? Slots,
    MdStatProgress? Progress,
    MdStatBitmap? Bitmap,
    ImmutableArray<string> Unknown)
{
    private const string ExternalPrefix = "external:";

    /// <summary>Whether it may not be written at all.</summary>
    public bool IsReadOnly => Marks.Contains("read-only");

    /// <summary>Whether it becomes writable with its first write.</summary>
    public bool IsAutoReadOnly => Marks.Contains("auto-read-only");

    /// <summary>Whether its metadata is kept in user space.</summary>
    public bool IsExternal => MetadataVersion?.StartsWith(ExternalPrefix, StringComparison.Ordinal) ?? false;

    /// <summary>Whether it is a container: external metadata of its own, rather than a place in another array's.</summary>
    public bool IsContainer => IsExternal && External is not (['/', ..] or ['-', ..]);

    /// <summary>A container's metadata format: <c>imsm</c>; null for anything else.</summary>
    public string? Format => IsContainer ? External.ToString() : null;

    /// <summary>The container that a member array lies in: <c>md127</c>; null for anything else.</summary>
    public string? Container => IsMember ? External[1..ContainerEnd].ToString() : null;

    /// <summary>A member array's name within its container: <c>0</c>; null for anything else.</summary>
    public string? Subarray => IsMember && ContainerEnd + 1 < External.Length ? External[(ContainerEnd + 1)..].ToString() : null;

    /// <summary>Whether a member array is frozen: not to be reconfigured, no spare to be assigned (<c>external:-md127/0</c>).</summary>
    public bool IsFrozen => IsExternal && External is ['-', ..];

    private bool IsMember => IsExternal && !IsContainer;

    private int ContainerEnd => External[1..].IndexOf('/') is >= 0 and var slash ? slash + 1 : External.Length;

    private ReadOnlySpan<char> External => IsExternal ? MetadataVersion.AsSpan(ExternalPrefix.Length) : default;
}

/// <summary>A device of an array.</summary>
/// <param name="Device">The kernel's name: <c>sda</c>.</param>
/// <param name="Number">Its number in brackets: the descriptor's number, which need not be its slot.</param>
/// <param name="Flags">The letters in parentheses, in the order printed.</param>
public sealed record MdStatMember(string Device, int Number, string Flags)
{
    /// <summary>(W): read only when there is no other.</summary>
    public bool IsWriteMostly => Flags.Contains('W');

    /// <summary>(J): a journal.</summary>
    public bool IsJournal => Flags.Contains('J');

    /// <summary>(F): failed.</summary>
    public bool IsFaulty => Flags.Contains('F');

    /// <summary>(S): it has no slot.</summary>
    public bool IsSpare => Flags.Contains('S');

    /// <summary>(R): it replaces another in its slot.</summary>
    public bool IsReplacement => Flags.Contains('R');
}

/// <summary>Whether what is to be done is being done.</summary>
public enum MdStatProgressState
{
    /// <summary>It runs.</summary>
    Running,

    /// <summary>It waits for another array that shares a disk.</summary>
    Delayed,

    /// <summary>It waits until the array is written to.</summary>
    Pending,

    /// <summary>Another node of the cluster does it.</summary>
    Remote,
}

/// <summary>A resync, recovery, reshape or check.</summary>
/// <param name="Action"><c>resync</c>, <c>recovery</c> (for a remote one <c>recover</c>), <c>reshape</c> or <c>check</c>.</param>
/// <param name="State">Whether it runs; the numbers are null when it does not.</param>
/// <param name="Percent">How much of it is done.</param>
/// <param name="Done">How far it has come, in blocks of 1024 bytes.</param>
/// <param name="Total">How far it goes, in blocks of 1024 bytes.</param>
/// <param name="FinishMinutes">The kernel's guess of the minutes left.</param>
/// <param name="Speed">In KiB per second.</param>
public sealed record MdStatProgress(
    string Action,
    MdStatProgressState State,
    double? Percent = null,
    long? Done = null,
    long? Total = null,
    double? FinishMinutes = null,
    long? Speed = null);

/// <summary>A write-intent bitmap's line.</summary>
/// <param name="PagesUsed">Pages of it in memory.</param>
/// <param name="PagesTotal">Pages it has.</param>
/// <param name="MemoryKiB">Memory that those in memory take.</param>
/// <param name="ChunkBytes">How much of the array one bit stands for.</param>
/// <param name="File">The file it is kept in; null when it is kept on the array's devices.</param>
/// <param name="Text">The line, as it is.</param>
public sealed record MdStatBitmap(long? PagesUsed, long? PagesTotal, long? MemoryKiB, long? ChunkBytes, string? File, string Text);
