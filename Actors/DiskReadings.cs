using System.Collections.Immutable;
using System.Diagnostics;

namespace ActorRaid.Actors;

/// <summary>
/// Readings of disks for whoever tells how things stand: one at a time for each disk, waited for a moment. One that
/// takes longer is for whoever asks
/// later, and a disk that hangs is not asked a second time meanwhile. For one thread.
/// </summary>
/// <typeparam name="TKey">What is read.</typeparam>
/// <typeparam name="T">What comes of it.</typeparam>
/// <param name="begin">Begins to read, on a thread of its own.</param>
/// <param name="limit">How long all that are asked for together are waited for.</param>
/// <param name="fresh">What is not older than this is not read again.</param>
public sealed class DiskReadings<TKey, T>(Func<TKey, Task<T>> begin, TimeSpan limit, TimeSpan fresh = default)
    where TKey : notnull
{
    private readonly Dictionary<TKey, Reading> _known = [];

    /// <summary>What was read of these, as far as it has come within the limit; a reading may have failed.</summary>
    /// <param name="wanted">Of others what has been read is forgotten.</param>
    public ImmutableDictionary<TKey, Task<T>> Read(IEnumerable<TKey> wanted)
    {
        var keys = wanted.ToHashSet();
        foreach (var (key, reading) in _known.ToList())
        {
            if (reading.Read.IsCompleted && !(keys.Contains(key) && (!reading.Told
                || Stopwatch.GetElapsedTime(reading.Begun) < fresh)))
                _known.Remove(key);
        }
        foreach (var key in keys.Where(key => !_known.ContainsKey(key)))
            _known[key] = new Reading(begin(key), Stopwatch.GetTimestamp());
        // Whether one has failed is seen in it.
        Task.WhenAny(Task.WhenAll(keys.Select(key => _known[key].Read)), Task.Delay(limit)).GetAwaiter().GetResult();
        var read = ImmutableDictionary.CreateBuilder<TKey, Task<T>>();
        foreach (var key in keys.Where(key => _known[key].Read.IsCompleted))
        {
            _known[key].Told = true;
            read[key] = _known[key].Read;
        }
        return read.ToImmutable();
    }

    private sealed class Reading(Task<T> read, long begun)
    {
        public Task<T> Read { get; } = read;

        public long Begun { get; } = begun;

        /// <summary>An answer that came too late for whoever asked has been told to nobody yet.</summary>
        public bool Told { get; set; }
    }
}
