using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

public class LegTests
{
    [Fact]
    public void A_failed_leg_marks_its_slot_and_its_disk()
    {
        var failed = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1);
        var map = failed.Dev().Map;
        Assert.Equal<uint>([0, 1 | Mark, 2], map.Order);
        Assert.Equal((MapState.Degraded, (byte)1), (map.State, map.FailedDisk));
        Assert.Equal(ImsmDiskStatus.Configured | ImsmDiskStatus.Failed, failed.Super.Disks[1].Status);
        Assert.Equal("SERIAL-sdb:0", failed.Super.Disks[1].Serial.ToString());
        Assert.Equal(failed.Super.Disks[1], failed.Present[1].Disk);
    }

    [Fact]
    public void Failing_again_changes_nothing()
    {
        var once = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1);
        var twice = once.Fail(0, 1);
        Assert.Equal(once.Super.Disks[1], twice.Super.Disks[1]);
        Assert.Equal<uint>(once.Dev().Map.Order, twice.Dev().Map.Order);
    }

    [Theory]
    [InlineData("1234567890123456", "4567890123456:0")]
    [InlineData("12345678901234", "2345678901234:0")]
    [InlineData("1234567890123", "1234567890123:0")]
    [InlineData("", ":0")]
    public void A_failed_serial_keeps_its_last_characters(string serial, string failed)
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2);
        var disk = container.Super.Disks[0] with { Serial = Octets.Text(serial, 16) };
        container = container with { Super = container.Super with { Disks = container.Super.Disks.SetItem(0, disk) } };
        Assert.Equal(failed, container.Fail(0, 0).Super.Disks[0].Serial.ToString());
    }

    [Theory]
    [InlineData(1, 2, new[] { 0 }, MapState.Degraded)]
    [InlineData(1, 2, new[] { 0, 1 }, MapState.Failed)]
    [InlineData(5, 3, new[] { 2 }, MapState.Degraded)]
    [InlineData(5, 4, new[] { 0, 3 }, MapState.Failed)]
    [InlineData(10, 4, new[] { 0 }, MapState.Degraded)]
    [InlineData(10, 4, new[] { 0, 2 }, MapState.Degraded)]
    [InlineData(10, 4, new[] { 1, 3 }, MapState.Degraded)]
    [InlineData(10, 4, new[] { 2, 3 }, MapState.Failed)]
    public void The_state_follows_from_the_legs_that_are_lost(int level, int disks, int[] lost, MapState state)
    {
        var container = lost.Aggregate(Container(disks).Volume(level, disks), (current, slot) => current.Fail(0, slot));
        Assert.Equal(state, container.Dev().Map.State);
        Assert.Equal(lost.Min(), container.Dev().Map.FailedDisk);
    }

    [Fact]
    public void A_failure_while_a_disk_serves_two_volumes_is_recorded_in_each_on_its_own()
    {
        var first = Container(disks: 3).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3).Fail(0, 1);
        Assert.Equal(MapState.Normal, first.Dev(1).Map.State);
        var both = first.Fail(1, 1);
        Assert.Equal(MapState.Degraded, both.Dev(1).Map.State);
        Assert.Equal("SERIAL-sdb:0:0", both.Super.Disks[1].Serial.ToString());
    }

    [Fact]
    public void A_failure_is_recorded_though_the_disk_has_left_already()
    {
        var failed = Container(disks: 3).Volume(level: 5, disks: 3).Without(1).Fail(0, 1);
        Assert.Equal(1u | Mark, failed.Dev().Map.Order[1]);
        Assert.Equal(MapState.Degraded, failed.Dev().Map.State);
    }

    [Fact]
    public void A_failed_disk_takes_its_bad_blocks_with_it()
    {
        var container = Container(disks: 3).Volume(level: 5, disks: 3);
        container = container with
        {
            Super = container.Super with { BadBlocks = [new(1, 1, 10), new(1, 0, 20), new(2, 1, 30), new(2, 2, 40)] },
        };
        Assert.Equal<BbmLogEntry>([new(2, 2, 40), new(1, 0, 20)], container.Fail(0, 1).Super.BadBlocks);
    }

    [Fact]
    public void A_rebuild_that_is_done_leaves_a_normal_volume_with_one_map()
    {
        var done = Rebuilding().InSync(0, 1);
        Assert.Equal((0, MapState.Normal, (byte)0xFF), (done.Dev().MigrationState, done.Dev().Map.State, done.Dev().Map.FailedDisk));
        Assert.Null(done.Dev().SecondMap);
        Assert.DoesNotContain(done.Dev().Map.Order, entry => (entry & Mark) != 0);
    }

    [Fact]
    public void A_leg_in_sync_that_was_not_being_filled_ends_no_rebuild()
    {
        var rebuilding = Rebuilding();
        Assert.Same(rebuilding.Dev(), rebuilding.InSync(0, 0).Dev());
        Assert.Same(rebuilding.Dev(), rebuilding.SetLeg(0, 1, LegState.None).Dev());
    }

    [Fact]
    public void A_rebuild_ends_when_the_disk_that_is_filled_fails()
    {
        var failed = Rebuilding().Fail(0, 1);
        Assert.Equal((0, MapState.Degraded, (byte)1), (failed.Dev().MigrationState, failed.Dev().Map.State, failed.Dev().Map.FailedDisk));
        Assert.Equal(Mark, failed.Dev().Map.Order[1] & Mark);
    }

    [Fact]
    public void A_rebuild_goes_on_in_the_metadata_when_another_leg_fails()
    {
        var failed = Rebuilding().Fail(0, 0);
        var dev = failed.Dev();
        Assert.Equal((1, MapState.Degraded, MigrationType.Rebuild), (dev.MigrationState, dev.Map.State, dev.MigrationType));
        Assert.Equal(2, dev.SecondMap!.Order.Count(entry => (entry & Mark) != 0));
    }

    [Fact]
    public void A_volume_whose_first_recorded_failure_comes_while_a_leg_is_filled_has_failed()
    {
        // The lost disk was recorded as failed in the other volume only when this one was given its spare.
        var lost = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3).Fail(1, 1);
        var failed = lost.Rebuild(0).Fail(0, 2);
        Assert.Equal((0, MapState.Failed, (byte)2), (failed.Dev().MigrationState, failed.Dev().Map.State, failed.Dev().Map.FailedDisk));
        Assert.Equal(2, failed.Dev().Map.Order.Count(entry => (entry & Mark) != 0));
    }

    [Fact]
    public void Two_legs_of_RAID_10_are_rebuilt_one_after_the_other()
    {
        var lost = Container(disks: 4, spares: 2).Volume(level: 10, disks: 4).Fail(0, 1).Fail(0, 2);
        var first = lost.Rebuild();
        Assert.Equal((MapState.Degraded, 1), (first.Dev().Map.State, first.Dev().MigrationState));
        var facts = Legs(first, 0);
        Assert.Contains("being rebuilt already", first.PlanSpare(0, new SpareFacts(facts.Legs.Add(new LegFact(1, first.Volumes[0].Legs[1].Device!.Value)))).Refusal);
        var half = first.InSync(0, 1);
        Assert.Equal((MapState.Degraded, 0, (byte)2), (half.Dev().Map.State, half.Dev().MigrationState, half.Dev().Map.FailedDisk));
        var whole = half.Rebuild().InSync(0, 2);
        Assert.Equal((MapState.Normal, 0), (whole.Dev().Map.State, whole.Dev().MigrationState));
        Assert.Equal(4, whole.Super.Disks.Length);
    }

    [Fact]
    public void When_the_disk_that_is_filled_fails_while_another_leg_is_lost_the_rebuild_is_over()
    {
        // The lower slot stays lost: upstream would take the rebuild for going on.
        var lost = Container(disks: 4, spares: 1).Volume(level: 10, disks: 4).Fail(0, 2).Rebuild().Fail(0, 0).Fail(0, 2);
        Assert.Equal((0, MapState.Degraded), (lost.Dev().MigrationState, lost.Dev().Map.State));
    }

    [Fact]
    public void A_leg_that_was_not_filled_to_its_end_stays_marked_though_the_state_is_as_was_expected()
    {
        // RAID 10 with two legs lost is degraded before, while and after one of them is filled.
        var rebuilding = Container(disks: 4, spares: 1).Volume(level: 10, disks: 4).Fail(0, 2).Fail(0, 0).Rebuild();
        var ended = Migration.End(rebuilding, rebuilding.Dev(), MapState.Degraded);
        Assert.Equal((0, MapState.Degraded, Mark), (ended.MigrationState, ended.Map.State, ended.Map.Order[0] & Mark));
    }

    [Fact]
    public void A_volume_that_loses_a_leg_while_it_is_initialized_is_degraded_and_its_initialization_goes_on()
    {
        var failed = Container(disks: 3).Volume(level: 5, disks: 3, state: MapState.Uninitialized)
            .State(Consistency.Dirty, Facts(resyncStart: 0)).Fail(0, 2);
        var dev = failed.Dev();
        Assert.Equal((MapState.Degraded, 1, MigrationType.Init), (dev.Map.State, dev.MigrationState, dev.MigrationType));
        Assert.Equal(2u | Mark, dev.SecondMap!.Order[2]);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    public void A_slot_that_is_not_there_is_left_alone(int slot)
    {
        var container = Container(disks: 3).Volume(level: 5, disks: 3);
        Assert.Same(container, container.SetLeg(0, slot, LegState.Faulty));
        Assert.Same(container, container.SetLeg(7, 0, LegState.Faulty));
    }

    private static ImsmContainer Rebuilding() => Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1).Rebuild();

    [Theory]
    [InlineData(1, MapState.Degraded)]
    [InlineData(3, MapState.Normal)]
    public void A_disk_that_fails_in_the_middle_of_a_growth_is_recorded_whether_it_is_a_new_leg_or_not(int slot, MapState before)
    {
        var three = Container(disks: 4).Volume(level: 5, disks: 3);
        var dev = three.Dev() with
        {
            MigrationState = 1,
            MigrationType = MigrationType.GeneralMigration,
            SecondMap = three.Dev().Map,
            Map = three.Dev().Map with { Order = [0, 1, 2, 3] },
        };
        var growing = three with { Super = three.Super with { Devs = [dev] } };
        var failed = growing.Fail(0, slot);

        Assert.Equal((uint)slot | Mark, failed.Dev().Map.Order[slot]);
        Assert.Equal(((byte)slot, MapState.Degraded, before), (failed.Dev().Map.FailedDisk, failed.Dev().Map.State, failed.Dev().SecondMap!.State));
        Assert.Equal(ImsmDiskStatus.Failed, failed.Super.Disks[slot].Status & ImsmDiskStatus.Failed);
        Assert.Equal((byte)1, failed.Dev().MigrationState);
        Assert.Same(growing, growing.Fail(0, 4));

        // At its end it is degraded, and not that disk but another one is to be filled.
        var ended = failed.State(Consistency.Clean, Facts(previous: SyncAction.Reshape));
        Assert.Equal((0, MapState.Degraded, (uint)slot | Mark), (ended.Dev().MigrationState, ended.Dev().Map.State, ended.Dev().Map.Order[slot]));
    }
}
