using System.Threading.Channels;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;

namespace ActorRaid.Gateway.Cluster;

/// <summary>
/// How the cluster stands, for those who ask this gateway. It follows etcd only while somebody asks, and a minute longer: a thousand gateways that nobody
/// looks at cost etcd nothing.
/// </summary>
internal sealed class ClusterBoard(EtcdClient etcd, ClusterKeys keys, int mostStreams)
{
    private static readonly TimeSpan Interest = TimeSpan.FromMinutes(1), FirstAnswer = TimeSpan.FromSeconds(4), Pause = TimeSpan.FromSeconds(0.5);

    private readonly Lock _gate = new();
    private readonly HashSet<Channel<ClusterStatus>> _streams = [];
    private readonly Channel<bool> _wanted = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private TaskCompletionSource _first = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ClusterStatus? _now;
    private long _asked;

    /// <summary>How it stands now; waits for the first answer of etcd, not for long; null: none came.</summary>
    internal async Task<ClusterStatus?> Now(CancellationToken cancel)
    {
        Task first;
        lock (_gate)
        {
            _asked = Environment.TickCount64;
            first = _first.Task;
        }
        _wanted.Writer.TryWrite(true);
        await Task.WhenAny(first, Task.Delay(FirstAnswer, cancel)).ConfigureAwait(false);
        lock (_gate)
            return _now;
    }

    /// <summary>Every later state, the last one if the reader is slow; null: there are as many streams as may be. <see cref="Close"/> it.</summary>
    internal Channel<ClusterStatus>? Open()
    {
        lock (_gate)
        {
            if (_streams.Count >= mostStreams)
                return null;
            var stream = Channel.CreateBounded<ClusterStatus>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
            if (_now is { } now)
                stream.Writer.TryWrite(now);
            _streams.Add(stream);
            _asked = Environment.TickCount64;
            _wanted.Writer.TryWrite(true);
            return stream;
        }
    }

    /// <summary>Its client is gone.</summary>
    internal void Close(Channel<ClusterStatus> stream)
    {
        lock (_gate)
            _streams.Remove(stream);
    }

    /// <summary>Follows, while somebody wants it.</summary>
    internal async Task Run(CancellationToken stop)
    {
        while (true)
        {
            await _wanted.Reader.ReadAsync(stop).ConfigureAwait(false);
            try
            {
                await Follow(stop).ConfigureAwait(false);
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // A fault of ours: what was told stays, with why it may be old, and it begins anew.
                lock (_gate)
                    Take((_now ?? ClusterView.Of(ClusterImage.Empty)) with { Trouble = e.Message });
                await Task.Delay(Pause, stop).ConfigureAwait(false);
                _wanted.Writer.TryWrite(true);
            }
        }
    }

    private async Task Follow(CancellationToken stop)
    {
        await foreach (var status in ClusterFollowing.Follow(etcd, keys, Pause, cancel: stop).ConfigureAwait(false))
        {
            Take(status);
            if (!IsWanted())
                break;
        }
        lock (_gate)
        {
            _now = null;
            _first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private void Take(ClusterStatus status)
    {
        lock (_gate)
        {
            _now = status;
            foreach (var stream in _streams)
                stream.Writer.TryWrite(status);
            if (status.Hosts.Length > 0 || status.Trouble is not null || status.Revision > 0)
                _first.TrySetResult();
        }
    }

    private bool IsWanted()
    {
        lock (_gate)
            return _streams.Count > 0 || Environment.TickCount64 - _asked < Interest.TotalMilliseconds;
    }
}
