using System.Threading.Channels;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Gateway.Feed;
using ActorRaid.Gateway.Settings;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Cluster;

/// <summary>Publishes this host, and follows the others as long as somebody wants to know. Only where a cluster is configured.</summary>
internal sealed class ClusterService : BackgroundService
{
    private static readonly TimeSpan TellPause = TimeSpan.FromSeconds(5);

    private readonly GatewaySettings _settings;
    private readonly Bulletin _bulletin;
    private readonly ClusterBoard _board;
    private readonly ILogger<ClusterService> _log;
    private readonly EtcdClient _etcd;
    private readonly HostPublisher _publisher;
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private ClusterService(GatewaySettings settings, Bulletin bulletin, ClusterBoard board, EtcdClient etcd, ILogger<ClusterService> log)
    {
        (_settings, _bulletin, _board, _etcd, _log) = (settings, bulletin, board, etcd, log);
        var cluster = settings.Cluster;
        _publisher = new HostPublisher(_etcd, new ClusterKeys(cluster.Prefix), cluster.HostName, Machine(cluster.HostName), cluster.LeaseSeconds);
        bulletin.Changed = () => _changed.Writer.TryWrite(true);
    }

    /// <summary>Adds it, if there is a cluster.</summary>
    internal static void Add(IServiceCollection services, GatewaySettings settings, Bulletin bulletin)
    {
        if (settings.Cluster.Endpoints.IsEmpty)
            return;
        var etcd = new EtcdClient(settings.Cluster.Options());
        var board = new ClusterBoard(etcd, new ClusterKeys(settings.Cluster.Prefix), settings.Streams);
        services.AddSingleton(board);
        services.AddHostedService(provider => new ClusterService(settings, bulletin, board, etcd, provider.GetRequiredService<ILogger<ClusterService>>()));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _etcd.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override Task ExecuteAsync(CancellationToken stop) =>
        Task.WhenAll(_publisher.Run(stop), Quietly(Feed, stop), Quietly(Tell, stop), Quietly(_board.Run, stop));

    private static async Task Quietly(Func<CancellationToken, Task> run, CancellationToken stop) =>
        await run(stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task Feed(CancellationToken stop)
    {
        SeenEvent? last = null;
        while (await _changed.Reader.ReadAsync(stop).ConfigureAwait(false))
        {
            var now = _bulletin.Now;
            var age = now.Age(Environment.TickCount64);
            // A daemon that is handed over is gone for a moment: nobody needs to hear of that.
            var isGone = now.Problem is not null && age.TotalSeconds >= _settings.UnknownAfterSeconds;
            if (now.Status is not null || isGone)
                _publisher.Publish(now.Status, isGone ? now.Problem : null);
            var known = last is null ? -1 : now.Events.FindLastIndex(seen => ReferenceEquals(seen, last));
            foreach (var seen in now.Events.Skip(known + 1).Where(seen => seen.Event.Level != "debug"))
                _publisher.Publish(seen.Event);
            last = now.Events is [.., var newest] ? newest : last;
        }
    }

    // Changes are told, not each attempt.
    private async Task Tell(CancellationToken stop)
    {
        string? told = "";
        while (true)
        {
            var trouble = _publisher.Report is { At: null, Trouble: "has not begun" } ? told : _publisher.Report.Trouble;
            if (trouble != told && trouble is not null)
                _log.LogWarning("cluster: {Trouble}", trouble);
            else if (trouble != told)
                _log.LogInformation("cluster: {Host} is published at {Endpoint}", _settings.Cluster.HostName, _etcd.Endpoint);
            told = trouble;
            await Task.Delay(TellPause, stop).ConfigureAwait(false);
        }
    }

    private static string Machine(string host)
    {
        try
        {
            return File.ReadAllText("/etc/machine-id").Trim() is { Length: > 0 } machine ? machine : host;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return host;
        }
    }
}
