using System.Collections.Immutable;
using ActorRaid.Metadata;

namespace ActorRaid.Actors;

/// <summary>What is told of a look at a member array: a pure function. Runs after the kernel was let go.</summary>
internal static class MemberReport
{
    /// <summary>One line for each thing that changed.</summary>
    /// <param name="array">md126</param>
    /// <param name="before">The previous look.</param>
    /// <param name="actions">What followed from this one.</param>
    /// <param name="recorded">The metadata's answer, where it was asked.</param>
    /// <param name="syncSectors">Where the resync, recovery or reshape ends, in sectors as md counts them.</param>
    /// <param name="rebuilds">Some leg is there to be rebuilt.</param>
    /// <param name="progress">How far what runs is, where that is to be told.</param>
    /// <param name="took">From the look to the last write.</param>
    public static IEnumerable<(EventLevel Level, string Kind, string Text, EventDetail Detail)> Of(
        string array, MemberMemory before, MemberActions actions, Recorded? recorded, ulong syncSectors, bool rebuilds,
        SyncPosition? progress, TimeSpan took)
    {
        var now = actions.Next;
        var changed = recorded is { Changed: true };
        var detail = new EventDetail(null, Wrote(actions, recorded), (long)took.TotalMicroseconds);
        if (before.State != now.State)
        {
            yield return (
                LevelOf(before.State, now.State), "array-state", $"{array} is {now.State.ToWord()}{(changed ? ", recorded" : "")}",
                detail with { Cause = Cause(before, actions), From = before.State.ToWord(), To = now.State.ToWord() });
        }

        if (before.Action != now.Action)
        {
            yield return (
                EventLevel.Info, "sync-action", $"{array}: {before.Action.ToWord()} -> {now.Action.ToWord()}",
                detail with
                {
                    Cause = now.Action == SyncAction.Recover && !rebuilds ? EventDetail.NothingToRebuild : null,
                    From = before.Action.ToWord(),
                    To = now.Action.ToWord(),
                });
            if (before.Action == SyncAction.Recover && now.Action == SyncAction.Idle && !actions.LookForSpare)
            {
                yield return recorded is { IsWhole: true }
                    ? (
                        EventLevel.Info, "array-whole", $"{array}: all legs are in sync, recorded",
                        detail with { Cause = "its recovery has ended" })
                    : (
                        EventLevel.Warning, "array-not-whole",
                        $"{array}: md has all legs in sync, but the metadata has not: started again, it would be without "
                            + "those", detail);
            }
        }
        else if (changed && now.LastCheckpoint > before.LastCheckpoint)
        {
            yield return (
                EventLevel.Debug, "checkpoint",
                $"{array}: {now.Action.ToWord()} has come to sector {now.LastCheckpoint} of {syncSectors}, recorded",
                detail with { Sync = syncSectors == 0 ? null : new SyncPosition(now.LastCheckpoint, syncSectors) });
        }

        if (progress is { } at)
        {
            yield return (
                EventLevel.Info, "sync-progress", $"{array}: {now.Action.ToWord()} has come to {RebuildProgress.Reached(at)} %",
                new EventDetail(Sync: at));
        }
    }

    /// <summary>
    /// Every burst of writes makes an array dirty and clean again: that matters only to whoever looks for a fault. That it was started, stopped or
    /// given up matters to all.
    /// </summary>
    private static EventLevel LevelOf(ArrayState before, ArrayState now) =>
        now == ArrayState.Broken ? EventLevel.Error
        : ComesAndGoes(before) && ComesAndGoes(now) ? EventLevel.Debug
        : EventLevel.Info;

    private static bool ComesAndGoes(ArrayState state) =>
        state is ArrayState.Clean or ArrayState.WritePending or ArrayState.Active or ArrayState.ActiveIdle;

    /// <summary>
    /// Whether md begins a recovery before the place that the metadata knows it had come to. At the first look an array that is being assembled is still
    /// readonly, and the recovery waits for that to end: where it will begin is in its leg already.
    /// </summary>
    /// <param name="recorded">The volume as the metadata has it.</param>
    /// <param name="view">The first look.</param>
    public static bool LosesCheckpoint(VolumeInfo recorded, MemberView view) =>
        recorded is { Activity: VolumeActivity.Recovery, Checkpoint: > 0 } && view.SyncCompleted < recorded.Checkpoint
        && view.Legs.Any(leg => (leg.Flags & (LegFlags.InSync | LegFlags.Faulty)) == 0 && leg.RecoveryStart < recorded.Checkpoint);

    private static string? Cause(MemberMemory before, MemberActions actions) => actions.Next.State switch
    {
        ArrayState.WritePending => "a writer waits",
        ArrayState.ActiveIdle => "nothing was written for safe_mode_delay",
        ArrayState.Clean when before.State is ArrayState.Active or ArrayState.ActiveIdle => "nothing is being written any more",
        ArrayState.Active when before.State == ArrayState.WritePending => "the writer was let go",
        ArrayState.Active when before.State is ArrayState.ReadAuto or ArrayState.ReadOnly => "it was written to, or made writable",
        ArrayState.Clear or ArrayState.Inactive or ArrayState.Unknown => "somebody stopped it",
        ArrayState.Broken => "too many of its disks have failed",
        _ => null,
    };

    private static string? Wrote(MemberActions actions, Recorded? recorded)
    {
        var parts = ImmutableArray.CreateBuilder<string>();
        if (actions.WriteFirst is { } first)
        {
            parts.Add($"{first.ToWord()} to array_state");
        }

        if (recorded is { Changed: true })
        {
            parts.Add($"metadata generation {recorded.Generation}");
        }

        if (actions.WriteByAnswer)
        {
            parts.Add($"{(recorded is { Clean: true } ? "read-auto" : "active")} to array_state");
        }
        else if (actions.WriteState is { } state)
        {
            parts.Add($"{state.ToWord()} to array_state");
        }

        return parts.Count == 0 ? null : string.Join("; ", parts);
    }
}
