using System.Net;
using System.Threading.RateLimiting;
using ActorRaid.Gateway.Cluster;
using ActorRaid.Gateway.Feed;
using ActorRaid.Gateway.Settings;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace ActorRaid.Gateway.Web;

/// <summary>The web server, and the feed that it serves from.</summary>
internal static class GatewayServer
{
    /// <summary>How long a client may take for a request's head, and for a handshake.</summary>
    internal static readonly TimeSpan HeadTime = TimeSpan.FromSeconds(5), HandshakeTime = TimeSpan.FromSeconds(5);

    /// <summary>Everything put together, not started yet.</summary>
    /// <param name="settings">What is configured.</param>
    /// <param name="credentials">For TLS; null: without.</param>
    /// <param name="renewal">See <see cref="TlsRenewal.Every"/>, which counts if null.</param>
    internal static WebApplication Build(GatewaySettings settings, TlsCredentials? credentials, TimeSpan? renewal = null)
    {
        // Nothing is configured by the environment, by arguments or by files in the working directory.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "actorraid-gateway", ContentRootPath = "/" });
        builder.Logging.AddSystemdConsole(options => options.IncludeScopes = false);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, settings, credentials, renewal ?? TlsRenewal.Every));
        builder.Services.AddRoutingCore();
        var bulletin = new Bulletin(settings.Streams, TimeSpan.FromSeconds(settings.UnknownAfterSeconds));
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton(bulletin);
        builder.Services.AddHostedService(services => new DaemonFeed(settings.ControlSocket, bulletin, services.GetRequiredService<ILogger<DaemonFeed>>()));
        ClusterService.Add(builder.Services, settings, bulletin);
        builder.Services.AddRateLimiter(options =>
        {
            options.GlobalLimiter = RateLimit(settings);
            options.OnRejected = async (rejected, _) =>
            {
                rejected.HttpContext.Response.Headers.RetryAfter = "1";
                await Guard.Refuse(rejected.HttpContext, StatusCodes.Status429TooManyRequests, "busy", $"more than {settings.RequestsPerSecond} requests a second from one address");
            };
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(2));

        var app = builder.Build();
        app.Use(Guard.Check(settings));
        app.UseRateLimiter();
        app.UseRouting();
        app.UseEndpoints(_ => { });
        Endpoints.Map(app, bulletin, !settings.Cluster.Endpoints.IsEmpty);
        ClusterEndpoints.Map(app);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, GatewaySettings settings, TlsCredentials? credentials, TimeSpan renewal)
    {
        var tls = credentials is null ? null
            : new TlsRenewal(settings, credentials, kestrel.ApplicationServices.GetRequiredService<ILogger<TlsRenewal>>(), renewal);
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxConcurrentConnections = settings.Connections;
        kestrel.Limits.MaxRequestBodySize = 0;
        kestrel.Limits.MaxRequestLineSize = 2048;
        kestrel.Limits.MaxRequestBufferSize = 16 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 8 * 1024;
        kestrel.Limits.MaxRequestHeaderCount = 64;
        kestrel.Limits.RequestHeadersTimeout = HeadTime;
        kestrel.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(settings.IdleSeconds);
        kestrel.Limits.MinResponseDataRate = new MinDataRate(bytesPerSecond: 240, gracePeriod: TimeSpan.FromSeconds(5));
        kestrel.Limits.MaxResponseBufferSize = 64 * 1024;
        kestrel.Limits.Http2.MaxStreamsPerConnection = 20;
        foreach (var address in settings.Listen)
        {
            kestrel.Listen(address.Address, address.Port, listen =>
            {
                listen.Protocols = credentials is null ? HttpProtocols.Http1 : HttpProtocols.Http1AndHttp2;
                if (tls is not null)
                {
                    listen.UseHttps(new TlsHandshakeCallbackOptions
                    {
                        HandshakeTimeout = HandshakeTime,
                        OnConnection = _ => ValueTask.FromResult(tls.Options()),
                    });
                }
            });
        }
    }

    // An address of IPv6 stands for its network: a host has as many of them as it likes.
    private static PartitionedRateLimiter<HttpContext> RateLimit(GatewaySettings settings) =>
        PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetTokenBucketLimiter(Client(context.Connection.RemoteIpAddress), _ =>
            new TokenBucketRateLimiterOptions
            {
                TokenLimit = settings.RequestsPerSecond * 10,
                TokensPerPeriod = settings.RequestsPerSecond,
                ReplenishmentPeriod = TimeSpan.FromSeconds(1),
                AutoReplenishment = true,
                QueueLimit = 0,
            }));

    private static string Client(IPAddress? address)
    {
        if (address is null)
            return "";
        if (address.IsIPv4MappedToIPv6)
            address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        return Convert.ToHexString(bytes.Length == 16 ? bytes.AsSpan(0, 8) : bytes);
    }
}
