using System.Collections.Immutable;

namespace ActorRaid.Actors;

/// <summary>
/// Bad blocks of a member array's legs: those that md waits to have recorded, and those that it no longer lists. Part of
/// <see cref="MemberArrayActor"/>, on its thread.
/// </summary>
internal sealed class BadBlockKeeping(MemberSettings settings)
{
    /// <summary>What the last look found to be recorded.</summary>
    public ImmutableArray<Change> ToRecord(MemberAttributes attributes)
    {
        var changes = ImmutableArray<Change>.Empty;
        foreach (var leg in attributes.Legs)
        {
            if (leg.BadBlocksChanged)
            {
                leg.BadBlocksChanged = false;
                if (leg.BadBlocks() is { } listed)
                {
                    changes = changes.Add(new BadBlocksNow(settings.Volume, leg.Slot, listed));
                }
            }

            if ((leg.LastFlags & (LegFlags.Blocked | LegFlags.Faulty)) == LegFlags.Blocked)
            {
                leg.Recording = leg.Unacknowledged();
                changes = changes.AddRange(leg.Recording.Select(block => new BadBlockFound(settings.Volume, leg.Slot, block)));
            }
        }

        return changes;
    }

    /// <summary>They are recorded, or there was no room: tells md, on the array's thread for that.</summary>
    public void Recorded(Recorded? recorded, MemberAttributes attributes)
    {
        foreach (var leg in attributes.Legs)
        {
            if (leg.Recording.IsEmpty)
            {
                continue;
            }

            var refused = recorded is null || recorded.Refused.Any(block => block.Slot == leg.Slot);
            var blocks = leg.Recording;
            leg.Recording = [];
            if (refused)
            {
                settings.Events.Error("bad-block-refused", $"{settings.Array}: no room in the metadata for {blocks.Length} bad blocks of {leg.Disk}; the leg will fail", settings.Array, leg.Disk);
            }
            else if (recorded is { Changed: true })
            {
                settings.Events.Warning("bad-block", $"{settings.Array}: {blocks.Length} bad blocks of {leg.Disk} recorded, the first at sector {blocks[0].Sector}", settings.Array, leg.Disk);
            }

            settings.Legs.Acknowledge(leg.In(settings.Array), refused ? [] : blocks, refused);
        }
    }
}
