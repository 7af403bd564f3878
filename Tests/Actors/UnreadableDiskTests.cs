using System.Diagnostics;
using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>Disks that are dead, hang, come late or come back: their container is supervised all the same, and nobody is told what is not so.</summary>
public sealed class UnreadableDiskTests
{
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(2), TryAgainAfter = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_container_is_supervised_without_a_disk_that_cannot_be_read_and_that_is_told_once_and_shown()
    {
        using var rig = new DiskRig();
        rig.Mood("sdc", DiskMood.Dead);
        Assert.Equal(SuperviseOutcome.Supervised, rig.Supervise().Outcome);
        rig.WriteGoesThrough();
        Assert.True(rig.CopyOn("sda")!.Generation > 7);
        Assert.Equal(7u, rig.CopyOn("sdc")!.Generation);
        Assert.Equal(1, rig.Told.Count("disk-unreadable"));
        var disks = Patience.Within(rig.Raid.Describe(Patience.Limit))!.Containers.Single().Disks;
        Assert.Contains("EIO", Assert.Single(disks, disk => disk.Unreadable is not null).Unreadable);
    }

    [Fact]
    public void A_leg_on_a_disk_that_cannot_be_read_is_let_go_and_removed_when_it_fails()
    {
        using var rig = new DiskRig();
        rig.Mood("sdc", DiskMood.Dead);
        rig.Supervise();
        rig.Ping();
        rig.Md.Legs[2].Text = "faulty,blocked";
        rig.Eventually(() => rig.Md.Legs[2].Text == "remove", "the leg is removed");
        Assert.Null(rig.CopyOn("sda")!.Volumes[0].Legs[2].Device);
        Assert.False(rig.CopyOn("sda")!.Volumes[0].Legs[2].MayReturn);
    }

    [Fact]
    public void A_disk_that_can_be_read_later_is_the_member_that_it_was_and_gets_the_present_copy()
    {
        using var rig = new DiskRig();
        rig.Mood("sdc", DiskMood.Dead);
        rig.Supervise();
        rig.WriteGoesThrough();
        rig.Mood("sdc", DiskMood.Good);
        rig.Pass(ReadAgainAfter);
        Patience.Until(() => rig.Told.Has("disk-found"), "the disk is found");
        rig.Eventually(() => rig.CopyOn("sdc")!.Generation == rig.CopyOn("sda")!.Generation, "the disk has the present copy");
        var volume = rig.CopyOn("sda")!.Volumes[0];
        Assert.Equal(volume, rig.CopyOn("sdc")!.Volumes[0] with { Legs = volume.Legs });
    }

    [Fact]
    public void A_disk_that_can_be_read_later_but_knows_more_than_the_others_is_left_alone()
    {
        using var rig = new DiskRig();
        rig.Mood("sdc", DiskMood.Dead);
        rig.Supervise();
        var newer = Build.Container(disks: 3).Volume(level: 5, disks: 3);
        rig.Overwrite("sdc", newer with { Super = newer.Super with { Generation = 1000 } });
        rig.Mood("sdc", DiskMood.Good);
        rig.Pass(ReadAgainAfter);
        Patience.Until(() => rig.Told.Has("disk-foreign"), "the disk is told as foreign");
        rig.WriteGoesThrough();
        Assert.Equal(1000u, rig.CopyOn("sdc")!.Generation);
    }

    [Fact]
    public void A_disk_that_hangs_is_waited_for_in_its_own_container_for_a_while_and_in_no_other()
    {
        using var rig = new DiskRig();
        rig.Mood("sdc", DiskMood.Hangs);
        var began = Stopwatch.GetTimestamp();
        var hanging = rig.Raid.Supervise(DiskRig.Container);
        rig.Sysfs.Container("md9125", "0.90");
        Assert.Equal(SuperviseOutcome.NotExternal, Patience.Within(rig.Raid.Supervise("md9125")).Outcome);
        Assert.Equal(SuperviseOutcome.Supervised, Patience.Within(hanging).Outcome);
        Assert.True(Stopwatch.GetElapsedTime(began) > TimeSpan.FromMilliseconds(500));
        rig.WriteGoesThrough();
        rig.Mood("sdc", DiskMood.Good);
        Patience.Until(() => rig.Told.Has("disk-found"), "the disk is found");
    }

