using System.Collections.Immutable;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>A piece of a device, in sectors of 512 bytes.</summary>
/// <param name="Start">Its first sector.</param>
/// <param name="Length">How many sectors it has.</param>
public readonly record struct SectorRange(ulong Start, ulong Length) : IComparable<SectorRange>
{
    /// <summary>The sector behind its last one.</summary>
    public ulong End => Start + Length;

    /// <summary>Whether all of <paramref name="other"/> lies in it.</summary>
    public bool Contains(SectorRange other) => other.Start >= Start && other.End <= End;

    /// <summary>Whether they have a sector in common.</summary>
    public bool Overlaps(SectorRange other) => Start < other.End && other.Start < End;

    /// <summary>By the first sector, then by the length.</summary>
    public int CompareTo(SectorRange other) =>
        Start != other.Start ? Start.CompareTo(other.Start) : Length.CompareTo(other.Length);

    /// <summary>As the kernel writes it: <c>24578+2560</c>.</summary>
    public override string ToString() => $"{Start}+{Length}";
}

/// <summary>Sets of sectors, each as ranges in order that neither overlap nor touch.</summary>
public static class SectorRanges
{
    /// <summary>The same sectors as such a set.</summary>
    public static ImmutableArray<SectorRange> Join(IEnumerable<SectorRange> ranges)
    {
        var joined = ImmutableArray.CreateBuilder<SectorRange>();
        foreach (var range in ranges.Where(range => range.Length > 0).Order())
        {
            if (joined.Count > 0 && joined[^1].End >= range.Start)
            {
                var last = joined[^1];
                joined[^1] = last with { Length = Math.Max(last.End, range.End) - last.Start };
            }
            else
            {
                joined.Add(range);
            }
        }
        return joined.ToImmutable();
    }

    /// <summary>What is in <paramref name="set"/> and not in <paramref name="taken"/>; both are such sets.</summary>
    public static ImmutableArray<SectorRange> Without(ImmutableArray<SectorRange> set, ImmutableArray<SectorRange> taken)
    {
        var left = ImmutableArray.CreateBuilder<SectorRange>();
        var next = 0;
        foreach (var range in set)
        {
            while (next < taken.Length && taken[next].End <= range.Start)
            {
                next++;
            }
            var start = range.Start;
            for (var i = next; i < taken.Length && taken[i].Start < range.End; i++)
            {
                if (taken[i].Start > start)
                {
                    left.Add(new SectorRange(start, taken[i].Start - start));
                }
                start = Math.Max(start, taken[i].End);
            }
            if (start < range.End)
            {
                left.Add(new SectorRange(start, range.End - start));
            }
        }
        return left.ToImmutable();
    }

    /// <summary>Whether all of a range is in such a set.</summary>
    public static bool Cover(ImmutableArray<SectorRange> set, SectorRange range)
    {
        var at = set.BinarySearch(range);
        // Not found: the complement of where it would be; what starts before may hold it.
        return at >= 0 || (~at > 0 && set[~at - 1].Contains(range)) || (~at < set.Length && set[~at].Contains(range));
    }
}
