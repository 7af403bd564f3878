using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>What a member array remembers from look to look.</summary>
/// <param name="State">array_state at the previous look; <see cref="ArrayState.Inactive"/> before the first.</param>
/// <param name="Action">sync_action at the previous look.</param>
/// <param name="ResyncStart">resync_start at the previous look.</param>
/// <param name="LastCheckpoint">
/// Where the resync, recovery or reshape was last recorded, in sectors as md counts them.
/// </param>
/// <param name="Progress">Whether a reshape's sync_completed can be believed.</param>
public sealed record MemberMemory(ArrayState State, SyncAction Action, ulong ResyncStart, ulong LastCheckpoint, SyncProgress Progress)
{
    /// <summary>Before the first look.</summary>
    public static readonly MemberMemory New = new(ArrayState.Inactive, SyncAction.Idle, ArrayFacts.Complete, 0, SyncProgress.None);

    /// <summary>The same, when a recovery has just been started.</summary>
    public MemberMemory WithRecoveryStarted() => this with { Action = SyncAction.Recover, LastCheckpoint = 0, Progress = SyncProgress.None };
}

/// <summary>
/// Whether a reshape's sync_completed can be believed. When one begins, the kernel may show for a moment where the
/// resync or recovery before it had come to (md.c: sync_completed_show reads curr_resync_completed, which md_do_sync
/// sets a little later). So nothing counts until the value has changed once. (A reshape's place is durable with mdadm,
/// whatever is said here; resync and recovery: <see cref="SyncCheckpoint"/>.)
/// </summary>
/// <param name="First">The first value that was seen since it began, in sectors; 0 for none.</param>
/// <param name="Moves">It has changed since.</param>
public readonly record struct SyncProgress(ulong First, bool Moves)
{
    /// <summary>Nothing seen yet.</summary>
    public static readonly SyncProgress None = default;

    /// <summary>After one more look.</summary>
    public SyncProgress See(ulong completed) =>
        completed == 0 ? this : First == 0 ? new SyncProgress(completed, false) : this with { Moves = Moves || completed != First };
}

/// <summary>What is to be done after a look. Metadata first, then the kernel is let go.</summary>
/// <param name="WriteFirst">array_state to write before anything is recorded: only active-idle's <c>clean</c>.</param>
/// <param name="Changes">What to record.</param>
/// <param name="WriteState">array_state to write once that is recorded.</param>
/// <param name="WriteByAnswer">
/// The metadata's answer decides: read-auto if the array is clean, else <c>active</c>.
/// </param>
/// <param name="FailedSlots">
/// Legs whose failure is then to be carried out: unblocked, and removed if <paramref name="MayRemove"/>.
/// </param>
/// <param name="MayRemove">The array can be written, so that failed legs can be removed.</param>
/// <param name="LookForSpare">The array may be degraded.</param>
/// <param name="Gone">The array has stopped.</param>
/// <param name="Next">What to remember.</param>
public sealed record MemberActions(
    ArrayState? WriteFirst, ImmutableArray<Change> Changes, ArrayState? WriteState, bool WriteByAnswer,
    ImmutableArray<int> FailedSlots, bool MayRemove, bool LookForSpare, bool Gone, MemberMemory Next);

/// <summary>
/// Decides what follows from a look at a member array: a pure function. The rows are those of mdmon's wake-up
/// (upstream: read_and_act in monitor.c).
/// </summary>
public static class MemberDecision
{
    /// <summary>
    /// Whether md's error for an array_state that was written is one to tell. Not where the array has gone meanwhile; nor where
    /// md refuses <c>clean</c> with EBUSY, as a writer has come since it was seen idle: it stays active, and is idle again later;
    /// or <c>clear</c>, as somebody still has the array open: whoever stops it (mdadm --stop) stops it to the end.
    /// </summary>
    public static bool IsRefusal(ArrayState written, Errno errno) =>
        errno is not (Errno.ENODEV or Errno.ENOENT) && !(written is ArrayState.Clean or ArrayState.Clear && errno == Errno.EBUSY);

