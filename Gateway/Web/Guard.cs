using System.Net;
using System.Text.Json;
using ActorRaid.Gateway.Feed;
using ActorRaid.Gateway.Settings;
using ActorRaid.Reporting;
using Microsoft.AspNetCore.Http.Features;

namespace ActorRaid.Gateway.Web;

/// <summary>What every request has to pass, and every answer carries.</summary>
internal static class Guard
{
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>The first of the middlewares.</summary>
    internal static Func<HttpContext, RequestDelegate, Task> Check(GatewaySettings settings) => async (context, next) =>
    {
        var (request, response) = (context.Request, context.Response);
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Resource-Policy"] = "same-origin";
        response.Headers.CacheControl = "no-store";
        if (request.Headers.Origin is [{ } origin] && settings.Origins.Contains(origin))
        {
            response.Headers.AccessControlAllowOrigin = origin;
            response.Headers["Cross-Origin-Resource-Policy"] = "cross-origin";
        }
        response.Headers.Vary = settings.Origins.IsEmpty ? default : "Origin";

        if (!IsOurs(request.Host.Host, settings))
            await Refuse(context, StatusCodes.Status421MisdirectedRequest, "not-allowed", $"this is not {request.Host.Host}: \"hostNames\" in the gateway's configuration has the names by which it may be called");
        else if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method))
        {
            response.Headers.Allow = "GET, HEAD";
            await Refuse(context, StatusCodes.Status405MethodNotAllowed, "not-allowed", $"{request.Method} is not served: there is nothing to change here");
        }
        else if (context.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: true })
            await Refuse(context, StatusCodes.Status413PayloadTooLarge, "too-long", "a request has no body here");
        else
            await next(context);

        if (!response.HasStarted && response.StatusCode == StatusCodes.Status404NotFound)
            await Refuse(context, StatusCodes.Status404NotFound, "not-found", $"{request.Path} is not there; / is the page, /v1/status, /v1/events, /v1/stream, /metrics and /healthz are for programs");
    };

    /// <summary>Says no, for people and for programs.</summary>
    internal static async Task Refuse(HttpContext context, int status, string code, string text)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new Refusal(new ControlError(code, text)), GatewayJson.Default.Refusal);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = json.Length;
        if (!HttpMethods.IsHead(context.Request.Method))
            await context.Response.Body.WriteAsync(json, context.RequestAborted);
    }

    // A foreign name that leads here is how a page from elsewhere gets to read what only this machine may (DNS
    // rebinding). So names count as a whole: in whose domain the machine is, a request cannot tell us.
    private static bool IsOurs(string host, GatewaySettings settings)
    {
        var name = host.EndsWith('.') ? host[..^1] : host;
        return host.Length == 0 || IPAddress.TryParse(name, out _)
            || Same(name, "localhost") || Same(name, Environment.MachineName)
            || settings.HostNames.Any(known => Same(name, known));
    }

    private static bool Same(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
