using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using Xunit;

namespace ActorRaid.Tests.Cluster;

/// <summary>Something listens where etcd should, and is no honest etcd: that is told, harms nothing, and ends when a real one is there.</summary>
public sealed class LyingEtcdTests
{
    /// <summary>Publisher and client survive every kind of lie, tell it within the limits, and take no memory for it.</summary>
    [Theory]
    [InlineData("silent")]
    [InlineData("closing")]
    [InlineData("nonsense")]
    [InlineData("html")]
    [InlineData("endless")]
    [InlineData("empty")]
    [InlineData("null")]
    [InlineData("headerless")]
    [InlineData("redirect")]
    [InlineData("dripping")]
    [InlineData("deep")]
    [InlineData("foreign-keys")]
    [InlineData("more-of-nothing")]
    [InlineData("no-lease")]
    public async Task Is_told(string lie)
    {
        using var liar = new Liar((path, _) => Lie(lie, path));
        var options = liar.Options with { CallLimit = TimeSpan.FromSeconds(0.5), AnswerLimit = 1 << 20 };
        await using var host = Running.Host(options, Samples.Host("web1"));
        await using var client = Running.Client(options);
        await Until.Seconds(() => host.Publisher.Report.Trouble is not (null or "has not begun"), "the host is told", found: () => $"{host.Publisher.Report}");
        Assert.False(host.Publisher.Report.Published);
        if (lie is not "no-lease")
        {
            await Until.Seconds(() => client.View.Trouble is not null, "the client is told", found: () => client.View.Summary);
            Assert.Empty(client.View.Hosts);
        }
        await Task.Delay(500);
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true), 0, 200 << 20);
    }

    /// <summary>A watch that invents events of the past is given up, and so is one that says nothing while there is something new.</summary>
    [Theory]
    [InlineData("events of the past", """{"result":{"header":{"cluster_id":"7","revision":"12"},"events":[{"kv":{"key":"L2FjdG9ycmFpZC92MS9saXZlL3dlYjE=","mod_revision":"5"}}]}}""")]
    [InlineData("of the future", """{"result":{"header":{"cluster_id":"7","revision":"12"},"events":[{"kv":{"key":"L2FjdG9ycmFpZC92MS9saXZlL3dlYjE=","mod_revision":"99"}}]}}""")]
    [InlineData("of others", """{"result":{"header":{"cluster_id":"7","revision":"12"},"events":[{"kv":{"key":"eA==","mod_revision":"11"}}]}}""")]
    [InlineData("without a key", """{"result":{"header":{"cluster_id":"7","revision":"12"},"events":[{}]}}""")]
    [InlineData("of another cluster", """{"result":{"header":{"cluster_id":"8","revision":"12"}}}""")]
    [InlineData("silence", null)]
    public async Task A_wrong_watch_is_given_up(string what, string? told)
    {
        var ranges = 0;
        using var liar = new Liar((path, body) => path switch
        {
            "/v3/watch" => Answer("""{"result":{"header":{"cluster_id":"7","revision":"10"},"created":true}}""" + "\n" + told + "\n", isOpen: true),
            _ when told is null && body.Contains("min_mod_revision", StringComparison.Ordinal) && Interlocked.Increment(ref ranges) > 1 =>
                Answer("""{"header":{"cluster_id":"7","revision":"11"},"kvs":[{"key":"L2FjdG9ycmFpZC92MS9saXZlL3dlYjE=","mod_revision":"11"}],"count":"1"}"""),
            _ => Answer("""{"header":{"cluster_id":"7","revision":"10"}}"""),
        });
        await using var client = Running.Client(liar.Options, TimeSpan.FromSeconds(0.5));
        await Until.Seconds(() => client.Troubles > 0, what);
        var tellings = client.Tellings;
        await Until.Seconds(() => client.Tellings > tellings, "and it is tried again");
        Assert.Empty(client.View.Hosts);
    }

    /// <summary>One endpoint of two lies, the other is a real etcd: it works all the same.</summary>
    [Theory]
    [InlineData("silent")]
    [InlineData("nonsense")]
    public async Task The_honest_one_is_found(string lie)
    {
        using var servers = await EtcdServers.Start();
        using var liar = new Liar((path, _) => Lie(lie, path));
        var options = servers.Options with { Endpoints = [liar.Options.Endpoints[0], servers.Endpoint(0)], CallLimit = TimeSpan.FromSeconds(0.5) };
        await using var host = Running.Host(options, Samples.Host("web1"));
        await using var client = Running.Client(options);
        await Until.Seen([client], view => view.Summary == "1 host: 1 ok", "at the honest endpoint");
    }

    private static Telling? Lie(string lie, string path) => lie switch
    {
        "silent" => new Telling([], IsOpen: true),
        "closing" => null,
        "nonsense" => Answer("{\"header\":{\"revision\":\"\u0001\u001b[2J many\"}}"),
        "html" => Answer("<html>It works!</html>"),
        "endless" => new Telling(Head("Content-Type: application/json"), IsOpen: true, IsEndless: true),
        "empty" => Answer(""),
        "null" => Answer("null"),
        "headerless" => Answer("{}"),
        "redirect" => new Telling(Encoding.ASCII.GetBytes("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")),
        "dripping" => new Telling(Head("Content-Length: 1000000"), IsOpen: true),
        "deep" => Answer(new string('[', 100_000)),
        "foreign-keys" => Answer("""{"header":{"cluster_id":"7","revision":"10"},"ID":"5","TTL":"9","kvs":[{"key":"eA==","mod_revision":"3","value":"eA=="}],"count":"1"}"""),
        "more-of-nothing" => Answer("""{"header":{"cluster_id":"7","revision":"10"},"ID":"5","TTL":"9","more":true}"""),
        "no-lease" => Answer(path == "/v3/watch"
            ? """{"result":{"header":{"cluster_id":"7","revision":"10"},"created":true}}"""
            : """{"header":{"cluster_id":"7","revision":"10"}}"""),
        _ => throw new ArgumentOutOfRangeException(nameof(lie), lie, "no such lie"),
    };

    private static byte[] Head(string more) => Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\n{more}\r\n\r\n");

    private static Telling Answer(string body, bool isOpen = false) => isOpen
        ? new Telling([.. Head("Content-Type: application/json"), .. Encoding.UTF8.GetBytes(body)], IsOpen: true)
        : new Telling([.. Head($"Content-Length: {Encoding.UTF8.GetByteCount(body)}"), .. Encoding.UTF8.GetBytes(body)]);

    /// <summary>What is sent; whether the connection stays open then; whether it goes on without end.</summary>
    private sealed record Telling(byte[] Bytes, bool IsOpen = false, bool IsEndless = false);

    /// <summary>Listens where etcd should, and answers each request as it likes.</summary>
    private sealed class Liar : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly Func<string, string, Telling?> _answer;
        private readonly ConcurrentBag<TcpClient> _open = [];

        internal Liar(Func<string, string, Telling?> answer)
        {
            _answer = answer;
            _listener.Start();
            _ = Accept();
        }

        internal EtcdOptions Options => new([new Uri($"http://{_listener.LocalEndpoint}")]);

        public void Dispose()
        {
            _listener.Dispose();
            foreach (var client in _open)
                client.Dispose();
        }

        private async Task Accept()
        {
            try
            {
                while (true)
                    _ = Serve(await _listener.AcceptTcpClientAsync());
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Disposed.
            }
        }

        private async Task Serve(TcpClient client)
        {
            _open.Add(client);
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, leaveOpen: true);
                while (await reader.ReadLineAsync() is { } request)
                {
                    var length = 0;
                    while (await reader.ReadLineAsync() is { Length: > 0 } header)
                        length = header.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase) ? int.Parse(header[15..]) : length;
                    var body = new char[length];
                    await reader.ReadBlockAsync(body);
                    if (_answer(request.Split(' ')[1], new string(body)) is not { } told)
                        break;
                    await stream.WriteAsync(told.Bytes);
                    var piece = Enumerable.Repeat((byte)'9', 65536).ToArray();
                    while (told.IsEndless)
                        await stream.WriteAsync(piece);
                    if (told.IsOpen)
                        return;
                }
                client.Dispose();
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                client.Dispose();
            }
        }
    }
}
