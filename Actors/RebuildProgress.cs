using ActorRaid.Metadata;

namespace ActorRaid.Actors;

/// <summary>
/// When the progress of a resync, recovery, reshape, check or repair is told: at 20, 40, 60 and 80 %, as mdadm --monitor does. When one begins,
/// sync_completed may show for a moment where the one before had come to (see <see cref="SyncProgress"/>): the first place is where it counts from.
/// </summary>
/// <param name="Action">What runs.</param>
/// <param name="Seen">Whether its sync_completed can be believed.</param>
/// <param name="Percent">How far it was told, or need not be told.</param>
public readonly record struct RebuildProgress(SyncAction Action, SyncProgress Seen, int Percent)
{
    /// <summary>As mdadm's --increment has it without being told otherwise.</summary>
    private const int Step = 20;

    /// <summary>After one more look; and whether it is to be told.</summary>
    public (RebuildProgress Next, bool Tells) See(SyncAction action, SyncPosition? position)
    {
        if (action is SyncAction.Idle or SyncAction.Frozen or SyncAction.Unknown)
        {
            return (default, false);
        }

        var before = action == Action ? this : new RebuildProgress(action, SyncProgress.None, 0);
        if (position is not { Done: > 0 } at)
        {
            return (before, false);
        }

        var percent = Reached(at);
        var next = before with { Seen = before.Seen.See(at.Done), Percent = percent };
        return (next, next.Seen.Moves && percent > before.Percent && percent < 100);
    }

    /// <summary>The last step that a position has reached, in percent.</summary>
    public static int Reached(SyncPosition position) => (int)(position.Fraction * 100) / Step * Step;
}
