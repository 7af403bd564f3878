using System.Collections.Immutable;
using System.Text.Json;
using System.Threading.Channels;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Feed;

/// <summary>
/// What everybody is served from: the daemon's last word, and the streams that hear of changes. A stream has a bounded queue; one that does not
/// read is dropped, and delays nobody.
/// </summary>
/// <param name="mostStreams">How many streams there may be.</param>
/// <param name="unknownAfter">After how long without the daemon the health is unknown.</param>
internal sealed class Bulletin(int mostStreams, TimeSpan unknownAfter)
{
    private const int QueuedFrames = 256;

    private readonly Lock _gate = new();
    private readonly HashSet<BulletinStream> _streams = [];
    private Snapshot _now = new(null, "the daemon has not been asked yet", Environment.TickCount64, []);
    private HostStatus? _told;
    private long _dropped;

    /// <summary>After how long without the daemon the health is unknown.</summary>
    internal TimeSpan UnknownAfter => unknownAfter;

    /// <summary>Called whenever something was told, or a second has passed. It must not wait.</summary>
    internal Action? Changed { get; set; }

    /// <summary>What the daemon has told so far.</summary>
    internal Snapshot Now
    {
        get
        {
            lock (_gate)
                return _now;
        }
    }

    /// <summary>The status as it is to be told now; null: none is known yet.</summary>
    internal HostStatus? Status
    {
        get
        {
            lock (_gate)
                return _now.Told(Environment.TickCount64, unknownAfter);
        }
    }

    /// <summary>How many streams there are, and how many were dropped because they did not read.</summary>
    internal (int Open, long Dropped) Streams
    {
        get
        {
            lock (_gate)
                return (_streams.Count, _dropped);
        }
    }

    /// <summary>The daemon has told how things stand.</summary>
    internal void Take(HostStatus status) => Change(now => now with { Status = status, Problem = null });

    /// <summary>The daemon does not answer.</summary>
    internal void Lose(string problem) => Change(now => now with { Problem = problem, Lost = now.Problem is null ? Environment.TickCount64 : now.Lost });

    /// <summary>Time has passed: health may have become unknown.</summary>
    internal void Tick() => Change(now => now);

    /// <summary>The daemon has told what happened.</summary>
    internal void Take(int process, ImmutableArray<EventStatus> events)
    {
        if (events.IsEmpty)
            return;
        lock (_gate)
        {
            var seen = events.Select(one => new SeenEvent(process, one)).ToImmutableArray();
            var all = _now.Events.AddRange(seen);
            _now = _now with { Events = all.Count > Snapshot.MostEvents ? all.RemoveRange(0, all.Count - Snapshot.MostEvents) : all };
            Tell(EventFrames(seen));
        }
        Changed?.Invoke();
    }

    /// <summary>A new stream, with what it has to know first in its queue; null: there are as many as may be.</summary>
    /// <param name="lastEvent">The id of the last event that the client has; null: it has none.</param>
    internal BulletinStream? Open(string? lastEvent)
    {
        lock (_gate)
        {
            if (_streams.Count >= mostStreams)
                return null;
            var stream = new BulletinStream(QueuedFrames);
            _streams.Add(stream);
            stream.Offer(Frames.Retry);
            stream.Offer(Frames.Daemon(_now.Problem, _now.Age(Environment.TickCount64)));
            if (_now.Told(Environment.TickCount64, unknownAfter) is { } status)
                stream.Offer(Frames.Status(status));
            var known = lastEvent is null ? -1 : _now.Events.FindLastIndex(seen => Frames.Id(seen) == lastEvent);
            if (known + 1 < _now.Events.Count)
                stream.Offer(EventFrames([.. _now.Events.Skip(known + 1)]));
            return stream;
        }
    }

    /// <summary>The stream's client is gone.</summary>
    internal void Close(BulletinStream stream)
    {
        lock (_gate)
            _streams.Remove(stream);
    }

    private static byte[] EventFrames(ImmutableArray<SeenEvent> events) => [.. events.SelectMany(Frames.Event)];

    private void Change(Func<Snapshot, Snapshot> change)
    {
        lock (_gate)
        {
            var before = _now;
            _now = change(before);
            var status = _now.Told(Environment.TickCount64, unknownAfter);
            if (before.Problem != _now.Problem)
                Tell(Frames.Daemon(_now.Problem, _now.Age(Environment.TickCount64)));
            // A status that is made unknown is made anew each time.
            if (status is not null && (!ReferenceEquals(before.Status, _now.Status) || status.Health != _told?.Health))
                Tell(Frames.Status(status));
            _told = status;
        }
        Changed?.Invoke();
    }

    private void Tell(byte[] frame)
    {
        foreach (var stream in _streams.ToArray())
        {
            if (stream.Offer(frame))
                continue;
            _streams.Remove(stream);
            _dropped++;
            stream.Drop();
        }
    }
}

/// <summary>One client's queue.</summary>
/// <param name="most">How many frames may wait in it.</param>
internal sealed class BulletinStream(int most)
{
    private readonly Channel<byte[]> _frames = Channel.CreateBounded<byte[]>(new BoundedChannelOptions(most) { SingleReader = true });
    private readonly CancellationTokenSource _dropped = new();

    /// <summary>Cancelled when the client did not read for too long.</summary>
    internal CancellationToken Dropped => _dropped.Token;

    /// <summary>What is to be sent, in order.</summary>
    internal ChannelReader<byte[]> Queue => _frames.Reader;

    /// <summary>Whether there was room.</summary>
    internal bool Offer(byte[] frame) => _frames.Writer.TryWrite(frame);

    // What hangs on the token (a connection's end) is not done by the one who tells the others.
    internal void Drop() => _ = _dropped.CancelAsync();
}
