using System.Collections.Concurrent;
using System.Net.Sockets;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class MonitorServerTests : IAsyncLifetime
{
    private static readonly byte[] Version = "mdadm - v4.2 - 2021-12-30\n\0"u8.ToArray();

    private readonly TemporaryFolder folder = new();
    private readonly ConcurrentQueue<MonitorRequest> requests = new();
    private readonly ConcurrentQueue<Exception> failures = new();
    private MonitorServer server = null!;

    private string Sock => folder["md127.sock"];

    public Task InitializeAsync()
    {
        server = Listen();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await server.DisposeAsync();
        folder.Dispose();
    }

    private MonitorServer Listen(TimeSpan? silence = null)
    {
        var listening = MonitorServer.Listen(Sock, Answer, silence).Value;
        listening.Failed += failures.Enqueue;
        return listening;
    }

    private Task<ReadOnlyMemory<byte>> Answer(MonitorRequest request, CancellationToken ending)
    {
        requests.Enqueue(request);
        return request.Payload.Span.SequenceEqual("throw"u8)
            ? throw new InvalidOperationException("thrown")
            : Task.FromResult<ReadOnlyMemory<byte>>(request.IsPingMonitor ? Version : default);
    }

    private MonitorClient Connect() => MonitorClient.Connect(Sock, Patience.Limit).Value;

    private Socket Raw() => RawClient.Connect(Sock);

    private static byte[] Header(int length)
    {
        var header = new byte[MonitorFrame.HeaderBytes];
        MonitorFrame.WriteHeader(header, length);
        return header;
    }

    [Fact]
    public void Pings_and_updates_are_answered_in_order_on_one_connection()
    {
        using var client = Connect();
        Assert.Equal("mdadm - v4.2 - 2021-12-30\n", client.PingMonitor().Value);
        Assert.Empty(client.PingManager().Value);
        Assert.Empty(client.Update([1, 2, 3, 4]).Value);
        Assert.Equal("mdadm - v4.2 - 2021-12-30\n", client.PingMonitor().Value);
        Assert.Equal([0, -1, 4, 0], requests.Select(request => request.Length));
        Assert.Equal([1, 2, 3, 4], requests.ElementAt(2).Payload.ToArray());
    }

    [Fact]
    public void Messages_sent_at_once_are_answered_one_after_another()
    {
        using var socket = Raw();
        socket.Send([.. MonitorFrame.Encode([7]), .. MonitorFrame.Encode([8, 8]), .. MonitorFrame.Encode([])]);
        var expected = MonitorFrame.TotalBytes(0) * 2 + MonitorFrame.TotalBytes(Version.Length);
        var got = new List<byte>();
        var piece = new byte[256];
        while (got.Count < expected)
        {
            got.AddRange(piece.AsSpan(0, socket.Receive(piece)));
        }
        Assert.Equal([.. MonitorFrame.Encode([]), .. MonitorFrame.Encode([]), .. MonitorFrame.Encode(Version)], got);
        Assert.Equal([1, 2, 0], requests.Select(request => request.Length));
    }

    [Fact]
    public void The_largest_update_arrives_whole()
    {
        var update = new byte[MonitorFrame.MaxPayload];
        new Random(1).NextBytes(update);
        using var client = Connect();
        Assert.Empty(client.Update(update).Value);
        Assert.Equal(update, requests.Single().Payload.ToArray());
    }

    [Fact]
    public void A_message_may_come_byte_by_byte()
    {
        using var socket = Raw();
        foreach (var one in MonitorFrame.Encode([1, 2, 3]))
        {
            socket.Send([one]);
            Thread.Sleep(2);
        }
        Assert.Equal(MonitorFrame.TotalBytes(0), socket.Receive(new byte[64]));
        Assert.Equal([1, 2, 3], requests.Single().Payload.ToArray());
    }

    public static TheoryData<string, byte[]> Broken => new()
    {
        { "bad magic", "GET / HT"u8.ToArray() },
        { "too long", Header(MonitorFrame.MaxPayload + 1) },
        { "enormous", Header(int.MaxValue) },
        { "below -1", Header(-2) },
        { "bad end", [.. Header(2), 1, 2, 0, 0, 0, 0] },
    };

    [Theory]
    [MemberData(nameof(Broken))]
    public void What_is_no_message_closes_its_connection_and_harms_no_other(string what, byte[] bytes)
    {
        using var honest = Connect();
        Assert.True(honest.PingMonitor().Ok);
        using var socket = Raw();
        socket.Send(bytes);
        Assert.True(RawClient.IsClosed(socket), what);
        Assert.True(honest.PingMonitor().Ok);
        Assert.All(requests, request => Assert.Equal(0, request.Length));
        Assert.Empty(failures);
    }

    [Theory]
    [InlineData("")]
    [InlineData("A5A55A5A")]
    [InlineData("A5A55A5A0A0000000102")]
    [InlineData("A5A55A5A020000000102")]
    public async Task Silence_closes_a_connection_wherever_it_falls(string sent)
    {
        await server.DisposeAsync();
        server = Listen(TimeSpan.FromMilliseconds(200));
        using var socket = Raw();
        socket.Send(Convert.FromHexString(sent));
        Assert.True(RawClient.IsClosed(socket));
        using var client = Connect();
        Assert.True(client.PingMonitor().Ok);
        Assert.Empty(failures);
    }

    [Fact]
    public void Clients_that_leave_half_way_leave_nothing_behind()
    {
        for (var i = 0; i < 300; i++)
        {
            using var socket = Raw();
            socket.Send(MonitorFrame.Encode(new byte[i])[..(i % 12)]);
        }
        Patience.Until(() => server.Connections == 0, "the connections to be closed");
        using var client = Connect();
        Assert.True(client.PingMonitor().Ok);
    }

    [Fact]
    public void A_crowd_of_silent_clients_does_not_keep_an_honest_one_out()
    {
        var silent = new List<Socket>();
        try
        {
            for (var i = 0; i < 3 * MonitorServer.MaxConnections; i++)
            {
                silent.Add(Raw());
                silent[^1].Send(Header(1000));
            }
            using var client = Connect();
            Assert.True(client.PingMonitor().Ok);
            Assert.InRange(server.Connections, 1, MonitorServer.MaxConnections);
        }
        finally
        {
            silent.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public void Announced_lengths_allocate_nothing()
    {
        using var warm = Connect();
        Assert.True(warm.PingMonitor().Ok);
        var sockets = Enumerable.Range(0, 32).Select(_ => Raw()).ToList();
        var before = GC.GetTotalAllocatedBytes(precise: true);
        sockets.ForEach(socket => socket.Send([.. Header(MonitorFrame.MaxPayload), 1]));
        Assert.True(warm.PingMonitor().Ok);
        Patience.Until(() => sockets.All(socket => socket.Available == 0), "the bytes to be taken");
        var grown = GC.GetTotalAllocatedBytes(precise: true) - before;
        sockets.ForEach(socket => socket.Dispose());
        Assert.InRange(grown, 0, 32L * MonitorFrame.MaxPayload / 4);
    }

    [Fact]
    public void An_answer_that_throws_closes_that_connection_and_is_reported()
    {
        using var honest = Connect();
        using var client = Connect();
        Assert.Equal(Errno.ECONNRESET, client.Update("throw"u8).Error.Errno);
        Assert.True(honest.PingMonitor().Ok);
        Assert.Equal("thrown", Assert.Single(failures).Message);
    }

    [Fact]
    public async Task The_file_is_a_socket_of_the_owner_alone_and_replaces_an_old_one()
    {
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, new FileInfo(Sock).UnixFileMode);
        Assert.Equal([Sock], Directory.GetFiles(folder.Path));
        File.WriteAllText(folder["old.sock"], "what an old one left");
        var other = MonitorServer.Listen(folder["old.sock"], Answer).Value;
        using var client = MonitorClient.Connect(folder["old.sock"]).Value;
        Assert.True(client.PingMonitor().Ok);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task The_end_unlinks_only_if_told_so_and_clients_see_it()
    {
        using var client = Raw();
        Assert.False(client.Poll(TimeSpan.FromMilliseconds(50), SelectMode.SelectRead));
        await server.DisposeAsync();
        Assert.True(RawClient.IsClosed(client));
        Assert.True(File.Exists(Sock));
        Assert.Equal(Errno.ECONNREFUSED, MonitorClient.Connect(Sock).Error.Errno);
        var second = Listen();
        second.UnlinkOnDispose = true;
        await second.DisposeAsync();
        Assert.False(File.Exists(Sock));
        Assert.Equal(Errno.ENOENT, MonitorClient.Connect(Sock).Error.Errno);
    }

    [Fact]
    public void A_place_where_no_socket_can_be_is_an_error_value()
    {
        Assert.Equal(Errno.ENOENT, MonitorServer.Listen(folder["no/such/sock"], Answer).Error.Errno);
        Assert.Equal(Errno.ENAMETOOLONG, MonitorServer.Listen(folder[new string('x', 200)], Answer).Error.Errno);
        Assert.Equal(Errno.ENAMETOOLONG, MonitorClient.Connect(folder[new string('x', 200)]).Error.Errno);
    }

    [Fact]
    public void Many_clients_at_once_are_all_answered()
    {
        // Threads of their own: clients that block the pool's would starve the server.
        var errors = new ConcurrentQueue<string>();
        var clients = Enumerable.Range(0, 8).Select(_ => new Thread(() =>
        {
            using var client = Connect();
            for (var i = 0; i < 50; i++)
            {
                if (client.PingMonitor() is { Ok: false } failed)
                {
                    errors.Enqueue(failed.ToString());
                }
            }
        })).ToList();
        clients.ForEach(client => client.Start());
        clients.ForEach(client => client.Join());
        Assert.Empty(errors);
        Assert.Equal(400, requests.Count);
    }

    [Fact]
    public async Task While_it_is_paused_nothing_is_lost_and_it_goes_on_as_if_nothing_had_happened()
    {
        using var idle = Connect();
        Assert.True(idle.PingMonitor().Ok);
        using var half = Raw();
        var message = MonitorFrame.Encode("an update"u8);
        half.Send(message.AsSpan(0, 11));
        using var whole = Raw();
        var paused = await PausedWith(3);
        Assert.Equal(message.AsMemory(0, 11), paused.Connections.Single(each => !each.Unread.IsEmpty).Unread);

        whole.Send(message);
        half.Send(message.AsSpan(11));
        using var late = Raw();
        late.Send(message);
        Patience.NotSoon(() => requests.Count != 1, "something was answered while it is paused");

        server.Resume();
        foreach (var socket in new[] { half, whole, late })
        {
            var answer = new byte[MonitorFrame.TotalBytes(0)];
            Assert.Equal(answer.Length, socket.Receive(answer));
        }
        Assert.True(idle.PingMonitor().Ok);
        Assert.Equal(3, requests.Count(request => request.Payload.Span.SequenceEqual("an update"u8)));
        Assert.Empty(failures);
    }

    [Fact]
    public async Task Another_server_goes_on_with_the_sockets_and_the_first_one_closes_its_own_without_a_client_noticing()
    {
        using var idle = Connect();
        Assert.True(idle.PingMonitor().Ok);
        using var half = Raw();
        var message = MonitorFrame.Encode("an update"u8);
        half.Send(message.AsSpan(0, 11));
        var paused = await PausedWith(2);
        var taken = paused with
        {
            Listener = Duplicate(paused.Listener),
            Connections = [.. paused.Connections.Select(each => each with { Descriptor = Duplicate(each.Descriptor) })],
        };
        var second = MonitorServer.Adopt(Sock, taken, (_, _) => Task.FromResult<ReadOnlyMemory<byte>>("second\0"u8.ToArray()));
        server.ForgetConnections();
        await server.DisposeAsync();

        using var late = Raw();
        half.Send(message.AsSpan(11));
        second.Resume();
        Assert.Equal("second", idle.PingMonitor().Value);
        foreach (var (socket, rest) in new[] { (half, Array.Empty<byte>()), (late, message) })
        {
            socket.Send(rest);
            var answer = new byte[MonitorFrame.TotalBytes(7)];
            Assert.Equal(answer.Length, socket.Receive(answer));
        }
        using var fresh = Connect();
        Assert.Equal("second", fresh.PingMonitor().Value);
        Assert.DoesNotContain(requests, request => request.Payload.Length > 0);
        await second.DisposeAsync();
    }

    [Fact]
    public async Task What_is_being_answered_when_it_pauses_is_asked_again()
    {
        var asked = 0;
        await using var slow = MonitorServer.Listen(folder["slow.sock"], async (_, stopped) =>
        {
            if (Interlocked.Increment(ref asked) == 1)
            {
                await Task.Delay(Timeout.Infinite, stopped);
            }
            return Version;
        }).Value;
        using var client = MonitorClient.Connect(folder["slow.sock"], Patience.Limit).Value;
        var ping = Task.Run(client.PingMonitor);
        Patience.Until(() => Volatile.Read(ref asked) == 1, "the first question");
        var paused = await slow.Pause();
        Assert.Equal(MonitorFrame.Encode([]), Assert.Single(paused.Connections).Unread.ToArray());
        slow.Resume();
        Assert.True(Patience.Within(ping).Ok);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task Of_the_longest_messages_one_at_a_time_is_held_and_short_ones_pass_them()
    {
        const int clients = 6;
        var frame = MonitorFrame.Encode(new byte[MonitorFrame.MaxPayload]);
        TaskCompletionSource<ReadOnlyMemory<byte>> answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var came = 0;
        await using var slow = MonitorServer.Listen(folder["slow.sock"], (request, stopped) =>
        {
            if (request.Length < MonitorFrame.MaxPayload)
            {
                return Task.FromResult<ReadOnlyMemory<byte>>(Version);
            }
            Interlocked.Increment(ref came);
            return answered.Task.WaitAsync(stopped);
        }).Value;
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var sending = Enumerable.Range(0, clients).Select(_ => Task.Factory.StartNew(
            () =>
            {
                using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                socket.Connect(new UnixDomainSocketEndPoint(folder["slow.sock"]));
                socket.Send(frame);
                return socket.Receive(new byte[MonitorFrame.TotalBytes(0)]);
            },
            TaskCreationOptions.LongRunning)).ToArray();
        Patience.Until(() => Volatile.Read(ref came) > 0 && slow.Connections == clients, "the first message");
        Patience.NotSoon(() => Volatile.Read(ref came) != 1, "more than one of the longest messages is held");
        var held = GC.GetTotalMemory(forceFullCollection: true) - before;
        Assert.True(held < 2 * MonitorFrame.MaxPayload, $"{held} bytes are held");
        using (var other = MonitorClient.Connect(folder["slow.sock"], Patience.Limit).Value)
        {
            Assert.True(other.PingMonitor().Ok);
            Assert.True(other.Update(new byte[60_000]).Ok);
        }
        await slow.Pause().WaitAsync(Patience.Limit);
        slow.Resume();
        answered.SetResult(ReadOnlyMemory<byte>.Empty);
        foreach (var one in sending)
        {
            Assert.Equal(MonitorFrame.TotalBytes(0), await one.WaitAsync(Patience.Limit));
        }
    }

    /// <summary>Paused at a moment when so many are connected, and one has sent 11 bytes of a message.</summary>
    private async Task<PausedSockets> PausedWith(int connections)
    {
        var end = DateTime.UtcNow + Patience.Limit;
        while (true)
        {
            var paused = await server.Pause();
            if (paused.Connections.Length == connections && paused.Connections.Any(each => each.Unread.Length == 11))
            {
                return paused;
            }
            Assert.True(DateTime.UtcNow < end, "the bytes that were sent were not received");
            server.Resume();
            await Task.Delay(5);
        }
    }

    private static int Duplicate(int descriptor)
    {
        const int duplicateCloseOnExec = 1030;
        return Native.FileControl(descriptor, duplicateCloseOnExec, 0);
    }
}
