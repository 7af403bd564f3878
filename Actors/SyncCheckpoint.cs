using System.Collections.Immutable;
using ActorRaid.Metadata;

namespace ActorRaid.Actors;

/// <summary>
/// How far a resync or a recovery has come, by md's own word alone: a pure function of one look. Nothing is remembered,
/// so a supervisor that was started a moment ago knows as much as one that has watched from the beginning. md keeps the
/// place in resync_start, and of a recovery in recovery_start of each leg; from there it would go on itself (md.c:
/// md_do_sync, md_update_sb). sync_completed is no such word: when the next one begins it may show for a moment where
/// the one before had come to, and a checkpoint there would leave the legs unsynchronized.
/// </summary>
public static class SyncCheckpoint
{
    /// <summary>Nothing is known: what is recorded stays.</summary>
    public const ulong Unknown = ArrayFacts.Complete;

    /// <summary>
    /// The place before which all is synchronized, in sectors as md counts them; or <see cref="Unknown"/>. A check or a
    /// repair that somebody asked for has none: how far it has come says nothing of the resync that is recorded.
    /// </summary>
    /// <param name="view">The look.</param>
    /// <param name="running">What runs, or has just ended.</param>
    /// <param name="resyncStart">resync_start, where it could be read.</param>
    /// <param name="recorded">What is recorded.</param>
    public static ulong Of(MemberView view, SyncAction running, ulong resyncStart, ulong recorded)
    {
        var proven = running switch
        {
            SyncAction.Resync => resyncStart,
            SyncAction.Recover => OfLegs(view.Legs),
            _ => Unknown,
        };

        // Less than what is recorded is recorded too: another leg has come, or md began anew. But recovery_start
        // follows sync_completed a moment later, and whoever recorded that was right.
        return proven < recorded && view.SyncCompleted >= recorded ? Unknown : proven;
    }

    /// <summary>Whether some leg is there to be rebuilt.</summary>
    public static bool IsRebuilding(LegView leg) => (leg.Flags & (LegFlags.InSync | LegFlags.Faulty)) == 0;

    /// <summary>md rebuilds all legs in one go, from where the one begins that lacks most.</summary>
    private static ulong OfLegs(ImmutableArray<LegView> legs)
    {
        var least = Unknown;
        foreach (var leg in legs)
        {
            if ((leg.Flags & LegFlags.Vanished) != 0)
            {
                return Unknown;
            }

            if (IsRebuilding(leg))
            {
                least = Math.Min(least, leg.RecoveryStart);
            }
        }

        return least;
    }
}
