using System.Collections.Immutable;
using ActorRaid.Cluster.Etcd;

namespace ActorRaid.Cluster;

/// <summary>What a follower tells next: one of these is there, and the revision.</summary>
/// <param name="Revision">Everything up to it has been told.</param>
/// <param name="All">All keys there are: what was told before is void.</param>
/// <param name="Changes">What changed.</param>
/// <param name="Trouble">Why nothing can be told now. It is tried again.</param>
/// <remarks>None of them: the revision alone; it has been made sure that nothing else happened up to it.</remarks>
public sealed record Followed(
    long Revision, ImmutableArray<EtcdKeyValue>? All = null, ImmutableArray<EtcdEvent>? Changes = null, string? Trouble = null);

/// <summary>
/// Follows a range of keys for ever: reads all of it in one revision, then watches it from there. After a fault it goes on from the last revision,
/// at another endpoint; when that is compacted, or something was wrong, it reads all again. A watch that says nothing is not believed: now and then the
/// range is asked whether it has anything newer. One caller at a time.
/// </summary>
/// <param name="etcd">Where.</param>
/// <param name="first">The first key.</param>
/// <param name="end">The first behind the range.</param>
/// <param name="probe">How often a silent watch is checked.</param>
public sealed class EtcdFollower(EtcdClient etcd, byte[] first, byte[] end, TimeSpan? probe = null) : IDisposable
{
    private const int Page = 500;

    private static readonly TimeSpan SecondProbe = TimeSpan.FromSeconds(2);

    private readonly TimeSpan _probe = probe ?? TimeSpan.FromSeconds(10);
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private EtcdWatch? _watch;
    private Task<EtcdWatchReply>? _next;
    private Task? _pause;
    private ulong _cluster;
    private long _revision = -1;
    private bool _isSuspect;
    private int _failures;

    /// <summary>All keys of a range, as they were in one revision.</summary>
    public static async Task<(EtcdHeader Header, ImmutableArray<EtcdKeyValue> Keys)> Read(EtcdClient etcd, byte[] first, byte[] end, CancellationToken cancel)
    {
        var keys = ImmutableArray.CreateBuilder<EtcdKeyValue>();
        EtcdHeader? header = null;
        for (var from = first; ;)
        {
            var page = await etcd.Range(new EtcdRangeRequest(from, end, Page, header?.Revision ?? 0), cancel).ConfigureAwait(false);
            header ??= page.Header!;
            var found = page.Kvs is { IsDefault: false } kvs ? kvs : [];
            foreach (var kv in found)
            {
                if (kv?.Key is not { } key || !Within(key, from, end) || kv.ModRevision <= 0 || kv.ModRevision > header.Revision
                    || (keys.Count > 0 && key.AsSpan().SequenceCompareTo(keys[^1].Key) <= 0))
                    throw new EtcdException(EtcdFault.BadAnswer, $"{etcd.Endpoint}: a range with a key that cannot be in it");
                keys.Add(kv);
            }
            if (!page.More)
                return (header, keys.ToImmutable());
            if (found.IsEmpty)
                throw new EtcdException(EtcdFault.BadAnswer, $"{etcd.Endpoint}: a range that says there is more, and has nothing");
            from = [.. keys[^1].Key, 0];
        }
    }

