namespace ActorRaid.Actors;

/// <summary>How much an event matters.</summary>
public enum EventLevel
{
    /// <summary>For whoever looks for a fault in us; and what comes with every burst of writes.</summary>
    Debug,

    /// <summary>What happened, in the normal course of things.</summary>
    Info,

    /// <summary>Something that an admin should look at.</summary>
    Warning,

    /// <summary>Something that went wrong.</summary>
    Error,
}

/// <summary>One thing that happened: what the journal, the console and later the status show.</summary>
/// <param name="Time">When it was seen.</param>
/// <param name="Level">How much it matters.</param>
/// <param name="Kind">A short name for programs: <c>array-state</c>, <c>leg-failed</c>.</param>
/// <param name="Container">md127</param>
/// <param name="Array">md126</param>
/// <param name="Disk">The kernel's name of the disk: loop0.</param>
/// <param name="Text">The same in words.</param>
public sealed record RaidEvent(
    DateTimeOffset Time, EventLevel Level, string Kind, string? Container, string? Array, string? Disk, string Text)
{
    /// <summary>What more there is to say; null: nothing.</summary>
    public EventDetail? Detail { get; init; }
}

/// <summary>Why something happened, what was written where because of it, and how long that took.</summary>
/// <param name="Cause">What led to it, in words.</param>
/// <param name="Wrote">What was written where: <c>metadata generation 18; active to array_state</c>.</param>
/// <param name="Microseconds">From seeing it to the last of these writes.</param>
/// <param name="From">The kernel's word before, for array-state and sync-action.</param>
/// <param name="To">The word after.</param>
/// <param name="Sync">How far a resync or the like has come, for checkpoint and sync-progress.</param>
public sealed record EventDetail(
    string? Cause = null, string? Wrote = null, long? Microseconds = null, string? From = null, string? To = null, SyncPosition? Sync = null)
{
    /// <summary>Why a recovery begins that is none: md looks for something to rebuild after each failure.</summary>
    public const string NothingToRebuild = "md looks for a leg to rebuild, and has none";
}

/// <summary>Where events go. Writing never waits for anything.</summary>
public interface IEventSink
{
    /// <summary>Takes an event, or drops it; returns at once either way.</summary>
    void Write(RaidEvent e);
}

/// <summary>Events of one container, with its name filled in.</summary>
public sealed class ContainerEvents(IEventSink sink, string container)
{
    /// <summary>The normal course of things.</summary>
    public void Info(string kind, string text, string? array = null, string? disk = null, EventDetail? detail = null) =>
        Write(EventLevel.Info, kind, text, array, disk, detail);

    /// <summary>Something that an admin should look at.</summary>
    public void Warning(string kind, string text, string? array = null, string? disk = null, EventDetail? detail = null) =>
        Write(EventLevel.Warning, kind, text, array, disk, detail);

    /// <summary>Something that went wrong.</summary>
    public void Error(string kind, string text, string? array = null, string? disk = null, EventDetail? detail = null) =>
        Write(EventLevel.Error, kind, text, array, disk, detail);

    /// <summary>A disk is not what it should be: <c>disk-stale</c>, <c>disk-foreign</c>, <c>disk-broken</c>.</summary>
    internal void Verdict(Metadata.DiskVerdict verdict) =>
        Warning("disk-" + verdict.Standing.ToString().ToLowerInvariant(), $"{verdict.Name}: {verdict.Reason}", disk: verdict.Name);

    /// <summary>For whoever looks for a fault in us.</summary>
    public void Debug(string kind, string text, string? array = null, string? disk = null, EventDetail? detail = null) =>
        Write(EventLevel.Debug, kind, text, array, disk, detail);

    /// <summary>Something of that level.</summary>
    internal void Write(EventLevel level, string kind, string text, string? array, string? disk, EventDetail? detail) =>
        sink.Write(new RaidEvent(DateTimeOffset.Now, level, kind, container, array, disk, text) { Detail = detail });
}
