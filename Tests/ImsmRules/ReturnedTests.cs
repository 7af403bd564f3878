using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.Commit;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>A disk that comes back with the copy that it had when it was lost.</summary>
public class ReturnedTests
{
    [Fact]
    public void The_half_of_a_mirror_is_a_spare_which_is_rebuilt()
    {
        var whole = Container(disks: 2).Volume(level: 1, disks: 2);
        var back = Lost(whole, volume: 0, 1).AddDisk(Copy(whole, 1));
        Assert.Equal(-1, back.Present.Single(disk => disk.Device == Device(1)).Index);
        Assert.Equal(MapState.Normal, back.Rebuild().InSync(0, 1).Dev().Map.State);
    }

    [Fact]
    public void A_disk_that_a_RAID_0_volume_waits_for_is_the_member_that_it_was_and_the_mirror_beside_it_is_rebuilt_onto_it()
    {
        var whole = Container(disks: 2).Volume(level: 0, disks: 2).Volume(level: 1, disks: 2);
        var back = Lost(whole, volume: 1, 1).AddDisk(Copy(whole, 1));
        Assert.Equal(1, back.Present.Single(disk => disk.Device == Device(1)).Index);
        Assert.All(back.Volumes[0].Legs, leg => Assert.True(leg.InSync));
        Assert.Equal([true, false], back.Volumes[1].Legs.Select(leg => leg.InSync));

        var rebuilt = back.Rebuild(volume: 1).InSync(1, 1);
        Assert.All(rebuilt.Super.Devs, dev => Assert.Equal(MapState.Normal, dev.Map.State));
        Assert.Equal(["SERIAL-sda", "SERIAL-sdb"], rebuilt.Super.Disks.Select(disk => disk.Serial.ToString()));
    }

    [Fact]
    public void A_second_mirror_that_did_not_run_when_the_disk_failed_is_rebuilt_too()
    {
        var whole = Container(disks: 2).Volume(level: 0, disks: 2).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2);
        var back = Lost(whole, volume: 1, 1).AddDisk(Copy(whole, 1));
        Assert.Equal([true, false], back.Volumes[2].Legs.Select(leg => leg.InSync));
    }

    /// <summary>An entry that is failed and a spare's at once: without the one it is the other, which no volume may have.</summary>
    [Fact]
    public void A_failed_entry_of_a_spare_does_not_become_a_member()
    {
        var whole = Container(disks: 2).Volume(level: 0, disks: 2).Volume(level: 1, disks: 2);
        var lost = Lost(whole, volume: 1, 1);
        var entry = lost.Super.Disks[1] with { Status = lost.Super.Disks[1].Status | ImsmDiskStatus.Spare };
        var odd = lost with { Super = lost.Super with { Disks = lost.Super.Disks.SetItem(1, entry) } };
        Assert.Null(OddContent.In(odd.Super));
        Assert.Null(OddContent.In(odd.AddDisk(Copy(whole, 1)).Super));
    }

    /// <summary>A placeholder that is spelled like a healthy disk, which leaves and comes back.</summary>
    [Fact]
    public void A_disk_does_not_become_the_failed_member_that_is_spelled_like_it()
    {
        var whole = Container(disks: 3).Volume(level: 0, disks: 3).Volume(level: 1, disks: 2, first: 1);
        var lost = whole.Fail(volume: 1, slot: 1).RemoveDisk(Device(2)).NextGeneration();
        var entry = lost.Super.Disks[2] with { Serial = lost.Super.Disks[1].Serial };
        var odd = lost with { Super = lost.Super with { Disks = lost.Super.Disks.SetItem(2, entry) } };
        Assert.Null(OddContent.In(odd.Super));
        var back = odd.RemoveDisk(Device(1)).AddDisk(Copy(whole, 1));
        Assert.Null(OddContent.In(back.Super));
        Assert.True(back.Present.Single(disk => disk.Device == Device(1)).Index < 0);
    }

    [Fact]
    public void Another_disk_does_not_take_its_place()
    {
        var whole = Container(disks: 2).Volume(level: 0, disks: 2).Volume(level: 1, disks: 2);
        var other = Lost(whole, volume: 1, 1).AddDisk(Source(7));
        Assert.Equal(-1, other.Present.Single(disk => disk.Device == Device(7)).Index);
        Assert.False(other.Volumes[0].Legs[1].InSync);
    }

    [Fact]
    public void A_disk_of_a_volume_that_has_failed_is_left_alone()
    {
        var whole = Container(disks: 3).Volume(level: 5, disks: 3);
        var back = Lost(Lost(whole, volume: 0, 1), volume: 0, 2).AddDisk(Copy(whole, 2));
        var disk = back.Present.Single(disk => disk.Device == Device(2));
        Assert.Equal(-2, disk.Index);
        Assert.Null(back.Sectors(disk.Device));
    }

    [Fact]
    public void A_disk_that_is_lost_again_and_again_stays_one_of_the_family()
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2);
        for (var round = 0; round < 4; round++)
        {
            var old = Copy(container, 1);
            var lost = Lost(container, volume: 0, 1);
            Assert.Null(lost.FollowedBy(onAllDisks: true));
            container = lost.AddDisk(old);
            Assert.Equal(-1, container.Present.Single(disk => disk.Device == Device(1)).Index);
            container = container.Rebuild().NextGeneration();
            while (container.FollowedBy(onAllDisks: true) is { } next)
            {
                container = Assert.IsType<ImsmContainer>(next.Model).NextGeneration();
            }

            container = container.InSync(0, 1).NextGeneration();
        }
    }

    private static ImsmContainer Lost(ImsmContainer container, int volume, int number) =>
        container.Fail(volume, number).RemoveDisk(Device(number)).NextGeneration();

    private static DiskSource Copy(ImsmContainer container, int number)
    {
        var disk = new CrashDisk(Source(number));
        disk.Put(container.Sectors(Device(number))!);
        return disk.With(disk.Durable);
    }
}