    /// <summary>
    /// The short way for a writer who waits: what write-pending asks for needs nothing but what the previous look saw.
    /// The full look follows when the writer is let go.
    /// </summary>
    public static MemberActions WritePending(int volume, MemberMemory memory) => new(
        null,
        [
            new StateChange(
                volume, Consistency.Dirty,
                new ArrayFacts(memory.ResyncStart, SyncCheckpoint.Unknown, memory.Action, memory.Action, ArrayFacts.Complete)),
        ],
        ArrayState.Active, false, [], true, false, false, memory with { State = ArrayState.WritePending });

    /// <summary>What follows from a full look.</summary>
    /// <param name="volume">The volume's index in the metadata.</param>
    /// <param name="memory">The previous look.</param>
    /// <param name="view">This look.</param>
    /// <param name="raidDisks">How many legs the array has when it is whole.</param>
    /// <param name="componentSectors">Sectors of each leg.</param>
    public static MemberActions Decide(int volume, MemberMemory memory, MemberView view, int raidDisks, ulong componentSectors)
    {
        var state = view.State;

        // What cannot be read now is as it was. And whoever stops an array freezes its reshape first: it has not ended.
        var frozenReshape = view.Action == SyncAction.Frozen && memory.Action == SyncAction.Reshape
            && view.ReshapePosition != ArrayFacts.Complete;
        var action = view.Action == SyncAction.Unknown || frozenReshape ? memory.Action : view.Action;
        var running = action is not (SyncAction.Idle or SyncAction.Frozen or SyncAction.Unknown);
        var begins = running && action != memory.Action;
        var progress = action == SyncAction.Reshape
            ? (begins ? SyncProgress.None : memory.Progress).See(view.SyncCompleted)
            : SyncProgress.None;
        var completed = progress.Moves ? view.SyncCompleted : 0;
        var changes = ImmutableArray.CreateBuilder<Change>();
        ArrayState? writeFirst = null;
        ArrayState? write = null;
        var byAnswer = false;
        var spare = false;
        var resyncStart = state == ArrayState.Clear ? memory.ResyncStart : view.ResyncStart ?? memory.ResyncStart;
        var followed = running ? action : memory.Action;
        var recorded = begins && action == SyncAction.Reshape ? 0 : memory.LastCheckpoint;
        var checkpoint = followed == SyncAction.Reshape
            ? recorded
            : SyncCheckpoint.Of(view, followed, resyncStart, recorded);
        var said = false;
        void Say(Consistency consistency)
        {
            said = true;
            var facts = new ArrayFacts(resyncStart, checkpoint, memory.Action, action, view.ReshapePosition);
            changes.Add(new StateChange(volume, consistency, facts));
        }

        void SayAsItIs() => Say(state <= ArrayState.Clean ? Consistency.Clean : Consistency.Dirty);

        var stopped = state is ArrayState.Unknown or <= ArrayState.Inactive;
        var gone = stopped && memory.State > ArrayState.Inactive;
        if (gone)
        {
            // What it says of itself when it has stopped is not how its reshape stands.
            action = memory.Action == SyncAction.Reshape ? SyncAction.Reshape : action;
            Say(Consistency.Clean);
            var lost = Failed();
            return new MemberActions(
                null, changes.ToImmutable(), ArrayState.Clear, false, lost, false, false, true,
                memory with { State = state });
        }

        switch (state)
        {
            case ArrayState.WritePending:
                Say(Consistency.Dirty);
                write = ArrayState.Active;
                break;
            case ArrayState.ActiveIdle:
                writeFirst = ArrayState.Clean;
                break;
            case ArrayState.Clean or ArrayState.Broken:
                Say(Consistency.Clean);
                break;
            case ArrayState.ReadOnly when !view.LeftReadOnly:
                Say(Consistency.AsRecorded);
                byAnswer = true;
                break;
            case ArrayState.Active when memory.State == ArrayState.Inactive:
                // Taken up while it is being written: whoever supervised it before has recorded that, unless it died
                // first.
                Say(Consistency.Dirty);
                break;
        }

        if (!stopped && action == SyncAction.Idle && memory.Action == SyncAction.Resync)
        {
            SayAsItIs();
            spare = true;
        }

        if (!stopped && action == SyncAction.Idle && memory.Action == SyncAction.Recover)
        {
            foreach (var leg in view.Legs)
            {
                changes.Add(new LegChange(volume, leg.Slot, ToLegState(leg.Flags)));
            }

            spare = view.Legs.Length != raidDisks || view.Legs.Any(leg => (leg.Flags & LegFlags.InSync) == 0);
        }

        var failed = Failed();
        spare |= !failed.IsEmpty;
        if (!failed.IsEmpty && state == ArrayState.ReadAuto)
        {
            Say(Consistency.Dirty);
            write = ArrayState.Active;
        }

        if (followed == SyncAction.Reshape)
        {
            recorded = FollowReshape();
        }
        else if (checkpoint != SyncCheckpoint.Unknown)
        {
            if (!said && !stopped && checkpoint != recorded)
            {
                SayAsItIs();
            }

            recorded = said ? checkpoint : recorded;
        }
        else if (!running && action != memory.Action && IsOver(view, memory.Action, resyncStart))
        {
            recorded = 0;
        }

        return new MemberActions(
            writeFirst, changes.ToImmutable(), write, byAnswer, failed,
            state > ArrayState.ReadOnly, spare, false,
            new MemberMemory(state, action, resyncStart, recorded, progress));

        // A leg may fail in the moment in which its array is stopped, too: it would be taken for whole the next time.
        ImmutableArray<int> Failed()
        {
            var failed = ImmutableArray.CreateBuilder<int>();
            foreach (var leg in view.Legs)
            {
                if ((leg.Flags & LegFlags.Faulty) != 0)
                {
                    changes.Add(new LegChange(volume, leg.Slot, ToLegState(leg.Flags)));
                    failed.Add(leg.Slot);
                }
            }

            return failed.ToImmutable();
        }

        ulong FollowReshape()
        {
            if (action != SyncAction.Idle && completed <= checkpoint)
            {
                return completed >= componentSectors ? 0 : checkpoint;
            }

            if (completed != 0)
            {
                checkpoint = completed;
            }

            if (action == SyncAction.Idle && view.ReshapePosition == ArrayFacts.Complete)
            {
                checkpoint = componentSectors;
            }

            SayAsItIs();
            return completed >= componentSectors ? 0 : completed;
        }
    }

