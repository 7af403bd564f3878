using System.Text.Json;
using ActorRaid.Cluster;
using ActorRaid.Gateway.Web;

namespace ActorRaid.Gateway.Cluster;

/// <summary>The cluster, over HTTP: /v1/cluster (every host in short), /v1/cluster/HOST (one in full), /v1/cluster-stream (in short, with each change).</summary>
internal static class ClusterEndpoints
{
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(15);

    /// <summary>Adds them; without a cluster they say so.</summary>
    internal static void Map(WebApplication app)
    {
        var board = app.Services.GetService<ClusterBoard>();
        Endpoints.Get(app, "/v1/cluster", context => board is null ? None(context) : Status(context, board));
        Endpoints.Get(app, "/v1/cluster/{host}", context => board is null ? None(context) : Host(context, board));
        Endpoints.Get(app, "/v1/cluster-stream", context => board is null ? Nothing(context) : Stream(context, board));
    }

    private static Task None(HttpContext context) =>
        Guard.Refuse(context, StatusCodes.Status404NotFound, "not-found", "this host belongs to no cluster: cluster.endpoints in the gateway's configuration");

    // An event source that gets this asks no more, and does not complain.
    private static Task Nothing(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private static async Task Status(HttpContext context, ClusterBoard board)
    {
        if (await board.Now(context.RequestAborted) is { Revision: > 0 } status)
            await Endpoints.Json(context, Short(status), ClusterJson.Default.ClusterStatus);
        else
            await Unreachable(context, board);
    }

    private static async Task Host(HttpContext context, ClusterBoard board)
    {
        if (await board.Now(context.RequestAborted) is not { Revision: > 0 } status)
            await Unreachable(context, board);
        else if (status.Hosts.FirstOrDefault(host => host.Host == (string?)context.GetRouteValue("host")) is { } found)
            await Endpoints.Json(context, found, ClusterJson.Default.ClusterHost);
        else
            await Guard.Refuse(context, StatusCodes.Status404NotFound, "not-found", "no host of the cluster is called so; /v1/cluster has those that there are");
    }

    private static async Task Unreachable(HttpContext context, ClusterBoard board) =>
        await Guard.Refuse(context, StatusCodes.Status503ServiceUnavailable, "unreachable", (await board.Now(context.RequestAborted))?.Trouble ?? "etcd has not answered yet");

    private static async Task Stream(HttpContext context, ClusterBoard board)
    {
        context.Response.ContentType = "text/event-stream";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        if (board.Open() is not { } stream)
        {
            context.Response.Headers.RetryAfter = "30";
            await Guard.Refuse(context, StatusCodes.Status503ServiceUnavailable, "busy", "as many streams as may be are open (\"streams\" in the gateway's configuration)");
            return;
        }
        try
        {
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
            while (true)
                await context.Response.Body.WriteAsync(await Next(stream.Reader, stopping.Token), stopping.Token);
        }
        catch (OperationCanceledException)
        {
            // The client is gone, or the gateway ends.
        }
        finally
        {
            board.Close(stream);
        }
    }

    private static async Task<byte[]> Next(System.Threading.Channels.ChannelReader<ClusterStatus> stream, CancellationToken stop)
    {
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(stop);
        quiet.CancelAfter(Alive);
        try
        {
            var status = Short(await stream.ReadAsync(quiet.Token));
            return [.. "event: cluster\ndata: "u8, .. JsonSerializer.SerializeToUtf8Bytes(status, ClusterJson.Default.ClusterStatus), .. "\n\n"u8];
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return ": alive\n\n"u8.ToArray();
        }
    }

    private static ClusterStatus Short(ClusterStatus status) => status with { Hosts = [.. status.Hosts.Select(host => host with { Status = null })] };
}
