using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>A container that comes to rest, and goes on: here, with another supervisor, or here again after that one is gone.</summary>
[Collection(CrashTests.BeforeMessages)]
public sealed class HandoffTests : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(50);
    private readonly SupervisionRig _rig = new();

    public HandoffTests()
    {
        _rig.Supervise();
        _rig.PingMonitor();
    }

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void At_rest_nothing_is_done_and_afterwards_what_has_come_meanwhile()
    {
        var paused = Pause();
        Assert.Equal(SupervisionRig.Container, paused.Snapshot.Container);
        Assert.Equal(ArrayState.Clean, Assert.Single(paused.Snapshot.Arrays).Memory.State);
        Assert.True(IsAtRest());

        WritePending();
        using var client = _rig.Connect();
        var ping = Task.Run(client.PingMonitor);
        NothingIsDone(ping);

        Resume(_rig.Raid);
        Assert.True(Patience.Within(ping).Ok);
        Assert.Equal("active", _rig.Md.State.Text);
        Assert.False(IsAtRest());
    }

    [Fact]
    public void The_one_who_takes_over_does_nothing_before_it_is_told_to_and_knows_what_the_other_knew()
    {
        using var client = _rig.Connect();
        Assert.True(client.PingMonitor().Ok);
        var paused = Pause();
        WritePending();
        var second = _rig.Second();
        Assert.Equal(SuperviseOutcome.Supervised, Take(second, paused).Outcome);
        var ping = Task.Run(client.PingMonitor);
        NothingIsDone(ping);

        Resume(second);
        Wait(_rig.Raid.ForgetClients(SupervisionRig.Container));
        Assert.True(Patience.Within(ping).Ok);
        Assert.Equal("active", _rig.Md.State.Text);

        // What the first one remembered is there: the second one can hand over the same.
        var again = Pause(second).Snapshot;
        Assert.Equal(paused.Snapshot.Generation, again.Generation);
        Assert.Equal(ArrayState.Active, Assert.Single(again.Arrays).Memory.State);
        Resume(second);
    }

    [Fact]
    public void A_container_that_was_prepared_goes_on_as_one_that_was_not_and_nothing_of_what_was_seen_before_counts()
    {
        var second = Prepared();
        _rig.Md.State.Text = "write-pending";
        _rig.PingMonitor();
        Assert.Equal("active", _rig.Md.State.Text);

        var paused = Pause();
        Assert.Equal(SuperviseOutcome.Supervised, Take(second, paused).Outcome);
        Resume(second);
        Assert.Equal(ArrayState.Active, Assert.Single(Pause(second).Snapshot.Arrays).Memory.State);
        // Files do not notify: what changes at rest is seen on going on.
        _rig.Md.State.Text = "write-pending";
        Resume(second);
        Patience.Until(() => _rig.Md.State.Text == "active", "the second lets the writer go");
        Assert.Equal(1, _rig.ToldBySecond.Count("array-supervised"));
    }

    [Fact]
    public void What_is_prepared_does_nothing_is_not_listed_and_cannot_be_paused()
    {
        var number = PidFile.Read(_rig.PidPath).Value;
        var second = Prepared();
        Pause();
        WritePending();
        using var client = _rig.Connect();
        NothingIsDone(Task.Run(client.PingMonitor));
        Assert.Equal(number, PidFile.Read(_rig.PidPath).Value);
        Assert.Empty(Patience.Within(second.Containers()).Containers);
        Assert.IsType<NotSupervised>(Patience.Within(second.Pause(SupervisionRig.Container, Patience.Limit)));
        Assert.False(_rig.ToldBySecond.Has("container-supervised"));
        Resume(_rig.Raid);
        _rig.PingMonitor();
        Assert.Equal("active", _rig.Md.State.Text);
    }

    [Fact]
    public void A_prepared_container_whose_supervisor_is_gone_is_taken_up_afresh()
    {
        var second = Prepared();
        Wait(_rig.Raid.Stop(Patience.Limit));
        WritePending();
        Assert.Equal(SuperviseOutcome.Supervised, Patience.Within(second.Supervise(SupervisionRig.Container)).Outcome);
        Patience.Until(() => _rig.Md.State.Text == "active", "the second lets the writer go");
    }

    [Fact]
    public void A_prepared_container_whose_metadata_changes_is_loaded_again_before_it_is_taken_up()
    {
        var second = Prepared();
        var paused = Pause();
        var reply = Take(second, paused with { Snapshot = paused.Snapshot with { Generation = paused.Snapshot.Generation + 1 } });
        Assert.Equal(SuperviseOutcome.Failed, reply.Outcome);
        Assert.Empty(Patience.Within(second.Containers()).Containers);
        Resume(_rig.Raid);
        WritePending();
        _rig.PingMonitor();
        Assert.Equal("active", _rig.Md.State.Text);
    }

    [Fact]
    public void An_array_that_comes_or_goes_between_preparation_and_takeover_is_noticed()
    {
        var second = Prepared();
        _rig.Running();
        var paused = Pause();
        Assert.Equal(SuperviseOutcome.Supervised, Take(second, paused).Outcome);
        Resume(second);
        Assert.Empty(Pause(second).Snapshot.Arrays);
        Resume(second);
        _rig.Running(SupervisionRig.Array);
        _rig.PingManager();
        Patience.Until(() => _rig.ToldBySecond.Count("array-supervised") == 1, "the second supervises the array that has come");
    }

    [Fact]
    public void Who_finds_other_metadata_on_the_disks_than_the_snapshot_says_refuses_and_the_first_goes_on()
    {
        var paused = Pause();
        foreach (var wrong in new[] { paused.Snapshot with { Generation = paused.Snapshot.Generation + 1 }, paused.Snapshot with { Digest = "0" } })
        {
            var reply = Take(_rig.Second(), paused with { Snapshot = wrong });
            Assert.Equal(SuperviseOutcome.Failed, reply.Outcome);
            Assert.Contains($"generation {paused.Snapshot.Generation}", reply.Message);
        }

        Resume(_rig.Raid);
        WritePending();
        _rig.PingMonitor();
        Assert.Equal("active", _rig.Md.State.Text);
    }

    [Fact]
    public void An_update_that_was_queued_is_applied_by_the_one_who_takes_over_and_by_nobody_else()
    {
        var paused = Pause();
        var second = _rig.Second();
        Take(second, paused with { Snapshot = paused.Snapshot with { Updates = [[1, 2, 3], [4, 5]] } });
        Resume(second);
        Patience.Until(() => _rig.ToldBySecond.Count("update-refused") == 2, "both updates were looked at");
        Assert.False(_rig.Told.Has("update-refused"));
    }

    [Fact]
    public void A_container_whose_taker_is_gone_is_taken_back_at_the_same_socket()
    {
        using var before = _rig.Connect();
        for (var round = 0; round < 5; round++)
        {
            Pause();
            Wait(_rig.Raid.ForgetClients(SupervisionRig.Container));
            WritePending();
            Assert.Equal(SuperviseOutcome.Supervised, Patience.Within(_rig.Raid.Retake(SupervisionRig.Container)).Outcome);
            _rig.PingMonitor();
            Assert.Equal("active", _rig.Md.State.Text);
            Assert.DoesNotContain(true, _rig.Emptied);
        }
    }

    [Fact]
    public void What_is_not_supervised_cannot_be_paused()
    {
        Assert.IsType<NotSupervised>(Patience.Within(_rig.Raid.Pause("md99", Patience.Limit)));
        Assert.Equal(SupervisionRig.Container, Assert.Single(Patience.Within(_rig.Raid.Containers()).Containers));
    }

    [Fact]
    public void Pause_and_resume_in_quick_succession_leave_it_running()
    {
        for (var round = 0; round < 30; round++)
        {
            var pausing = _rig.Raid.Pause(SupervisionRig.Container, Patience.Limit);
            Resume(_rig.Raid);
            WritePending();
            _rig.PingMonitor();
            Assert.Equal("active", _rig.Md.State.Text);
            _ = pausing;
        }
    }

    /// <summary>The threads of a container and of its arrays may meet in any order on a busy machine.</summary>
    [Fact]
    public void An_array_whose_actor_is_made_only_after_its_container_was_taken_up_goes_on_all_the_same()
    {
        var striped = "md9125";
        _rig.Sysfs.Array(striped, SupervisionRig.Container, volume: 1, legs: 3);
        _rig.Sysfs.List(
            (striped, SupervisionRig.Container, 1, "raid0"), (SupervisionRig.Array, SupervisionRig.Container, 0, "raid5"));
        var second = _rig.Second();
        using var isHeld = new ManualResetEventSlim();
        using var letGo = new ManualResetEventSlim();
        // The first question of what is prepared concerns the striped array. It holds the thread on which the other array's
        // actor is to be made.
        RaidActor.BeforeMessage = (context, message) =>
        {
            if (message is DescribeVolume && context.System == _rig.SecondSystem && !isHeld.IsSet)
            {
                isHeld.Set();
                letGo.Wait(Patience.Limit);
            }
        };
        try
        {
            var prepared = Patience.Within(second.Prepare(SupervisionRig.Container));
            Assert.Equal(SuperviseOutcome.Supervised, prepared.Outcome);
            Assert.True(isHeld.Wait(Patience.Limit));
            var paused = Pause();
            Assert.Equal(SuperviseOutcome.Supervised, Take(second, paused).Outcome);
        }
        finally
        {
            RaidActor.BeforeMessage = null;
            letGo.Set();
        }

        Resume(second);
        Wait(second.Settle(SupervisionRig.Container, Patience.Limit));
        Assert.Single(Pause(second).Snapshot.Arrays);
        Assert.Equal("handed over", _rig.ToldBySecond.Only("array-supervised").Detail?.Cause);
    }

    private RaidSystem Prepared()
    {
        var second = _rig.Second();
        Assert.Equal(SuperviseOutcome.Supervised, Patience.Within(second.Prepare(SupervisionRig.Container)).Outcome);
        return second;
    }

    private ContainerPaused Pause(RaidSystem? raid = null) =>
        Assert.IsType<ContainerPaused>(Patience.Within((raid ?? _rig.Raid).Pause(SupervisionRig.Container, Patience.Limit)));

    /// <summary>Though a writer waits, mdadm pings, and whatever is due in a minute comes.</summary>
    private void NothingIsDone(Task ping)
    {
        _rig.Pass(TimeSpan.FromMinutes(1));
        Assert.False(ping.Wait(Short), "the ping was answered");
        Assert.Equal("write-pending", _rig.Md.State.Text);
    }

    private bool IsAtRest() => Assert.IsType<RestAnswer>(Patience.Within(_rig.Raid.AskForRest(SupervisionRig.Container))).IsAtRest;

    private static void Resume(RaidSystem raid) => Wait(raid.Resume(SupervisionRig.Container));

    private static void Wait(Task task) => Assert.True(task.Wait(Patience.Limit));

    private static SuperviseReply Take(RaidSystem second, ContainerPaused paused) => Patience.Within(second.Supervise(
        SupervisionRig.Container, new HandedContainer(paused.Snapshot, Duplicates(paused.Sockets), Paused: true)));

    /// <summary>As they arrive in another process.</summary>
    internal static PausedSockets Duplicates(PausedSockets sockets) => new(
        Duplicate(sockets.Listener), [.. sockets.Connections.Select(each => each with { Descriptor = Duplicate(each.Descriptor) })]);

    private static int Duplicate(int descriptor)
    {
        const int duplicateCloseOnExec = 1030;
        return Native.FileControl(descriptor, duplicateCloseOnExec, 0);
    }

    private void WritePending() => _rig.Md.State.Text = "write-pending";
}
