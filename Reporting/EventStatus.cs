namespace ActorRaid.Reporting;

/// <summary>One thing that happened.</summary>
/// <param name="Sequence">Counts up by one while a daemon lives; a gap where all are shown: events were dropped, or
/// forgotten.</param>
/// <param name="Time">When it was seen.</param>
/// <param name="Level">debug, info, warning, error.</param>
/// <param name="Kind">A short name for programs: array-state, leg-failed, recovery-started.</param>
/// <param name="Container">md127</param>
/// <param name="Array">md126</param>
/// <param name="Disk">sda</param>
/// <param name="Text">The same in words.</param>
/// <param name="Cause">What led to it, in words; null: it is said in the text, or nothing of ours did.</param>
/// <param name="Wrote">What was written where because of it: <c>metadata generation 18 to sda, sdb; active to
/// array_state</c>.</param>
/// <param name="Microseconds">How long it took from seeing to the last of these writes.</param>
/// <param name="From">For what changes from one word of the kernel's to another (array-state, sync-action): the word
/// before.</param>
/// <param name="To">The word after.</param>
public sealed record EventStatus(
    long Sequence, DateTimeOffset Time, string Level, string Kind, string? Container, string? Array, string? Disk,
        string Text,
    string? Cause = null, string? Wrote = null, long? Microseconds = null, string? From = null, string? To = null);
