using System.Buffers;
using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ActorRaid.Gateway.Feed;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Web;

/// <summary>What is served. Everything comes from the bulletin: no request makes the daemon do anything.</summary>
internal static class Endpoints
{
    private static readonly TimeSpan Alive = TimeSpan.FromSeconds(15);

    /// <summary>Adds them.</summary>
    internal static void Map(WebApplication app, Bulletin bulletin, bool inCluster)
    {
        foreach (var (path, file, type) in PageFile.All)
        {
            var page = PageFile.Load(file, type, inCluster);
            Get(app, path, page.Serve);
        }
        Get(app, "/v1/status", context => Status(context, bulletin, null));
        Get(app, "/v1/status/{about}", context => Status(context, bulletin, (string?)context.GetRouteValue("about")));
        Get(app, "/v1/events", context => Events(context, bulletin));
        Get(app, "/v1/stream", context => Stream(context, bulletin));
        Get(app, "/healthz", context => Healthz(context, bulletin));
        Get(app, "/metrics", context => Text(context, StatusCodes.Status200OK, Metrics.ContentType, Metrics.Text(bulletin)));
    }

    /// <summary>GET, and HEAD with it.</summary>
    internal static void Get(IEndpointRouteBuilder app, string path, RequestDelegate serve) => app.MapMethods(path, [HttpMethods.Get, HttpMethods.Head], serve);

    /// <summary>Answers with JSON.</summary>
    internal static Task Json<T>(HttpContext context, T value, JsonTypeInfo<T> type) =>
        Bytes(context, StatusCodes.Status200OK, "application/json", JsonSerializer.SerializeToUtf8Bytes(value, type));

    private static Task Text(HttpContext context, int status, string type, string text) => Bytes(context, status, type, Encoding.UTF8.GetBytes(text));

    private static async Task Bytes(HttpContext context, int status, string type, byte[] bytes)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        context.Response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    // Age (RFC 9111, 5.1): for how long nobody has confirmed what is told here.
    private static Task Status(HttpContext context, Bulletin bulletin, string? about)
    {
        if (bulletin.Status is not { } status)
            return Guard.Refuse(context, StatusCodes.Status503ServiceUnavailable, "unreachable", bulletin.Now.Problem ?? "nothing is known yet");
        context.Response.Headers.Age = ((long)bulletin.Now.Age(Environment.TickCount64).TotalSeconds).ToString(CultureInfo.InvariantCulture);
        if (about is null)
            return Json(context, status, StatusJson.Default.HostStatus);
        return NameLookup.Find(status, about) switch
        {
            [var thing] => Json(context, bulletin.Now.Told(Environment.TickCount64, bulletin.UnknownAfter, thing) ?? status, StatusJson.Default.HostStatus),
            [] => Guard.Refuse(context, StatusCodes.Status404NotFound, "not-found", $"no container, array, volume or disk is called {about}; /v1/status has those that there are"),
            var several => Guard.Refuse(context, StatusCodes.Status409Conflict, "ambiguous", NameLookup.Several(about, several)),
        };
    }

    private static Task Events(HttpContext context, Bulletin bulletin)
    {
        var events = bulletin.Now.Events.AsEnumerable();
        if (context.Request.Query["since"] is [{ } since])
        {
            if (!DateTimeOffset.TryParse(since, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time))
                return Guard.Refuse(context, StatusCodes.Status400BadRequest, "bad-request", $"since is {since}; allowed is a time: 2026-01-31T12:00:00Z");
            events = events.Where(seen => seen.Event.Time > time);
        }
        if (context.Request.Query["about"] is [{ } about])
        {
            var things = bulletin.Status is { } status ? NameLookup.Find(status, about) : [];
            if (things.Length > 1)
                return Guard.Refuse(context, StatusCodes.Status409Conflict, "ambiguous", NameLookup.Several(about, things));
            // What is not there any more is known by the kernel's name that it had.
            var name = things is [{ Kernel: not "" } thing] ? thing.Kernel : about;
            events = events.Where(seen => seen.Event.Container == name || seen.Event.Array == name || seen.Event.Disk == name);
        }
        return Json(context, events.Select(seen => seen.Event).ToImmutableArray(), StatusJson.Default.ImmutableArrayEventStatus);
    }

    private static Task Healthz(HttpContext context, Bulletin bulletin) => bulletin switch
    {
        { Now: { Problem: { } problem } now, Status: null or { Health: Health.Unknown } } =>
            Text(context, StatusCodes.Status503ServiceUnavailable, "text/plain; charset=utf-8", $"for {(long)now.Age(Environment.TickCount64).TotalSeconds} s: {problem}\n"),
        _ => Text(context, StatusCodes.Status200OK, "text/plain; charset=utf-8", "ok\n"),
    };

    private static async Task Stream(HttpContext context, Bulletin bulletin)
    {
        context.Response.ContentType = "text/event-stream";
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        if (bulletin.Open(context.Request.Headers["Last-Event-ID"]) is not { } stream)
        {
            context.Response.Headers.RetryAfter = "30";
            await Guard.Refuse(context, StatusCodes.Status503ServiceUnavailable, "busy", "as many streams as may be are open (\"streams\" in the gateway's configuration)");
            return;
        }
        try
        {
            using var dropped = stream.Dropped.Register(context.Abort);
            using var stopping = CancellationTokenSource.CreateLinkedTokenSource(
                context.RequestAborted, context.RequestServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
            while (true)
            {
                var frame = await Next(stream, stopping.Token);
                do
                    context.Response.BodyWriter.Write(frame);
                while (stream.Queue.TryRead(out frame));
                await context.Response.BodyWriter.FlushAsync(stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The client is gone, was dropped, or the gateway ends.
        }
        finally
        {
            bulletin.Close(stream);
        }
    }

    private static async Task<byte[]> Next(BulletinStream stream, CancellationToken stop)
    {
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(stop);
        quiet.CancelAfter(Alive);
        try
        {
            return await stream.Queue.ReadAsync(quiet.Token);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Frames.Alive;
        }
    }
}
