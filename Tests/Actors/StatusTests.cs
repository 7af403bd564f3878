using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>How things stand, asked of actors that answer, that do not, and that are gone.</summary>
public sealed class StatusTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void A_container_with_a_running_array_is_described_from_what_its_actors_know()
    {
        using var rig = new SupervisionRig();
        Assert.Empty(Patience.Within(rig.Raid.Describe(Patience.Limit))!.Containers);
        rig.Supervise();
        rig.PingMonitor();
        rig.Md.State.Text = "write-pending";
        rig.Md.Action.Text = "resync";
        rig.Sysfs.Put(SupervisionRig.Array, "sync_completed", "25600 / 102400\n");
        rig.PingMonitor();
        rig.PingMonitor();

        var container = Assert.Single(Patience.Within(rig.Raid.Describe(Patience.Limit))!.Containers);
        Assert.Equal((SupervisionRig.Container, ContainerHealth.Answers, "imsm"), (container.Name, container.Health, container.Format));
        Assert.Empty(container.Silent);
        var array = Assert.Single(container.Arrays);
        Assert.Equal((SupervisionRig.Array, 0, 5, 3, 0), (array.Name, array.Volume, array.Level, array.RaidDisks, array.Missing));
        Assert.Equal((ArrayState.Active, SyncAction.Resync, 0.25), (array.State, array.Action, array.Done));
        Assert.Equal(["sda", "sdb", "sdc"], array.Legs.Select(leg => leg.Disk));

        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.PingMonitor();
        Assert.Equal(1, Patience.Within(rig.Raid.Describe(Patience.Limit))!.Containers[0].Arrays[0].Missing);
    }

    [Fact]
    public void A_thread_that_is_stuck_is_told_apart_from_one_that_only_has_a_silent_actor()
    {
        using var rig = new ActorRig();
        using var other = new ActorRig();
        using var gate = new ManualResetEventSlim();
        var stuck = rig.NewProbe();
        var silent = rig.NewProbe();
        rig.Loop.Post(gate.Wait);
        try
        {
            var report = Ask(rig, [new("md1", stuck.Ref, rig.Loop, true), new("md2", silent.Ref, other.Loop, true), new("md3", silent.Ref, rig.Loop, false)]);
            Assert.Equal(
                [("md1", ContainerHealth.Stuck, "container"), ("md2", ContainerHealth.Silent, "container"), ("md3", ContainerHealth.Starting, "")],
                report.Containers.Select(container => (container.Name, container.Health, string.Join(",", container.Silent))));
        }
        finally
        {
            gate.Set();
        }
    }

    [Fact]
    public void Arrays_that_do_not_answer_are_shown_and_disks_that_do_not_delay_nothing()
    {
        using var rig = new ActorRig();
        var (container, metadata, member, disk) = (rig.NewProbe(), rig.NewProbe(), rig.NewProbe(), rig.NewProbe());
        var asker = rig.NewProbe();
        var status = rig.Pinned(() => new StatusActor());
        status.Tell(new AskContainers([new("md1", container.Ref, rig.Loop, true)], [], asker.Ref, Patience.Limit));
        container.Next<NameParts>();
        status.Tell(
            new ContainerParts(metadata.Ref, [("md0", member.Ref)], [("sda", Build.Device(0), disk.Ref)], []), container.Ref);
        metadata.Next<DescribeYourself>();
        disk.Next<DescribeYourself>();
        member.Next<DescribeYourself>();
        status.Tell(new MetadataStanding("imsm", 7, [], [], [Build.Device(0)]), metadata.Ref);
        Thread.Sleep(Short);
        Assert.True(asker.IsEmpty);
        // The array stops while it is asked.
        member.Ref.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        var report = Assert.Single(asker.Next<SystemReport>().Containers);
        Assert.Equal((ContainerHealth.Answers, 7u), (report.Health, report.Generation));
        Assert.Equal(ArrayState.Unknown, Assert.Single(report.Arrays).State);
        Assert.Equal(new DiskReport("sda", Build.Device(0), false, false, true, false), Assert.Single(report.Disks));
    }

    [Fact]
    public void Who_has_not_answered_is_not_asked_again_and_his_late_answer_counts()
    {
        using var rig = new ActorRig();
        using var gate = new ManualResetEventSlim();
        var (container, metadata, disk, asker) = (rig.NewProbe(), rig.NewProbe(), rig.NewProbe(), rig.NewProbe());
        var (status, limit) = (rig.Pinned(() => new StatusActor()), TimeSpan.FromMilliseconds(20));
        AskContainers question = new([new("md1", container.Ref, rig.Loop, true)], [], asker.Ref, limit);
        ContainerReport Round()
        {
            status.Tell(question);
            return Assert.Single(asker.Next<SystemReport>().Containers);
        }

        Assert.Equal("container", Assert.Single(Round().Silent));
        Assert.Equal("container", Assert.Single(Round().Silent));
        container.Next<NameParts>();
        Assert.True(container.IsEmpty);

        // The first question is answered while the third round waits for it.
        status.Tell(question with { Limit = Patience.Limit });
        var parts = new ContainerParts(metadata.Ref, [], [("sda", Build.Device(0), disk.Ref)], []);
        status.Tell(parts, container.Ref);
        metadata.Next<DescribeYourself>();
        disk.Next<DescribeYourself>();
        status.Tell(new MetadataStanding("imsm", 7, [], [], []), metadata.Ref);
        Assert.False(Assert.Single(Assert.Single(asker.Next<SystemReport>().Containers).Disks).Answers);

        for (var round = 0; round < 3; round++)
        {
            status.Tell(question with { Limit = Patience.Limit });
            container.Next<NameParts>();
            status.Tell(parts, container.Ref);
            metadata.Next<DescribeYourself>();
            status.Tell(new MetadataStanding("imsm", 8, [], [], []), metadata.Ref);
            if (round == 2)
            {
                status.Tell(new DiskAnswer(Waits: false), disk.Ref);
            }

            Assert.Equal(round == 2, Assert.Single(Assert.Single(asker.Next<SystemReport>().Containers).Disks).Answers);
        }

        Assert.True(disk.IsEmpty, "the disk was asked again before it answered");
        status.Tell(question with { Limit = Patience.Limit });
        container.Next<NameParts>();
        status.Tell(parts, container.Ref);
        metadata.Next<DescribeYourself>();
        status.Tell(new MetadataStanding("imsm", 9, [], [], []), metadata.Ref);
        disk.Next<DescribeYourself>();
        status.Tell(new DiskAnswer(Waits: true), disk.Ref);
        Assert.False(Assert.Single(Assert.Single(asker.Next<SystemReport>().Containers).Disks).Answers);
    }

    [Fact]
    public void However_often_somebody_watches_an_actor_that_waits_is_not_asked_again_each_time()
    {
        using var rig = new ActorRig();
        var (waiting, asker, status) = (rig.NewProbe(), rig.NewProbe(), rig.Pinned(() => new StatusActor()));
        for (var time = 0; time < 1000; time++)
        {
            status.Tell(new AskContainers([new("md1", waiting.Ref, rig.Loop, true)], [], asker.Ref, TimeSpan.FromMilliseconds(1)));
            asker.Next<SystemReport>();
        }

        var asked = 0;
        for (; !waiting.IsEmpty; asked++)
        {
            waiting.Next<NameParts>();
        }

        Assert.InRange(asked, 1, 5);
    }

    [Fact]
    public void Without_the_leave_for_it_no_spare_is_looked_for_and_with_it_again_at_once()
    {
        using var rig = new SupervisionRig();
        rig.Raid.Change(new RaidPolicy { ActivateSpares = false });
        rig.Supervise();
        rig.Md.Legs[1].Text = "faulty,blocked";
        rig.PingMonitor();
        Directory.Delete(Path.GetDirectoryName(rig.Sysfs.PathOf(SupervisionRig.Array, "dev-sdb/state"))!, recursive: true);
        rig.PingManager();
        rig.PingMonitor();
        Assert.False(rig.Told.Has("no-spare"));
        rig.Raid.Change(new RaidPolicy());
        Patience.Until(() => rig.Told.Has("no-spare"), "a spare was looked for");
    }

    [Theory]
    [InlineData("1024 / 4096", 0.25)]
    [InlineData("4096 / 4096", 1.0)]
    [InlineData("9999 / 4096", 1.0)]
    [InlineData("0 / 4096", 0.0)]
    [InlineData("5 / 0", null)]
    [InlineData("none", null)]
    [InlineData("delayed", null)]
    [InlineData("", null)]
    public void Progress_is_read_from_sync_completed(string text, double? done) => Assert.Equal(done, KernelWords.ParseDone(text)?.Fraction);

    private static SystemReport Ask(ActorRig rig, AskedContainer[] containers)
    {
        var asker = rig.NewProbe();
        rig.Pinned(() => new StatusActor()).Tell(new AskContainers([.. containers], [], asker.Ref, Short));
        return asker.Next<SystemReport>();
    }
}
