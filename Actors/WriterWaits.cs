using System.Collections.Immutable;
using System.Numerics;

namespace ActorRaid.Actors;

/// <summary>
/// How often an array became dirty and clean, how often a checkpoint was recorded, and for how long its writers waited: from write-pending seen to
/// <c>active</c> written. Counts only, in a memory of fixed size: a first write allocates nothing here. For one thread.
/// </summary>
public sealed class WriterWaits
{
    // Eight steps from one power of two to the next: a time is known to an eighth of it. Up to 2^32 us, more than an hour.
    private const int StepBits = 3, Steps = 1 << StepBits;
    private const long Most = uint.MaxValue;
    private readonly long[] _waits = new long[(32 - StepBits + 1) * Steps];
    private long _dirtied, _cleaned, _checkpoints, _count, _total, _max;

    /// <summary>What was seen of the array before, and now.</summary>
    public void Saw(ArrayState before, ArrayState now)
    {
        if (before > ArrayState.Inactive && !IsWritten(before) && IsWritten(now))
        {
            _dirtied++;
        }
        else if (IsWritten(before) && now == ArrayState.Clean)
        {
            _cleaned++;
        }
    }

    /// <summary>A checkpoint was recorded.</summary>
    public void Checkpoint() => _checkpoints++;

    /// <summary>A writer has waited for so many microseconds.</summary>
    public void Waited(long microseconds)
    {
        _waits[IndexOf(microseconds)]++;
        _count++;
        _total += microseconds;
        _max = Math.Max(_max, microseconds);
    }

    /// <summary>How it stands.</summary>
    public WriterWaitCounts Now() => new(
        _dirtied, _cleaned, _checkpoints, _count, _total, Quantile(0.5), Quantile(0.99), _max,
        [.. WriterWaitCounts.Bounds.Select(bound => _waits.AsSpan(0, IndexOf(bound)).ToArray().Sum())]);

    private static bool IsWritten(ArrayState state) => state is ArrayState.Active or ArrayState.WritePending or ArrayState.ActiveIdle;

    private static int IndexOf(long microseconds)
    {
        var value = (ulong)Math.Clamp(microseconds, 0, Most);
        var power = BitOperations.Log2(value);
        return power < StepBits ? (int)value : ((power - StepBits + 1) * Steps) + (int)((value >> (power - StepBits)) & (Steps - 1));
    }

    /// <summary>The longest time that falls into a place.</summary>
    private static long EndOf(int index)
    {
        var shift = Math.Max(0, (index / Steps) - 1);
        return index < Steps ? index : ((long)(Steps + (index % Steps) + 1) << shift) - 1;
    }

    private long Quantile(double part)
    {
        var wanted = (long)Math.Ceiling(_count * part);
        long counted = 0;
        for (var index = 0; index < _waits.Length && wanted > 0; index++)
        {
            counted += _waits[index];
            if (counted >= wanted)
            {
                return Math.Min(EndOf(index), _max);
            }
        }

        return 0;
    }
}

/// <summary>What was counted of an array's writers since this process supervises it. Microseconds.</summary>
/// <param name="Dirtied">How often it became dirty.</param>
/// <param name="Cleaned">How often it became clean.</param>
/// <param name="Checkpoints">How often the place of a resync or recovery was recorded.</param>
/// <param name="Waits">How often writers waited for it to be recorded as dirty.</param>
/// <param name="Total">For how long in all.</param>
/// <param name="P50">Half of them no longer than that.</param>
/// <param name="P99">99 of 100 no longer than that.</param>
/// <param name="Max">The longest.</param>
/// <param name="Below">How many took less than each of <see cref="Bounds"/>.</param>
public sealed record WriterWaitCounts(
    long Dirtied, long Cleaned, long Checkpoints, long Waits, long Total, long P50, long P99, long Max, ImmutableArray<long> Below)
{
    /// <summary>128 us, 256 us, ... up to 16.8 s.</summary>
    public static ImmutableArray<long> Bounds { get; } = [.. Enumerable.Range(7, 18).Select(power => 1L << power)];
}
