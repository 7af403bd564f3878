using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ActorRaid.Gateway.Feed;
using ActorRaid.Gateway.Settings;
using ActorRaid.Gateway.Web;
using ActorRaid.Reporting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace ActorRaid.Tests.Gateway;

/// <summary>A real gateway on a free port of loopback, before a replayed daemon.</summary>
public sealed class GatewayRig : IAsyncDisposable
{
    private readonly WebApplication _server;

    private GatewayRig(ReplayedDaemon daemon, WebApplication server)
    {
        Daemon = daemon;
        _server = server;
        Address = new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(20) };
    }

    /// <summary>The daemon.</summary>
    public ReplayedDaemon Daemon { get; }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>A client without a certificate.</summary>
    public HttpClient Client { get; }

    internal Bulletin Bulletin => _server.Services.GetRequiredService<Bulletin>();

    /// <summary>Starts it, and waits until it knows the daemon's status.</summary>
    internal static async Task<GatewayRig> Start(Func<GatewaySettings, GatewaySettings>? change = null, HostStatus? status = null, TimeSpan? renewal = null)
    {
        var daemon = new ReplayedDaemon(status ?? Told.Healthy());
        var settings = new GatewaySettings { ControlSocket = daemon.Path, Listen = [new ListenAddress(IPAddress.Loopback, 0)], RequestsPerSecond = 1000 };
        settings = change?.Invoke(settings) ?? settings;
        var server = GatewayServer.Build(settings, TlsCredentials.Load(settings), renewal);
        await server.StartAsync();
        var rig = new GatewayRig(daemon, server);
        await Until(() => rig.Bulletin.Now.Problem is null, "the gateway hears the daemon");
        return rig;
    }

    /// <summary>Waits until it is so; ten seconds at most.</summary>
    public static Task Until(Func<bool> so, string what) => Until(() => Task.FromResult(so()), what);

    /// <summary>The same of what is asked each time.</summary>
    public static async Task Until(Func<Task<bool>> so, string what)
    {
        for (var left = 1000; !await so(); left--)
        {
            Assert.True(left > 0, $"not within 10 s: {what}");
            await Task.Delay(10);
        }
    }

    /// <summary>The status that a client gets.</summary>
    public async Task<HostStatus> Status() =>
        JsonSerializer.Deserialize(await Client.GetByteArrayAsync("/v1/status"), StatusJson.Default.HostStatus)!;

    /// <summary>A connection on which nothing has been said.</summary>
    public async Task<Socket> Connect()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, Address.Port);
        return socket;
    }

    /// <summary>Says something, and gives everything that comes until the gateway hangs up.</summary>
    public async Task<string> Say(string text)
    {
        using var socket = await Connect();
        await socket.SendAsync(Encoding.ASCII.GetBytes(text));
        using var reader = new StreamReader(new NetworkStream(socket));
        return await reader.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _server.DisposeAsync();
        await Daemon.DisposeAsync();
    }
}
