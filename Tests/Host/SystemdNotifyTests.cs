using System.Globalization;
using System.Net.Sockets;
using System.Text;
using ActorRaid.Host.Daemon;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class SystemdNotifyTests : IDisposable
{
    private readonly TempDirectory _root = new();
    private readonly Socket _systemd = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified) { ReceiveTimeout = 20_000 };
    private readonly List<string> _complaints = [];

    public void Dispose()
    {
        _systemd.Dispose();
        _root.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Everything_is_told_as_systemd_wants_to_hear_it_by_path_and_by_abstract_name(bool isAbstract)
    {
        var name = isAbstract ? $"@actorraid-test-{Guid.NewGuid():N}" : $"{_root.Path}/notify";
        _systemd.Bind(new UnixDomainSocketEndPoint(isAbstract ? "\0" + name[1..] : name));
        using var notify = Notify(name);
        notify.Ready();
        Assert.Equal("READY=1", Receive());
        notify.Status("first\nsecond");
        Assert.Equal("STATUS=first second", Receive());
        notify.Alive();
        Assert.Equal("WATCHDOG=1", Receive());
        notify.MainProcess(17);
        Assert.Equal("MAINPID=17", Receive());
        notify.Stopping(TimeSpan.FromSeconds(45));
        Assert.Equal("STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000", Receive());
        Assert.Empty(_complaints);
    }

    [Fact]
    public void A_reload_is_told_with_the_time_on_the_clock_that_systemd_compares_it_with()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint($"{_root.Path}/notify"));
        using var notify = Notify($"{_root.Path}/notify");
        notify.Reloading();
        var lines = Receive().Split('\n');
        Assert.Equal("RELOADING=1", lines[0]);
        // /proc/timer_list is for root; the kernel's uptime differs from CLOCK_MONOTONIC only by the time spent in suspend.
        var told = long.Parse(lines[1]["MONOTONIC_USEC=".Length..], CultureInfo.InvariantCulture) / 1e6;
        Assert.InRange(told, Environment.TickCount64 / 1000.0 - 5, Environment.TickCount64 / 1000.0 + 0.1);
    }

    [Fact]
    public async Task What_must_arrive_waits_for_room_and_what_is_told_again_anyway_does_not()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint($"{_root.Path}/notify"));
        using var notify = Notify($"{_root.Path}/notify");
        for (var i = 0; i < 5000 && _complaints.Count == 0; i++)
            notify.Status($"{i}");
        Assert.Contains("EAGAIN", Assert.Single(_complaints), StringComparison.Ordinal);
        var ready = Task.Run(notify.Ready);
        Patience.NotSoon(() => ready.IsCompleted, "it did not wait for room");
        Assert.Equal("STATUS=0", Receive());
        string last;
        do
            last = Receive();
        while (last.StartsWith("STATUS", StringComparison.Ordinal));
        Assert.Equal("READY=1", last);
        await ready.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Single(_complaints);
    }

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("20000000", null, 20.0)]
    [InlineData("20000000", "", 20.0)]
    [InlineData("20000000", "own", 20.0)]
    [InlineData("20000000", "1", null)]
    [InlineData("0", null, null)]
    [InlineData("soon", null, null)]
    public void The_watchdog_is_ours_unless_it_is_meant_for_another_process(string? limit, string? process, double? seconds)
    {
        if (process == "own")
            process = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        using var notify = new SystemdNotify(SystemdPlace.Of($"{_root.Path}/notify", limit, process), _complaints.Add);
        Assert.Equal(seconds, notify.WatchdogLimit?.TotalSeconds);
    }

    [Fact]
    public void Nobody_who_listens_is_told_once_and_no_socket_not_at_all()
    {
        using (var nowhere = Notify($"{_root.Path}/none"))
        {
            nowhere.Ready();
            nowhere.Alive();
        }
        Assert.Contains("ENOENT", Assert.Single(_complaints), StringComparison.Ordinal);
        using var without = new SystemdNotify(SystemdPlace.Of("", "20000000", null), Assert.Fail);
        Assert.Null(without.WatchdogLimit);
        without.Ready();
    }

    [Fact]
    public void Who_takes_the_place_of_another_process_tells_what_that_one_would_have_told()
    {
        _systemd.Bind(new UnixDomainSocketEndPoint($"{_root.Path}/notify"));
        using var before = new SystemdNotify(SystemdPlace.Of($"{_root.Path}/notify", "20000000", null), _complaints.Add);
        using var after = new SystemdNotify(SystemdPlace.None, _complaints.Add);
        after.Ready();
        after.Take(before.Place);
        Assert.Equal(20, after.WatchdogLimit?.TotalSeconds);
        after.Alive();
        Assert.Equal("WATCHDOG=1", Receive());
        Assert.Empty(_complaints);
    }

    [Theory]
    [InlineData(null, 0, "/x", 5, "/x", 5)]
    [InlineData("/x", 0, "/x", 5, "/x", 5)]
    [InlineData("/x", 7, "/x", 5, "/x", 7)]
    [InlineData("/x", 7, null, 0, "/x", 7)]
    [InlineData("/x", 0, null, 0, "/x", 0)]
    [InlineData("/x", 0, "/y", 5, "/x", 0)]
    public void Who_is_a_services_main_process_already_keeps_its_place(
        string? own, long ownWatchdog, string? taken, long takenWatchdog, string? socket, long watchdog)
    {
        using var notify = new SystemdNotify(new SystemdPlace(own, ownWatchdog), _complaints.Add);
        notify.Take(new SystemdPlace(taken, takenWatchdog));
        Assert.Equal(new SystemdPlace(socket, watchdog), notify.Place);
    }

    private SystemdNotify Notify(string name) => new(new SystemdPlace(name, 0), _complaints.Add);

    private string Receive()
    {
        var bytes = new byte[1000];
        return Encoding.UTF8.GetString(bytes, 0, _systemd.Receive(bytes));
    }
}
