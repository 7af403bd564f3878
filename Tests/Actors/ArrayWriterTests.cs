using ActorRaid.Actors;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>What is written to whole arrays, and what mdadm has frozen is left to it.</summary>
public sealed class ArrayWriterTests : LoopKit
{
    private const string Array = "md126";
    private static readonly TimeSpan AskAgainAfter = TimeSpan.FromSeconds(1);
    private readonly FakeSysfs _sysfs = new();
    private readonly FakeArray _md;
    private readonly TestProbe _asker;
    private readonly IActorRef _writer;

    public ArrayWriterTests()
    {
        _md = _sysfs.Array(Array, "md127", volume: 0, legs: 3);
        _asker = CreateTestProbe();
        _writer = Pinned(() => new ArrayWriterActor(_sysfs.Root, Events));
    }

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        _sysfs.Dispose();
    }

    [Fact]
    public void An_array_is_frozen_and_its_recovery_started_or_it_is_thawed()
    {
        Ask(new FreezeArray(Array, 1));
        Assert.Equal(new ArrayFrozen(1, null), _asker.ExpectMsg<ArrayFrozen>());
        Assert.Equal("frozen", _md.Action.Text);
        Ask(new StartRecovery(Array, 1));
        Assert.Equal(new RecoveryStarted(null, 1), _asker.ExpectMsg<RecoveryStarted>());
        Assert.Equal("recover", _md.Action.Text);

        _md.Action.Text = "frozen";
        Ask(new ThawArray(Array, 2, []));
        Assert.Equal(new ArrayThawed(2), _asker.ExpectMsg<ArrayThawed>());
        Assert.Equal("idle", _md.Action.Text);

        Ask(new StartRecovery("md125"));
        Assert.NotNull(_asker.ExpectMsg<RecoveryStarted>().Error);
    }

    [Fact]
    public void What_runs_is_neither_frozen_nor_stopped()
    {
        _md.Action.Text = "resync";
        Ask(new FreezeArray(Array, 1));
        Assert.Equal(Errno.EBUSY, _asker.ExpectMsg<ArrayFrozen>().Error?.Errno);
        Ask(new ThawArray(Array, 1, []));
        _asker.ExpectMsg<ArrayThawed>();
        Ask(new StartRecovery(Array, 1));
        Assert.Null(_asker.ExpectMsg<RecoveryStarted>().Error);
        Assert.Equal("resync", _md.Action.Text);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_mdadm_has_frozen_is_not_thawed_before_mdadm_lets_it_go(bool thaw)
    {
        Mdadm("-");
        Ask(new FreezeArray(Array, 1));
        Assert.Equal(Errno.EBUSY, _asker.ExpectMsg<ArrayFrozen>().Error?.Errno);
        _md.Action.Text = "frozen";
        Ask(thaw ? new ThawArray(Array, 1, []) : new StartRecovery(Array, 1));
        Ask(new FreezeArray(Array, 2));
        _asker.ExpectMsg<ArrayFrozen>();
        for (var asked = 0; asked < 3; asked++)
        {
            Pass(AskAgainAfter);
            Ask(new FreezeArray(Array, 2));
            _asker.ExpectMsg<ArrayFrozen>();
            Assert.Equal("frozen", _md.Action.Text);
        }

        Mdadm("/");
        Patience.Until(
            () =>
            {
                Pass(AskAgainAfter);
                return _md.Action.Text == (thaw ? "idle" : "recover");
            },
            "thawed");
    }

    [Fact]
    public void A_leg_that_nobody_recorded_is_taken_out_before_the_array_goes_on_and_one_that_is_in_sync_stays()
    {
        _md.Action.Text = "frozen";
        _md.Legs[1].Text = "spare";
        Ask(new ThawArray(Array, 1, ["sdb", "sdc", "sdx"]));
        _asker.ExpectMsg<ArrayThawed>();
        Assert.Equal("remove", _md.Legs[1].Text);
        Assert.Equal("in_sync", _md.Legs[2].Text);
        Assert.Equal("idle", _md.Action.Text);
    }

    [Fact]
    public void A_reshape_that_did_not_begin_is_undone_and_the_size_is_set()
    {
        _sysfs.Put(Array, "dev-sdd/slot", "none\n");
        _sysfs.Put(Array, "dev-sdd/state", "spare");
        _sysfs.Put(Array, "raid_disks", "4");
        _sysfs.Put(Array, "array_size", "");
        Ask(new RestoreShape(Array, 3));
        Ask(new SetArraySize(Array, 2000));
        Patience.Until(() => _sysfs.Text(Array, "array_size") == "2000", "array_size");
        Assert.Equal("3", _sysfs.Text(Array, "raid_disks"));
        Assert.Equal("remove", _sysfs.Text(Array, "dev-sdd/state"));
        Assert.Equal("in_sync", _md.Legs[0].Text);
    }

    private void Ask(object message) => _writer.Tell(message, _asker.Ref);

    private void Mdadm(string mark) => _sysfs.Put(Array, "metadata_version", $"external:{mark}md127/0\n");
}
