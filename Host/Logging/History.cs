using ActorRaid.Actors;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Logging;

/// <summary>
/// The latest events, counted, for whoever asks what has happened. Filled by the log's own thread, after the journal has them; bounded, so that
/// the oldest are forgotten: debug ones, which come with every burst of writes, in a ring of their own, and no other for one of them.
/// </summary>
internal sealed class History
{
    /// <summary>How many are kept, of those that are debug and of those that are not.</summary>
    internal const int Capacity = 2000;

    private readonly Lock _gate = new();
    private readonly Ring _debug = new(), _others = new();
    private long _sequence;
    private TaskCompletionSource? _next, _nextOther;

    /// <summary>The number of the latest; 0: none yet.</summary>
    internal long Latest => Volatile.Read(ref _sequence);

    /// <summary>The number of the latest; with a level above debug, of those that are not debug. 0: none yet.</summary>
    internal long LatestOf(int level)
    {
        lock (_gate)
            return level <= (int)EventLevel.Debug ? _sequence : _others.Latest;
    }

    /// <summary>That many events were dropped before they came here: their numbers are left out.</summary>
    internal void Missed(long count) => Interlocked.Add(ref _sequence, count);

    /// <summary>One more.</summary>
    internal void Add(RaidEvent e)
    {
        TaskCompletionSource? next, nextOther = null;
        lock (_gate)
        {
            var isDebug = e.Level == EventLevel.Debug;
            (isDebug ? _debug : _others).Add(Interlocked.Increment(ref _sequence), e);
            (next, _next) = (_next, null);
            if (!isDebug)
                (nextOther, _nextOther) = (_nextOther, null);
        }
        next?.SetResult();
        nextOther?.SetResult();
    }

    /// <summary>Those after a number, and after a time where one is given, the oldest first; at most that many.</summary>
    internal List<EventStatus> After(long sequence, DateTimeOffset? since, int most, EventFilter? filter = null)
    {
        var wanted = filter ?? EventFilter.All;
        return [.. Raw(sequence, most, wanted.Level, e => (since is null || e.Time > since) && wanted.Concerns(e.Container, e.Array, e.Disk))
            .Select(found => Tell(found.Sequence, found.Event))];
    }

    /// <summary>The same as they are, for who needs more of them than is told.</summary>
    internal List<(long Sequence, RaidEvent Event)> Raw(long sequence, int most, int level = 0, Func<RaidEvent, bool>? wanted = null)
    {
        var found = new List<(long Sequence, RaidEvent Event)>();
        lock (_gate)
        {
            using var debug = _debug.After(sequence).GetEnumerator();
            using var others = _others.After(sequence).GetEnumerator();
            var (isDebug, isOther) = (level <= (int)EventLevel.Debug && debug.MoveNext(), others.MoveNext());
            while (found.Count < most && (isDebug || isOther))
            {
                var fromDebug = isDebug && (!isOther || debug.Current.Sequence < others.Current.Sequence);
                var next = fromDebug ? debug.Current : others.Current;
                if ((int)next.Event.Level >= level && wanted?.Invoke(next.Event) != false)
                    found.Add(next);
                if (fromDebug)
                    isDebug = debug.MoveNext();
                else
                    isOther = others.MoveNext();
            }
        }
        return found;
    }

    /// <summary>Completes when there is one after that number; with a level above debug, one that is not debug.</summary>
    internal Task Next(long sequence, int level = 0)
    {
        lock (_gate)
        {
            if (LatestOf(level) > sequence)
                return Task.CompletedTask;
            ref var next = ref level <= (int)EventLevel.Debug ? ref _next : ref _nextOther;
            return (next ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <summary>An event as it is told.</summary>
    internal static EventStatus Tell(long sequence, RaidEvent e) => new(
        sequence, e.Time, EventFilter.Levels[(int)e.Level], e.Kind, e.Container, e.Array, e.Disk, e.Text,
        e.Detail?.Cause, e.Detail?.Wrote, e.Detail?.Microseconds, e.Detail?.From, e.Detail?.To);

    private sealed class Ring
    {
        private readonly (long Sequence, RaidEvent Event)[] _events = new (long, RaidEvent)[Capacity];
        private long _added;

        public long Latest => _added == 0 ? 0 : _events[(_added - 1) % Capacity].Sequence;

        public void Add(long sequence, RaidEvent e) => _events[_added++ % Capacity] = (sequence, e);

        public IEnumerable<(long Sequence, RaidEvent Event)> After(long sequence)
        {
            for (var i = Math.Max(0, _added - Capacity); i < _added; i++)
            {
                if (_events[i % Capacity].Sequence > sequence)
                    yield return _events[i % Capacity];
            }
        }
    }
}