    /// <summary>What comes next; waits for it. Throws nothing but that it is cancelled.</summary>
    public async Task<Followed> Next(CancellationToken cancel)
    {
        if (_pause is { } pause)
        {
            await pause.WaitAsync(cancel).ConfigureAwait(false);
            _pause = null;
        }
        try
        {
            return await Step(cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (cancel.IsCancellationRequested && e is not OperationCanceledException)
        {
            throw new OperationCanceledException("what was asked for is not wanted any more", e, cancel);
        }
        catch (Exception e) when (!cancel.IsCancellationRequested)
        {
            if (_watch is { } watch)
                etcd.Blame(watch.Endpoint);
            Close();
            if (e is not EtcdException { Fault: not (EtcdFault.Compacted or EtcdFault.BadAnswer) })
                Forget();
            _pause = Task.Delay(Publishing.Backoff(++_failures, Random.Shared.NextDouble()), CancellationToken.None);
            return new Followed(Math.Max(_revision, 0), Trouble: e.Message);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private async Task<Followed> Step(CancellationToken cancel)
    {
        if (_revision < 0)
        {
            var (header, keys) = await Read(etcd, first, end, cancel).ConfigureAwait(false);
            _cluster = header.ClusterId;
            _revision = header.Revision;
            _keys.Clear();
            foreach (var kv in keys)
                _keys.Add(Convert.ToBase64String(kv.Key));
            return new Followed(_revision, All: keys);
        }
        if (_watch is null)
        {
            _watch = await etcd.Watch(new EtcdWatchCreate(first, end, _revision + 1), cancel).ConfigureAwait(false);
            _isSuspect = false;
            // Whoever had to begin again wants to know soon that it is up to date.
            return await Probe(cancel).ConfigureAwait(false) ?? new Followed(_revision);
        }
        while (true)
        {
            _next ??= _watch.Next(cancel);
            using var wait = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var timer = Task.Delay(_isSuspect ? SecondProbe : _probe, wait.Token);
            if (await Task.WhenAny(_next, timer).ConfigureAwait(false) == timer)
            {
                cancel.ThrowIfCancellationRequested();
                if (await Probe(cancel).ConfigureAwait(false) is not { } sure)
                    continue;
                _failures = 0;
                return sure;
            }
            await wait.CancelAsync().ConfigureAwait(false);
            var reply = await _next.ConfigureAwait(false);
            _next = null;
            if (reply.Header!.ClusterId != _cluster)
                throw new EtcdException(EtcdFault.BadAnswer, $"{_watch.Endpoint}: it belongs to another etcd cluster than before");
            if (reply.Events is { IsDefaultOrEmpty: false } events)
                return Applied(events, reply.Header.Revision);
        }
    }

    private Followed Applied(ImmutableArray<EtcdEvent> events, long upTo)
    {
        var last = _revision;
        foreach (var change in events)
        {
            if (change is not { Kv: { Key: not null } kv } || !Within(kv.Key, first, end) || kv.ModRevision <= _revision || kv.ModRevision < last || kv.ModRevision > upTo)
                throw new EtcdException(EtcdFault.BadAnswer, $"{_watch!.Endpoint}: watch: an event that cannot come after revision {_revision}");
            last = kv.ModRevision;
            if (change.Type == "DELETE")
                _keys.Remove(Convert.ToBase64String(kv.Key));
            else
                _keys.Add(Convert.ToBase64String(kv.Key));
        }
        _revision = last;
        _isSuspect = false;
        _failures = 0;
        return new Followed(last, Changes: events);
    }

    // Linearizable, so a member that is cut off from the others cannot answer it. Null: there is something that the watch has yet to tell.
    private async Task<Followed?> Probe(CancellationToken cancel)
    {
        var newer = await etcd.Range(new EtcdRangeRequest(first, end, Limit: 1, KeysOnly: true, MinModRevision: _revision + 1), cancel).ConfigureAwait(false);
        var revision = newer.Header!.Revision;
        if (newer.Header.ClusterId != _cluster || revision < _revision)
            throw new EtcdException(
                EtcdFault.BadAnswer, $"{etcd.Endpoint}: it is at revision {revision} of cluster {newer.Header.ClusterId:x}, after {_revision} of {_cluster:x}: was it restored?");
        if (newer.Count == _keys.Count && newer.Kvs is not { IsDefaultOrEmpty: false })
        {
            _isSuspect = false;
            _revision = revision;
            return new Followed(revision);
        }
        if (_isSuspect)
            throw new EtcdException(EtcdFault.BadAnswer, $"{_watch!.Endpoint}: watch: it says nothing, and there is something new");
        _isSuspect = true;
        return null;
    }

    private void Forget()
    {
        _revision = -1;
        _keys.Clear();
    }

    private void Close()
    {
        _watch?.Dispose();
        _watch = null;
        // Whatever it still says is of no interest.
        _next?.ContinueWith(static ended => _ = ended.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        _next = null;
    }

    private static bool Within(byte[] key, byte[] first, byte[] end) =>
        key.AsSpan().SequenceCompareTo(first) >= 0 && key.AsSpan().SequenceCompareTo(end) < 0;
}
