using System.Collections.Immutable;
using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;

namespace ActorRaid.Cluster;

/// <summary>How publishing goes.</summary>
/// <param name="Published">Whether what is wanted, or nearly so, is in etcd now.</param>
/// <param name="Trouble">Why not; null: nothing is wrong.</param>
/// <param name="At">When it was last put.</param>
/// <param name="Puts">How many puts were done.</param>
/// <param name="Failures">How many times in all something went wrong.</param>
public sealed record PublisherReport(bool Published, string? Trouble, DateTimeOffset? At, long Puts, long Failures);

/// <summary>
/// Keeps one host in etcd: its status, and a lease that it lives. What is to be there is a value, the latest counts; faults are told in
/// <see cref="Report"/> and tried again, with pauses, for ever. Nobody waits for it.
/// </summary>
public sealed class HostPublisher
{
    private const int EventsWaiting = 1000, BatchesKept = 100;

    private static readonly TimeSpan EventPause = TimeSpan.FromSeconds(0.5);

    private readonly EtcdClient _etcd;
    private readonly ClusterKeys _keys;
    private readonly string _host;
    private readonly byte[] _machine;
    private readonly int _leaseSeconds;
    private readonly PublishPace _pace;
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly Lock _lock = new();
    private readonly Queue<EventStatus> _events = new();
    private readonly string?[] _troubles = new string?[2];
    private HostEntry? _wanted;
    private DateTimeOffset _eventsAfter = DateTimeOffset.MinValue;
    private volatile PublisherReport _report = new(false, "has not begun", null, 0, 0);
    private long _lease;

    // Of the loop that puts only.
    private (long Lease, long Revision)? _base;
    private HostEntry? _published;
    private long _putAt, _eventsAt;
    private long _number = -1;
    private ImmutableArray<EventStatus> _batch = [];

    /// <summary>Does nothing yet.</summary>
    /// <param name="etcd">Where to.</param>
    /// <param name="keys">Under which keys.</param>
    /// <param name="host">Who we are.</param>
    /// <param name="machine">Which machine we are: see <see cref="LiveEntry"/>.</param>
    /// <param name="leaseSeconds">After how long without a sign of life the host counts as lost.</param>
    /// <param name="pace">How often.</param>
    public HostPublisher(EtcdClient etcd, ClusterKeys keys, string host, string machine, int leaseSeconds = 10, PublishPace? pace = null)
    {
        _etcd = etcd;
        _keys = keys;
        _host = host;
        _machine = JsonSerializer.SerializeToUtf8Bytes(new LiveEntry(machine), ClusterJson.Default.LiveEntry);
        _leaseSeconds = leaseSeconds;
        _pace = pace ?? PublishPace.Default;
    }

    /// <summary>How it goes.</summary>
    public PublisherReport Report => _report;

    /// <summary>What is to be there from now on.</summary>
    /// <param name="status">What the daemon told last; null: nothing.</param>
    /// <param name="trouble">Why it cannot be asked now; null: it can.</param>
    public void Publish(HostStatus? status, string? trouble)
    {
        lock (_lock)
            _wanted = new HostEntry(HostEntry.Current, _host, DateTimeOffset.UtcNow, status, trouble);
        _changed.Writer.TryWrite(true);
    }

    /// <summary>
    /// Something happened. When more happens than can be put, the oldest is dropped. What is not later than what was there before this process began is
    /// there already, and passed over.
    /// </summary>
    public void Publish(EventStatus happened)
    {
        lock (_lock)
        {
            if (happened.Time <= _eventsAfter)
                return;
            if (_events.Count == EventsWaiting)
                _events.Dequeue();
            _events.Enqueue(happened);
        }
        _changed.Writer.TryWrite(true);
    }

    /// <summary>Runs until it is cancelled. Throws nothing.</summary>
    public async Task Run(CancellationToken cancel) =>
        await Task.WhenAll(Loop(Work.Renewing, KeepAlive, cancel), Loop(Work.Putting, Put, cancel)).ConfigureAwait(false);

    private enum Work
    {
        Renewing,
        Putting,
    }

