using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
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
    /// What orders of writing cannot help: copies of two families that list each other's disks are not loaded, by mdadm
    /// either. A change that has to survive a power cut half way must leave the family as it is.
    /// </summary>
    [Fact]
    public void A_change_of_family_that_reached_only_some_disks_leaves_no_container_to_load()
    {
        var model = Container(disks: 4).Volume(level: 5, disks: 4);
        var super = model.Super;
        var other = model with { Super = super with { FamilyNumber = super.FamilyNumber + 1, Generation = super.Generation + 1 } };
        Assert.Null(Mixed(other));
        Assert.NotNull(Mixed(InOneFamily(other, model)));

        IContainerModel? Mixed(ImsmContainer newer) => new Imsm().Load([.. Enumerable.Range(0, 4).Select(number =>
        {
            var disk = new CrashDisk(Source(number));
            disk.Put((number < 2 ? newer : model).Sectors(disk.Device)!);
            return disk.With(disk.Durable);
        })]).Model;
    }

    private static ImsmContainer InOneFamily(ImsmContainer changed, ImsmContainer before) =>
        changed with { Super = changed.Super with { FamilyNumber = before.Super.FamilyNumber } };

    private static void Live(CrashRig rig, CrashChecks checks, int level, int disks, bool completely)
    {
        Dirty(0);
        Clean(0);
        Dirty(0);
        Fail(0, 1, dead: 1);
        Do("a spare takes the slot", Now().Rebuild());
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
