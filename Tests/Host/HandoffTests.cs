using System.Collections.Immutable;
using System.Net.Sockets;
using ActorRaid.Actors;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Handoff;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.Actors;
using ActorRaid.Tests.SysfsIo;
using Serilog;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>
/// What predecessor and successor say to each other. Both are in this process here, so nothing is tried that ends with the predecessor killing the
/// other: that, and real processes, the lab has.
/// </summary>
public sealed class HandoffTests : IDisposable, IHandingOver
{
    private static readonly TimeSpan Limit = Patience.Limit;

    private readonly SupervisionRig _rig = new();
    private readonly TempDirectory _root = new();
    private readonly EventLog _events = new(new LoggerConfiguration().CreateLogger());
    private readonly HandoffOffer _offer;
    private int _held;
    private int _successor;
    private bool _keepsRest;
    private int _released;

    public HandoffTests()
    {
        _rig.Supervise();
        _rig.PingMonitor();
        _offer = HandoffOffer.Listen(Path, _rig.Raid, _events, this).Value;
    }

    bool IHandingOver.Stays => true;

    ImmutableArray<SinceWhen> IHandingOver.Since => [new("md126 health", "Degraded", DateTimeOffset.UnixEpoch)];

    SystemdPlace IHandingOver.Systemd => new("/run/systemd/notify", 30_000_000);

    void IHandingOver.MakeWay(int successor) => Volatile.Write(ref _successor, successor);

    private string Path => $"{_root.Path}/handoff.sock";

    void IHandingOver.KeepRest() => Volatile.Write(ref _keepsRest, true);

    void IHandingOver.Hold() => Interlocked.Increment(ref _held);

    void IHandingOver.Release() => Interlocked.Increment(ref _released);

    void IHandingOver.TakePlaceAgain()
    {
    }

    public void Dispose()
    {
        _offer.Dispose();
        _events.Dispose();
        _root.Dispose();
        _rig.Dispose();
    }

    [Fact]
    public void Everything_is_handed_over_and_the_predecessor_may_go()
    {
        using var client = _rig.Connect();
        Assert.True(client.PingMonitor().Ok);
        using var taken = Patience.Within(HandoffTaker.Take(Path, _rig.Second(), _events));
        Assert.NotNull(taken);
        Assert.True(taken.Stay);
        Assert.Equal(new SystemdPlace("/run/systemd/notify", 30_000_000), taken.Systemd);
        Assert.Equal(new SinceWhen("md126 health", "Degraded", DateTimeOffset.UnixEpoch), Assert.Single(taken.Since));
        Assert.False(_offer.HandedOver.IsCompleted);
        _rig.Md.State.Text = "write-pending";
        Assert.True(client.PingMonitor().Ok);
        Assert.Equal("active", _rig.Md.State.Text);

        Finish(taken);
        Assert.Equal(Environment.ProcessId, Patience.Within(_offer.HandedOver));
        Assert.Equal((1, 0, Environment.ProcessId), (_held, _released, _successor));
        Assert.True(_rig.ToldBySecond.Has("container-supervised"));
    }

    [Fact]
    public void A_container_that_the_successor_cannot_take_up_stays_and_the_others_are_handed_over()
    {
        const string container = "md9125", array = "md9124";
        _rig.Sysfs.Container(container);
        var second = _rig.Sysfs.Array(array, container, volume: 0, legs: 3);
        _rig.Sysfs.List((SupervisionRig.Array, SupervisionRig.Container, 0, "raid5"), (array, container, 0, "raid5"));
        Assert.Equal(SuperviseOutcome.Supervised, _rig.Supervise(container).Outcome);
        _rig.PingManager();
        _rig.Sysfs.Container(container, "external:ddf");

        using var taken = Patience.Within(HandoffTaker.Take(Path, _rig.Second(), _events));
        Finish(taken!);
        Assert.Equal(container, Assert.Single(taken!.Left));
        Patience.Until(() => Volatile.Read(ref _keepsRest), "the predecessor stays with the rest");
        Assert.False(_offer.HandedOver.IsCompleted);
        Assert.Equal(Environment.ProcessId, _successor);
        Patience.Until(() => Patience.Within(_rig.Raid.Containers()).Containers.SequenceEqual([container]), "the predecessor has only that");
        Assert.Equal(SupervisionRig.Container, Assert.Single(Patience.Within(_rig.Second().Containers()).Containers));

        second.State.Text = "write-pending";
        _rig.Md.State.Text = "write-pending";
        using var client = MonitorClient.Connect($"{_rig.Sysfs.RunDirectory}/{container}.sock", Limit).Value;
        Assert.True(client.PingMonitor().Ok);
        _rig.PingMonitor();
        Assert.Equal("active", second.State.Text);
        Assert.Equal("active", _rig.Md.State.Text);
    }

