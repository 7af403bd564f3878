using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

public class ArrayStateTests
{
    [Fact]
    public void A_first_write_makes_the_volume_dirty_and_changes_nothing_else()
    {
        var before = Container(disks: 3).Volume(level: 5, disks: 3);
        var after = before.State(Consistency.Dirty, Facts());
        Assert.Equal(before.Dev() with { Dirty = 1 }, after.Dev());
    }

    [Theory]
    [InlineData(RwhPolicy.Distributed)]
    [InlineData(RwhPolicy.MultipleDistributed)]
    public void With_PPL_a_dirty_volume_says_that_its_records_are_valid(RwhPolicy policy)
    {
        var dirty = Container(disks: 3).Volume(level: 5, disks: 3, policy: policy).State(Consistency.Dirty, Facts());
        Assert.Equal(3, dirty.Dev().Dirty);
        Assert.Equal(0, dirty.State(Consistency.Clean, Facts()).Dev().Dirty);
    }

    [Fact]
    public void Saying_the_same_again_changes_nothing()
    {
        var dirty = Container(disks: 2).Volume(level: 1, disks: 2).State(Consistency.Dirty, Facts());
        Assert.Same(dirty.Dev(), dirty.State(Consistency.Dirty, Facts()).Dev());
    }

    [Fact]
    public void RAID_0_is_never_dirty()
    {
        var striped = Container(disks: 2).Volume(level: 0, disks: 2);
        var (after, clean) = striped.Set(Consistency.Dirty, Facts());
        Assert.Same(striped, after);
        Assert.True(clean);
    }

    [Fact]
    public void A_RAID_0_that_was_written_while_it_was_reshaped_is_no_longer_dirty_when_that_has_ended()
    {
        var whole = Container(disks: 2).Volume(level: 0, disks: 2);
        var dev = whole.Dev() with { MigrationState = 1, MigrationType = MigrationType.GeneralMigration, SecondMap = whole.Dev().Map };
        var reshaped = whole with { Super = whole.Super with { Devs = [dev] } };
        var written = reshaped.State(Consistency.Dirty, Facts(previous: SyncAction.Reshape, current: SyncAction.Reshape));
        Assert.Equal(1, written.Dev().Dirty);

        var (ended, clean) = written.Set(Consistency.Dirty, Facts(previous: SyncAction.Reshape));
        Assert.True(clean);
        Assert.Equal(Text(whole.Dev()), Text(ended.Dev()));
    }

    // The second volume was made while the first one grew, on disks that the first has in other slots.
    [Theory]
    [InlineData(0, "0 2 1 3")]
    [InlineData(1, "0 2")]
    public void A_growth_that_ends_goes_on_with_the_next_volume_over_the_disks_that_it_has_not_yet(int level, string members)
    {
        var container = Container(disks: 4).Volume(level: 5, disks: 4).Volume(level, disks: 2);
        var (grown, other) = (container.Dev(0), container.Dev(1));
        grown = grown with { MigrationState = 1, MigrationType = MigrationType.GeneralMigration, SecondMap = grown.Map };
        other = other with { Map = other.Map with { Order = [0, 2] } };
        container = container with { Super = container.Super with { Devs = [grown, other] } };

        var after = container.State(Consistency.Clean, Facts(previous: SyncAction.Reshape));
        Assert.Null(after.Dev(0).SecondMap);
        Assert.Equal(members, string.Join(' ', after.Dev(1).Map.Order));
        Assert.Equal(level == 0, after.Dev(1).IsGeneralMigration());
    }

    [Fact]
    public void A_RAID_0_that_was_left_dirty_is_clean_at_the_next_word_about_it()
    {
        var whole = Container(disks: 2).Volume(level: 0, disks: 2);
        var left = whole with { Super = whole.Super with { Devs = [whole.Dev() with { Dirty = 1 }] } };
        Assert.Equal(Text(whole.Dev()), Text(left.State(Consistency.Clean, Facts()).Dev()));
    }

