using System.Net.Sockets;
using System.Text;
using ActorRaid.Actors;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Control;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;
using ActorRaid.Tests.Host;
using ActorRaid.Tests.SysfsIo;
using Serilog;
using Serilog.Core;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>The control socket, a real one: what is asked is answered, what is not in order is refused, and nobody keeps others from asking.</summary>
public sealed class ControlTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly TempDirectory _root = new();
    private readonly Logger _logger = new LoggerConfiguration().CreateLogger();
    private readonly EventLog _events;
    private readonly StatusBoard _board;
    private readonly HookRunner _hooks;
    private readonly ControlServer _server;
    private readonly ManualClock _clock = new() { Now = TimeSpan.FromDays(1) };
    private volatile SystemReport _report = new([Sample.Container]);
    private int _asked;

    public ControlTests()
    {
        _events = new EventLog(_logger);
        _board = new StatusBoard(
            _ =>
            {
                Interlocked.Increment(ref _asked);
                return Task.FromResult<SystemReport?>(_report);
            },
            _ => HostObservation.None, Sample.Teller, _events, _clock);
        _hooks = new HookRunner(_events);
        _server = ControlServer.Listen(Socket, null, new ControlDesk(_board, _events.History, _hooks), _events)!;
    }

    private string Socket => $"{_root.Path}/control.sock";

    public void Dispose()
    {
        _server.Dispose();
        _board.Dispose();
        _hooks.Dispose();
        _events.Dispose();
        _logger.Dispose();
        _root.Dispose();
    }

    [Fact]
    public async Task Status_is_answered_as_it_is_now_and_costs_the_actors_one_question()
    {
        using var client = await ControlClient.Connect(Socket);
        Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        _report = new([Sample.Container with { Arrays = [Sample.Array.WithLeg(0, LegFlags.Faulty)] }]);
        Assert.Equal(Health.Degraded, (await Ask(client, "status", "vol0")).Status!.Health);
        Assert.Equal(2, _asked);
        _clock.Now += TimeSpan.FromHours(1);
        Patience.NotSoon(() => _asked != 2, "the actors were asked though nobody wanted to know");
        var missing = await Assert.ThrowsAsync<ControlException>(() => Ask(client, "status", "sdz"));
        Assert.Equal(("not-found", true), (missing.Code, missing.Message.Contains("md126 (vol0)", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_is_asked_about_is_what_it_leads_to_where_it_was_asked_and_nobody_chooses_among_several()
    {
        _report = new([Sample.Container, Sample.Container with { Name = "md123", Arrays = [Sample.Array with { Name = "md122" }], Disks = [] }]);
        using var client = await ControlClient.Connect(Socket);
        foreach (var ask in new[] { "status", "watch", "explain" })
        {
            var several = await Assert.ThrowsAsync<ControlException>(() => Ask(client, ask, "vol0"));
            Assert.Equal(("ambiguous", true), (several.Code, several.Message.Contains("md122 (volume \"vol0\" of md123), md126 (volume \"vol0\" of md127)", StringComparison.Ordinal)));
        }
        var status = (await client.Ask(new ControlRequest(1, "status", "/dev/md/vol0", Device: "md122"))).Status!;
        Assert.Equal("md122", Assert.Single(status.Containers[0].Arrays).Name);
        var explained = (await client.Ask(new ControlRequest(1, "explain", "/dev/md/vol0", Device: "md122"))).Explanation!.Value;
        Assert.StartsWith("md122 ", explained[0], StringComparison.Ordinal);
        Assert.StartsWith("md127 is a container", (await Ask(client, "explain", "md127")).Explanation!.Value[0], StringComparison.Ordinal);
        Assert.StartsWith("sda ", (await Ask(client, "explain", "/dev/sda")).Explanation!.Value[0], StringComparison.Ordinal);
        using var errors = new StringWriter();
        Assert.Equal(Words.UsageStatus, StatusCommand.Show(Socket, "vol0", false, TextWriter.Null, errors));
        Assert.Equal(StatusCommand.CannotTell, StatusCommand.Explain(Socket, "vol9", false, TextWriter.Null, errors));
    }

    [Fact]
    public async Task Since_when_does_not_depend_on_who_asks()
    {
        using var client = await ControlClient.Connect(Socket);
        Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        RaidEvent Event(string kind) => new(DateTimeOffset.Now, EventLevel.Warning, kind, "md127", "md126", "sda", kind);
        var degraded = new SystemReport([Sample.Container with { Arrays = [Sample.Array.WithLeg(0, LegFlags.Faulty)] }]);
        void Becomes(SystemReport report, RaidEvent e)
        {
            _report = report;
            _events.Write(e);
            LooksBy(TimeSpan.FromSeconds(0.25));
        }
        Becomes(degraded, Event("leg-failed"));
        Becomes(new([Sample.Container]), Event("array-whole"));
        var again = Event("leg-failed");
        Becomes(degraded, again);
        _clock.Now += TimeSpan.FromSeconds(1);
        var status = (await Ask(client, "status")).Status!;
        Assert.Equal((Health.Degraded, again.Time), (status.Health, status.Containers[0].Arrays[0].Since));
    }

    [Fact]
    public async Task What_was_seen_to_wait_twice_has_not_waited_in_between()
    {
        using var client = await ControlClient.Connect(Socket);
        var waits = new SystemReport([Sample.Container with { Arrays = [Sample.Array with { State = ArrayState.WritePending }] }]);
        _report = waits;
        Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        _report = new([Sample.Container]);
        LooksBy(TimeSpan.FromSeconds(2));
        _report = waits;
        Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        LooksBy(TimeSpan.FromSeconds(2));
        LooksBy(TimeSpan.FromSeconds(2));
        Assert.Equal(Health.Stalled, (await Ask(client, "status")).Status!.Health);
    }

    [Fact]
    public async Task A_container_that_rests_while_it_is_handed_over_is_told_as_it_was_before()
    {
        using var client = await ControlClient.Connect(Socket);
        Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        _board.HandingOver = true;
        _report = new([Sample.Container with { Health = ContainerHealth.Silent, Silent = ["container"], Arrays = [], Disks = [] }]);
        var resting = (await Ask(client, "status")).Status!;
        Assert.Equal((Health.Ok, "md126"), (resting.Health, Assert.Single(resting.Containers[0].Arrays).Name));
        _board.HandingOver = false;
        Assert.Equal(Health.Unknown, (await Ask(client, "status")).Status!.Health);
    }

    [Fact]
    public async Task Who_watches_is_told_every_change_and_only_changes()
    {
        using var client = await ControlClient.Connect(Socket);
        var told = client.Follow(new ControlRequest(1, "watch")).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        Assert.Equal(Health.Ok, told.Current.Status!.Health);
        var next = told.MoveNextAsync().AsTask();
        for (var look = 0; look < 3; look++)
        {
            LooksBy(TimeSpan.FromSeconds(1));
            Assert.False(next.IsCompleted);
        }
        _report = new([Sample.Container with { Arrays = [Sample.Array.WithLeg(0, LegFlags.Faulty)] }]);
        LooksBy(TimeSpan.FromSeconds(1));
        Assert.True(await next.WaitAsync(Limit));
        Assert.Equal(Health.Degraded, told.Current.Status!.Health);
    }

    [Fact]
    public async Task Events_are_told_in_order_those_that_were_and_those_that_come()
    {
        for (var i = 1; i <= 120; i++)
            _events.Write(new RaidEvent(Sample.Then.AddSeconds(i), EventLevel.Info, "array-state", "md127", "md126", null, $"event {i}") { Detail = new("why", "what", 7, "clean", "active") });
        Assert.True(SpinWait.SpinUntil(() => _events.History.Latest == 120, Limit));
        using var client = await ControlClient.Connect(Socket);
        var all = (await Ask(client, "events")).Events!.Value;
        Assert.Equal(Enumerable.Range(1, 120).Select(i => ((long)i, $"event {i}")), all.Select(e => (e.Sequence, e.Text)));
        Assert.Equal(("why", "what", 7L, "clean", "active"), (all[0].Cause, all[0].Wrote, all[0].Microseconds, all[0].From, all[0].To));
        Assert.Empty((await client.Ask(new ControlRequest(1, "events", After: 120, Process: Environment.ProcessId))).Events!.Value);
        Assert.Equal(120, (await client.Ask(new ControlRequest(1, "events", After: 120, Process: 1))).Events!.Value.Length);
        Assert.Equal(121 - 118, (await client.Ask(new ControlRequest(1, "events", Since: Sample.Then.AddSeconds(117)))).Events!.Value.Length);
        var told = client.Follow(new ControlRequest(1, "follow", Since: Sample.Then.AddSeconds(119))).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        Assert.Equal("event 120", Assert.Single(told.Current.Events!.Value).Text);
        var next = told.MoveNextAsync().AsTask();
        Patience.NotSoon(() => next.IsCompleted, "something was told");
        _events.Write(EventLevel.Info, "later", "later");
        Assert.True(await next.WaitAsync(Limit));
        Assert.Equal(121, Assert.Single(told.Current.Events!.Value).Sequence);
    }

    [Fact]
    public void The_ring_keeps_the_latest_and_numbers_tell_what_was_dropped()
    {
        var history = new History();
        for (var i = 0; i < History.Capacity + 10; i++)
            history.Add(new RaidEvent(Sample.Then, EventLevel.Info, "k", null, null, null, "t"));
        history.Missed(5);
        history.Add(new RaidEvent(Sample.Then, EventLevel.Info, "k", null, null, null, "last"));
        var all = history.After(0, null, int.MaxValue);
        Assert.Equal((History.Capacity, 12L, History.Capacity + 16L, "last"), (all.Count, all[0].Sequence, all[^1].Sequence, all[^1].Text));
    }

    [Fact]
    public async Task What_comes_with_every_burst_of_writes_pushes_nothing_else_out_and_a_filter_loses_nothing()
    {
        RaidEvent Event(EventLevel level, string kind, string? array, string? disk = null) => new(Sample.Then, level, kind, "md127", array, disk, kind);
        _events.Write(Event(EventLevel.Warning, "leg-failed", "md126", "sdb"));
        for (var i = 0; i < 3 * History.Capacity; i++)
        {
            _events.Write(Event(EventLevel.Debug, "array-state", i % 2 == 0 ? "md126" : "md125"));
            if (i % 100 == 0)
                Assert.True(SpinWait.SpinUntil(() => _events.Written + _events.Dropped == i + 2, Limit));
        }
        _events.Write(Event(EventLevel.Info, "array-whole", "md126"));
        _events.Write(Event(EventLevel.Error, "spare-refused", "md125"));
        Assert.True(SpinWait.SpinUntil(() => _events.Written == (3 * History.Capacity) + 3, Limit));
        using var client = await ControlClient.Connect(Socket);
        async Task<string> Kinds(string? about, string level, string ask = "events") => string.Join(
            ' ', (await client.Ask(new ControlRequest(1, ask, about, Level: level)).WaitAsync(Limit)).Events!.Value.Select(e => e.Kind).Distinct());
        Assert.Equal("leg-failed array-whole spare-refused", await Kinds(null, "info"));
        Assert.Equal("leg-failed spare-refused", await Kinds(null, "warning"));
        Assert.Equal("leg-failed array-whole", await Kinds("md126", "info"));
        Assert.Equal("leg-failed", await Kinds("sdb", "info"));
        Assert.Equal("", await Kinds("sdc", "debug"));
        Assert.Equal("leg-failed array-state array-whole", await Kinds("md126", "debug"));
        Assert.Equal(History.Capacity + 3, (await Ask(client, "events")).Events!.Value.Length);
        Assert.Equal("bad-request", (await Assert.ThrowsAsync<ControlException>(() => Kinds(null, "loud"))).Code);

        var told = client.Follow(new ControlRequest(1, "follow", "md126", Level: "warning")).GetAsyncEnumerator();
        Assert.True(await told.MoveNextAsync());
        Assert.Equal("leg-failed", Assert.Single(told.Current.Events!.Value).Kind);
        var next = told.MoveNextAsync().AsTask();
        foreach (var other in new[] { Event(EventLevel.Debug, "array-state", "md126"), Event(EventLevel.Info, "sync-action", "md126"), Event(EventLevel.Warning, "leg-failed", "md125") })
            _events.Write(other);
        Patience.NotSoon(() => next.IsCompleted, "something was told");
        _events.Write(Event(EventLevel.Warning, "no-spare", "md126"));
        Assert.True(await next.WaitAsync(Limit));
        Assert.Equal("no-spare", Assert.Single(told.Current.Events!.Value).Kind);
    }

    [Fact]
    public void The_command_shows_what_matters_and_what_it_is_asked_for()
    {
        void Told(EventLevel level, string kind, string? array, string? disk = null) =>
            _events.Write(new RaidEvent(Sample.Then, level, kind, "md127", array, disk, "text"));
        Told(EventLevel.Warning, "leg-failed", "md126", "sdb");
        Told(EventLevel.Debug, "array-state", "md126");
        Told(EventLevel.Info, "array-whole", "md126");
        Told(EventLevel.Info, "array-gone", "md9");
        Assert.True(SpinWait.SpinUntil(() => _events.Written == 4, Limit));
        string Shown(EventsCommand.Wanted wanted, int status = 0)
        {
            using var output = new StringWriter();
            using var errors = new StringWriter();
            Assert.Equal(status, EventsCommand.Run(Socket, wanted, false, output, errors));
            return string.Join(' ', output.ToString().Split('\n').Where(line => line.Contains(": text", StringComparison.Ordinal)).Select(line => line.Split(' ')[^2].TrimEnd(':'))) + errors;
        }
        Assert.Equal("leg-failed array-whole array-gone", Shown(new()));
        Assert.Equal("leg-failed array-state array-whole array-gone", Shown(new(Level: "debug")));
        Assert.Equal("array-gone", Shown(new(Count: 1)));
        Assert.Equal("leg-failed array-whole", Shown(new("vol0")));
        Assert.Equal("array-whole", Shown(new("/dev/md126", Count: 1)));
        Assert.Equal("leg-failed", Shown(new("sdb")));
        Assert.Equal("array-gone", Shown(new("md9")));
        Assert.Equal("", Shown(new("sdc")));
        Assert.Contains("there is no sdz here", Shown(new("sdz"), 3), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense", "bad-request")]
    [InlineData("[]", "bad-request")]
    [InlineData("null", "bad-request")]
    [InlineData("{\"version\":1}", "bad-request")]
    [InlineData("{\"version\":2,\"ask\":\"status\"}", "unknown-version")]
    [InlineData("{\"version\":1,\"ask\":\"reboot\"}", "bad-request")]
    [InlineData("{\"version\":1,\"ask\":\"explain\"}", "not-found")]
    [InlineData("\0\0\0\uffff", "bad-request")]
    public async Task What_is_not_in_order_is_refused_and_the_next_request_is_answered(string request, string code)
    {
        using var client = Raw();
        await client.SendAsync(Encoding.UTF8.GetBytes(request + "\n{\"version\":1,\"ask\":\"status\",\"more\":[1]}\n"));
        using var reader = new StreamReader(new NetworkStream(client));
        Assert.Contains($"\"code\":\"{code}\"", await Line(reader), StringComparison.Ordinal);
        Assert.Contains("\"health\":\"ok\"", await Line(reader), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_is_too_long_is_refused_and_ends_the_connection()
    {
        using var client = Raw();
        await client.SendAsync(new byte[ControlRequest.Limit + 1]);
        using var reader = new StreamReader(new NetworkStream(client));
        Assert.Contains("\"code\":\"too-long\"", await Line(reader), StringComparison.Ordinal);
        Assert.Null(await Line(reader));
    }

    [Fact]
    public async Task Five_hundred_idle_clients_keep_nobody_from_asking()
    {
        var idle = Enumerable.Range(0, 500).Select(_ => Raw()).ToList();
        try
        {
            using var client = await ControlClient.Connect(Socket);
            Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
            Assert.InRange(idle.Count(one => !IsClosed(one)), 0, ControlServer.MostClients);
        }
        finally
        {
            idle.ForEach(one => one.Dispose());
        }
    }

    [Fact]
    public async Task So_many_may_watch_and_questions_are_answered_beside_them()
    {
        var watchers = new List<Socket>();
        try
        {
            for (var i = 0; i < ControlServer.MostWatchers; i++)
            {
                watchers.Add(Raw());
                await watchers[i].SendAsync("{\"version\":1,\"ask\":\"watch\"}\n"u8.ToArray());
                await watchers[i].ReceiveAsync(new byte[65_536]);
            }
            using var client = await ControlClient.Connect(Socket);
            Assert.Equal("busy", (await Assert.ThrowsAsync<ControlException>(() => Ask(client, "watch"))).Code);
            Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        }
        finally
        {
            watchers.ForEach(one => one.Dispose());
        }
    }

    [Fact]
    public async Task A_reader_who_does_not_read_is_dropped_and_others_are_answered_meanwhile()
    {
        using var slow = Raw();
        var request = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("{\"version\":1,\"ask\":\"status\"}\n", 100)));
        var sending = Task.Run(async () =>
        {
            try
            {
                while (true)
                    await slow.SendAsync(request);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Dropped.
            }
        });
        using var client = await ControlClient.Connect(Socket);
        while (!sending.IsCompleted)
        {
            Assert.Equal(Health.Ok, (await Ask(client, "status")).Status!.Health);
        }
        Patience.Until(
            () => _events.History.After(0, null, 100).Any(e => e.Kind == "control-client-dropped"), "the drop is logged");
    }

    [Fact]
    public void Root_and_the_daemons_user_may_do_everything_the_group_may_ask_and_nobody_else_gets_in()
    {
        Assert.Equal(Rights.All, PeerRights.Judge(0, 5, [], 1000, 7));
        Assert.Equal(Rights.All, PeerRights.Judge(1000, 5, [], 1000, 7));
        Assert.Equal(Rights.Read, PeerRights.Judge(1001, 7, [], 1000, 7));
        Assert.Equal(Rights.Read, PeerRights.Judge(1001, 5, [6, 7], 1000, 7));
        Assert.Equal(Rights.None, PeerRights.Judge(1001, 5, [6, 8], 1000, 7));
        Assert.Equal(Rights.None, PeerRights.Judge(1001, 5, [0], 1000, null));
        Assert.Equal(115u, PeerRights.GroupNumber(_root.Make("group", "root:x:0:\nactorraids:x:9:\nactorraid:x:115:a,b\n")));
        // NIS's line is what a C library's reader may stumble over.
        Assert.Equal(115u, PeerRights.GroupNumber(_root.Make("group", "#\n\nbroken\n+\n+::0:\nbad:x:y:\nactorraid:x:115:")));
        Assert.Null(PeerRights.GroupNumber(_root.Path + "/none"));
        Assert.Null(PeerRights.GroupNumber(_root.Make("group", "root:x:0:\nactorraid\n")));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));
    }

    [Fact]
    public void The_command_shows_it_and_its_exit_status_says_it()
    {
        Assert.Equal(0, Status(out var page));
        Assert.StartsWith("OK: 1 container, 1 array\n", page, StringComparison.Ordinal);
        _report = new([Sample.Container with { Arrays = [Sample.Array.WithLeg(0, LegFlags.Faulty)] }]);
        Assert.Equal(1, Status(out page));
        _report = new([Sample.Container with { Health = ContainerHealth.Stuck }]);
        Assert.Equal(2, Status(out page));
        _server.Dispose();
        using var errors = new StringWriter();
        // Root is told of this machine's own arrays then, which have no such volume.
        Assert.Equal(3, StatusCommand.Explain(Socket, "no such volume", false, TextWriter.Null, errors, () => Task.FromResult(LocalStatus.Here())));
        Assert.Contains(Environment.IsPrivilegedProcess ? "no such volume here" : "is the daemon running?", errors.ToString(), StringComparison.Ordinal);
    }

    /// <summary>When so much time has passed the status is put together once more, though nobody has asked.</summary>
    private void LooksBy(TimeSpan time)
    {
        var before = _board.Memory;
        _clock.Now += time;
        Patience.Until(() => !ReferenceEquals(_board.Memory, before), "the actors are asked");
    }

    private static Task<ControlReply> Ask(ControlClient client, string what, string? about = null) => client.Ask(new ControlRequest(1, what, about)).WaitAsync(Limit);

    private static async Task<string?> Line(StreamReader reader) => await reader.ReadLineAsync().WaitAsync(Limit);

    private static bool IsClosed(Socket socket) => socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0;

    private int Status(out string page)
    {
        using var output = new StringWriter();
        var status = StatusCommand.Show(Socket, null, false, output, TextWriter.Null);
        page = output.ToString();
        return status;
    }

    private Socket Raw()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(Socket));
        return socket;
    }
}
