using System.Diagnostics;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;

namespace ActorRaid.Tests.Cluster;

/// <summary>A host that publishes, or a client that watches: runs until it is ended.</summary>
internal sealed class Running : IAsyncDisposable
{
    private readonly CancellationTokenSource _end = new();
    private readonly EtcdClient _etcd;
    private readonly Task _task;
    private volatile ClusterStatus _view = ClusterView.Of(ClusterImage.Empty);

    private Running(EtcdOptions options, Func<EtcdClient, CancellationToken, Running, Task> run)
    {
        _etcd = new EtcdClient(options);
        _task = run(_etcd, _end.Token, this);
    }

    internal HostPublisher Publisher { get; private init; } = null!;

    /// <summary>What a watching client has seen last.</summary>
    internal ClusterStatus View => _view;

    internal int Troubles { get; private set; }

    /// <summary>How often it was told something else.</summary>
    internal int Tellings { get; private set; }

    /// <summary>A host: publishes this at first.</summary>
    internal static Running Host(EtcdOptions options, HostStatus status, int leaseSeconds = 2, string? machine = null)
    {
        HostPublisher publisher = null!;
        return new Running(options, (etcd, end, _) =>
        {
            publisher = new HostPublisher(etcd, new ClusterKeys(), status.Host, machine ?? "m-" + status.Host, leaseSeconds);
            publisher.Publish(status, null);
            return Task.Run(() => publisher.Run(end), CancellationToken.None);
        }) { Publisher = publisher };
    }

    /// <summary>A client.</summary>
    internal static Running Client(EtcdOptions options, TimeSpan? probe = null) => new(options, (etcd, end, self) => Task.Run(
        async () =>
        {
            try
            {
                await foreach (var status in ClusterFollowing.Follow(etcd, new ClusterKeys(), TimeSpan.FromSeconds(0.02), probe ?? TimeSpan.FromSeconds(2), end))
                {
                    if (status.Trouble is not null)
                        self.Troubles++;
                    else
                        self.Tellings++;
                    self._view = status;
                }
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // Ended.
            }
        },
        CancellationToken.None));

    /// <summary>As if its machine had died: nothing is said any more.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_task.IsCompleted)
            return;
        await _end.CancelAsync();
        await _task;
        _etcd.Dispose();
        _end.Dispose();
    }
}

/// <summary>Waiting for what others do.</summary>
internal static class Until
{
    /// <summary>How many seconds it took; fails when it does not come about.</summary>
    internal static async Task<double> Seconds(Func<bool> isSo, string what, int atMost = 20, Func<string>? found = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!isSo())
        {
            if (Stopwatch.GetElapsedTime(began).TotalSeconds > atMost)
                throw new Xunit.Sdk.XunitException($"not within {atMost} s: {what}; found: {found?.Invoke()}");
            await Task.Delay(20);
        }
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>The same of what every client sees.</summary>
    internal static Task<double> Seen(IEnumerable<Running> clients, Func<ClusterStatus, bool> isSo, string what, int atMost = 20) =>
        Seconds(() => clients.All(client => client.View.Trouble is null && isSo(client.View)), what, atMost,
            () => string.Join(" | ", clients.Select(client => $"{client.View.Revision} {client.View.Summary} {client.View.Trouble}").Distinct()));
}
