using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class TakeoverTests
{
    private const uint Rebuild = 1u << 24;
    private static readonly byte[] To0 = ImsmUpdateMessages.Takeover(0, 0);
    private static readonly byte[] To10 = ImsmUpdateMessages.Takeover(0, 1);

    private static ImsmContainer Failing(ImsmContainer container, params int[] failed)
    {
        foreach (var index in failed)
        {
            var entry = container.Super.Disks[index] with
            {
                Serial = Octets.Text($"{container.Super.Disks[index].Serial}:0", 16),
                Status = ImsmDiskStatus.Configured | ImsmDiskStatus.Failed,
            };
            var dev = container.Super.Devs[0];
            var map = dev.Map with { Order = [.. dev.Map.Order.Select(order => order == index ? order | Rebuild : order)] };
            container = container with
            {
                Super = container.Super with
                {
                    Disks = container.Super.Disks.SetItem(index, entry),
                    Devs = [dev with { Map = map }],
                },
                Present = [.. container.Present.Select(disk => disk.Index == index ? disk with { Disk = entry } : disk)],
            };
        }

        return container;
    }

    [Fact]
    public void RAID_0_becomes_a_degraded_RAID_10_whose_second_slots_are_missing()
    {
        var before = Sample.Container(2, 2, Sample.Volume("vol0", 0, 2));

        var after = before.After(To10);

        var (was, dev) = (before.Super.Devs[0], after.Super.Devs[0]);
        Assert.Equal([0u, 1 | Rebuild, 2u, 3 | Rebuild], dev.Map.Order.ToArray());
        Assert.Equal(
            was with
            {
                Map = was.Map with
                {
                    RaidLevel = 1, NumDomains = 2, State = MapState.Degraded, FailedDisk = 1, NumDataStripes = 40, Order = dev.Map.Order,
                },
            },
            dev);
        Assert.Equal(["/dev/loop0", "MISSING_1:0", "/dev/loop1", "MISSING_3:0"], after.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.Equal(ImsmDiskStatus.Spare | ImsmDiskStatus.Failed, after.Super.Disks[1].Status);
        Assert.Equal(uint.MaxValue, after.Super.Disks[1].ScsiId);
        Assert.Equal([0, 2, -1, -1], after.Present.Select(disk => disk.Index));
        Assert.Equal("Intel Raid ISM Cfg Sig. 1.2.01", after.Super.Signature.ToString());
    }

    [Fact]
    public void A_missing_disk_looks_like_a_member_where_there_is_no_spare()
    {
        var after = Sample.Container(2, 0, Sample.Volume("vol0", 0, 2)).After(To10);

        Assert.Equal(ImsmDiskStatus.Configured | ImsmDiskStatus.Failed, after.Super.Disks[1].Status);
        Assert.Equal(Sample.DiskSectors, after.Super.Disks[1].TotalBlocks);
    }

    [Fact]
    public void Members_keep_their_slots_where_the_order_table_is_not_in_order_and_their_bad_blocks_follow()
    {
        var dev = Sample.Volume("vol0", 0, 2);
        var before = Sample.Container(2, 0, dev with { Map = dev.Map with { Order = [1, 0] } });
        before = before with { Super = before.Super with { BadBlocks = [new BbmLogEntry(1, 0, 100), new BbmLogEntry(2, 1, 200)] } };

        var after = before.After(To10);

        Assert.Equal("/dev/loop1", after.Super.Disks[(int)after.Super.Devs[0].Map.Order[0]].Serial.ToString());
        Assert.Equal("/dev/loop0", after.Super.Disks[(int)after.Super.Devs[0].Map.Order[2]].Serial.ToString());
        Assert.Equal([2, 0], after.Present.Select(disk => disk.Index));
        Assert.Equal([new BbmLogEntry(1, 2, 100), new BbmLogEntry(2, 0, 200)], after.Super.BadBlocks.ToArray());
    }

    [Fact]
    public void More_than_two_members_take_the_level_number_of_their_own()
    {
        var after = Sample.Container(3, 0, Sample.Volume("vol0", 0, 3)).After(To10);

        Assert.Equal(10, after.Super.Devs[0].Map.RaidLevel);
        Assert.Equal(6, after.Super.Devs[0].Map.Order.Length);
    }

    [Fact]
    public void RAID_10_without_half_of_its_disks_becomes_RAID_0_and_the_failed_disks_are_spares()
    {
        var before = Failing(Sample.Container(4, 1, Sample.Volume("vol0", 10, 4)), 1, 3);

        var after = before.After(To0);

        var (was, dev) = (before.Super.Devs[0], after.Super.Devs[0]);
        Assert.Equal([0u, 1u], dev.Map.Order.ToArray());
        Assert.Equal(
            was with
            {
                Map = was.Map with
                {
                    RaidLevel = 0, NumDomains = 1, State = MapState.Normal, FailedDisk = 0xFF, NumDataStripes = 80, Order = dev.Map.Order,
                },
            },
            dev);
        Assert.Equal(["/dev/loop0", "/dev/loop2"], after.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.Equal([0, -1, 1, -1, -1], after.Present.Select(disk => disk.Index));
        Assert.Equal(before.Present.Select((_, disk) => Sample.Serial(disk)), after.Present.Select(disk => disk.Disk.Serial.ToString()));
        Assert.Equal(ImsmDiskStatus.Spare, after.Present[3].Disk.Status);
    }

    [Fact]
    public void The_survivors_of_the_pairs_keep_the_order_of_the_pairs_and_their_bad_blocks()
    {
        var container = Sample.Container(4, 0, Sample.Volume("vol0", 10, 4));
        var dev = container.Super.Devs[0];
        container = container with
        {
            Super = container.Super with
            {
                Devs = [dev with { Map = dev.Map with { Order = [3, 2, 1, 0] } }],
                BadBlocks = [new BbmLogEntry(1, 3, 100), new BbmLogEntry(1, 2, 200)],
            },
        };

        var after = Failing(container, 2, 1).After(To0);

        Assert.Equal(["/dev/loop0", "/dev/loop3"], after.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.Equal([1u, 0u], after.Super.Devs[0].Map.Order.ToArray());
        Assert.Equal([new BbmLogEntry(1, 1, 100)], after.Super.BadBlocks.ToArray());
    }

    [Fact]
    public void A_member_that_is_missing_counts_as_failed()
    {
        var before = Sample.Container(2, 0, Sample.Volume("vol0", 1, 2));

        var after = (before with { Present = before.Present.RemoveAt(0) }).After(To0);

        Assert.Equal([0u], after.Super.Devs[0].Map.Order.ToArray());
        Assert.Equal(80UL, after.Super.Devs[0].Map.NumDataStripes);
        Assert.Equal("/dev/loop1", Assert.Single(after.Super.Disks).Serial.ToString());
        Assert.Equal(0, Assert.Single(after.Present).Index);
    }

    [Fact]
    public void A_failed_disk_whose_serial_was_cut_gets_its_own_back()
    {
        var before = Sample.Container(2, 0, Sample.Volume("vol0", 1, 2));
        var own = Octets.Text("0123456789ABCDEF", 16);
        var disk = before.Present[0] with { Disk = before.Present[0].Disk with { Serial = own }, OwnSerial = own };
        var failed = disk with
        {
            Disk = disk.Disk with { Serial = Octets.Text("3456789ABCDEF:0", 16), Status = ImsmDiskStatus.Failed },
        };

        var after = (before with { Present = before.Present.SetItem(0, failed) }).After(To0);

        Assert.Equal(own, after.Present[0].Disk.Serial);
        Assert.Equal(-1, after.Present[0].Index);
    }

    [Fact]
    public void There_and_back_gives_the_same_volume()
    {
        var before = Sample.Container(2, 0, Sample.Volume("vol0", 0, 2));

        var after = before.After(To10).After(To0);

        Assert.Equal(before.Super.Disks, after.Super.Disks.ToArray());
        Assert.Equal(before.Super.Devs[0].Map.Order.ToArray(), after.Super.Devs[0].Map.Order.ToArray());
        Assert.Equal(before.Super.Devs[0].Map with { Order = after.Super.Devs[0].Map.Order }, after.Super.Devs[0].Map);
        Assert.Equal(before.Present.ToArray(), after.Present.ToArray());
    }

    [Fact]
    public void Takeovers_that_cannot_be_are_refused()
    {
        var raid0 = Sample.Container(2, 0, Sample.Volume("vol0", 0, 2));
        var raid10 = Sample.Container(4, 0, Sample.Volume("vol0", 10, 4));

        raid0.Refuses(ImsmUpdateMessages.Takeover(0, 2), "direction 2 is not known");
        raid0.Refuses(ImsmUpdateMessages.Takeover(1, 1), "there is no volume 1");
        raid0.Refuses(ImsmUpdateMessages.Takeover(-1, 1), "there is no volume -1");
        raid0.Refuses(To0, "volume vol0 is RAID 0 of 1 domains, not RAID 1 or 10");
        raid10.Refuses(To10, "volume vol0 is RAID 10, not RAID 0");
        raid10.Refuses(To0, "0 of 4 members of volume vol0 have failed, half of them must have");
        Failing(raid10, 1).Refuses(To0, "1 of 4 members");
        Failing(raid10, 0, 1).Refuses(To0, "both members of a pair of volume vol0 have failed");
        (raid0 with { Present = raid0.Present.RemoveAt(1) }).Refuses(To10, "disk /dev/loop1 is missing or has failed");
        Failing(raid0, 0).Refuses(To10, "disk /dev/loop0:0 is missing or has failed");
        Sample.Container(3, 0, Sample.Volume("vol0", 0, 2)).Refuses(To10, "the disk table has 3 entries for 2 members");
        Sample.Container(1, 0, Sample.Volume("vol0", 0, 1)).Refuses(To10, "volume vol0 has 1 members: it takes 2 to 127");
        Sample.Container(2, 0, Sample.Volume("a", 0, 2), Sample.Volume("b", 0, 2, first: 30720)).Refuses(
            To10, "the container has 2 volumes");
        raid0.After(ImsmUpdateMessages.ReshapeMigration(0, 0, 64)).Refuses(To10, "volume vol0 is under migration");
    }
}
