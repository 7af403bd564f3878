using System.Diagnostics;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorRaid.Gateway.Settings;
using Xunit;

namespace ActorRaid.Tests.Gateway;

/// <summary>Who gets in, and what those can do who mean harm.</summary>
public sealed class SecurityTests
{
    [Fact]
    public async Task Only_a_client_with_a_valid_certificate_of_our_authority_gets_in()
    {
        var folder = Directory.CreateTempSubdirectory("actorraid-tls-").FullName;
        try
        {
            var (ours, foreign) = (new Certificates(folder, "ours"), new Certificates(folder, "foreign"));
            var (certificate, key) = ours.Server();
            await using var rig = await GatewayRig.Start(settings => settings with { Certificate = certificate, CertificateKey = key, ClientAuthorities = ours.File });
            Assert.Equal("https", rig.Address.Scheme);
            Assert.Equal(HttpStatusCode.OK, await Get(rig, ours.Client()));
            foreach (var refused in (X509Certificate2?[])[null, foreign.Client(), ours.Expired(), ours.NotForClients()])
                await Assert.ThrowsAsync<HttpRequestException>(() => Get(rig, refused));
            // And plain HTTP is not spoken there.
            Assert.DoesNotContain("HTTP/1.1 200", await rig.Say("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
            Assert.Equal(HttpStatusCode.OK, await Get(rig, ours.Client()));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    [Fact]
    public async Task A_renewed_certificate_counts_without_a_restart_and_one_that_cannot_be_used_changes_nothing()
    {
        var folder = Directory.CreateTempSubdirectory("actorraid-tls-").FullName;
        try
        {
            var (before, after) = (new Certificates(folder, "before"), new Certificates(folder, "after"));
            var (certificate, key) = before.Server();
            await using var rig = await GatewayRig.Start(settings => settings with { Certificate = certificate, CertificateKey = key }, renewal: TimeSpan.Zero);
            Assert.Equal("CN=before", await Issuer(rig));
            await File.WriteAllTextAsync(certificate, "half a certific");
            Assert.Equal("CN=before", await Issuer(rig));
            after.Server();
            Assert.Equal("CN=after", await Issuer(rig));
            File.Delete(key);
            Assert.Equal("CN=after", await Issuer(rig));
        }
        finally
        {
            Directory.Delete(folder, true);
        }
    }

    private static async Task<string> Issuer(GatewayRig rig)
    {
        using var stream = new SslStream(new NetworkStream(await rig.Connect(), ownsSocket: true));
        string? issuer = null;
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            RemoteCertificateValidationCallback = (_, presented, _, _) => (issuer = presented?.Issuer) is not null,
        });
        return issuer!;
    }

    [Theory]
    [InlineData(414, "GET /{0} HTTP/1.1\r\nHost: localhost\r\n\r\n", 5_000)]
    [InlineData(431, "GET / HTTP/1.1\r\nHost: localhost\r\nCookie: {0}\r\n\r\n", 20_000)]
    [InlineData(413, "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n{0}", 100)]
    [InlineData(413, "GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{0}\r\n", 5)]
    [InlineData(405, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\nConnection: close\r\n\r\n{0}", 10)]
    [InlineData(400, "GET / HTTP/1.1\r\n\r\n{0}", 0)]
    [InlineData(400, "{0}\r\n\r\n", 100)]
    public async Task What_is_too_large_or_makes_no_sense_is_refused_and_the_connection_ends(int status, string request, int length)
    {
        await using var rig = await GatewayRig.Start(settings => settings with { IdleSeconds = 1 });
        Assert.StartsWith($"HTTP/1.1 {status} ", await rig.Say(string.Format(System.Globalization.CultureInfo.InvariantCulture, request, new string('x', length))));
        Assert.Equal(HttpStatusCode.OK, (await rig.Client.GetAsync("/v1/status")).StatusCode);
    }

    [Fact]
    public async Task Five_hundred_idle_clients_delay_nobody_and_are_sent_away()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { IdleSeconds = 2 });
        var idle = new List<Socket>();
        // Half of them say nothing, half begin a request and leave it so.
        for (var i = 0; i < 500; i++)
        {
            idle.Add(await rig.Connect());
            if (i % 2 == 0)
                await idle[^1].SendAsync("GET /v1/status HT"u8.ToArray());
        }
        var watch = Stopwatch.StartNew();
        rig.Daemon.Tell(Told.Degraded());
        await GatewayRig.Until(() => rig.Bulletin.Now.Status!.Health == Reporting.Health.Degraded, "the feed goes on");
        Assert.Equal(Reporting.Health.Degraded, (await rig.Status()).Health);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"took {watch.Elapsed}");
        // 2 s for the silent ones, 5 s for a request's head, and the server's clock of a second.
        foreach (var socket in idle)
        {
            using var reader = new NetworkStream(socket, ownsSocket: true);
            await reader.CopyToAsync(Stream.Null).WaitAsync(TimeSpan.FromSeconds(10));
        }
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"the last was sent away after {watch.Elapsed}");
    }

