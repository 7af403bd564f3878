using System.Net.Sockets;
using System.Text;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Launch;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class LaunchServerTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly TempDirectory _root = new();
    private readonly LaunchPaths _paths;

    public LaunchServerTests() => _paths = new LaunchPaths(_root.Path);

    public void Dispose() => _root.Dispose();

    [Fact]
    public void A_request_is_answered_and_the_client_knows_the_servers_process()
    {
        using var server = Listen(request => Reply(LaunchOutcome.Supervised, $"{request.Container} {request.Takeover}"));
        using var client = LaunchClient.Connect(_paths.Socket, Limit);
        Assert.NotNull(client);
        Assert.Equal(Environment.ProcessId, client.Peer);
        Assert.Equal(new LaunchReply(LaunchOutcome.Supervised, "md127 True"), client.Ask(new LaunchRequest("md127", true)));
    }

    [Fact]
    public void The_socket_is_for_its_owner_only()
    {
        using var server = Listen(_ => Reply(LaunchOutcome.Supervised, ""));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_paths.Socket));
    }

    [Fact]
    public void Where_nobody_listens_there_is_no_connection()
    {
        Assert.Null(LaunchClient.Connect(_paths.Socket, Limit));
        using (Listen(_ => Reply(LaunchOutcome.Supervised, "")))
        {
        }
        Assert.False(File.Exists(_paths.Socket));
        Assert.Null(LaunchClient.Connect(_paths.Socket, Limit));
        Assert.Null(LaunchClient.Connect("/" + new string('x', 200), Limit));
    }

    [Theory]
    [InlineData("nonsense\n")]
    [InlineData("supervise ../../etc\n")]
    [InlineData("\n")]
    public void Nonsense_is_closed_without_an_answer(string line)
    {
        var asked = 0;
        using var server = Listen(_ =>
        {
            Interlocked.Increment(ref asked);
            return Reply(LaunchOutcome.Supervised, "");
        });
        using var connection = Connect();
        connection.Send(Encoding.UTF8.GetBytes(line));
        Assert.Equal(0, connection.Receive(new byte[10]));
        Assert.Equal(0, asked);
    }

    [Fact]
    public void Too_long_a_line_is_closed_without_an_answer()
    {
        using var server = Listen(_ => Reply(LaunchOutcome.Supervised, ""));
        using var connection = Connect();
        connection.Send(new byte[LaunchRequest.Limit]);
        Assert.Equal(0, connection.Receive(new byte[10]));
    }

    [Fact]
    public void Silent_clients_keep_nobody_else_from_an_answer()
    {
        using var server = Listen(_ => Reply(LaunchOutcome.Supervised, "yes"));
        var silent = Enumerable.Range(0, 20).Select(_ => Connect()).ToArray();
        try
        {
            using var client = LaunchClient.Connect(_paths.Socket, Limit);
            Assert.Equal("yes", client?.Ask(new LaunchRequest("md127", false))?.Message);
        }
        finally
        {
            foreach (var connection in silent)
                connection.Dispose();
        }
    }

    [Fact]
    public async Task A_server_that_is_answering_does_not_leave_and_one_that_leaves_does_not_answer()
    {
        var answer = new TaskCompletionSource<LaunchReply>();
        var began = new TaskCompletionSource();
        using var server = Listen(_ =>
        {
            began.TrySetResult();
            return answer.Task;
        });
        var asking = Task.Run(() =>
        {
            using var client = LaunchClient.Connect(_paths.Socket, Limit);
            return client?.Ask(new LaunchRequest("md127", false));
        });
        await began.Task.WaitAsync(Limit);
        Assert.False(server.TryLeave());
        answer.SetResult(new LaunchReply(LaunchOutcome.Failed, "late"));
        Assert.Equal("late", (await asking)?.Message);
        Assert.True(SpinWait.SpinUntil(server.TryLeave, Limit));
        using var tooLate = LaunchClient.Connect(_paths.Socket, Limit);
        Assert.Null(tooLate?.Ask(new LaunchRequest("md127", false)));
    }

    [Fact]
    public void A_successor_takes_the_sockets_place_and_its_predecessor_leaves_it_alone()
    {
        var old = Listen(_ => Reply(LaunchOutcome.Failed, "old"));
        using var young = Listen(_ => Reply(LaunchOutcome.Supervised, "young"));
        old.Dispose();
        using var client = LaunchClient.Connect(_paths.Socket, Limit);
        Assert.Equal("young", client?.Ask(LaunchRequest.Stay)?.Message);
    }

    [Fact]
    public async Task The_lock_is_held_by_one_at_a_time_and_can_be_waited_for()
    {
        using var first = LaunchLock.Take(_paths.Lock, TimeSpan.Zero, out _);
        Assert.NotNull(first);
        Assert.Null(LaunchLock.Take(_paths.Lock, TimeSpan.Zero, out var reason));
        Assert.Contains("held by another process", reason, StringComparison.Ordinal);
        var waiting = Task.Run(() => LaunchLock.Take(_paths.Lock, Limit, out _));
        first.Dispose();
        using var second = await waiting;
        Assert.NotNull(second);
        Assert.Null(LaunchLock.Take($"{_root.Path}/none/lock", TimeSpan.Zero, out reason));
        Assert.Contains("No such file", reason, StringComparison.Ordinal);
    }

    private LaunchServer Listen(Func<LaunchRequest, Task<LaunchReply>> answer) => LaunchServer.Listen(_paths.Socket, answer, _ => { });

    private Socket Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };
        socket.Connect(new UnixDomainSocketEndPoint(_paths.Socket));
        return socket;
    }

    private static Task<LaunchReply> Reply(LaunchOutcome outcome, string message) => Task.FromResult(new LaunchReply(outcome, message));
}
