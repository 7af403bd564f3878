using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
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
        using var rig = new LoopKit();
        using var other = new EventLoop("other");
        using var gate = new ManualResetEventSlim();
        var stuck = rig.CreateTestProbe();
        var silent = rig.CreateTestProbe();
        rig.Loop.Post(gate.Wait);
        try
        {
            var (asker, status) = (rig.CreateTestProbe(), rig.Pinned(() => new StatusActor()));
            AskedContainer[] asked =
            [
                new("md1", stuck.Ref, rig.Loop, true), new("md2", silent.Ref, other, true),
                new("md3", silent.Ref, rig.Loop, false),
            ];
            status.Tell(new AskContainers([.. asked], [], asker.Ref, Short));
            rig.Received(status);
            using var otherRuns = new ManualResetEventSlim();
            other.Post(otherRuns.Set);
            Assert.True(otherRuns.Wait(Patience.Limit));
            rig.Received(status);
            VirtualTime.Of(rig.Sys).Advance(Short);
            var report = asker.ExpectMsg<SystemReport>();
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
    public void Disks_are_not_said_to_be_waited_for_when_it_is_the_containers_thread_that_is_stuck()
    {
        using var rig = new LoopKit();
        using var gate = new ManualResetEventSlim();
        var (container, disk, asker) = (rig.CreateTestProbe(), rig.CreateTestProbe(), rig.CreateTestProbe());
        rig.Loop.Post(gate.Wait);
        try
        {
            var status = rig.Pinned(() => new StatusActor());
            status.Tell(new AskContainers([new("md1", container.Ref, rig.Loop, true)], [], asker.Ref, Short));
            container.ExpectMsg<NameParts>();
            status.Tell(new ContainerParts(container.Ref, [], [("sda", Build.Device(0), disk.Ref)], []), container.Ref);
            disk.ExpectMsg<DescribeYourself>();
            rig.Received(status);
            VirtualTime.Of(rig.Sys).Advance(Short);
            var report = Assert.Single(asker.ExpectMsg<SystemReport>().Containers);
            Assert.Equal(ContainerHealth.Stuck, report.Health);
            Assert.True(Assert.Single(report.Disks).Answers);
        }
        finally
        {
            gate.Set();
        }
    }

    [Fact]
    public void Arrays_that_do_not_answer_are_shown_and_disks_that_do_not_delay_nothing()
    {
        using var rig = new LoopKit();
        var (container, metadata, asker) = (rig.CreateTestProbe(), rig.CreateTestProbe(), rig.CreateTestProbe());
        var (member, disk) = (rig.CreateTestProbe(), rig.CreateTestProbe());
        var status = rig.Pinned(() => new StatusActor());
        status.Tell(new AskContainers([new("md1", container.Ref, rig.Loop, true)], [], asker.Ref, Patience.Limit));
        container.ExpectMsg<NameParts>();
        status.Tell(
            new ContainerParts(metadata.Ref, [("md0", member.Ref)], [("sda", Build.Device(0), disk.Ref)], []), container.Ref);
        metadata.ExpectMsg<DescribeYourself>();
        disk.ExpectMsg<DescribeYourself>();
        member.ExpectMsg<DescribeYourself>();
        status.Tell(new MetadataStanding("imsm", 7, [], [], [Build.Device(0)]), metadata.Ref);
        rig.Pass(Short, status);
        asker.ExpectNoMsg();
        // The array stops while it is asked.
        member.Ref.Tell(PoisonPill.Instance, ActorRefs.NoSender);
        rig.Settle(status);
        asker.ExpectNoMsg();
        rig.Pass(Short, status);
        var report = Assert.Single(asker.ExpectMsg<SystemReport>().Containers);
        Assert.Equal((ContainerHealth.Answers, 7u), (report.Health, report.Generation));
        Assert.Equal(ArrayState.Unknown, Assert.Single(report.Arrays).State);
        Assert.Equal(new DiskReport("sda", Build.Device(0), false, false, true, false), Assert.Single(report.Disks));
    }

    [Fact]
    public void Who_has_not_answered_is_not_asked_again_and_his_late_answer_counts()
    {
        using var rig = new LoopKit();
        using var gate = new ManualResetEventSlim();
        var (container, metadata, asker) = (rig.CreateTestProbe(), rig.CreateTestProbe(), rig.CreateTestProbe());
        var disk = rig.CreateTestProbe();
        var (status, limit) = (rig.Pinned(() => new StatusActor()), TimeSpan.FromMilliseconds(20));
        AskContainers question = new([new("md1", container.Ref, rig.Loop, true)], [], asker.Ref, limit);
        ContainerReport Round()
        {
            status.Tell(question);
            rig.Pass(limit, status);
            return Assert.Single(asker.ExpectMsg<SystemReport>().Containers);
        }

        Assert.Equal("container", Assert.Single(Round().Silent));
        Assert.Equal("container", Assert.Single(Round().Silent));
        container.ExpectMsg<NameParts>();
        container.ExpectNoMsg();

        // The first question is answered while the third round waits for it.
        status.Tell(question with { Limit = Patience.Limit });
        var parts = new ContainerParts(metadata.Ref, [], [("sda", Build.Device(0), disk.Ref)], []);
        status.Tell(parts, container.Ref);
        metadata.ExpectMsg<DescribeYourself>();
        disk.ExpectMsg<DescribeYourself>();
        status.Tell(new MetadataStanding("imsm", 7, [], [], []), metadata.Ref);
        rig.Pass(Short, status);
        Assert.False(Assert.Single(Assert.Single(asker.ExpectMsg<SystemReport>().Containers).Disks).Answers);

        for (var round = 0; round < 3; round++)
        {
            status.Tell(question with { Limit = Patience.Limit });
            container.ExpectMsg<NameParts>();
            status.Tell(parts, container.Ref);
            metadata.ExpectMsg<DescribeYourself>();
            status.Tell(new MetadataStanding("imsm", 8, [], [], []), metadata.Ref);
            if (round == 2)
            {
                status.Tell(new DiskAnswer(Waits: false), disk.Ref);
            }
            else
            {
                rig.Pass(Short, status);
            }

            var report = Assert.Single(asker.ExpectMsg<SystemReport>().Containers);
            Assert.Equal(round == 2, Assert.Single(report.Disks).Answers);
        }

        disk.ExpectNoMsg(); // It is not asked again before it has answered.
        status.Tell(question with { Limit = Patience.Limit });
        container.ExpectMsg<NameParts>();
        status.Tell(parts, container.Ref);
        metadata.ExpectMsg<DescribeYourself>();
        status.Tell(new MetadataStanding("imsm", 9, [], [], []), metadata.Ref);
        disk.ExpectMsg<DescribeYourself>();
        status.Tell(new DiskAnswer(Waits: true), disk.Ref);
        Assert.False(Assert.Single(Assert.Single(asker.ExpectMsg<SystemReport>().Containers).Disks).Answers);
    }

    [Fact]
    public void However_often_somebody_watches_an_actor_that_waits_is_asked_again_after_5_s_and_then_twice_as_late()
    {
        using var rig = new LoopKit();
        var (waiting, asker) = (rig.CreateTestProbe(), rig.CreateTestProbe());
        var status = rig.Pinned(() => new StatusActor());
        var (limit, asked) = (TimeSpan.FromMilliseconds(250), new List<double>());
        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(40); passed += limit)
        {
            status.Tell(new AskContainers([new("md1", waiting.Ref, rig.Loop, true)], [], asker.Ref, limit));
            rig.Settle(status);
            if (waiting.HasMessages)
            {
                waiting.ExpectMsg<NameParts>();
                asked.Add(passed.TotalSeconds);
            }

            waiting.ExpectNoMsg();
            rig.Pass(limit, status);
            asker.ExpectMsg<SystemReport>();
        }

        Assert.Equal([0, 5, 15, 35], asked);
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

}
