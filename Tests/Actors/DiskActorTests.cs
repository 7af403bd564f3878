using System.Text;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// What a disk's actor writes to its legs, and in which order. The attributes are regular files here, where a shorter write leaves the end
/// of the longer one before it: so the text tells all that was written (<see cref="Written"/>).
/// </summary>
public sealed class DiskActorTests : IDisposable
{
    private const string Failed = "faulty,blocked", Good = "in_sync,write_error";
    private readonly FakeSysfs _sysfs = new();
    private readonly ActorRig _rig = new();
    private readonly Probe _member;
    private readonly Probe _asker;
    private readonly IActorRef _disk;

    public DiskActorTests()
    {
        _member = _rig.NewProbe();
        _asker = _rig.NewProbe();
        _disk = _rig.Pinned(() => new DiskActor(_sysfs.Root, "sdb", Build.Device(1), _rig.Events));
    }

    public void Dispose()
    {
        _rig.Dispose();
        _sysfs.Dispose();
    }

    [Fact]
    public void A_faulty_leg_is_unblocked_then_the_disks_other_legs_are_failed_then_it_is_removed()
    {
        Leg("md126", slot: 1, Failed);
        Leg("md125", slot: 0, Good);
        _disk.Tell(new DropLeg("md126", Remove: true));

        Assert.Equal(new LegRemoved(1, "sdb"), _member.Next<LegRemoved>());
        Assert.Equal(Written(Failed, "-blocked", "remove"), State("md126"));
        Assert.Equal(Written(Good, "faulty"), State("md125"));
        Assert.True(_rig.Told.Has("leg-failed-too"));
        Assert.True(_member.IsEmpty);
    }

    [Fact]
    public void A_leg_that_may_not_be_removed_yet_is_unblocked_and_a_leg_that_has_failed_already_is_let_be()
    {
        Leg("md126", slot: 1, Failed);
        Leg("md125", slot: 0, "faulty,removing");
        _disk.Tell(new DropLeg("md126", Remove: false));
        Settle();

        Assert.Equal(Written(Failed, "-blocked"), State("md126"));
        Assert.Equal("faulty,removing", State("md125"));
        Assert.True(_member.IsEmpty);
    }

    [Fact]
    public void A_leg_that_has_vanished_is_not_touched()
    {
        Leg("md126", slot: 1, Failed);
        _disk.Tell(new LegVanished("md126"));
        _disk.Tell(new DropLeg("md126", Remove: true));
        Settle();

        Assert.Equal(Failed, State("md126"));
        Assert.True(_member.IsEmpty);
    }

    [Fact]
    public void A_leg_whose_attributes_are_gone_counts_as_removed()
    {
        Leg("md126", slot: 1, Failed);
        Directory.Delete(_sysfs.PathOf("md126", "dev-sdb"), recursive: true);
        _disk.Tell(new DropLeg("md126", Remove: true));

        Assert.Equal(new LegRemoved(1, "sdb"), _member.Next<LegRemoved>());
        Assert.False(_rig.Told.Has("remove-refused"));
    }

    [Fact]
    public void Recorded_bad_blocks_are_acknowledged_before_the_leg_is_unblocked()
    {
        Leg("md126", slot: 1, "blocked,external_bbl");
        _sysfs.Put("md126", "dev-sdb/bad_blocks", "");
        _disk.Tell(new UnblockLeg("md126", [new BadBlock(2048, 8)], Refused: false));
        Settle();
        Assert.Equal("2048 8", _sysfs.Text("md126", "dev-sdb/bad_blocks"));
        Assert.Equal(Written("blocked,external_bbl", "-blocked"), State("md126"));
    }

    [Fact]
    public void Bad_blocks_without_room_make_md_fail_the_leg()
    {
        Leg("md126", slot: 1, "blocked,external_bbl");
        _disk.Tell(new UnblockLeg("md126", [], Refused: true));
        Settle();
        Assert.Equal(Written("blocked,external_bbl", "-external_bbl", "-blocked"), State("md126"));
    }

