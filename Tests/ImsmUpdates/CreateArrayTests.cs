using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class CreateArrayTests
{
    private const ulong SecondStart = 30720;
    private static readonly ImsmContainer OneVolume = Sample.Container(3, 2, Sample.Volume("vol0", 5, 3));

    private static ImsmDev Second(int level, int members, ulong perMember = 20480) =>
        Sample.Volume("vol1", level, members, perMember, SecondStart, id: 2);

    private static byte[] Message(ImsmDev dev, params int[] disks) =>
        ImsmUpdateMessages.CreateArray(1, dev, [.. disks.Select(Sample.Serial)]);

    [Fact]
    public void A_second_volume_on_the_same_disks_keeps_every_field_that_was_sent_and_adds_its_level_to_the_attributes()
    {
        var dev = Second(1, 2) with
        {
            Size = 0x1_2345_6789, Status = 0xC, ReservedBlocks = 3, Misc = new Octets([1, 2, 3, 4, 5, 6, 7, 8]), Dirty = 1,
            NvCache = new Octets([9, 8, 7, 6, 5, 4, 3, 2]), Tail = Octets.Text("journal", 29), CheckpointId = 77,
            CurrentMigrationUnit = 0x2_0000_0001, VerifyErrors = 0x1234, BadBlocks = 0x4321, FsState = 0xFF,
            RwhPolicy = RwhPolicy.MultipleDistributed, VolFiller = Octets.Text("fill", 12),
        };

        var after = OneVolume.After(Message(dev, 0, 1));

        var made = after.Super.Devs[1];
        Assert.Equal(dev with { Map = made.Map }, made);
        Assert.Equal(dev.Map with { Order = made.Map.Order }, made.Map);
        Assert.Equal([0u, 1u], made.Map.Order.ToArray());
        Assert.Equal((ImsmAttributes)0xA0000012, after.Super.Attributes);
        Assert.Equal("Intel Raid ISM Cfg Sig. 1.3.00", after.Super.Signature.ToString());
        Assert.Equal(OneVolume.Super.FamilyNumber, after.Super.FamilyNumber);
        Assert.Equal(OneVolume.Super.Disks, after.Super.Disks);
        Assert.Equal(OneVolume.Present, after.Present);
        Assert.Equal(OneVolume.Super.Devs[0], after.Super.Devs[0]);
    }

    [Fact]
    public void The_order_table_follows_the_serial_numbers_and_not_the_indices_that_were_sent()
    {
        var dev = Second(0, 3);
        var sent = dev with { Map = dev.Map with { Order = [9, 9, 1 << 24] } };

        Assert.Equal([2u, 0u, 1u], OneVolume.After(Message(sent, 2, 0, 1)).Super.Devs[1].Map.Order.ToArray());
    }

    [Fact]
    public void Spares_that_become_members_get_the_next_places_of_the_disk_table()
    {
        var after = OneVolume.After(Message(Second(0, 3), 4, 0, 3));

        Assert.Equal([3u, 0u, 4u], after.Super.Devs[1].Map.Order.ToArray());
        Assert.Equal(["/dev/loop0", "/dev/loop1", "/dev/loop2", "/dev/loop4", "/dev/loop3"],
            after.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.All(after.Super.Disks, disk => Assert.Equal(ImsmDiskStatus.Configured, disk.Status));
        Assert.Equal([0, 1, 2, 4, 3], after.Present.Select(disk => disk.Index));
        Assert.All(after.Present, disk => Assert.Equal(after.Super.Disks[disk.Index], disk.Disk));
    }

    [Fact]
    public void The_first_volume_begins_a_new_family_with_a_disk_table_of_its_own()
    {
        var empty = Sample.Container(0, 3);
        var spare = empty with { Super = empty.Super with { Disks = [empty.Present[0].Disk] } };

        var after = spare.After(ImsmUpdateMessages.CreateArray(0, Sample.Volume("vol0", 0, 2), Sample.Serial(2), Sample.Serial(1)));

        Assert.NotEqual(spare.Super.FamilyNumber, after.Super.FamilyNumber);
        Assert.Equal(after.Super.FamilyNumber, after.Super.OriginalFamilyNumber);
        Assert.Equal(1, after.Super.VolumesCreated);
        Assert.Equal(["/dev/loop2", "/dev/loop1"], after.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.Equal([-1, 1, 0], after.Present.Select(disk => disk.Index));
        Assert.Equal("Intel Raid ISM Cfg Sig. 1.0.00", after.Super.Signature.ToString());
        Assert.Equal((ImsmAttributes)0x80000000, after.Super.Attributes);
    }

    [Theory]
    [InlineData(0, 2, "1.0.00")]
    [InlineData(0, 3, "1.2.01")]
    [InlineData(0, 5, "1.2.04")]
    [InlineData(1, 2, "1.1.00")]
    [InlineData(5, 3, "1.2.02")]
    [InlineData(10, 4, "1.2.01")]
    public void A_single_volume_in_metadata_without_attributes_gets_the_old_version_of_its_kind(int level, int members, string version)
    {
        var serials = Enumerable.Range(0, members).Select(Sample.Serial).ToArray();
        var after = Sample.Container(0, 5).After(ImsmUpdateMessages.CreateArray(0, Sample.Volume("v", level, members), serials));

        Assert.EndsWith(version, after.Super.Signature.ToString());
    }

    [Fact]
    public void A_volume_above_2_TiB_sets_its_attribute_and_so_the_new_version()
    {
        var dev = Sample.Volume("big", 0, 2) with { Size = 0x1_0000_0000 };

        var after = Sample.Container(0, 2).After(ImsmUpdateMessages.CreateArray(0, dev, Sample.Serial(0), Sample.Serial(1)));

        Assert.Equal((ImsmAttributes)0xA0000001, after.Super.Attributes);
        Assert.EndsWith("1.3.00", after.Super.Signature.ToString());
    }

    [Fact]
    public void More_than_four_mirrored_members_need_the_extended_attribute()
    {
        var after = Sample.Container(2, 6, Sample.Volume("vol0", 0, 2)).After(Message(Second(10, 6), 2, 3, 4, 5, 6, 7));

        Assert.Equal((ImsmAttributes)0x80000085, after.Super.Attributes);
    }

    [Fact]
    public void A_spare_above_2_TiB_sets_the_attribute_that_its_size_needs()
    {
        var container = Sample.Container(2, 1, Sample.Volume("vol0", 0, 2));
        var spare = container.Present[2];
        var big = spare with { Sectors = 0x2_0000_0000, Disk = spare.Disk with { TotalBlocks = 0x2_0000_0000 } };
        container = container with { Present = container.Present.SetItem(2, big) };

        var after = container.After(Message(Second(0, 2), 0, 2));

        Assert.Equal((ImsmAttributes)0x84000001, after.Super.Attributes);
    }

    [Theory]
    [InlineData(0, "volume 0 is there already")]
    [InlineData(2, "volume 2 is not the next one: there are 1")]
    [InlineData(-1, "volume -1 is not the next one")]
    public void Only_the_next_index_can_be_created(int index, string reason) =>
        OneVolume.Refuses(ImsmUpdateMessages.CreateArray(index, Second(0, 2), Sample.Serial(0), Sample.Serial(1)), reason);

    [Fact]
    public void A_name_that_is_taken_is_refused() =>
        OneVolume.Refuses(Message(Sample.Volume("vol0", 0, 2, first: SecondStart), 0, 1), "a volume named vol0 is there already");

    [Fact]
    public void A_volume_without_name_is_refused() =>
        OneVolume.Refuses(Message(Second(0, 2) with { Volume = Octets.Zeros(16) }, 0, 1), "no name");

    [Theory]
    [InlineData(2048)]
    [InlineData(10240)]
    [InlineData(22528)]
    public void Sectors_of_another_volume_on_the_same_disk_are_refused_and_so_is_touching_it(ulong first) =>
        OneVolume.Refuses(
            Message(Sample.Volume("vol1", 0, 2, first: first), 2, 3), "of loop2 overlap volume vol0, which has 2048 to 22528");

    [Fact]
    public void The_same_sectors_on_other_disks_are_no_overlap() =>
        Assert.Equal(2, OneVolume.After(Message(Sample.Volume("vol1", 0, 2), 3, 4)).Super.Devs.Length);

    [Fact]
    public void A_disk_that_is_gone_is_refused() =>
        OneVolume.Refuses(Message(Second(0, 2), 0, 9), "no disk with serial /dev/loop9 is present");

    [Fact]
    public void A_disk_named_twice_is_refused() =>
        OneVolume.Refuses(Message(Second(0, 2), 1, 1), "loop1 (serial /dev/loop1) is named twice");

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_failed_disk_is_refused(int failed)
    {
        var disk = OneVolume.Present[failed];
        var entry = disk.Disk with { Status = disk.Disk.Status | ImsmDiskStatus.Failed };
        var broken = OneVolume with { Present = OneVolume.Present.SetItem(failed, disk with { Disk = entry }) };

        broken.Refuses(Message(Second(0, 2), 0, failed), $"disk loop{failed} (serial /dev/loop{failed}) has failed");
    }

    [Fact]
    public void A_volume_that_ends_behind_its_disk_is_refused() =>
        OneVolume.Refuses(Message(Second(0, 2, Sample.DiskSectors), 0, 1), "disk loop0 has 131072");

    [Fact]
    public void A_volume_whose_end_overflows_is_refused()
    {
        var dev = Second(0, 2);
        var endless = dev with { Map = dev.Map with { NumDataStripes = ulong.MaxValue } };

        OneVolume.Refuses(Message(endless, 0, 1), "the volume ends at sector 18446744073709551615");
    }

    [Fact]
    public void Numbers_that_are_no_volume_are_refused()
    {
        var dev = Second(0, 2);
        void Refused(ImsmMap map, string reason) =>
            OneVolume.Refuses(Message(dev with { Map = map }, [.. Enumerable.Range(0, map.Order.Length)]), reason);

        Refused(dev.Map with { RaidLevel = 7 }, "2 members at level 7");
        Refused(dev.Map with { Order = [] }, "0 members at level 0");
        Refused(dev.Map with { RaidLevel = 5 }, "2 members at level 5");
        Refused(dev.Map with { RaidLevel = 1, NumDomains = 2, Order = [0, 1, 2] }, "3 members at level 1");
        Refused(dev.Map with { NumDomains = 0 }, "0 domains");
        Refused(dev.Map with { RaidLevel = 1 }, "1 domains");
        Refused(dev.Map with { BlocksPerStrip = 0 }, "stripes of 0 sectors");
        Refused(dev.Map with { NumDataStripes = 0 }, "0 stripes");
        Refused(dev.Map with { State = (MapState)4 }, "unknown map state 4");
        OneVolume.Refuses(Message(dev with { RwhPolicy = (RwhPolicy)7 }, 0, 1), "write-hole policy 7");
        OneVolume.Refuses(Message(dev with { MigrationState = 1, SecondMap = dev.Map }, 0, 1), "under migration");
    }

    [Fact]
    public void A_disk_table_that_would_be_too_long_is_refused()
    {
        var container = Sample.Container(250, 6, Sample.Volume("vol0", 0, 250));

        container.Refuses(Message(Second(0, 6), 250, 251, 252, 253, 254, 255), "the disk table would have 256 entries");
    }
}