    [Fact]
    public void Another_version_is_refused_politely_and_supervision_goes_on()
    {
        using (var channel = DescriptorChannel.Connect(Path).Value)
        {
            var talk = new HandoffChannel(channel);
            talk.Send(new Hello(HandoffMessage.Version + 1, "9.9.9"));
            var refused = Assert.IsType<Refused>(talk.Receive(Limit).Message);
            Assert.Contains("9.9.9", refused.Reason);
            Assert.Contains($"version {HandoffMessage.Version}", refused.Reason);
        }

        GoesOn();
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("")]
    [InlineData("{\"type\":\"grab\"}")]
    [InlineData("{\"type\":\"take\",\"Container\":\"md9127\"}")]
    public void Nonsense_is_refused_and_supervision_goes_on(string nonsense)
    {
        using (var channel = DescriptorChannel.Connect(Path).Value)
        {
            Assert.True(channel.Send(System.Text.Encoding.UTF8.GetBytes(nonsense), [], Limit).Ok);
            Assert.IsType<Refused>(new HandoffChannel(channel).Receive(Limit).Message);
        }

        GoesOn();
    }

    [Fact]
    public void A_successor_that_goes_away_before_it_has_anything_leaves_all_as_it_was()
    {
        using (var channel = DescriptorChannel.Connect(Path).Value)
        {
            var talk = new HandoffChannel(channel);
            talk.Send(new Hello(HandoffMessage.Version, "test"));
            var welcome = talk.Expect<Welcome>(Limit);
            Assert.Equal(SupervisionRig.Container, Assert.Single(welcome.Containers));
            talk.Send(new Take("md99"));
            talk.Expect<Vanished>(Limit);
            talk.Send(new Take(SupervisionRig.Container));
            var (message, descriptors) = talk.Receive(Limit);
            var snapshot = Assert.IsType<Snapshot>(message);
            Assert.Equal(SupervisionRig.Array, Assert.Single(snapshot.State.Arrays).Array);
            Assert.NotNull(snapshot.Sockets(descriptors));
            snapshot.Sockets(descriptors)!.Close();
        }

        GoesOn();
    }

    [Fact]
    public void A_successor_that_fails_after_it_has_taken_the_place_leaves_it_to_the_next()
    {
        using (var channel = DescriptorChannel.Connect(Path).Value)
        {
            var talk = new HandoffChannel(channel);
            talk.Send(new Hello(HandoffMessage.Version, "test"));
            talk.Expect<Welcome>(Limit);
            LocalSocket.Listen(Path, 1).Value.Dispose();
        }

        GoesOn();
    }

    [Fact]
    public void Where_it_cannot_be_told_whether_somebody_hands_over_nothing_is_taken()
    {
        var tooLong = Path + new string('x', 200);
        var failure = Assert.ThrowsAny<Exception>(() => Patience.Within(HandoffTaker.Take(tooLong, _rig.Second(), _events)));
        Assert.Contains("not known", Assert.IsType<HandoffException>(failure.GetBaseException()).Message);
    }

    [Fact]
    public void The_successor_does_not_begin_with_a_predecessor_of_another_version()
    {
        using var old = LocalSocket.Listen(Path + ".old", 1).Value;
        var answering = Task.Run(() =>
        {
            using var channel = new DescriptorChannel(old.Accept(), Path);
            var talk = new HandoffChannel(channel);
            talk.Expect<Hello>(Limit);
            talk.Send(new Welcome(HandoffMessage.Version + 1, "9.9.9", [SupervisionRig.Container], false, SystemdPlace.None));
            return talk.Receive(Limit);
        });
        var failure = Assert.ThrowsAny<Exception>(() => Patience.Within(HandoffTaker.Take(Path + ".old", _rig.Second(), _events)));
        Assert.Contains("9.9.9", Assert.IsType<HandoffException>(failure.GetBaseException()).Message);
        Assert.False(_rig.ToldBySecond.Has("container-supervised"));
        old.Dispose();
        _ = answering;
    }

    [Fact]
    public void Where_nobody_listens_there_is_nothing_to_take()
    {
        Assert.Null(Patience.Within(HandoffTaker.Take($"{_root.Path}/none", _rig.Second(), _events)));
        using (LocalSocket.Listen($"{_root.Path}/dead", 1).Value)
        {
        }

        Assert.Null(Patience.Within(HandoffTaker.Take($"{_root.Path}/dead", _rig.Second(), _events)));
    }

    private static void Finish(HandoffTaker taken)
    {
        // The predecessor is this process, and does not end.
        Assert.True(Task.Run(taken.Finish).Wait(Limit));
    }

    private void GoesOn()
    {
        Patience.Until(() => Volatile.Read(ref _released) == 1 && _held == 1, "launchers are answered again");
        Assert.False(_offer.HandedOver.IsCompleted);
        _rig.Md.State.Text = "write-pending";
        _rig.PingMonitor();
        Assert.Equal("active", _rig.Md.State.Text);
        using var taken = Patience.Within(HandoffTaker.Take(Path, _rig.Second(), _events));
        Assert.NotNull(taken);
        Finish(taken);
        Patience.Within(_offer.HandedOver);
    }
}
