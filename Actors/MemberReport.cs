namespace ActorRaid.Actors;

/// <summary>What is told of a look at a member array: a pure function.</summary>
internal static class MemberReport
{
    /// <summary>One line for each thing that changed.</summary>
    /// <param name="array">md126</param>
    /// <param name="before">The previous look.</param>
    /// <param name="actions">What followed from this one.</param>
    /// <param name="recorded">Something had to be written for it.</param>
    /// <param name="componentSectors">Sectors of each leg.</param>
    public static IEnumerable<(string Kind, string Text)> Of(
        string array, MemberMemory before, MemberActions actions, bool recorded, ulong componentSectors)
    {
        var now = actions.Next;
        if (before.State != now.State)
        {
            yield return ("array-state", $"{array} is {now.State.ToWord()}{(recorded ? ", recorded" : "")}");
        }

        if (before.Action != now.Action)
        {
            yield return ("sync-action", $"{array}: {before.Action.ToWord()} -> {now.Action.ToWord()}");
        }
        else if (recorded && now.LastCheckpoint > before.LastCheckpoint)
        {
            yield return ("checkpoint", $"{array}: {now.Action.ToWord()} has come to sector {now.LastCheckpoint} of {componentSectors}, recorded");
        }
    }
}
