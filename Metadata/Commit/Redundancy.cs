using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>
/// Which legs an array needs in order to start. Two shapes cover every level: groups of legs that hold the same data, of
/// which each group needs one leg (RAID 0: every leg its own group; RAID 1: all legs one group; RAID 10: the copies of
/// each chunk), or a number of legs that may be missing, whichever they are (RAID 4 and 5: one; RAID 6: two).
/// </summary>
public sealed class Redundancy
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

    /// <summary>The redundancy of a volume.</summary>
    public static Redundancy Of(VolumeInfo volume) => Of(
        volume.Level, volume.Legs.Length, Math.Max(1, volume.Layout & 0xff), Math.Max(1, (volume.Layout >> 8) & 0xff));

    /// <summary>The redundancy of an array. A level that is none of 1, 4, 5, 6, 10 needs all of its legs.</summary>
    /// <param name="level">As md counts: 0, 1, 4, 5, 6, 10.</param>
    /// <param name="legs">How many slots it has.</param>
    /// <param name="near">Of RAID 10: how many copies lie on neighbouring slots at the same place.</param>
    /// <param name="far">Of RAID 10: how many sets of these copies there are, far away or offset; 1: no others.</param>
    public static Redundancy Of(int level, int legs, int near = 1, int far = 1) => level switch
    {
        4 or 5 => new Redundancy(legs, 1, []),
        6 => new Redundancy(legs, 2, []),
        1 => new Redundancy(legs, 0, [[.. Enumerable.Range(0, legs)]]),
        10 => new Redundancy(legs, 0, Copies(legs, near, near * far)),
        _ => new Redundancy(legs, 0, Copies(legs, 1, 1)),
    };

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
    /// Each chunk lies on as many neighbouring slots as there are copies, the next chunk as many slots after them as there
    /// are near copies, around the end: by these groups md, too, tells whether an array is whole enough to run. With an even
    /// number of slots and two near copies they are the pairs 2k, 2k+1; with two far copies any two neighbours.
    /// </summary>
    private static ImmutableArray<ImmutableArray<int>> Copies(int legs, int near, int copies)
    {
        if (legs == 0)
        {
            return [];
        }

        var groups = ImmutableArray.CreateBuilder<ImmutableArray<int>>();
        var first = 0;
        do
        {
            groups.Add([.. Enumerable.Range(first, copies).Select(slot => slot % legs).Distinct()]);
            first = (first + near) % legs;
        }
        while (first != 0);
        return groups.DrainToImmutable();
    }
}