    [Fact]
    public async Task More_connections_than_may_be_are_closed_at_once()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { Connections = 10, Streams = 5, IdleSeconds = 2 });
        var idle = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => rig.Connect()));
        Assert.Equal("", await rig.Say("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n").ContinueWith(said => said.IsFaulted ? "" : said.Result));
        foreach (var socket in idle)
            socket.Dispose();
        const string ask = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        await GatewayRig.Until(
            async () => (await rig.Say(ask).ContinueWith(said => said.IsFaulted ? "" : said.Result))
                .StartsWith("HTTP/1.1 200", StringComparison.Ordinal),
            "there is room again");
    }

    [Fact]
    public async Task A_stream_that_does_not_read_is_dropped_and_the_others_miss_nothing()
    {
        await using var rig = await GatewayRig.Start();
        using var slow = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await slow.ConnectAsync(IPAddress.Loopback, rig.Address.Port);
        await slow.SendAsync("GET /v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        using var reader = new StreamReader(await rig.Client.GetStreamAsync("/v1/stream"));
        await GatewayRig.Until(() => rig.Bulletin.Streams.Open == 2, "both are open");

        const int events = 20_000;
        var text = new string('x', 500);
        var seen = 0;
        var telling = Task.Run(async () =>
        {
            // No faster than the one who reads.
            for (var i = 0; i < events; i++)
            {
                while (i - Volatile.Read(ref seen) > 100)
                    await Task.Yield();
                rig.Daemon.Happen(Told.Event("test", $"{i} {text}"));
            }
        });
        while (seen < events && await reader.ReadLineAsync().WaitAsync(TimeSpan.FromSeconds(20)) is { } line)
        {
            if (line.StartsWith("data: {\"sequence\"", StringComparison.Ordinal))
                Interlocked.Increment(ref seen);
        }
        await telling;
        Assert.Equal(events, seen);
        Assert.Equal((1, 1), rig.Bulletin.Streams);
        // What it had been sent before is all that it gets.
        using var rest = new NetworkStream(slow);
        try
        {
            await rest.CopyToAsync(Stream.Null).WaitAsync(TimeSpan.FromSeconds(5));
        }
        catch (IOException)
        {
            // Reset: it was dropped with things to send.
        }
    }

    [Fact]
    public async Task More_streams_than_may_be_are_refused_and_one_that_closes_makes_room()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { Streams = 2 });
        var open = new[] { await rig.Client.GetStreamAsync("/v1/stream"), await rig.Client.GetStreamAsync("/v1/stream") };
        var refused = await rig.Client.GetAsync("/v1/stream");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Contains("\"streams\"", (await refused.Content.ReadAsStringAsync()).Replace("\\u0022", "\"", StringComparison.Ordinal));
        await open[0].DisposeAsync();
        await GatewayRig.Until(() => rig.Bulletin.Streams.Open == 1, "one is closed");
        await using var again = await rig.Client.GetStreamAsync("/v1/stream");
        await open[1].DisposeAsync();
    }

    [Fact]
    public async Task Whoever_asks_too_often_is_told_to_wait()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { RequestsPerSecond = 1 });
        var answers = new List<HttpResponseMessage>();
        for (var i = 0; i < 20; i++)
            answers.Add(await rig.Client.GetAsync("/healthz"));
        Assert.InRange(answers.Count(answer => answer.StatusCode == HttpStatusCode.OK), 10, 12);
        var refused = answers.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter!.Delta);
        await GatewayRig.Until(
            async () => (await rig.Client.GetAsync("/healthz")).StatusCode == HttpStatusCode.OK, "it may ask again");
    }

    [Fact]
    public async Task Pages_from_elsewhere_read_nothing_unless_their_origin_is_given()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { Origins = ["https://board.example.org"], HostNames = ["raid.example.org"] });
        foreach (var (origin, allowed) in ((string, bool)[])[("https://board.example.org", true), ("https://evil.example", false), ("null", false)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/status");
            request.Headers.Add("Origin", origin);
            var answer = await rig.Client.SendAsync(request);
            Assert.Equal(allowed, answer.Headers.TryGetValues("Access-Control-Allow-Origin", out var found) && found.Single() == origin);
            Assert.StartsWith("default-src 'none'; script-src 'self';", answer.Headers.GetValues("Content-Security-Policy").Single());
        }
        // A name that somebody else has made to lead here.
        var name = Environment.MachineName;
        foreach (var (host, status) in ((string, int)[])[
            ("raid.example.org", 200), ("RAID.example.org.:9747", 200), (name, 200), (name + ".", 200),
            ("localhost", 200), ("127.0.0.1", 200), ("[::1]:9747", 200),
            ("evil.example", 421), ($"{name}.evil.example", 421), (name + "..", 421),
            ("localhost.evil.example", 421), ("127.0.0.1.evil.example", 421),
            ("raid.example.org.evil.example", 421), ("evil.raid.example.org", 421), ("example.org", 421)])
            Assert.StartsWith($"HTTP/1.1 {status} ", await rig.Say($"GET /v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    }

    private static async Task<HttpStatusCode> Get(GatewayRig rig, X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler();
        // Whether the server's is in order is not what is tested, only that there is one.
        handler.SslOptions.RemoteCertificateValidationCallback = (_, server, _, _) => server is not null;
        if (certificate is not null)
            handler.SslOptions.ClientCertificateContext = SslStreamCertificateContext.Create(certificate, null, offline: true);
        using var client = new HttpClient(handler);
        return (await client.GetAsync(new Uri(rig.Address, "/v1/status"))).StatusCode;
    }
}
