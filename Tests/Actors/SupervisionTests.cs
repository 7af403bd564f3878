using ActorRaid.Actors;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>The host's and the containers' actors: who is supervised, by which pid file and socket, and for how long.</summary>
public sealed class SupervisionTests
{
    private const string Second = "md9125";

    [Fact]
    public void A_container_is_taken_up_with_the_arrays_that_are_running()
    {
        using var rig = new SupervisionRig();
        Assert.Equal(SuperviseOutcome.Supervised, rig.Supervise().Outcome);

        Assert.Equal(Environment.ProcessId, rig.Supervisor);
        Patience.Until(() => rig.Told.Has("array-supervised"), "array-supervised");
        Assert.Equal([false], rig.Emptied);
    }

    [Fact]
    public void A_second_request_for_a_container_is_told_that_it_is_supervised()
    {
        using var rig = new SupervisionRig();
        rig.Supervise();
        var before = File.GetLastWriteTimeUtc(rig.PidPath);

        Assert.Equal(SuperviseOutcome.AlreadySupervised, rig.Supervise().Outcome);
        Assert.Equal(before, File.GetLastWriteTimeUtc(rig.PidPath));
        rig.PingMonitor();
    }

    [Theory]
    [InlineData("0.90", SuperviseOutcome.NotExternal)]
    [InlineData("external:/md127/0", SuperviseOutcome.NotAContainer)]
    [InlineData("external:-md127/0", SuperviseOutcome.NotAContainer)]
    [InlineData("external:ddf", SuperviseOutcome.UnknownMetadata)]
    [InlineData(null, SuperviseOutcome.NotAContainer)]
    public void What_is_no_container_of_ours_is_refused_and_leaves_nothing_behind(string? version, SuperviseOutcome outcome)
    {
        using var rig = new SupervisionRig();
        if (version is not null)
        {
            rig.Sysfs.Container("md9000", version);
        }

        Assert.Equal(outcome, rig.Supervise("md9000").Outcome);
        Assert.True(rig.Told.Has("container-refused"));
        Patience.Until(() => rig.Emptied.SequenceEqual([false, true]), "nothing is supervised");
        Assert.False(Directory.Exists(rig.Sysfs.RunDirectory) && Directory.EnumerateFileSystemEntries(rig.Sysfs.RunDirectory).Any());
    }

    [Fact]
    public void A_running_volume_that_the_metadata_does_not_know_is_told_once_and_disturbs_no_other()
    {
        using var rig = new SupervisionRig();
        rig.Sysfs.Array(Second, SupervisionRig.Container, volume: 7, legs: 3);
        rig.Sysfs.List(
            (SupervisionRig.Array, SupervisionRig.Container, 0, "raid5"), (Second, SupervisionRig.Container, 7, "raid5"));
        rig.Supervise();
        Patience.Until(() => rig.Told.Has("array-unknown"), "array-unknown");
        for (var ping = 0; ping < 20; ping++)
        {
            rig.PingManager();
            rig.PingMonitor();
        }

        Assert.Equal(1, rig.Told.Count("array-unknown"));
        Assert.Equal(1, rig.Told.Count("array-supervised"));
        Assert.Equal(0, rig.Told.Count("array-gone"));
        rig.Running(SupervisionRig.Array);
        rig.PingManager();
        Patience.Until(() => rig.Told.Has("array-gone"), "array-gone");
    }

    [Fact]
    public void An_array_that_appears_is_supervised_when_mdadm_pings_the_manager()
    {
        using var rig = new SupervisionRig();
        rig.Supervise();
        var second = rig.Sysfs.Array(Second, SupervisionRig.Container, volume: 1, legs: 3);
        rig.PingMonitor();
        second.State.Text = "write-pending";
        rig.PingMonitor();
        Assert.Equal("write-pending", second.State.Text);

        rig.Running(SupervisionRig.Array, Second);
        rig.PingManager();
        rig.PingMonitor();
        Assert.Equal("active", second.State.Text);
    }