    // Each step waits for what it needs, and does one thing.
    private async Task Loop(Work work, Func<CancellationToken, Task> step, CancellationToken cancel)
    {
        var failures = 0;
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await step(cancel).ConfigureAwait(false);
                if (failures > 0)
                    Tell(work, null, failed: false);
                failures = 0;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                failures++;
                if (work == Work.Putting)
                    _base = null;
                Tell(work, e.Message, failed: true);
                await Task.Delay(Publishing.Backoff(failures, Random.Shared.NextDouble()), cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task KeepAlive(CancellationToken cancel)
    {
        await Task.Delay(TimeSpan.FromSeconds(_leaseSeconds / 3.0), cancel).ConfigureAwait(false);
        var lease = Interlocked.Read(ref _lease);
        if (lease == 0 || await _etcd.KeepAlive(lease, cancel).ConfigureAwait(false))
            return;
        Interlocked.CompareExchange(ref _lease, 0, lease);
        _changed.Writer.TryWrite(true);
    }

    private async Task Put(CancellationToken cancel)
    {
        HostEntry? wanted;
        lock (_lock)
            wanted = _wanted;
        if (wanted is null)
        {
            await _changed.Reader.ReadAsync(cancel).ConfigureAwait(false);
            return;
        }
        if (_base is not { } known || known.Lease != Interlocked.Read(ref _lease))
        {
            await Begin(wanted, cancel).ConfigureAwait(false);
            return;
        }
        var due = Publishing.Due(wanted, _published, Stopwatch.GetElapsedTime(_putAt), _pace);
        if (due == TimeSpan.Zero)
        {
            await PutStatus(known, wanted, cancel).ConfigureAwait(false);
            return;
        }
        if (EventsDue() is { } eventsDue && eventsDue < due)
        {
            due = eventsDue;
            if (due == TimeSpan.Zero)
            {
                await PutEvents(known, cancel).ConfigureAwait(false);
                return;
            }
        }
        using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        wait.CancelAfter(due);
        await ((Task)_changed.Reader.WaitToReadAsync(wait.Token).AsTask()).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _changed.Reader.TryRead(out _);
    }

    // Whatever there was before, a lease, a state, an earlier self: from here on it is known.
    private async Task Begin(HostEntry wanted, CancellationToken cancel)
    {
        var lease = Interlocked.Read(ref _lease);
        if (lease == 0)
            Interlocked.Exchange(ref _lease, lease = await _etcd.Grant(_leaseSeconds, cancel).ConfigureAwait(false));
        var read = await _etcd.Txn(new EtcdTxnRequest(
            [], [new EtcdStep(RequestRange: new EtcdRangeRequest(_keys.Live(_host))), new EtcdStep(RequestRange: new EtcdRangeRequest(_keys.Last(_host), KeysOnly: true))], []), cancel)
            .ConfigureAwait(false);
        var (live, last) = (First(read, 0), First(read, 1));
        if (live is not null && !live.Value.AsSpan().SequenceEqual(_machine))
            throw new EtcdException(EtcdFault.Refused, $"another machine publishes as {_host}: give one of them another name (cluster.host)");
        if (_number < 0)
            await FindEvents(cancel).ConfigureAwait(false);
        await Write(
            [EtcdCompare.Changed(_keys.Live(_host), live?.ModRevision ?? 0), EtcdCompare.Changed(_keys.Last(_host), last?.ModRevision ?? 0)],
            live?.Lease == lease ? [] : [new EtcdStep(new EtcdPutRequest(_keys.Live(_host), _machine, lease))], lease, wanted, cancel).ConfigureAwait(false);
    }

    // A put that timed out may be done late: it must not replace a later one, nor outlive the lease.
    private Task PutStatus((long Lease, long Revision) known, HostEntry wanted, CancellationToken cancel) =>
        Write([EtcdCompare.LeasedBy(_keys.Live(_host), known.Lease), EtcdCompare.Changed(_keys.Last(_host), known.Revision)], [], known.Lease, wanted, cancel);

    private async Task Write(ImmutableArray<EtcdCompare> when, ImmutableArray<EtcdStep> before, long lease, HostEntry wanted, CancellationToken cancel)
    {
        wanted = wanted with { At = DateTimeOffset.UtcNow };
        var reply = await _etcd.Txn(
            new EtcdTxnRequest(when, before.Add(new EtcdStep(new EtcdPutRequest(_keys.Last(_host), EntryCodec.Encode(wanted)))), []), cancel).ConfigureAwait(false);
        if (!reply.Succeeded)
            throw new EtcdException(EtcdFault.Refused, $"{_etcd.Endpoint}: the keys of {_host} are not as they were left; they are read again");
        _base = (lease, reply.Header!.Revision);
        _published = wanted;
        _putAt = Stopwatch.GetTimestamp();
        Done();
    }

    private TimeSpan? EventsDue()
    {
        lock (_lock)
        {
            if (_events.Count == 0 && _batch.IsEmpty)
                return null;
        }
        var since = Stopwatch.GetElapsedTime(_eventsAt);
        return _eventsAt == 0 || since >= EventPause ? TimeSpan.Zero : EventPause - since;
    }

    // A batch that failed is put again as it was, under the same number: whether or not it is there already makes no difference.
    private async Task PutEvents((long Lease, long Revision) known, CancellationToken cancel)
    {
        lock (_lock)
        {
            if (_batch.IsEmpty)
            {
                _batch = Publishing.Batch(_events);
                for (var taken = 0; taken < _batch.Length; taken++)
                    _events.Dequeue();
            }
        }
        var steps = ImmutableArray.Create(new EtcdStep(new EtcdPutRequest(_keys.Event(_host, _number), EntryCodec.Encode(_batch))));
        if (_number >= BatchesKept)
            steps = steps.Add(new EtcdStep(RequestDeleteRange: new EtcdDeleteRequest(_keys.EventsOf(_host).First, _keys.Event(_host, _number - BatchesKept + 1))));
        var reply = await _etcd.Txn(new EtcdTxnRequest([EtcdCompare.LeasedBy(_keys.Live(_host), known.Lease)], steps, []), cancel).ConfigureAwait(false);
        if (!reply.Succeeded)
            throw new EtcdException(EtcdFault.Refused, $"{_etcd.Endpoint}: the keys of {_host} are not as they were left; they are read again");
        _batch = [];
        _number++;
        _eventsAt = Stopwatch.GetTimestamp();
        Done();
    }

    private async Task FindEvents(CancellationToken cancel)
    {
        var (first, end) = _keys.EventsOf(_host);
        var range = await _etcd.Range(new EtcdRangeRequest(first, end, Limit: 1, SortOrder: "DESCEND"), cancel).ConfigureAwait(false);
        if (range.Kvs is not [{ Key: { } key } last, ..])
        {
            _number = 0;
            return;
        }
        lock (_lock)
        {
            _eventsAfter = LastTime(last.Value ?? []);
            var later = _events.Where(happened => happened.Time > _eventsAfter).ToList();
            _events.Clear();
            later.ForEach(_events.Enqueue);
        }
        _number = _keys.Parse(key).Number + 1;
    }

    private static DateTimeOffset LastTime(byte[] batch)
    {
        try
        {
            return EntryCodec.DecodeEvents(batch).Select(happened => happened.Time).DefaultIfEmpty(DateTimeOffset.MinValue).Max();
        }
        catch (FormatException)
        {
            // Whatever that is: it hides nothing of ours.
            return DateTimeOffset.MinValue;
        }
    }

    private void Done()
    {
        lock (_lock)
            _report = _report with { At = DateTimeOffset.UtcNow, Puts = _report.Puts + 1 };
        Tell(Work.Putting, null, failed: false);
    }

    private void Tell(Work work, string? trouble, bool failed)
    {
        lock (_lock)
        {
            _troubles[(int)work] = trouble;
            var told = _troubles[(int)Work.Putting] ?? _troubles[(int)Work.Renewing];
            _report = _report with { Published = told is null && _report.At is not null, Trouble = told, Failures = _report.Failures + (failed ? 1 : 0) };
        }
    }

    private EtcdKeyValue? First(EtcdTxnReply reply, int step)
    {
        if (reply is not { Succeeded: true, Responses: [_, _] responses } || responses[step]?.ResponseRange is not { } range)
            throw new EtcdException(EtcdFault.BadAnswer, $"{_etcd.Endpoint}: two ranges were asked for, and are not in the answer");
        return range.Kvs is [{ Key: not null } found, ..] ? found : null;
    }
}
