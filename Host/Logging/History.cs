using ActorRaid.Actors;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Logging;

/// <summary>
/// The latest events, counted, for whoever asks what has happened. Filled by the log's own thread, after the journal has them; bounded, so that
/// the oldest are forgotten.
/// </summary>
internal sealed class History
{
    /// <summary>How many are kept.</summary>
    internal const int Capacity = 2000;

    private readonly Lock _gate = new();
    private readonly (long Sequence, RaidEvent Event)[] _events = new (long, RaidEvent)[Capacity];
    private long _added;
    private long _sequence;
    private TaskCompletionSource? _changed;

    /// <summary>The number of the latest; 0: none yet.</summary>
    internal long Latest => Volatile.Read(ref _sequence);

    /// <summary>That many events were dropped before they came here: their numbers are left out.</summary>
    internal void Missed(long count) => Interlocked.Add(ref _sequence, count);

    /// <summary>One more.</summary>
    internal void Add(RaidEvent e)
    {
        TaskCompletionSource? changed;
        lock (_gate)
        {
            _events[_added++ % Capacity] = (Interlocked.Increment(ref _sequence), e);
            changed = _changed;
            _changed = null;
        }
        changed?.SetResult();
    }

    /// <summary>Those after a number, and after a time where one is given, the oldest first; at most that many.</summary>
    internal List<EventStatus> After(long sequence, DateTimeOffset? since, int most)
    {
        var found = new List<EventStatus>();
        lock (_gate)
        {
            for (var i = Math.Max(0, _added - Capacity); i < _added && found.Count < most; i++)
            {
                var (number, e) = _events[i % Capacity];
                if (number > sequence && (since is null || e.Time > since))
                    found.Add(Tell(number, e));
            }
        }
        return found;
    }

    /// <summary>The same as they are, for who needs more of them than is told.</summary>
    internal List<(long Sequence, RaidEvent Event)> Raw(long sequence, int most)
    {
        var found = new List<(long, RaidEvent)>();
        lock (_gate)
        {
            for (var i = Math.Max(0, _added - Capacity); i < _added && found.Count < most; i++)
            {
                if (_events[i % Capacity].Sequence > sequence)
                    found.Add(_events[i % Capacity]);
            }
        }
        return found;
    }

    /// <summary>Completes when there is one after that number.</summary>
    internal Task Next(long sequence)
    {
        lock (_gate)
        {
            return _sequence > sequence ? Task.CompletedTask
                : (_changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>An event as it is told.</summary>
    internal static EventStatus Tell(long sequence, RaidEvent e) => new(
        sequence, e.Time, e.Level.ToString().ToLowerInvariant(), e.Kind, e.Container, e.Array, e.Disk, e.Text,
        e.Detail?.Cause, e.Detail?.Wrote, e.Detail?.Microseconds, e.Detail?.From, e.Detail?.To);
}