    [Fact]
    public void A_disk_that_comes_and_hangs_holds_up_neither_pings_nor_writers_and_is_taken_when_it_answers()
    {
        using var rig = new DiskRig();
        rig.Run(null);
        rig.Sysfs.Put(DiskRig.Container, "dev-sdd/block/dev", "8:48\n");
        Directory.Delete(rig.Sysfs.PathOf(DiskRig.Container, "dev-sdd"), recursive: true);
        rig.Run(5);
        rig.Supervise();
        rig.Mood("sdd", DiskMood.Hangs);
        rig.Join("sdd");
        var ping = Task.Run(rig.Ping);
        rig.Until(() => ping.IsCompleted, "the ping is answered without the disk", DiskRig.DiskLimit);
        Assert.True(Patience.Within(ping));
        rig.WriteGoesThrough();
        Assert.Equal(1, rig.Told.Count("disk-unreadable"));
        Assert.False(rig.Told.Has("disk-arrived"));
        rig.Overwrite("sdd", Build.Container(disks: 3, spares: 1));
        rig.Mood("sdd", DiskMood.Good);
        Patience.Until(() => rig.Told.Has("disk-arrived"), "the disk has come");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_container_that_cannot_be_taken_up_is_tried_again_while_its_arrays_run(bool shortage)
    {
        using var rig = new DiskRig();
        SetAll(rig, shortage ? DiskMood.OutOfDescriptors : DiskMood.Dead);
        Assert.Equal(SuperviseOutcome.Failed, rig.Supervise().Outcome);
        var refused = Assert.Single(Patience.Within(rig.Raid.Describe(Patience.Limit))!.Containers);
        Assert.Equal(shortage ? ContainerHealth.Lost : ContainerHealth.Refused, refused.Health);
        Assert.NotNull(refused.Refusal);
        var opened = rig.Opened;
        rig.Pass(TryAgainAfter / 2);
        Assert.Equal(opened, rig.Opened);
        rig.Until(() => rig.Opened >= opened + 3, "it is tried again", TryAgainAfter);
        SetAll(rig, DiskMood.Good);
        rig.Until(() => rig.Told.Has("container-supervised"), "it is taken up", TryAgainAfter);
        rig.WriteGoesThrough();
        Assert.Equal(1, rig.Told.Count("container-refused"));
    }

    [Fact]
    public void A_container_that_cannot_be_taken_up_is_given_up_when_its_arrays_are_gone()
    {
        using var rig = new DiskRig();
        SetAll(rig, DiskMood.Dead);
        rig.Run(null);
        var emptied = false;
        rig.Raid.EmptyChanged += empty => emptied = empty;
        Assert.Equal(SuperviseOutcome.Failed, rig.Supervise().Outcome);
        Patience.Until(() => Volatile.Read(ref emptied), "nothing is to be supervised");
    }

    [Fact]
    public void A_container_is_not_supervised_with_the_copy_of_a_disk_that_is_no_leg_of_what_runs()
    {
        // sdb was thrown out of the mirror long ago; sda, on which it runs, cannot be read.
        var before = Build.Container(disks: 2).Volume(level: 1, disks: 2);
        using var rig = new DiskRig(before);
        rig.RemoveLeg("sdb");
        rig.Mood("sda", DiskMood.Dead);
        var reply = rig.Supervise();
        Assert.Equal(SuperviseOutcome.Failed, reply.Outcome);
        Assert.Contains("may be old", reply.Message);
        rig.Mood("sda", DiskMood.Good);
        rig.Until(() => rig.Told.Has("container-supervised"), "it is taken up", TryAgainAfter);
    }

    [Theory]
    [InlineData(DiskMood.Dead)]
    [InlineData(DiskMood.Hangs)]
    public void A_container_is_handed_over_though_the_one_who_takes_it_cannot_read_a_disk_that_the_other_could(DiskMood mood)
    {
        using var rig = new DiskRig();
        rig.Supervise();
        rig.WriteGoesThrough();
        rig.Mood("sdc", mood);
        var second = rig.Second();
        Assert.Equal(SuperviseOutcome.Supervised, Patience.Within(second.Prepare(DiskRig.Container)).Outcome);
        var paused = Pause(rig.Raid);
        Assert.Equal(SuperviseOutcome.Supervised, Take(second, paused).Outcome);
        rig.Raid.GiveAway([DiskRig.Container]);
        Resume(second);
        Assert.True(rig.ToldBySecond.Has("disk-unreadable"));
        rig.WriteGoesThrough();
    }

    [Fact]
    public void What_is_on_the_disks_that_both_can_read_must_be_what_the_other_has()
    {
        using var rig = new DiskRig();
        rig.Supervise();
        rig.Mood("sdc", DiskMood.Dead);
        var paused = Pause(rig.Raid);
        var other = paused with
        {
            Snapshot = paused.Snapshot with { Disks = [.. paused.Snapshot.Disks!.Value.Select(disk => disk with { Digest = "0" })] },
        };
        Assert.Equal(SuperviseOutcome.Failed, Take(rig.Second(), other).Outcome);
        var none = paused with { Snapshot = paused.Snapshot with { Disks = [paused.Snapshot.Disks!.Value.Single(disk => disk.Device == "8:32")] } };
        Assert.Equal(SuperviseOutcome.Failed, Take(rig.Second(), none).Outcome);
        Resume(rig.Raid);
        rig.WriteGoesThrough();
    }

    [Fact]
    public void A_leg_whose_disk_could_not_be_read_counts_as_one_that_may_come_back_with_its_old_copy()
    {
        var whole = Build.Container(disks: 3).Volume(level: 5, disks: 3);
        var without = whole.RemoveDisk(Build.Device(2));
        var leg = without.Volumes[0].Legs[2];
        Assert.True(leg is { Device: null, InSync: false, MayReturn: true });
        var after = (ImsmContainer)without.SetArrayState(0, Consistency.Dirty, new ArrayFacts(ArrayFacts.Complete, 0, SyncAction.Idle, SyncAction.Idle, ArrayFacts.Complete)).Model;
        after = after.NextGeneration();
        var commit = ActorRaid.Metadata.Commit.Commit.Begin(without, after, [.. new[] { 0, 1 }.Select(disk => CommitTarget.For(Build.Device(disk), without.Sectors(Build.Device(disk)), after.Sectors(Build.Device(disk))!, 512))]);
        commit = commit.Started(Build.Device(0)).Written(Build.Device(0));
        Assert.False(commit.IsRecorded);
        commit = commit.Started(Build.Device(1)).Written(Build.Device(1));
        Assert.True(commit.IsRecorded);
    }

    [Fact]
    public void A_late_disk_is_what_its_copy_and_the_metadata_say()
    {
        var whole = Build.Container(disks: 3).Volume(level: 5, disks: 3);
        var without = whole.RemoveDisk(Build.Device(2));
        Assert.Equal(DiskStanding.Blank, Find(without, new byte[4096]).Standing);
        Assert.Equal(DiskStanding.Member, Find(without, Tail(whole)).Standing);
        Assert.Equal(DiskStanding.Member, Find(without, Tail(whole.NextGeneration())).Standing);
        Assert.Equal(DiskStanding.Foreign, Find(without, Tail(whole.NextGeneration().NextGeneration())).Standing);
        Assert.Equal(DiskStanding.Foreign, Find(without, Tail(whole with { Super = whole.Super with { OriginalFamilyNumber = 1 } })).Standing);
        var failed = whole.SetLeg(0, 2, LegState.Faulty).RemoveDisk(Build.Device(2));
        Assert.Equal(DiskStanding.Stale, Find(failed, Tail(whole)).Standing);
        Assert.Null(LateDisk.Find(failed, Late(Tail(whole)), failed.Generation).Container.Sectors(Build.Device(2)));
    }

    private static DiskVerdict Find(ImsmContainer container, byte[] tail) => LateDisk.Find(container, Late(tail), container.Generation).Verdict with { };

    private static DiskSource Late(byte[] tail) => new(Build.Device(2), "sdc", "SERIAL-sdc", Build.DiskSectors, 512, tail);

    private static byte[] Tail(ImsmContainer container)
    {
        var image = container.Sectors(Build.Device(2))!;
        var tail = new byte[new ActorRaid.Metadata.Imsm.Load.ImsmFormat().TailBytes(512)];
        image.Bytes.Span.CopyTo(tail.AsSpan((int)(image.Offset - ((long)Build.DiskSectors * 512 - tail.Length))));
        return tail;
    }

    private static void SetAll(DiskRig rig, DiskMood mood)
    {
        foreach (var disk in new[] { "sda", "sdb", "sdc" })
        {
            rig.Mood(disk, mood);
        }
    }

    private static void Resume(RaidSystem raid) => Patience.Within(raid.Resume(DiskRig.Container).ContinueWith(resumed => resumed.IsCompletedSuccessfully));

    private static ContainerPaused Pause(RaidSystem raid) =>
        Assert.IsType<ContainerPaused>(Patience.Within(raid.Pause(DiskRig.Container, Patience.Limit)));

    private static SuperviseReply Take(RaidSystem second, ContainerPaused paused) => Patience.Within(second.Supervise(
        DiskRig.Container, new HandedContainer(paused.Snapshot, HandoffTests.Duplicates(paused.Sockets), Paused: true)));
}