    [Fact]
    public void A_spare_is_given_to_a_frozen_array_with_offset_size_and_slot()
    {
        Spare("idle");
        _sysfs.Put("md126", "dev-sdb/slot", "none");
        _disk.Tell(new JoinArray("md126", Assignment, []), _asker.Ref);

        Assert.Equal(new LegJoined(Assignment, null), _asker.Next<LegJoined>());
        Assert.Equal("frozen", _sysfs.Text("md126", "sync_action"));
        Assert.Equal("8:16", _sysfs.Text("md126", "new_dev"));
        Assert.Equal("4096", _sysfs.Text("md126", "dev-sdb/offset"));
        Assert.Equal("51200", _sysfs.Text("md126", "dev-sdb/size"));
        Assert.Equal(Written("none", "2"), _sysfs.Text("md126", "dev-sdb/slot"));
    }

    [Fact]
    public void A_spare_that_md_does_not_take_leaves_the_array_as_it_was()
    {
        Spare("idle");
        _disk.Tell(new JoinArray("md126", Assignment, []), _asker.Ref);

        var joined = _asker.Next<LegJoined>();
        Assert.Equal(_sysfs.PathOf("md126", "dev-sdb/slot"), joined.Error?.Path);
        Assert.Equal(Written("spare", "remove"), State("md126"));
        Assert.Equal(Written("idle", "frozen", "idle"), _sysfs.Text("md126", "sync_action"));
    }

    [Fact]
    public void Recovery_is_started_when_it_is_asked_for_and_a_refusal_is_answered()
    {
        _sysfs.Put("md126", "sync_action", "frozen");
        _disk.Tell(new StartRecovery("md126"), _asker.Ref);
        Assert.Null(_asker.Next<RecoveryStarted>().Error);
        Assert.Equal("recover", _sysfs.Text("md126", "sync_action"));

        _disk.Tell(new StartRecovery("md125"), _asker.Ref);
        Assert.NotNull(_asker.Next<RecoveryStarted>().Error);
    }

    [Fact]
    public void A_leg_that_was_never_recorded_leaves_its_slot_before_it_is_removed()
    {
        Leg("md126", slot: 2, "spare");
        _sysfs.Put("md126", "dev-sdb/slot", "2");
        _disk.Tell(new LeaveArray("md126"));

        Assert.Equal(new LegRemoved(2, "sdb"), _member.Next<LegRemoved>());
        Assert.Equal("none", _sysfs.Text("md126", "dev-sdb/slot"));
        Assert.Equal(Written("spare", "remove"), State("md126"));
    }

    private static SpareAssignment Assignment => new(Build.Device(1), 2, 4096, 102_400, 0);

    /// <summary>What a regular file says after these writes at its beginning, one after the other.</summary>
    private static string Written(string first, params string[] then)
    {
        var text = new StringBuilder(first);
        foreach (var write in then)
        {
            text.Remove(0, Math.Min(write.Length, text.Length)).Insert(0, write);
        }

        return text.ToString();
    }

    private void Leg(string array, int slot, string state)
    {
        _sysfs.Put(array, "dev-sdb/state", state);
        _disk.Tell(new LegAppeared(array, slot, _sysfs.PathOf(array, "dev-sdb/state"), _member.Ref));
    }

    private void Spare(string action)
    {
        _sysfs.Put("md126", "sync_action", action);
        foreach (var (attribute, text) in new[] { ("new_dev", ""), ("dev-sdb/offset", ""), ("dev-sdb/size", ""), ("dev-sdb/state", "spare") })
        {
            _sysfs.Put("md126", attribute, text);
        }
    }

    private string State(string array) => _sysfs.Text(array, "dev-sdb/state");

    /// <summary>The actor has done what it was told before: it answers this.</summary>
    private void Settle()
    {
        _disk.Tell(new StartRecovery("none"), _asker.Ref);
        _asker.Next<RecoveryStarted>();
    }
}
