using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>In which order disks are best written.</summary>
internal static class Preference
{
    /// <summary>
    /// The places of the disks whose turn it is: as long as a disk that becomes a member does not have the commit, only such
    /// disks; a disk that becomes a spare only when the commit is recorded, or nobody else is left.
    /// </summary>
    public static ImmutableArray<int> Ready(ImmutableArray<DiskEntry> disks, bool isRecorded)
    {
        var joining = disks.Any(disk => disk.Turn == Turn.Joins && disk.IsPending);
        var staying = disks.Any(disk => disk.Turn != Turn.Leaves && disk.IsPending);
        var ready = ImmutableArray.CreateBuilder<int>();
        for (var place = 0; place < disks.Length; place++)
        {
            var isItsTurn = disks[place].Turn switch
            {
                Turn.Joins => true,
                Turn.Stays => !joining,
                _ => isRecorded || !staying,
            };
            if (isItsTurn && disks[place].IsReady)
            {
                ready.Add(place);
            }
        }

        return ready.DrainToImmutable();
    }

    /// <summary>
    /// The places of the disks that are ready to be written: first those of a smallest quorum, counting on what is in flight,
    /// then the rest. Within both, those that soonest complete a group of equal legs, those that cannot tear, and the
    /// order of the table.
    /// </summary>
    /// <remarks>
    /// The quorum is found by leaving out one disk after the other, the least liked first, as long as every array would still
    /// learn of the commit. That yields a set of which none can be spared, in as many steps as there are disks.
    /// </remarks>
    public static ImmutableArray<int> Order(ImmutableArray<ArrayRule> rules, ImmutableArray<DiskEntry> disks, bool isRecorded)
    {
        var isTarget = new bool[disks.Length];
        var coming = new bool[disks.Length];
        var canHave = new bool[disks.Length];
        var ready = Ready(disks, isRecorded).ToList();
        for (var place = 0; place < disks.Length; place++)
        {
            var disk = disks[place];
            isTarget[place] = disk.Target is not null;
            coming[place] = disk.Progress == Progress.Written || (disk.Progress == Progress.InFlight && !disk.IsHung);
            canHave[place] = coming[place] || disk.IsReady;
        }

        var lacking = new int[disks.Length];
        foreach (var place in ready)
        {
            foreach (var rule in rules)
            {
                lacking[place] += rule.Lacking(place, coming, canHave);
            }
        }

        ready.Sort((left, right) => Compare(disks, lacking, left, right));
        for (var last = ready.Count - 1; last >= 0; last--)
        {
            var place = ready[last];
            canHave[place] = false;
            canHave[place] = !AllKnow(rules, canHave, isTarget);
        }

        return [.. ready.Where(place => canHave[place]), .. ready.Where(place => !canHave[place])];
    }

    private static int Compare(ImmutableArray<DiskEntry> disks, int[] lacking, int left, int right)
    {
        var byGroup = lacking[left].CompareTo(lacking[right]);
        var byTear = disks[left].Target!.CanTear.CompareTo(disks[right].Target!.CanTear);
        return byGroup != 0 ? byGroup : byTear != 0 ? byTear : left.CompareTo(right);
    }

    private static bool AllKnow(ImmutableArray<ArrayRule> rules, bool[] has, bool[] isTarget)
    {
        foreach (var rule in rules)
        {
            if (!rule.Knows(has, isTarget))
            {
                return false;
            }
        }

        return true;
    }
}
