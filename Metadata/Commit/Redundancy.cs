using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>
/// Which legs an array needs in order to start. Two shapes cover every level: groups of legs that hold the same data, of
/// which each group needs one leg (RAID 0: every leg its own group; RAID 1: all legs one group; RAID 10: the copies of
/// each chunk), or a number of legs that may be missing, whichever they are (RAID 4 and 5: one; RAID 6: two).
/// </summary>
internal sealed class Redundancy
{
    private readonly int _legs;
    private readonly int _mayMiss;

    private Redundancy(int legs, int mayMiss, ImmutableArray<ImmutableArray<int>> groups)
    {
        _legs = legs;
        _mayMiss = mayMiss;
        Groups = groups;
    }

    /// <summary>The slots of each group of equal legs; empty where legs are merely counted.</summary>
    public ImmutableArray<ImmutableArray<int>> Groups { get; }

    /// <summary>The redundancy of a volume. A level that is none of 1, 4, 5, 6, 10 needs all of its legs.</summary>
    public static Redundancy Of(VolumeInfo volume)
    {
        var legs = volume.Legs.Length;
        return volume.Level switch
        {
            4 or 5 => new Redundancy(legs, 1, []),
            6 => new Redundancy(legs, 2, []),
            1 => new Redundancy(legs, 0, [[.. Enumerable.Range(0, legs)]]),
            10 => new Redundancy(legs, 0, Copies(legs, Math.Max(1, volume.Layout & 0xff))),
            _ => new Redundancy(legs, 0, Copies(legs, 1)),
        };
    }

    /// <summary>Whether the array can start from these legs.</summary>
    /// <param name="there">One for each slot.</param>
    public bool Starts(ReadOnlySpan<bool> there)
    {
        if (Groups.IsEmpty)
        {
            return there.Count(true) >= Math.Max(1, _legs - _mayMiss);
        }

        foreach (var group in Groups)
        {
            var any = false;
            foreach (var slot in group)
            {
                any |= there[slot];
            }

            if (!any)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// md's near layout: each chunk lies on as many neighbouring slots as there are copies, the next chunk on the slots
    /// after them, around the end. With an even number of slots and two copies these are the pairs 2k, 2k+1. Far copies
    /// are not counted, as md does not count them when it asks whether the array is whole enough to run.
    /// </summary>
    private static ImmutableArray<ImmutableArray<int>> Copies(int legs, int near)
    {
        if (legs == 0)
        {
            return [];
        }

        var groups = ImmutableArray.CreateBuilder<ImmutableArray<int>>();
        var first = 0;
        do
        {
            groups.Add([.. Enumerable.Range(first, near).Select(slot => slot % legs).Distinct()]);
            first = (first + near) % legs;
        }
        while (first != 0);
        return groups.DrainToImmutable();
    }
}