    /// <summary>
    /// What the first look finds changed while nobody watched: legs that md has in sync (a recovery that ended) but the
    /// metadata not, or a reshape that has ended.
    /// </summary>
    /// <param name="recorded">The volume as the metadata has it.</param>
    /// <param name="view">The array as it is.</param>
    /// <param name="shape">Its shape, where a reshape is recorded.</param>
    public static ImmutableArray<Change> CatchUp(VolumeInfo recorded, MemberView view, MdShape? shape)
    {
        if (view.Action != SyncAction.Idle || view.State <= ArrayState.Inactive)
        {
            return [];
        }

        if (recorded.Reshape is { } reshape)
        {
            return view.ReshapePosition == ArrayFacts.Complete && shape is not null && shape.HasEnded(reshape)
                ? [ReshapeEnded(recorded.Index, view.State <= ArrayState.Clean ? Consistency.Clean : Consistency.Dirty)]
                : [];
        }

        return [.. from leg in view.Legs
                   where (leg.Flags & (LegFlags.InSync | LegFlags.Faulty)) == LegFlags.InSync
                   where leg.Slot < recorded.Legs.Length && recorded.Legs[leg.Slot] is { InSync: false, MayReturn: false }
                   select new LegChange(recorded.Index, leg.Slot, LegState.InSync)];
    }

    /// <summary>What records that a reshape has ended which nobody watched.</summary>
    /// <param name="volume">The volume's index in the metadata.</param>
    /// <param name="consistency">Clean where nothing is being written.</param>
    public static StateChange ReshapeEnded(int volume, Consistency consistency) => new(
        volume, consistency, new ArrayFacts(ArrayFacts.Complete, 0, SyncAction.Reshape, SyncAction.Idle, ArrayFacts.Complete));

    /// <summary>Whether a resync or a recovery that has ended leaves nothing to go on with.</summary>
    private static bool IsOver(MemberView view, SyncAction ended, ulong resyncStart) => ended switch
    {
        SyncAction.Resync => resyncStart == ArrayFacts.Complete,
        SyncAction.Recover => !view.Legs.Any(SyncCheckpoint.IsRebuilding),
        _ => false,
    };

    private static LegState ToLegState(LegFlags flags) =>
        ((flags & LegFlags.Faulty) != 0 ? LegState.Faulty : LegState.None)
        | ((flags & LegFlags.InSync) != 0 ? LegState.InSync : LegState.None);
}
