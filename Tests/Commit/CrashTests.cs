using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Rules;
using ActorRaid.Tests.ImsmRules;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;
using Imsm = ActorRaid.Metadata.Imsm.Load.ImsmFormat;

namespace ActorRaid.Tests.Commit;

/// <summary>
/// Containers live through their lives, and the power goes at every moment of every commit, with every write under way torn
/// at each sector boundary.
/// </summary>
public sealed class CrashTests
{
    public static TheoryData<int, int, int> Lives
    {
        get
        {
            var lives = new TheoryData<int, int, int>();
            foreach (var (level, disks) in new[] { (1, 2), (5, 3), (5, 4), (5, 5), (5, 6), (5, 7), (5, 8), (10, 4) })
            {
                foreach (var atomicBytes in new[] { 512, 4096 })
                {
                    lives.Add(level, disks, atomicBytes);
                }
            }

            return lives;
        }
    }

    [Theory]
    [MemberData(nameof(Lives))]
    public void Wherever_the_power_goes_the_container_loads_its_arrays_start_and_what_was_let_go_is_dirty(
        int level, int disks, int atomicBytes)
    {
        for (var seed = 0; seed < (disks <= 4 ? 2 : 1); seed++)
        {
            var model = Container(disks, spares: 1).Volume(level, disks);
            var rig = new CrashRig(model, Enumerable.Range(0, disks + 1).Select(disk => Source(disk)), atomicBytes, seed);
            rig.Format();
            var checks = new CrashChecks(rig);
            Live(rig, checks, level, disks, completely: seed == 1);
            Assert.True(checks.States > 100, $"only {checks.States} states were looked at");
        }
    }

    /// <summary>
    /// Why the change takes two commits: copies of two families that list each other's disks are not used by mdadm. The loader knows
    /// what happened, as does a repair; but only where one commit made the one family of the other.
    /// </summary>
    [Fact]
    public void A_change_of_family_that_reached_only_some_disks_is_no_container_to_mdadm_and_one_to_be_repaired_to_us()
    {
        var model = Container(disks: 4).Volume(level: 5, disks: 4);
        var other = model with { Super = model.Super with { FamilyNumber = model.Super.FamilyNumber + 1000, Generation = model.Super.Generation + 1 } };
        for (var number = 1; number < 4; number++)
        {
            var disks = Mixed(other, number);
            Assert.Null(MdadmChoice.Of(disks).Super);
            Assert.Equal(other.Super.FamilyNumber, Assert.IsType<ImsmContainer>(new Imsm().Load(disks).Model).Super.FamilyNumber);
            Assert.Equal(4 - number, CutChange.Disks(disks).Length);
            Assert.Single(TornDisks.Containers(disks));
            var repaired = CrashChecks.Repaired(disks);
            Assert.Equal(other.Super.FamilyNumber, MdadmChoice.Of(repaired).Super!.FamilyNumber);
            Assert.Empty(CutChange.Disks(repaired));
            Assert.Empty(TornDisks.Containers(repaired));

            var later = other with { Super = other.Super with { Generation = other.Super.Generation + 1 } };
            Assert.Null(new Imsm().Load(Mixed(later, number)).Model);
            var unlike = other with { Super = other.Super with { OriginalFamilyNumber = 99 } };
            Assert.Null(new Imsm().Load(Mixed(unlike, number)).Model);
            Assert.Empty(CutChange.Disks(Mixed(later, number)));
        }

        ImmutableArray<DiskSource> Mixed(ImsmContainer newer, int many) => [.. Enumerable.Range(0, 4).Select(number =>
        {
            var disk = new CrashDisk(Source(number));
            disk.Put((number < many ? newer : model).Sectors(disk.Device)!);
            return disk.With(disk.Durable);
        })];
    }

    private static void Live(CrashRig rig, CrashChecks checks, int level, int disks, bool completely)
    {
        Dirty(0);
        Clean(0);
        Dirty(0);
        Fail(0, 1, dead: 1);
        var family = Now().Super.FamilyNumber;
        Do("a spare takes the slot", Now().Rebuild());
        ChangeFamily();
        Assert.NotEqual(family, Now().Super.FamilyNumber);
        Assert.Equal(FamilyChange.FamilyOf(Now().Super), Now().Super.FamilyNumber);
        Do("a checkpoint", Now().State(Consistency.Dirty, Facts(0, 50_000, SyncAction.Recover, SyncAction.Recover)));
        Do("the new leg is whole", Now().InSync(0, 1));
        Do("the rebuild has ended", Now().State(Consistency.Dirty, Facts(previous: SyncAction.Recover)));
        Clean(0);
        Do("a second volume", Now().Volume(level, disks));
        Dirty(1);
        Dirty(0);
        Clean(1);
        Dirty(1);
        var last = Now().Dev().Map.Order.Length - 1;
        Fail(0, last, dead: Place(Now(), last));
        Do("the same disk fails in the second volume", Now().Fail(1, last));
        Clean(0);
        Dirty(0);

        ImsmContainer Now() => (ImsmContainer)rig.Model;

        // At first other commits come in between: after each step, before all disks have it.
        void ChangeFamily()
        {
            Assert.True(checks.FollowUp(completely) && Now().IsInterim);
            Dirty(0);
            Assert.False(Now().IsInterim);
            Assert.True(checks.FollowUp(completely: true) && Now().IsInterim);
            Clean(0);
            Dirty(0);
            Assert.True(checks.FollowUp(completely) && Now().IsInterim);
            Assert.True(checks.FollowUp(completely) && !Now().IsInterim);
            Clean(0);
            Dirty(0);
            Assert.False(checks.FollowUp(completely));
        }

        void Do(string step, IContainerModel after) => checks.Commit(step, after, completely);

        void Dirty(int volume)
        {
            Do($"volume {volume} is dirty", Now().State(Consistency.Dirty, Facts(), volume));
            checks.LetGo.Add($"vol{volume}");
        }

        void Clean(int volume)
        {
            checks.LetGo.Remove($"vol{volume}");
            Do($"volume {volume} is clean", Now().State(Consistency.Clean, Facts(), volume));
        }

        void Fail(int volume, int slot, int dead)
        {
            rig.Disks[dead].IsDead = true;
            Do($"slot {slot} of volume {volume} fails", Now().Fail(volume, slot));
        }

        int Place(ImsmContainer container, int slot)
        {
            var device = container.Volumes[0].Legs[slot].Device;
            return Enumerable.Range(0, rig.Disks.Length).Single(place => rig.Disks[place].Device == device);
        }
    }
}
