using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.ImsmUpdates;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>The metadata's only owner, over disks that are files.</summary>
public sealed class MetadataActorTests
{
    private static readonly StateChange Dirty = new(0, Consistency.Dirty, Build.Facts());
    private static readonly StateChange Clean = new(0, Consistency.Clean, Build.Facts());

    [Fact]
    public void What_is_recorded_is_on_the_disks_when_it_is_answered_and_on_all_of_them_after_a_flush()
    {
        using var rig = new MetadataRig(Raid5());
        var recorded = rig.Record(Dirty);

        Assert.True(recorded.Changed);
        Assert.True(rig.Generations().Count(generation => generation == 8) >= 2, string.Join(" ", rig.Generations()));
        Assert.True(rig.OnDisk().Volumes[0].Dirty);
        rig.Flush();
        Assert.All(rig.Generations(), generation => Assert.Equal(8u, generation));
    }

    [Fact]
    public void What_is_recorded_already_is_answered_without_a_write()
    {
        using var rig = new MetadataRig(Raid5());
        var recorded = rig.Record(Clean);
        rig.Flush();

        Assert.False(recorded.Changed);
        Assert.All(rig.Generations(), generation => Assert.Equal(7u, generation));
    }

    [Fact]
    public void Whether_a_volume_is_whole_is_answered_by_all_that_is_committed_together()
    {
        using var rig = new MetadataRig(Build.Container(disks: 3).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3));
        Assert.True(rig.Record(new LegChange(0, 1, LegState.InSync)).IsWhole);
        Assert.False(rig.Record(Dirty).IsWhole);
        rig.Tell(new Pause());
        rig.Answer<MetadataPaused>();
        rig.Tell(new ActorRaid.Actors.Record(rig.Asker, [new LegChange(0, 1, LegState.InSync)]));
        rig.Tell(new ActorRaid.Actors.Record(rig.Asker, [new LegChange(1, 1, LegState.Faulty)]));
        rig.Tell(new Resume());
        Assert.False(rig.Answer<Recorded>().IsWhole);
        Assert.False(rig.Answer<Recorded>().IsWhole);
        Assert.False(rig.OnDisk().Volumes[0].Legs[1].InSync);
    }

    [Fact]
    public void An_activation_is_answered_at_once_and_followed_by_a_change_of_family()
    {
        var model = Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1);
        using var rig = new MetadataRig(model);
        var plan = model.PlanSpare(0, Build.Legs(model, 0));
        Assert.Equal(8u, rig.Record(new PreparedChange(plan.Update!)).Generation);
        Patience.Until(() => Families(rig) is [var family] && family != model.Super.FamilyNumber, "another family everywhere");
        Patience.Until(() => rig.Copies().Count(copy => copy.Generation == 10) == 3, "the third commit everywhere");

        // What is waiting comes first, and then it goes on.
        Assert.True(rig.Record(Dirty).Changed);
        rig.Flush();
        Assert.Single(Families(rig));
    }

    [Fact]
    public void A_change_of_family_that_was_cut_off_is_finished_by_whoever_loads_it()
    {
        var model = Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1).Rebuild().NextGeneration();
        var cut = ((ImsmContainer)model.FollowedBy(onAllDisks: true)!.Model).NextGeneration();
        using var rig = new MetadataRig(cut, load: true, []);
        Patience.Until(() => Families(rig) is [var family] && family != model.Super.FamilyNumber, "another family everywhere");
        Patience.Until(() => rig.Copies().Count(copy => copy.Generation == cut.Generation + 3) == 3, "made even, then the two steps again");
    }

    [Fact]
    public void A_handoff_waits_for_the_end_of_a_change_of_family_that_has_begun()
    {
        var model = Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3).Fail(0, 1);
        using var rig = new MetadataRig(model);
        rig.Tell(new ActorRaid.Actors.Record(rig.Asker, [new PreparedChange(model.PlanSpare(0, Build.Legs(model, 0)).Update!)]));
        rig.Tell(new Pause());
        Assert.NotNull(rig.Answer<Recorded>());
        var paused = rig.Answer<MetadataPaused>();
        var left = Assert.IsType<ImsmContainer>(rig.OnDisk());
        Assert.False(left.IsUneven);
        Assert.Equal(ContainerDigest.Of(left, left.Present.Where(disk => disk.Index >= 0).Select(disk => disk.Device)), paused.Digest);
    }

    private static uint[] Families(MetadataRig rig) =>
        [.. rig.Copies().Where(copy => !copy.Devs.IsEmpty && copy.Generation > 7).Select(copy => copy.FamilyNumber).Distinct()];

    [Fact]
    public void A_rehearsal_comes_to_its_end_and_writes_nothing()
    {
        using var rig = new MetadataRig(Raid5());

        Assert.True(rig.Rehearse());
        rig.Flush();
        Assert.All(rig.Generations(), generation => Assert.Equal(7u, generation));
    }

    [Fact]
    public void Requests_that_wait_for_a_commit_go_into_the_next_one_together()
    {
        using var rig = new MetadataRig(Raid5());
        var probe = 20;
        for (var number = 0; number < probe; number++)
        {
            rig.Tell(new DescribeVolume(0));
        }

        for (var number = 0; number < probe; number++)
        {
            Assert.NotNull(rig.Answer<VolumeDescribed>().Volume);
        }

        rig.Record(Dirty, new LegChange(0, 1, LegState.Faulty));
        rig.Flush();
        Assert.Equal(8u, rig.Generations()[0]);
        Assert.False(rig.OnDisk().Volumes[0].Legs[1].InSync);
    }

    [Fact]
    public void A_disk_that_cannot_be_written_holds_up_nobody_and_is_told()
    {
        using var rig = new MetadataRig(Raid5(), unwritable: 1);
        Assert.True(rig.Record(Dirty).Changed);
        Assert.True(rig.Record(Clean).Changed);
        rig.Flush();

        Assert.Equal([9u, 7u, 9u], rig.Generations().ToArray());
        Assert.True(rig.Told.Has("metadata-write-failed"));
    }

    [Fact]
    public void An_actor_that_ends_closes_the_disks_after_what_it_was_writing()
    {
        using var rig = new MetadataRig(Raid5());
        Assert.Equal(3, rig.OpenDisks);
        rig.Record(Dirty);
        rig.Stop();

        Patience.Until(() => rig.OpenDisks == 0, "closed disks");
        Assert.Equal([8u, 8u], rig.Generations().Where(generation => generation == 8).Take(2));
    }

    [Fact]
    public void A_failed_leg_is_recorded_on_the_disks_that_are_left()
    {
        using var rig = new MetadataRig(Raid5());
        rig.Record(new LegChange(0, 2, LegState.Faulty));
        rig.Flush();

        Assert.Equal([8u, 8u, 7u], rig.Generations().ToArray());
        Assert.False(rig.OnDisk().Volumes[0].Legs[2].InSync);
    }

    [Fact]
    public void An_update_that_makes_no_sense_is_refused_and_changes_nothing()
    {
        using var rig = new MetadataRig(Raid5());
        rig.Tell(new ApplyUpdate(new byte[] { 99, 0, 0, 0 }));
        rig.Answer<Queued>();
        rig.Flush();

        Assert.True(rig.Told.Has("update-refused"));
        Assert.All(rig.Generations(), generation => Assert.Equal(7u, generation));
    }

    [Fact]
    public void A_volume_that_is_running_cannot_be_taken_away_and_one_that_is_not_can()
    {
        using var rig = new MetadataRig(Raid5().Volume(level: 5, disks: 3));
        var kill = ImsmUpdateMessages.KillArray(1);
        rig.Tell(new VolumesActive([0, 1]));
        rig.Tell(new ApplyUpdate(kill));
        rig.Answer<Queued>();
        rig.Flush();
        Assert.True(rig.Told.Has("update-refused"));
        Assert.Equal(2, rig.OnDisk().Volumes.Length);

        rig.Tell(new VolumesActive([0]));
        rig.Tell(new ApplyUpdate(kill));
        rig.Answer<Queued>();
        rig.Flush();
        Assert.Single(rig.OnDisk().Volumes);
    }

    [Fact]
    public void A_spare_is_planned_recorded_and_then_part_of_the_container()
    {
        var model = Build.Container(disks: 3, spares: 1).Volume(level: 5, disks: 3);
        using var rig = new MetadataRig(model);
        rig.Record(new LegChange(0, 1, LegState.Faulty));
        rig.Tell(new PlanSpare(0, new SpareFacts([new LegFact(0, Build.Device(0)), new LegFact(2, Build.Device(2))])));
        var plan = rig.Answer<SparePlanned>().Plan;
        var assignment = Assert.Single(plan.Assignments);
        Assert.Equal((Build.Device(3), 1), (assignment.Device, assignment.Slot));

        rig.Record(new PreparedChange(plan.Update!));
        rig.Flush();
        var leg = rig.OnDisk().Volumes[0].Legs[1];
        Assert.Equal(Build.Device(3), leg.Device);
        Assert.False(leg.InSync);
    }

    private static ImsmContainer Raid5() => Build.Container(disks: 3).Volume(level: 5, disks: 3);
}
