using System.Collections.Immutable;

namespace ActorRaid.Actors;

/// <summary>
/// Readings of disks for whoever tells how things stand: one at a time for each disk, waited for a moment. What comes
/// later is for whoever asks then. A disk that hangs is not asked a second time meanwhile, nor waited for each time.
/// For one thread.
/// </summary>
/// <typeparam name="TKey">What is read.</typeparam>
/// <typeparam name="T">What comes of it.</typeparam>
/// <param name="begin">Begins to read, on a thread of its own.</param>
/// <param name="limit">How long a reading is waited for since it began.</param>
/// <param name="fresh">What is not older than this is not read again.</param>
/// <param name="time">The system's if not given.</param>
public sealed class DiskReadings<TKey, T>(
    Func<TKey, Task<T>> begin, TimeSpan limit, TimeSpan fresh = default, TimeProvider? time = null)
    where TKey : notnull
{
    private readonly Dictionary<TKey, Reading> _known = [];
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    /// <summary>What was read of these, as far as it has come within the limit; a reading may have failed.</summary>
    /// <param name="wanted">What has been read of others is forgotten.</param>
    public ImmutableDictionary<TKey, Task<T>> Read(IEnumerable<TKey> wanted) => Begin(wanted)();

    /// <summary>
    /// Begins to read these, and waits for none: who reads several things begins with all of them. What is returned
    /// waits, as <see cref="Read"/> does; it is to be called before anything else is begun here.
    /// </summary>
    public Func<ImmutableDictionary<TKey, Task<T>>> Begin(IEnumerable<TKey> wanted)
    {
        var keys = wanted.ToHashSet();
        foreach (var (key, reading) in _known.ToList())
        {
            if (reading.Read.IsCompleted && !(keys.Contains(key) && (!reading.Told || AgeOf(reading) < fresh)))
                _known.Remove(key);
        }
        foreach (var key in keys.Where(key => !_known.ContainsKey(key)))
            _known[key] = new Reading(begin(key), _time.GetTimestamp());
        return () => Answers(keys);
    }

    private ImmutableDictionary<TKey, Task<T>> Answers(HashSet<TKey> keys)
    {
        var awaited = keys.Select(key => _known[key]).Where(reading => AgeOf(reading) < limit).ToList();
        var left = awaited.Select(reading => limit - AgeOf(reading)).DefaultIfEmpty().Max();
        // Whether one has failed is seen in it.
        if (left > TimeSpan.Zero)
        {
            var all = Task.WhenAll(awaited.Select(reading => reading.Read));
            Task.WhenAny(all, Task.Delay(left, _time)).GetAwaiter().GetResult();
        }
        var read = ImmutableDictionary.CreateBuilder<TKey, Task<T>>();
        foreach (var key in keys.Where(key => _known[key].Read.IsCompleted))
        {
            _known[key].Told = true;
            read[key] = _known[key].Read;
        }
        return read.ToImmutable();
    }

    private TimeSpan AgeOf(Reading reading) => _time.GetElapsedTime(reading.Begun);

    private sealed class Reading(Task<T> read, long begun)
    {
        public Task<T> Read { get; } = read;

        public long Begun { get; } = begun;

        /// <summary>An answer that came too late for whoever asked has been told to nobody yet.</summary>
        public bool Told { get; set; }
    }
}