    [Fact]
    public void A_ping_to_the_monitor_is_answered_when_every_array_was_looked_at_again()
    {
        using var rig = new SupervisionRig();
        rig.Supervise();
        for (var round = 0; round < 20; round++)
        {
            rig.Md.State.Text = "write-pending";
            rig.PingMonitor();
            Assert.Equal("active", rig.Md.State.Text);
            rig.Md.State.Text = "clean";
            rig.PingMonitor();
        }
    }

    [Fact]
    public void A_raid0_needs_nobody()
    {
        using var rig = new SupervisionRig();
        var striped = rig.Sysfs.Array(Second, SupervisionRig.Container, volume: 1, legs: 3);
        rig.Sysfs.List((SupervisionRig.Array, SupervisionRig.Container, 0, "raid5"), (Second, SupervisionRig.Container, 1, "raid0"));
        rig.Supervise();
        striped.State.Text = "write-pending";
        rig.PingMonitor();

        Assert.Equal("write-pending", striped.State.Text);
    }

    [Fact]
    public void A_container_without_arrays_is_left_with_pid_file_and_socket_and_may_come_again()
    {
        using var rig = new SupervisionRig();
        for (var round = 1; round <= 10; round++)
        {
            rig.Md.State.Text = "clean";
            rig.Running(SupervisionRig.Array);
            Assert.Equal(SuperviseOutcome.Supervised, rig.Supervise().Outcome);
            rig.PingMonitor();
            rig.Running();
            rig.Md.State.Text = "inactive";
            rig.PingMonitor();

            rig.Until(() => rig.Emptied.Count() == 2 * round && rig.Emptied.Last(), "nothing is supervised");
            Assert.Equal("clear", rig.Md.State.Text);
            Assert.False(File.Exists(rig.PidPath) || File.Exists(rig.SocketPath));
        }

        Assert.True(rig.Told.Has("container-left"));
    }

    [Fact]
    public void Told_to_stop_it_waits_for_clean_arrays_and_leaves_the_pid_file_to_whoever_takes_over()
    {
        using var rig = new SupervisionRig();
        rig.Md.State.Text = "active";
        rig.Supervise();
        rig.PingMonitor();
        var stopped = rig.Raid.Stop(Patience.Limit);
        Patience.Until(() => rig.Sysfs.Text(SupervisionRig.Array, "safe_mode_delay") == "0.001", "safe_mode_delay of 1 ms");
        rig.PingMonitor();
        Assert.False(stopped.IsCompleted);

        rig.Md.State.Text = "clean";
        rig.PingMonitor();
        var number = PidFile.Read(rig.PidPath).Value;
        Assert.True(Patience.Within(stopped));
        Assert.Equal(number, PidFile.Read(rig.PidPath).Value);
    }

    [Fact]
    public void Who_takes_a_container_over_finds_its_monitor_ended_when_the_socket_is_closed()
    {
        using var rig = new SupervisionRig();
        rig.Sysfs.Container(Second, "external:imsm");
        rig.Supervise();
        rig.Supervise(Second);
        using var taker = RawClient.Connect(rig.SocketPath);
        var number = PidFile.Read(rig.PidPath).Value;
        Assert.True(PidFile.IsAlive(number));

        rig.Raid.LetGo([SupervisionRig.Container], Patience.Limit);
        Assert.True(RawClient.IsClosed(taker));
        Patience.Until(() => !PidFile.IsAlive(number), "the end of the container's thread");
        Assert.Equal(Second, Assert.Single(Patience.Within(rig.Raid.Containers()).Containers));
    }

    [Fact]
    public void An_array_that_is_being_written_is_not_waited_for_longer_than_it_was_said()
    {
        using var rig = new SupervisionRig();
        rig.Md.State.Text = "active";
        rig.Supervise();
        rig.PingMonitor();

        Assert.False(Patience.Within(rig.Raid.Stop(TimeSpan.FromMilliseconds(300))));
    }
}
