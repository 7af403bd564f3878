using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class SmallUpdateTests
{
    private static readonly ImsmContainer Container = Sample.Container(
        3, 1, Sample.Volume("vol0", 5, 3), Sample.Volume("vol1", 0, 2, first: 30720), Sample.Volume("vol2", 1, 2, first: 60000));

    [Theory]
    [InlineData(0, "vol1,vol2")]
    [InlineData(1, "vol0,vol2")]
    [InlineData(2, "vol0,vol1")]
    public void A_killed_volume_is_gone_and_those_behind_it_move_up(int index, string left)
    {
        var after = Container.After(ImsmUpdateMessages.KillArray(index));

        Assert.Equal(left.Split(','), after.Super.Devs.Select(dev => dev.Volume.ToString()));
        Assert.Equal(Container with { Super = Container.Super with { Devs = after.Super.Devs } }, after);
    }

    [Fact]
    public void Killing_disturbs_the_volume_and_those_behind_it()
    {
        var update = Container.Prepare(ImsmUpdateMessages.KillArray(1)).Update!;

        Assert.Equal([false, true, true], new[] { 0, 1, 2 }.Select(update.Disturbs));
    }

    [Theory]
    [InlineData(3)]
    [InlineData(-1)]
    [InlineData(int.MinValue)]
    public void There_is_no_killing_what_is_not_there(int index) =>
        Container.Refuses(ImsmUpdateMessages.KillArray(index), $"kill array: there is no volume {index}: the container has 3");

    [Fact]
    public void The_only_volume_is_not_killed() =>
        Sample.Container(2, 0, Sample.Volume("vol0", 0, 2)).Refuses(ImsmUpdateMessages.KillArray(0), "volume 0 is the only one");

    [Theory]
    [InlineData("data", "data")]
    [InlineData("  data\t", "data")]
    [InlineData("0123456789abcdef", "0123456789abcde")]
    public void A_renamed_volume_has_the_name_without_white_space_around_it_and_at_most_15_bytes(string sent, string name)
    {
        var after = Container.After(ImsmUpdateMessages.RenameArray(1, sent));

        Assert.Equal(Octets.Text(name, 16), after.Super.Devs[1].Volume);
        Assert.Equal(Container.Super.Devs[1], after.Super.Devs[1] with { Volume = Container.Super.Devs[1].Volume });
        Assert.Equal(Container.Super.Devs[0], after.Super.Devs[0]);
        Assert.Equal(Container.Super.Devs[2], after.Super.Devs[2]);
    }

    [Fact]
    public void A_name_is_bytes_and_they_are_kept_whatever_they_are()
    {
        byte[] name = [0xc3, 0xa4, 0xff, 0x1b, 0x5b, 0x20, 0x82];
        byte[] update = [.. BitConverter.GetBytes(3), .. name, .. new byte[9], .. BitConverter.GetBytes(1)];
        var after = Container.After(update);
        Assert.Equal(new Octets([.. name, .. new byte[9]]), after.Super.Devs[1].Volume);
        Assert.Equal("ä\\xff\e[ \\x82", after.Volumes[1].Name);
        after.Refuses([.. BitConverter.GetBytes(3), .. name, .. new byte[9], .. BitConverter.GetBytes(2)], "a volume named ä\\xff\e[ \\x82 is there already");
    }

    [Fact]
    public void Renaming_disturbs_only_the_volume_itself()
    {
        var update = Container.Prepare(ImsmUpdateMessages.RenameArray(1, "data")).Update!;

        Assert.Equal([false, true, false], new[] { 0, 1, 2 }.Select(update.Disturbs));
    }

    [Theory]
    [InlineData(1, "", "the name is empty")]
    [InlineData(1, " \t ", "the name is empty")]
    [InlineData(1, "vol2", "a volume named vol2 is there already")]
    [InlineData(1, "vol1", "a volume named vol1 is there already")]
    [InlineData(3, "data", "there is no volume 3")]
    [InlineData(-1, "data", "there is no volume -1")]
    public void A_name_that_is_empty_or_taken_and_a_volume_that_is_not_there_are_refused(int index, string name, string reason) =>
        Container.Refuses(ImsmUpdateMessages.RenameArray(index, name), reason);

    [Theory]
    [InlineData(0, RwhPolicy.Off)]
    [InlineData(3, RwhPolicy.MultipleDistributed)]
    [InlineData(6, RwhPolicy.Bitmap)]
    public void The_write_hole_policy_is_recorded(int policy, RwhPolicy expected)
    {
        var after = Container.After(ImsmUpdateMessages.WriteHolePolicy(0, policy));

        Assert.Equal(Container.Super.Devs[0] with { RwhPolicy = expected }, after.Super.Devs[0]);
        Assert.Equal(Container.Super.Devs[1], after.Super.Devs[1]);
    }

    [Fact]
    public void The_policy_that_is_there_already_changes_nothing() =>
        Assert.Same(Container, Container.After(ImsmUpdateMessages.WriteHolePolicy(0, 5)));

    [Theory]
    [InlineData(0, 7, "policy 7 is not known")]
    [InlineData(0, -1, "policy -1 is not known")]
    [InlineData(0, 256, "policy 256 is not known")]
    [InlineData(3, 3, "there is no volume 3")]
    public void An_unknown_policy_or_volume_is_refused(int index, int policy, string reason) =>
        Container.Refuses(ImsmUpdateMessages.WriteHolePolicy(index, policy), reason);

    [Fact]
    public void Adding_disks_and_preallocating_change_nothing()
    {
        Assert.Same(Container, Container.After(ImsmUpdateMessages.AddRemoveDisk()));
        Assert.Same(Container, Container.After(ImsmUpdateMessages.PreallocateBadBlocks()));
    }

    [Fact]
    public void Activating_a_spare_is_not_taken_from_outside() =>
        Container.Refuses(ImsmUpdateMessages.ActivateSpare(), "the monitor's own");

    [Theory]
    [InlineData(12)]
    [InlineData(-1)]
    [InlineData(int.MaxValue)]
    public void An_unknown_type_is_refused(int type) =>
        Container.Refuses(ImsmUpdateMessages.Words(type, 0, 0), $"type {(uint)type} is not known");

    [Fact]
    public void No_bytes_are_refused() => Container.Refuses([], "0 bytes are too few for a type");

    [Fact]
    public void An_update_that_another_model_prepared_and_that_no_longer_fits_changes_nothing()
    {
        var update = Container.Prepare(ImsmUpdateMessages.KillArray(2)).Update!;
        var smaller = Container.After(ImsmUpdateMessages.KillArray(0));

        Assert.Same(smaller, smaller.Process(update));
    }
}
