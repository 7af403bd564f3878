using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// What is written to legs, and in which order; and that what lets writers go waits for nothing that may wait,
/// whichever leg that concerns. The attributes are regular files here, see <see cref="FakeSysfs.Written"/>.
/// </summary>
public sealed class LegWritesTests : IDisposable
{
    private const string Failed = "faulty,blocked", Good = "in_sync,write_error";
    private readonly FakeSysfs _sysfs = new();
    private readonly EventList _told = new();
    private readonly LegWrites _writes;
    private readonly ManualResetEventSlim _removed = new();

    public LegWritesTests() => _writes = new LegWrites(new ContainerEvents(_told, "md127"));

    public void Dispose()
    {
        _writes.Dispose();
        _sysfs.Dispose();
        _removed.Dispose();
    }

    [Fact]
    public void A_faulty_leg_is_unblocked_and_then_removed_and_the_disks_other_legs_are_failed()
    {
        var leg = Appears("md126", "sdb", Failed);
        var other = Appears("md125", "sdb", Good);
        Appears("md125", "sda", Good);
        Drop(leg);
        Assert.True(_removed.Wait(Patience.Limit));
        Assert.Equal(FakeSysfs.Written(Failed, "-blocked", "remove"), State(leg));
        Patience.Until(() => State(other) == FakeSysfs.Written(Good, "faulty"), "the other leg faulty");
        Assert.True(_told.Has("leg-failed-too"));
        Assert.Equal(Good, _sysfs.Text("md125", "dev-sda/state"));
    }

    [Fact]
    public void A_leg_that_may_not_be_removed_yet_is_unblocked_and_a_leg_that_has_failed_already_is_let_be()
    {
        var leg = Appears("md126", "sdb", Failed);
        var other = Appears("md125", "sdb", "faulty,removing");
        _writes.Drop(leg, remove: false, _removed.Set);
        Settle();
        Assert.Equal(FakeSysfs.Written(Failed, "-blocked"), State(leg));
        Assert.Equal("faulty,removing", State(other));
        Assert.False(_removed.IsSet);
    }

    [Fact]
    public void A_leg_whose_attributes_are_gone_counts_as_removed()
    {
        var leg = Appears("md126", "sdb", Failed);
        Directory.Delete(_sysfs.PathOf("md126", "dev-sdb"), recursive: true);
        Drop(leg);
        Assert.True(_removed.Wait(Patience.Limit));
        Assert.False(_told.Has("remove-refused"));
    }

    [Fact]
    public void A_leg_that_has_vanished_or_whose_array_rests_is_unblocked_but_not_removed()
    {
        // EBUSY cannot be had from a file: a removal that waits is as good.
        using var hanging = new HangingAttribute(_sysfs, "md126", "dev-sda/state");
        var first = Known("md126", "sda");
        _writes.Remove(first, _removed.Set);
        Patience.Until(() => _writes.Waits("sda"), "the removal waits");
        var vanishes = Appears("md126", "sdb", Failed);
        var rests = Appears("md126", "sdc", Failed);
        Drop(vanishes);
        _writes.Vanished(vanishes);
        Drop(rests);
        _writes.Rest("md126");
        Settle();
        Assert.Equal("remove", hanging.LetGo());
        Assert.True(_removed.Wait(Patience.Limit));
        _writes.Settle(_sysfs, "md126");
        Assert.Equal(FakeSysfs.Written(Failed, "-blocked"), State(vanishes));
        Assert.Equal(FakeSysfs.Written(Failed, "-blocked"), State(rests));

        // Taken up again it is removed.
        _removed.Reset();
        Drop(rests);
        Assert.True(_removed.Wait(Patience.Limit));
    }

