using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>safe_mode_delay stays what the admin has set, whoever starts, is told to end, dies or takes over.</summary>
public sealed class SafeModeDelayTests
{
    [Fact]
    public void A_short_one_that_was_set_by_hand_stays_at_a_start()
    {
        using var rig = new MemberArrayRig("clean", delay: "0.001").TakenUp();
        Assert.Equal("0.001", rig.Delay);
    }

    [Fact]
    public void An_array_without_one_gets_one_or_it_would_stay_dirty()
    {
        using var rig = new MemberArrayRig("clean", delay: "0.000").TakenUp();
        Assert.Equal("5.000", rig.Delay);
    }

    [Theory]
    [InlineData("0.200")]
    [InlineData("2.500")]
    public void It_is_short_while_a_supervisor_leaves_and_then_what_it_was(string delay)
    {
        using var rig = new MemberArrayRig("active", delay: delay).TakenUp();
        rig.Actor.Tell(new MakeSafe());
        rig.Settle();
        Assert.Equal("0.001", rig.Delay);
        Assert.True(File.Exists(rig.Note));

        rig.Stop();
        Assert.Equal(delay, rig.Delay);
        Assert.False(File.Exists(rig.Note));
    }

    [Fact]
    public void What_a_supervisor_that_died_while_it_left_has_set_is_undone_by_the_next()
    {
        using var rig = new MemberArrayRig("active", delay: "0.001", note: "7 2.500\n").TakenUp();
        Assert.Equal("2.500", rig.Delay);
        Assert.True(rig.Told.Has("safe-mode-delay"));
        Assert.False(File.Exists(rig.Note));
    }

    [Theory]
    [InlineData("0.001", "6 2.500\n")] // another array had this name
    [InlineData("0.400", "7 2.500\n")] // set by hand since
    [InlineData("0.001", "7 2.5")] // torn
    public void A_note_that_does_not_fit_is_thrown_away(string delay, string note)
    {
        using var rig = new MemberArrayRig("active", delay: delay, note: note).TakenUp();
        Assert.Equal(delay, rig.Delay);
        Assert.False(File.Exists(rig.Note));
    }

    [Theory]
    [InlineData("4.000", "0.001", "4.000")]
    [InlineData("4.000", "0.010", "4.000")] // where md's clock has ticks of 10 ms
    [InlineData("4.000", "2.000", "2.000")]
    [InlineData("0.001", "0.001", "0.001")]
    public void What_a_predecessor_has_set_when_it_was_told_to_end_is_undone(string before, string left, string then)
    {
        using var rig = new MemberArrayRig("clean", delay: left, before: before).TakenUp();
        Assert.Equal(then, rig.Delay);
    }

    [Fact]
    public void Where_no_note_can_be_left_that_is_told_and_it_is_undone_all_the_same()
    {
        using var rig = new MemberArrayRig("active", delay: "0.200").TakenUp();
        Directory.Delete(rig.Sysfs.RunDirectory);
        File.WriteAllText(rig.Sysfs.RunDirectory, "no folder");
        rig.Actor.Tell(new MakeSafe());
        rig.Settle();
        Assert.Equal("0.001", rig.Delay);
        Assert.True(rig.Told.Has("safe-mode-delay-note"));
        rig.Stop();
        Assert.Equal("0.200", rig.Delay);
    }

    [Fact]
    public void One_that_somebody_sets_while_the_supervisor_leaves_stays()
    {
        using var rig = new MemberArrayRig("active", delay: "0.200").TakenUp();
        rig.Actor.Tell(new MakeSafe());
        rig.Settle();
        rig.Delay = "3.000";
        rig.Stop();
        Assert.Equal("3.000", rig.Delay);
    }
}
