using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;
using ActorRaid.Tests.Commit;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;
using Imsm = ActorRaid.Metadata.Imsm.Load.ImsmFormat;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>The family that a container gets when a disk takes a slot, and which disks it keeps out from then on.</summary>
public class FamilyTests
{
    /// <summary>Members, sda failed, a spare.</summary>
    private static ImsmContainer Mirror(int spare = 2)
    {
        var pair = Container(disks: 2).Volume(level: 1, disks: 2);
        return pair with { Present = pair.Present.Add(Present(spare, -1, ImsmDiskStatus.Spare)) };
    }

    [Fact]
    public void An_activation_is_followed_by_another_family_in_two_commits_and_by_nothing_more()
    {
        var before = Mirror();
        var active = before.Fail(0, 0).Rebuild().NextGeneration();
        Assert.Equal(before.Super.FamilyNumber, active.Super.FamilyNumber);
        Assert.Null(active.FollowedBy(onAllDisks: false));

        var veiled = Next(active);
        Assert.True(veiled.IsInterim);
        Assert.Equal(Device(1), veiled.Leader);
        var after = Next(veiled);
        Assert.False(after.IsInterim);
        Assert.Equal(Device(1), after.Leader);
        Assert.Equal(FamilyChange.FamilyOf(active.Super), after.Super.FamilyNumber);
        Assert.NotEqual(before.Super.FamilyNumber, after.Super.FamilyNumber);
        Assert.Equal(before.Super.OriginalFamilyNumber, after.Super.OriginalFamilyNumber);
        Assert.Equal(active.Super with { FamilyNumber = 0, Generation = 0 }, after.Super with { FamilyNumber = 0, Generation = 0 });
        Assert.Null(after.FollowedBy(onAllDisks: true));
        Assert.Null(Next(after, dirty: true).Leader);
    }

    [Fact]
    public void A_change_that_is_disturbed_is_taken_back_and_waits_for_all_disks_that_are_listed()
    {
        var active = Mirror().Fail(0, 0).Rebuild().NextGeneration();
        var veiled = Next(active);
        Assert.Equal(active.Super.FamilyNumber, Follow(veiled, onAllDisks: false).Super.FamilyNumber);
        Assert.False(Follow(veiled, onAllDisks: false).IsInterim);
        Assert.False(Follow(veiled.RemoveDisk(Device(2)), onAllDisks: true).IsInterim);
        Assert.False(Follow(veiled.RemoveDisk(Device(1)), onAllDisks: true).IsInterim);

        var disturbed = veiled.State(Consistency.Dirty, Facts()).NextGeneration();
        Assert.False(disturbed.IsInterim);
        Assert.True(Next(disturbed).IsInterim);
        Assert.Null(disturbed.RemoveDisk(Device(2)).FollowedBy(onAllDisks: true));
    }

    [Theory]
    [InlineData(2, 512, 2)]
    [InlineData(7, 512, 7)]
    [InlineData(9, 512, 7)]
    [InlineData(9, 4096, 9)]
    public void A_copy_that_takes_no_side_differs_in_the_anchors_sector_alone_and_is_read_as_what_it_was(int disks, int sectorSize, int alone)
    {
        var plain = Container(disks).Volume(level: 5, disks);
        plain = plain with { Present = [.. plain.Present.Select(disk => disk with { SectorSize = sectorSize })] };
        var veiled = plain with { FamilyStep = new FamilyStep(plain.Generation, Device(99), Veils: true) };
        for (var number = 0; number < disks; number++)
        {
            var (was, now) = (plain.Sectors(Device(number))!, veiled.Sectors(Device(number))!);
            var changed = Enumerable.Range(0, was.Bytes.Length).Where(at => was.Bytes.Span[at] != now.Bytes.Span[at]).ToArray();
            Assert.Equal(number < alone, changed.All(at => at >= was.AnchorOffset && at < was.AnchorOffset + sectorSize));
            var disk = With(Source(number) with { SectorSize = sectorSize }, now);
            Assert.Null(MdadmChoice.Of([disk]).Super);
            Assert.Equal(ImsmWriter.Write(plain.Super, 512), ImsmWriter.Write(Load(disk).Container.Super, 512));
            Assert.Equal(disk.Device, Assert.Single(CutChange.Disks([disk])));
        }
    }