    [Fact]
    public void A_volume_that_is_not_there_is_left_alone()
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2);
        var (after, clean) = container.Set(Consistency.Clean, Facts(), volume: 1);
        Assert.Same(container, after);
        Assert.False(clean);
    }

    [Fact]
    public void A_whole_volume_that_was_left_dirty_is_clean_when_started_with_nothing_to_resync()
    {
        var dirty = Container(disks: 3).Volume(level: 5, disks: 3).State(Consistency.Dirty, Facts());
        var (after, clean) = dirty.Set(Consistency.AsRecorded, Facts());
        Assert.True(clean);
        Assert.Equal(0, after.Dev().Dirty);
    }

    [Fact]
    public void A_volume_that_was_never_synchronized_is_started_dirty_with_an_initialization()
    {
        var fresh = Container(disks: 3).Volume(level: 5, disks: 3, state: MapState.Uninitialized);
        var (after, clean) = fresh.Set(Consistency.AsRecorded, Facts(resyncStart: 0));
        Assert.False(clean);
        var dev = after.Dev();
        Assert.Equal((1, 1, MigrationType.Init), (dev.Dirty, dev.MigrationState, dev.MigrationType));
        Assert.Equal(MapState.Normal, dev.Map.State);
        Assert.Equal(MapState.Uninitialized, dev.SecondMap!.State);
    }

    [Fact]
    public void A_volume_that_needs_a_resync_is_under_repair_which_is_verification_with_a_bit()
    {
        var dev = Container(disks: 3).Volume(level: 5, disks: 3).State(Consistency.Dirty, Facts(resyncStart: 0)).Dev();
        Assert.Equal((MigrationType.Verify, 0x80u), (dev.MigrationType, dev.Status & 0x80));
        Assert.Equal(MapState.Normal, dev.SecondMap!.State);
    }

    [Fact]
    public void The_end_of_a_resync_leaves_one_map_and_no_checkpoint()
    {
        var done = Container(disks: 3).Volume(level: 5, disks: 3)
            .State(Consistency.Dirty, Facts(resyncStart: 0))
            .State(Consistency.Dirty, Facts(resyncStart: 0, checkpoint: 76_800, previous: SyncAction.Resync, current: SyncAction.Resync))
            .State(Consistency.Dirty, Facts(checkpoint: 204_800, previous: SyncAction.Resync));
        Assert.Equal(Text(Container(disks: 3).Volume(level: 5, disks: 3).Dev() with { Dirty = 1 }), Text(done.Dev()));
    }

    [Theory]
    [InlineData(5, 4, 102_400, 100)] // four members, chunk 256: a unit advances each by 1024
    [InlineData(5, 3, 76_800, 100)]
    [InlineData(10, 4, 51_200, 100)]
    [InlineData(1, 2, 51_200, 100)]
    public void A_resync_is_recorded_in_units(int level, int disks, ulong position, ulong unit)
    {
        var dev = Container(disks).Volume(level, disks, state: MapState.Uninitialized)
            .State(Consistency.Dirty, Facts(resyncStart: 0))
            .State(Consistency.Dirty, Facts(resyncStart: 0, checkpoint: position, previous: SyncAction.Resync, current: SyncAction.Resync))
            .Dev();
        Assert.Equal(unit, dev.CurrentMigrationUnit);
    }

    [Theory]
    [InlineData(1, 2, 1ul << 32)] // 2 TiB
    [InlineData(5, 4, (1ul << 32) + 12_345_678)]
    [InlineData(10, 4, 1ul << 33)]
    [InlineData(5, 3, (1ul << 40) + 987_654_321)]
    [InlineData(1, 2, (1ul << 42) - 1)] // more units than fit into the lower half
    public void Checkpoints_beyond_2_TiB_are_recorded_written_and_read_back_in_whole_units(int level, int disks, ulong position)
    {
        const ulong perMember = 1ul << 43;
        foreach (var (container, action) in (ReadOnlySpan<(ImsmContainer, SyncAction)>)[
            (Container(disks).Volume(level, disks, perMember: perMember).State(Consistency.Dirty, Facts(resyncStart: 0)), SyncAction.Resync),
            (Container(disks, spares: 1).Volume(level, disks, perMember: perMember).Fail(0, 1), SyncAction.Recover)])
        {
            var begun = action == SyncAction.Resync ? container : WithRebuild(container);
            var unit = begun.Dev().SectorsPerUnit(null);
            Assert.InRange(unit, 1ul, 4096ul);
            var after = begun.State(Consistency.Dirty, Facts(resyncStart: position, checkpoint: position, previous: action, current: action));
            Assert.Equal(position / unit, after.Dev().CurrentMigrationUnit);
            Assert.Equal(position / unit * unit, after.Volumes[0].Checkpoint);

            var read = ImsmReader.Read(ImsmWriter.Write(after.Super, 512), 512);
            Assert.Equal(after.Dev().CurrentMigrationUnit, Assert.IsType<ImsmSuper>(read.Super).Devs[0].CurrentMigrationUnit);
        }
    }

    private static ImsmContainer WithRebuild(ImsmContainer container)
    {
        // The spare of this rig is small: the rebuild begins without it.
        var dev = container.Dev() with { MigrationState = 1, MigrationType = MigrationType.Rebuild, SecondMap = container.Dev().Map };
        return container with { Super = container.Super with { Devs = [dev] } };
    }

    [Theory]
    [InlineData(SyncAction.Check)]
    [InlineData(SyncAction.Recover)]
    [InlineData(SyncAction.Idle)]
    public void What_is_not_the_recorded_migration_leaves_its_checkpoint(SyncAction action)
    {
        var resyncing = Container(disks: 3).Volume(level: 5, disks: 3)
            .State(Consistency.Dirty, Facts(resyncStart: 0))
            .State(Consistency.Dirty, Facts(resyncStart: 76_800, checkpoint: 76_800, previous: SyncAction.Resync, current: SyncAction.Resync));
        var after = resyncing.State(Consistency.Dirty, Facts(resyncStart: 76_800, checkpoint: 153_600, previous: action, current: action));
        Assert.Equal(100ul, after.Dev().CurrentMigrationUnit);
    }

    [Fact]
    public void A_checkpoint_that_is_not_known_or_the_same_changes_nothing()
    {
        var resyncing = Container(disks: 3).Volume(level: 5, disks: 3)
            .State(Consistency.Dirty, Facts(resyncStart: 0))
            .State(Consistency.Dirty, Facts(resyncStart: 76_800, checkpoint: 76_800, previous: SyncAction.Resync, current: SyncAction.Resync));
        foreach (var checkpoint in (ulong[])[ArrayFacts.Complete, 76_800, 76_801])
        {
            Assert.Same(resyncing, resyncing.State(
                Consistency.Dirty, Facts(resyncStart: 76_800, checkpoint: checkpoint, previous: SyncAction.Resync, current: SyncAction.Resync)));
        }
    }

    [Fact]
    public void A_checkpoint_survives_what_is_said_while_md_is_idle()
    {
        var resyncing = Container(disks: 3).Volume(level: 5, disks: 3)
            .State(Consistency.Dirty, Facts(resyncStart: 0))
            .State(Consistency.Dirty, Facts(resyncStart: 0, checkpoint: 76_800, previous: SyncAction.Resync, current: SyncAction.Resync));
        var started = resyncing.State(Consistency.AsRecorded, Facts(resyncStart: 76_800));
        Assert.Equal(100ul, started.Dev().CurrentMigrationUnit);
        Assert.Equal(1, started.Dev().MigrationState);
    }

    [Fact]
    public void A_degraded_volume_begins_no_resync()
    {
        var degraded = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).State(Consistency.Dirty, Facts(resyncStart: 0));
        Assert.Equal(0, degraded.Dev().MigrationState);
    }

    [Fact]
    public void A_rebuild_is_not_turned_into_a_resync()
    {
        var rebuilding = Container(disks: 2, spares: 1).Volume(level: 1, disks: 2).Fail(0, 0).Rebuild();
        var after = rebuilding.State(
            Consistency.Dirty, Facts(resyncStart: 4096, checkpoint: 51_200, previous: SyncAction.Recover, current: SyncAction.Recover));
        Assert.Equal(MigrationType.Rebuild, after.Dev().MigrationType);
        Assert.Equal(100ul, after.Dev().CurrentMigrationUnit);
    }

    [Fact]
    public void A_missing_disk_is_recorded_when_the_volume_is_started()
    {
        var (after, clean) = Container(disks: 3).Volume(level: 5, disks: 3).Without(1).Set(Consistency.AsRecorded, Facts());
        Assert.False(clean);
        var map = after.Dev().Map;
        Assert.Equal((MapState.Degraded, (byte)1, 1u | Mark), (map.State, map.FailedDisk, map.Order[1]));
        var disk = after.Super.Disks[1];
        Assert.Equal((ImsmDiskStatus.Configured | ImsmDiskStatus.Failed, ~0u), (disk.Status, disk.ScsiId));
        Assert.Equal("ERIAL-sdb:0", disk.Serial.ToString());
        Assert.Equal(1, after.Dev().Dirty);
    }

    [Fact]
    public void Starting_twice_records_a_missing_disk_once()
    {
        var once = Container(disks: 3).Volume(level: 5, disks: 3).Without(1).State(Consistency.AsRecorded, Facts());
        var twice = once.State(Consistency.AsRecorded, Facts());
        Assert.Equal(once.Super.Disks[1], twice.Super.Disks[1]);
        Assert.Equal<uint>(once.Dev().Map.Order, twice.Dev().Map.Order);
    }

    [Fact]
    public void A_rebuild_whose_new_disk_is_missing_goes_on_to_be_recorded_as_degraded()
    {
        var rebuilding = Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1).Rebuild();
        var started = rebuilding.Without(3).State(Consistency.AsRecorded, Facts());
        var dev = started.Dev();
        Assert.Equal((0, MapState.Degraded), (dev.MigrationState, dev.Map.State));
        Assert.Equal(2u | Mark, dev.Map.Order[1]);
    }
}
