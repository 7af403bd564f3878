using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Metadata;

namespace ActorRaid.Actors;

/// <summary>array_state as the kernel spells it, in the order in which mdmon compares them: up to <see cref="Clean"/> nothing is being written.</summary>
public enum ArrayState
{
    /// <summary>clear</summary>
    Clear,

    /// <summary>inactive</summary>
    Inactive,

    /// <summary>suspended</summary>
    Suspended,

    /// <summary>readonly</summary>
    ReadOnly,

    /// <summary>read-auto</summary>
    ReadAuto,

    /// <summary>clean</summary>
    Clean,

    /// <summary>active</summary>
    Active,

    /// <summary>write-pending</summary>
    WritePending,

    /// <summary>active-idle</summary>
    ActiveIdle,

    /// <summary>broken</summary>
    Broken,

    /// <summary>The attribute is gone, or says something that we do not know.</summary>
    Unknown,
}

/// <summary>A leg's state: the words in its state attribute that matter here.</summary>
[Flags]
public enum LegFlags
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>faulty</summary>
    Faulty = 1,

    /// <summary>in_sync</summary>
    InSync = 2,

    /// <summary>blocked</summary>
    Blocked = 4,

    /// <summary>spare</summary>
    Spare = 8,

    /// <summary>Its attribute can no longer be read.</summary>
    Vanished = 16,
}

/// <summary>A leg as it was seen. Sectors.</summary>
public readonly record struct LegView(int Slot, LegFlags Flags, ulong RecoveryStart);

/// <summary>A member array as it was seen, all attributes in one look. Sectors.</summary>
/// <param name="State">array_state</param>
/// <param name="Action">sync_action</param>
/// <param name="ResyncStart">resync_start; all ones for none; null when it could not be read.</param>
/// <param name="SyncCompleted">The first number of sync_completed; 0 for none.</param>
/// <param name="LeftReadOnly">metadata_version begins with <c>external:-</c>: somebody wants it left alone.</param>
/// <param name="ReshapePosition">reshape_position; all ones for none.</param>
/// <param name="Legs">The legs that md has, by slot.</param>
public sealed record MemberView(
    ArrayState State, SyncAction Action, ulong? ResyncStart, ulong SyncCompleted, bool LeftReadOnly,
    ulong ReshapePosition, ImmutableArray<LegView> Legs);

/// <summary>The kernel's words.</summary>
public static class KernelWords
{
    /// <summary>
    /// Whether a leg does its part: it is in sync. The legs that a RAID 0 gets, which md keeps as a RAID 4 for that, are not called so
    /// before its reshape has ended.
    /// </summary>
    /// <param name="flags">The leg's state.</param>
    /// <param name="isStriped">The array is a RAID 0, or has been one when its reshape began.</param>
    public static bool IsThere(this LegFlags flags, bool isStriped) =>
        (flags & (LegFlags.Faulty | LegFlags.Vanished)) == 0 && (isStriped || (flags & LegFlags.InSync) != 0);

    /// <summary>array_state's word for a state that may be written.</summary>
    public static string ToWord(this ArrayState state) => state switch
    {
        ArrayState.Clear => "clear",
        ArrayState.Inactive => "inactive",
        ArrayState.Suspended => "suspended",
        ArrayState.ReadOnly => "readonly",
        ArrayState.ReadAuto => "read-auto",
        ArrayState.Clean => "clean",
        ArrayState.Active => "active",
        ArrayState.WritePending => "write-pending",
        ArrayState.ActiveIdle => "active-idle",
        ArrayState.Broken => "broken",
        _ => "unknown",
    };

    /// <summary>sync_action's word.</summary>
    public static string ToWord(this SyncAction action) => action.ToString().ToLowerInvariant();

    /// <summary>Reads array_state.</summary>
    public static ArrayState ParseState(string word) => word switch
    {
        "clear" => ArrayState.Clear,
        "inactive" => ArrayState.Inactive,
        "suspended" => ArrayState.Suspended,
        "readonly" => ArrayState.ReadOnly,
        "read-auto" => ArrayState.ReadAuto,
        "clean" => ArrayState.Clean,
        "active" => ArrayState.Active,
        "write-pending" => ArrayState.WritePending,
        "active-idle" => ArrayState.ActiveIdle,
        "broken" => ArrayState.Broken,
        _ => ArrayState.Unknown,
    };

    /// <summary>Reads sync_action.</summary>
    public static SyncAction ParseAction(string word) => word switch
    {
        "idle" => SyncAction.Idle,
        "reshape" => SyncAction.Reshape,
        "resync" => SyncAction.Resync,
        "recover" => SyncAction.Recover,
        "check" => SyncAction.Check,
        "repair" => SyncAction.Repair,
        "frozen" => SyncAction.Frozen,
        _ => SyncAction.Unknown,
    };

    /// <summary>Reads resync_start, recovery_start or reshape_position: a number of sectors, or <c>none</c>.</summary>
    public static ulong ParsePosition(string text) =>
        ulong.TryParse(FirstNumber(text), CultureInfo.InvariantCulture, out var value) ? value : ArrayFacts.Complete;

    /// <summary>Reads sync_completed: <c>done / all</c> in sectors, or <c>none</c>, which is 0.</summary>
    public static ulong ParseCompleted(string text) =>
        ulong.TryParse(FirstNumber(text), CultureInfo.InvariantCulture, out var value) ? value : 0;

    /// <summary>Reads sync_completed: <c>done / all</c> in sectors; null for anything else (<c>none</c>, <c>delayed</c>).</summary>
    public static SyncPosition? ParseDone(string text)
    {
        var slash = text.IndexOf(" / ", StringComparison.Ordinal);
        return slash > 0
            && ulong.TryParse(text.AsSpan(0, slash), CultureInfo.InvariantCulture, out var done)
            && ulong.TryParse(text.AsSpan(slash + 3), CultureInfo.InvariantCulture, out var all) && all > 0
            ? new SyncPosition(done, all)
            : null;
    }

    /// <summary>Reads a leg's state: words with commas between them.</summary>
    public static LegFlags ParseLeg(ReadOnlySpan<char> text)
    {
        var flags = LegFlags.None;
        foreach (var range in text.Split(','))
        {
            flags |= text[range].Trim() switch
            {
                "faulty" => LegFlags.Faulty,
                "in_sync" => LegFlags.InSync,
                "blocked" => LegFlags.Blocked,
                "spare" => LegFlags.Spare,
                _ => LegFlags.None,
            };
        }

        return flags;
    }

    /// <summary>Reads bad_blocks or unacknowledged_bad_blocks: a line <c>sector length</c> for each range.</summary>
    public static ImmutableArray<BadBlock> ParseBadBlocks(string text)
    {
        var found = ImmutableArray.CreateBuilder<BadBlock>();
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (words.Length == 2 && ulong.TryParse(words[0], CultureInfo.InvariantCulture, out var sector)
                && int.TryParse(words[1], CultureInfo.InvariantCulture, out var length))
            {
                found.Add(new BadBlock(sector, length));
            }
        }

        return found.ToImmutable();
    }

    private static ReadOnlySpan<char> FirstNumber(ReadOnlySpan<char> text)
    {
        var end = 0;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            end++;
        }

        return text[..end];
    }
}