    [Fact]
    public void What_was_replaced_and_written_elsewhere_is_not_taken_back_though_it_is_newer()
    {
        var before = Mirror();
        var here = Changed(before.Fail(0, 0).Rebuild());

        // It was the other disk's view that the first one was lost: it lists it under a serial number that nobody has.
        var elsewhere = Aged(before.Without(1).Without(2).State(Consistency.AsRecorded, Facts()), 500);
        var away = Copy(elsewhere, 0);

        // And one that was only read elsewhere: it lists a disk that is of another family now.
        var lately = Copy(Aged(before, 500), 0);
        foreach (var order in new[] { new[] { 0, 1, 2 }, [1, 0, 2], [2, 1, 0] })
        {
            var (container, verdicts) = Load([.. order.Select(number => number == 0 ? lately : Copy(here, number))]);
            Assert.Equal(here.Super.FamilyNumber, container.Super.FamilyNumber);
            Assert.Equal(-2, container.Present.Single(disk => disk.Device == Device(0)).Index);
            Assert.Equal(DiskStanding.Stale, verdicts.Single(verdict => verdict.Device == Device(0)).Standing);

            // The administrator is asked: mdadm takes the first that it comes upon, and says so.
            var disks = order.Select(number => number == 0 ? away : Copy(here, number)).ToImmutableArray();
            (container, verdicts) = Load([.. disks]);
            var mdadm = MdadmChoice.Of(disks);
            Assert.Equal(mdadm.Super!.FamilyNumber, container.Super.FamilyNumber);
            Assert.Single(mdadm.Conflicts);
            Assert.All(
                verdicts.Where(verdict => container.Present.Single(disk => disk.Device == verdict.Device).Index == -2),
                verdict => Assert.Equal((DiskStanding.Foreign, true), (verdict.Standing, verdict.Reason.Contains("used without the others since"))));
            Assert.Contains(verdicts, verdict => verdict.Standing == DiskStanding.Foreign);
            Assert.Empty(CutChange.Disks(disks));
        }
    }

    [Fact]
    public void Two_halves_that_were_both_rebuilt_are_two_families_and_one_falls_out_whole()
    {
        var one = Changed(Mirror(spare: 2).Fail(0, 0).Rebuild());
        var other = Changed(Mirror(spare: 3).Fail(0, 1).Rebuild());
        Assert.NotEqual(one.Super.FamilyNumber, other.Super.FamilyNumber);
        ImmutableArray<DiskSource> disks = [Copy(one, 1), Copy(other, 0), Copy(other, 3), Copy(one, 2)];
        var (container, verdicts) = Load([.. disks]);
        Assert.Equal(one.Super.FamilyNumber, container.Super.FamilyNumber);
        Assert.Equal(one.Super.FamilyNumber, MdadmChoice.Of(disks).Super!.FamilyNumber);
        Assert.Equal([0, -2, -2, 1], container.Present.Select(disk => disk.Index));
        Assert.Equal(
            [DiskStanding.Member, DiskStanding.Foreign, DiskStanding.Foreign, DiskStanding.Member], verdicts.Select(verdict => verdict.Standing));
        Assert.Equal([2, 1], container.Volumes[0].Legs.Select(leg => leg.Device!.Value.Minor / 16));
        Assert.Null(container.Sectors(Device(0)));

        // The same while this half's family was being changed and the power went.
        var cut = Next(Mirror(spare: 2).Fail(0, 0).Rebuild().NextGeneration());
        (container, _) = Load(Copy(cut, 1), Copy(other, 0), Copy(other, 3), Copy(cut, 2));
        Assert.Equal([0, -2, -2, 1], container.Present.Select(disk => disk.Index));
        Assert.True(container.IsUneven && container.FamilyIsDue);
    }

    [Fact]
    public void A_disk_that_was_used_alone_since_is_not_taken_for_one_that_a_change_left_behind()
    {
        var active = Mirror().Fail(0, 0).Rebuild().NextGeneration();
        var changed = Next(Next(active));
        var alone = active.Without(2).State(Consistency.AsRecorded, Facts());
        var used = alone with { Super = alone.Super with { Generation = changed.Generation - 1 } };
        Assert.False(new Imsm().Load([Copy(used, 1), Copy(changed, 2)]).Model is ImsmContainer { IsUneven: true });
        Assert.Empty(CutChange.Disks([Copy(used, 1), Copy(changed, 2)]));
        var behind = active with { Super = active.Super with { Generation = changed.Generation - 1 } };
        Assert.Equal(Device(1), Assert.Single(CutChange.Disks([Copy(behind, 1), Copy(changed, 2)])));
    }

    [Fact]
    public void A_disk_that_comes_with_data_of_its_own_is_no_spare()
    {
        var before = Mirror();
        var here = Changed(before.Fail(0, 0).Rebuild()).Without(0);
        Assert.Equal(-2, Index(here, Copy(before, 0)));
        Assert.Equal(-2, Index(here, Copy(Aged(before, 500), 0)));
        Assert.Equal(-2, Index(before.Without(0), Copy(Aged(before, before.Generation + 1), 0)));
        Assert.Null(here.AddDisk(Copy(before, 0)).Sectors(Device(0)));

        // What this container lost and has gone on from, what was cleared, what is of another one.
        Assert.Equal(-1, Index(before.Without(0).Fail(0, 0).NextGeneration(), Copy(before, 0)));
        Assert.Equal(-1, Index(here, Source(0)));
        var stranger = before with { Super = before.Super with { OriginalFamilyNumber = 99, FamilyNumber = 99 } };
        Assert.Equal(-1, Index(here, Copy(stranger, 0)));

        static int Index(ImsmContainer container, DiskSource disk) =>
            container.AddDisk(disk).Present.Single(present => present.Device == disk.Device).Index;
    }

