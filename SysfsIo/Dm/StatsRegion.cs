using System.Collections.Immutable;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>
/// What a region counts beside the usual, and in which unit: <c>precise_timestamps</c> (times in ns instead of ms) and
/// <c>histogram:</c> (upper bounds of latencies in the same unit, strictly increasing).
/// </summary>
/// <param name="IsPrecise">Times are in nanoseconds.</param>
/// <param name="Bounds">The histogram's bounds; none: there is no histogram.</param>
public sealed record StatsOptions(bool IsPrecise, ImmutableArray<ulong> Bounds)
{
    /// <summary>Milliseconds, no histogram.</summary>
    public static StatsOptions Usual { get; } = new(false, []);

    /// <summary>The same bounds in the same unit.</summary>
    public bool Equals(StatsOptions? other) =>
        other is not null && IsPrecise == other.IsPrecise && Bounds.AsSpan().SequenceEqual(other.Bounds.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(IsPrecise, Bounds.Length);
}

/// <summary>
/// A region of a device whose input and output the kernel counts, as @stats_list tells it. Texts are the kernel's
/// bytes, each as one character (Latin-1).
/// </summary>
/// <param name="Id">
/// Its number, the lowest that was free when it was created: it may be another region's at once after a deletion.
/// </param>
/// <param name="Range">The sectors.</param>
/// <param name="Step">How many sectors one of its areas has.</param>
/// <param name="ProgramId">Whose it is: <c>dmstats</c>.</param>
/// <param name="Aux">What that program has written there; <c>-</c>: nothing.</param>
/// <param name="Options">What else it counts.</param>
public sealed record StatsRegion(ulong Id, SectorRange Range, ulong Step, string ProgramId, string Aux, StatsOptions Options);

/// <summary>
/// What was counted since the region was created or cleared. Times are in ms, or in ns in a region with precise
/// timestamps.
/// </summary>
/// <param name="Reads">Reads that have ended.</param>
/// <param name="ReadsMerged">Reads that were merged into others.</param>
/// <param name="SectorsRead">Sectors that they have read.</param>
/// <param name="ReadTime">How long they took together.</param>
/// <param name="Writes">Writes that have ended.</param>
/// <param name="WritesMerged">Writes that were merged into others.</param>
/// <param name="SectorsWritten">Sectors that they have written.</param>
/// <param name="WriteTime">How long they took together.</param>
/// <param name="InFlight">How many have begun and not ended.</param>
/// <param name="BusyTime">For how long any was under way.</param>
/// <param name="WeightedTime">The same, each moment times the number under way.</param>
/// <param name="ReadBusyTime">For how long any read was under way.</param>
/// <param name="WriteBusyTime">For how long any write was under way.</param>
public readonly record struct StatsCounters(
    ulong Reads, ulong ReadsMerged, ulong SectorsRead, ulong ReadTime,
    ulong Writes, ulong WritesMerged, ulong SectorsWritten, ulong WriteTime,
    long InFlight, ulong BusyTime, ulong WeightedTime, ulong ReadBusyTime, ulong WriteBusyTime)
{
    /// <summary>How many there are.</summary>
    public const int Count = 13;

    /// <summary>All of what two have counted. Times when both were busy count twice.</summary>
    public static StatsCounters operator +(StatsCounters one, StatsCounters other) =>
        Pair(one, other, static (a, b) => a + b);

    /// <summary>What is left without what <paramref name="other"/> has counted as well; never below 0.</summary>
    public static StatsCounters operator -(StatsCounters one, StatsCounters other) =>
        Pair(one, other, static (a, b) => a > b ? a - b : 0);

    /// <summary>The numbers in the kernel's order.</summary>
    public ulong[] ToArray() =>
    [
        Reads, ReadsMerged, SectorsRead, ReadTime, Writes, WritesMerged, SectorsWritten, WriteTime,
        (ulong)Math.Max(InFlight, 0), BusyTime, WeightedTime, ReadBusyTime, WriteBusyTime,
    ];

    /// <summary>Counters from <see cref="Count"/> numbers in the kernel's order.</summary>
    public static StatsCounters From(ReadOnlySpan<ulong> n) =>
        new(n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], (long)n[8], n[9], n[10], n[11], n[12]);

    private static StatsCounters Pair(StatsCounters one, StatsCounters other, Func<ulong, ulong, ulong> join)
    {
        var (first, second) = (one.ToArray(), other.ToArray());
        for (var i = 0; i < Count; i++)
        {
            first[i] = join(first[i], second[i]);
        }
        return From(first);
    }
}

/// <summary>A part of a region, as @stats_print tells it.</summary>
/// <param name="Range">Its sectors.</param>
/// <param name="Counters">What was counted there.</param>
/// <param name="Histogram">How many took how long, one more than there are bounds; none: there is no histogram.</param>
public sealed record StatsArea(SectorRange Range, StatsCounters Counters, ImmutableArray<ulong> Histogram);