    [Theory]
    [InlineData("md126", "sdb")]
    [InlineData("md125", "sdb")]
    public void While_a_removal_waits_in_the_kernel_other_legs_are_let_go_and_failed(string array, string disk)
    {
        using var hanging = new HangingAttribute(_sysfs, "md126", "dev-sda/state");
        _writes.Remove(Known("md126", "sda"), _removed.Set);
        Patience.Until(() => _writes.Waits("sda"), "the removal waits");

        var other = Appears(array, disk, "in_sync,blocked");
        LetGo(other);
        Assert.Equal("-blockedblocked", State(other));
        _sysfs.Put(array, $"dev-{disk}/state", "in_sync");
        _writes.Drop(Appears("md124", disk, Failed), remove: false, () => { });
        Patience.Until(() => State(other) == "faultyc", "faulty");
        Assert.False(_removed.IsSet);

        Assert.Equal("remove", hanging.LetGo());
        Assert.True(_removed.Wait(Patience.Limit));
        Assert.False(_writes.Waits("sda"));
    }

    [Fact]
    public void While_one_array_does_not_take_a_word_another_array_gets_its_own()
    {
        using var hanging = new HangingAttribute(_sysfs, "md126", "dev-sda/state");
        using var later = new ManualResetEventSlim();
        _writes.LetGo(Known("md126", "sda"), later.Set);
        LetGo(Appears("md125", "sda", Failed));
        Assert.False(later.IsSet);
        Assert.Equal("-blocked", hanging.LetGo());
        Assert.True(later.Wait(Patience.Limit));
    }

    [Fact]
    public void A_removal_that_waits_holds_up_no_end()
    {
        using var hanging = new HangingAttribute(_sysfs, "md126", "dev-sda/state");
        _writes.Remove(Known("md126", "sda"), () => { });
        Patience.Until(() => _writes.Waits("sda"), "the removal waits");
        _writes.Dispose();
    }

    [Fact]
    public void Recorded_bad_blocks_are_acknowledged_before_the_leg_is_unblocked()
    {
        var leg = Appears("md126", "sdb", "blocked");
        _sysfs.Put("md126", "dev-sdb/bad_blocks", "");
        _writes.Acknowledge(leg, [new BadBlock(2048, 8)], refused: false);
        Patience.Until(() => State(leg) == "-blocked", "unblocked");
        Assert.Equal("2048 8", _sysfs.Text("md126", "dev-sdb/bad_blocks"));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Bad_blocks_without_room_or_that_md_refuses_make_md_fail_the_leg(bool withoutRoom)
    {
        var leg = Appears("md126", "sdb", "blocked,external_bbl");
        Directory.CreateDirectory(_sysfs.PathOf("md126", "dev-sdb/bad_blocks")); // EISDIR
        _writes.Acknowledge(leg, withoutRoom ? [] : [new BadBlock(2048, 8)], refused: withoutRoom);
        Patience.Until(() => State(leg) == "-blockedl_bblnal_bbl", "-external_bbl, then -blocked");
        Assert.Equal(!withoutRoom, _told.Has("bad-block-refused"));
    }

    private ArrayLeg Appears(string array, string disk, string state)
    {
        _sysfs.Put(array, $"dev-{disk}/state", state);
        return Known(array, disk);
    }

    private ArrayLeg Known(string array, string disk)
    {
        var leg = new ArrayLeg(array, disk, _sysfs.PathOf(array, $"dev-{disk}/state"));
        _writes.Appeared(leg);
        return leg;
    }

    private string State(ArrayLeg leg) => _sysfs.Text(leg.Array, $"dev-{leg.Disk}/state");

    private void Drop(ArrayLeg leg) => _writes.Drop(leg, remove: true, _removed.Set);

    private void LetGo(ArrayLeg leg)
    {
        using var done = new ManualResetEventSlim();
        _writes.LetGo(leg, done.Set);
        Assert.True(done.Wait(Patience.Limit), $"{leg} is not let go");
    }

    /// <summary>What was to be let go before is.</summary>
    private void Settle()
    {
        foreach (var array in new[] { "md126", "md125" })
        {
            LetGo(new ArrayLeg(array, "none", _sysfs.PathOf(array, "dev-none/state")));
        }
    }
}