    [Fact]
    public void A_disk_that_a_change_of_family_left_behind_and_the_volumes_started_without_is_rebuilt()
    {
        var active = Mirror().Fail(0, 0).Rebuild().NextGeneration();
        var veiled = Next(active);
        foreach (var (before, behind) in new[] { (active, active), (veiled, active), (veiled, veiled) })
        {
            var (alone, _) = Load(Copy(before, 1));
            var started = alone.State(Consistency.AsRecorded, Facts()).NextGeneration();
            for (var follow = started.FollowedBy(onAllDisks: true); follow is not null; follow = started.FollowedBy(onAllDisks: true))
            {
                started = ((ImsmContainer)follow.Model).NextGeneration();
            }

            Assert.NotEqual(active.Super.FamilyNumber, started.Super.FamilyNumber);
            var back = started.AddDisk(Copy(behind, 2));
            Assert.Equal(-1, back.Present.Single(disk => disk.Device == Device(2)).Index);
            Assert.NotNull(back.PlanSpare(0, Legs(back, 0)).Update);

            // The same disk, had it been started without the other one meanwhile.
            var (other, _) = Load(Copy(active.SetLeg(0, 0, LegState.InSync).NextGeneration(), 2));
            var used = Aged(other.State(Consistency.AsRecorded, Facts()), started.Super.Generation);
            Assert.Equal(-2, started.AddDisk(Copy(used, 2)).Present.Single(disk => disk.Device == Device(2)).Index);
        }
    }

    [Fact]
    public void A_disk_that_was_used_without_the_others_is_no_spare_though_it_is_older_and_of_the_same_family()
    {
        var before = Container(disks: 3).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2);
        var here = Aged(before.Fail(0, 0).Fail(1, 0), 50).Without(0);
        var (alone, _) = Load(Copy(before, 0));
        var used = alone.State(Consistency.AsRecorded, Facts());
        used = (ImsmContainer)((IContainerModel)used).SetArrayState(1, Consistency.AsRecorded, Facts()).Model;
        Assert.Equal(before.Super.FamilyNumber, used.Super.FamilyNumber);
        Assert.Equal(-1, here.AddDisk(Copy(before, 0)).Present.Single(disk => disk.Device == Device(0)).Index);
        Assert.Equal(-2, here.AddDisk(Copy(used, 0)).Present.Single(disk => disk.Device == Device(0)).Index);
    }

    [Fact]
    public void Who_loads_a_rebuild_whose_family_was_not_changed_yet_changes_it()
    {
        var active = Mirror().Fail(0, 0).Rebuild().NextGeneration();
        var (container, _) = Load(Copy(active, 1), Copy(active, 2));
        var changed = Next(Next(container));
        Assert.Equal(FamilyChange.FamilyOf(active.Super), changed.Super.FamilyNumber);
        (container, _) = Load(Copy(changed, 1), Copy(changed, 2));
        Assert.Null(container.FollowedBy(onAllDisks: true));
        (container, _) = Load(Copy(Mirror(), 0), Copy(Mirror(), 1));
        Assert.Null(container.FollowedBy(onAllDisks: true));
    }

    private static ImsmContainer Follow(ImsmContainer container, bool onAllDisks) =>
        Assert.IsType<ImsmContainer>(container.FollowedBy(onAllDisks)?.Model).NextGeneration();

    private static ImsmContainer Next(ImsmContainer container, bool dirty = false) =>
        dirty ? container.State(Consistency.Dirty, Facts()).NextGeneration() : Follow(container, onAllDisks: true);

    private static ImsmContainer Changed(ImsmContainer container) => Next(Next(container.NextGeneration()));

    private static ImsmContainer Aged(ImsmContainer container, uint generation) =>
        container with { Super = container.Super with { Generation = generation } };

    private static DiskSource Copy(ImsmContainer container, int number) => With(Source(number), container.Sectors(Device(number))!);

    private static DiskSource With(DiskSource source, DiskImage image)
    {
        var disk = new CrashDisk(source);
        disk.Put(image);
        return disk.With(disk.Durable);
    }

    private static (ImsmContainer Container, ImmutableArray<DiskVerdict> Verdicts) Load(params DiskSource[] disks)
    {
        var (container, verdicts, refusal) = ImsmLoader.Load([.. disks]);
        Assert.Null(refusal);
        return (container!, verdicts);
    }
}
