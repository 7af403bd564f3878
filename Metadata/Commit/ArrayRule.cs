using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>One volume as one of the models has it: who must be spared, and who must know.</summary>
internal sealed class ArrayRule
{
    /// <summary>A leg that is not in sync: cannot help to start the array.</summary>
    public const int Lost = -2;

    /// <summary>A leg that is in sync by the metadata but not there: nothing can be written to it, and it may come back.</summary>
    public const int Absent = -1;

    private readonly Redundancy _redundancy;
    private readonly ImmutableArray<int> _legs;

    /// <summary>A rule.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="legs">For each slot the disk's place in the commit's table, or <see cref="Lost"/> or <see cref="Absent"/>.</param>
    public ArrayRule(VolumeInfo volume, ImmutableArray<int> legs)
    {
        Volume = volume;
        _legs = legs;
        _redundancy = Redundancy.Of(volume);
    }

    /// <summary>The volume.</summary>
    public VolumeInfo Volume { get; }

    /// <summary>Whether the other says the same of the same disks.</summary>
    public bool SaysTheSameAs(ArrayRule other) =>
        Volume.Level == other.Volume.Level && Volume.Layout == other.Volume.Layout && _legs.AsSpan().SequenceEqual(other._legs.AsSpan());

    /// <summary>
    /// Whether the array is sure to learn of the commit: the legs that do not have it cannot start it on their own. As more
    /// legs never start less, looking at all of them at once answers for every subset. Where legs that nothing can be
    /// written to could start it by themselves (the other half of a mirror, failed), nobody can tell them: it is enough then
    /// that every leg that can be written to has it.
    /// </summary>
    /// <param name="has">By place in the table: has the commit.</param>
    /// <param name="isTarget">By place in the table: the commit goes there.</param>
    public bool Knows(ReadOnlySpan<bool> has, ReadOnlySpan<bool> isTarget)
    {
        Span<bool> lacking = _legs.Length <= 64 ? stackalloc bool[_legs.Length] : new bool[_legs.Length];
        var reachable = false;
        for (var slot = 0; slot < _legs.Length; slot++)
        {
            var disk = _legs[slot];
            lacking[slot] = disk == Absent || (disk >= 0 && !has[disk]);
            reachable |= disk >= 0 && !has[disk] && isTarget[disk];
        }

        return !reachable || !_redundancy.Starts(lacking);
    }

    /// <summary>
    /// Whether these disks may be written at one moment: were the copies on all of them torn, the array would still start.
    /// A single one is always allowed: where nothing can be lost there is no other way.
    /// </summary>
    /// <param name="exposed">By place in the table: being written in a way that can tear.</param>
    /// <param name="gone">By place in the table: taken for lost already.</param>
    public bool Survives(ReadOnlySpan<bool> exposed, ReadOnlySpan<bool> gone)
    {
        Span<bool> left = _legs.Length <= 64 ? stackalloc bool[_legs.Length] : new bool[_legs.Length];
        var count = 0;
        for (var slot = 0; slot < _legs.Length; slot++)
        {
            var disk = _legs[slot];
            var isExposed = disk >= 0 && exposed[disk];
            count += isExposed ? 1 : 0;
            left[slot] = disk >= 0 && !isExposed && !gone[disk];
        }

        return count <= 1 || _redundancy.Starts(left);
    }

    /// <summary>
    /// How many legs the smallest group of equal legs with this disk in it still lacks: the fewer, the sooner all of a group
    /// have the commit. 0 where legs are merely counted, or the disk is no leg.
    /// </summary>
    /// <param name="disk">A place in the table.</param>
    /// <param name="coming">By place in the table: has the commit, or is being written.</param>
    /// <param name="canHave">By place in the table: has it or may yet have it.</param>
    public int Lacking(int disk, ReadOnlySpan<bool> coming, ReadOnlySpan<bool> canHave)
    {
        var fewest = int.MaxValue;
        foreach (var group in _redundancy.Groups)
        {
            var isIn = false;
            var lacking = 0;
            foreach (var slot in group)
            {
                var leg = _legs[slot];
                isIn |= leg == disk;
                lacking += leg == Lost || (leg >= 0 && coming[leg]) ? 0 : leg >= 0 && canHave[leg] ? 1 : _legs.Length;
            }

            fewest = isIn ? Math.Min(fewest, lacking) : fewest;
        }

        return fewest == int.MaxValue ? 0 : fewest;
    }
}
