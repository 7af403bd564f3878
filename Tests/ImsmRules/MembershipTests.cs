using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

public class MembershipTests
{
    [Fact]
    public void A_disk_that_comes_is_a_spare_in_front_of_the_others()
    {
        var container = Container(disks: 2, spares: 1).Volume(level: 1, disks: 2).AddDisk(Source(7));
        var disk = container.Present[0];
        Assert.Equal((Device(7), "sdh", -1, ImsmDiskStatus.Spare), (disk.Device, disk.Name, disk.Index, disk.Disk.Status));
        Assert.Equal((DiskSectors, DiskSectors), (disk.Sectors, disk.Disk.TotalBlocks));
        Assert.Equal(2, container.Super.Disks.Length);
    }

    [Fact]
    public void A_disk_that_is_there_already_is_not_added_again()
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2);
        Assert.Same(container, container.AddDisk(Source(1)));
    }

    [Theory]
    [InlineData("  WD-WX12: 34\n", "WD-WX12;34")]
    [InlineData("ABCDEFGHIJKLMNOPQRST", "EFGHIJKLMNOPQRST")]
    [InlineData("/dev/loop0", "/dev/loop0")]
    public void A_serial_number_is_trimmed(string serial, string trimmed)
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2).AddDisk(Source(7, serial: serial));
        Assert.Equal(trimmed, container.Present[0].Disk.Serial.ToString());
    }

    [Fact]
    public void The_SCSI_id_is_taken_from_the_record_that_mdadm_wrote()
    {
        var record = SpareRecord.Make(SpareRecord.Disk("SERIAL-sdh", DiskSectors, scsiId: 0x10002), cacheSize: 0, sectorSize: 512);
        var tail = new byte[4096];
        ImsmWriter.Write(record).CopyTo(tail, 4096 - 1024);
        var container = Container(disks: 2).AddDisk(Source(7) with { Tail = tail }).AddDisk(Source(8) with { Tail = tail });
        Assert.Equal(0x10002u, container.Present[1].Disk.ScsiId);
        Assert.Equal(0u, container.Present[0].Disk.ScsiId);
    }

    [Theory]
    [InlineData(1ul << 32, true)]
    [InlineData((1ul << 32) - 1, false)]
    public void A_disk_beyond_2_TiB_sets_the_attribute(ulong sectors, bool set)
    {
        var attributes = Container(disks: 2).AddDisk(Source(7, sectors)).Super.Attributes;
        Assert.Equal(set, (attributes & ImsmAttributes.Disk2TB) != 0);
    }

    [Fact]
    public void A_spare_that_leaves_is_gone()
    {
        var container = Container(disks: 2, spares: 1).Volume(level: 1, disks: 2);
        var left = container.RemoveDisk(Device(2));
        Assert.Equal(2, left.Present.Length);
        Assert.Same(container.Super, left.Super);
        Assert.Same(left, left.RemoveDisk(Device(2)));
    }

    [Fact]
    public void A_failed_member_that_leaves_keeps_its_entry_and_is_not_recorded_as_missing()
    {
        var left = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).RemoveDisk(Device(1));
        var started = left.State(Consistency.AsRecorded, Facts());
        Assert.Equal(left.Super.Disks[1], started.Super.Disks[1]);
        Assert.Equal("SERIAL-sdb:0", started.Super.Disks[1].Serial.ToString());
    }

    [Fact]
    public void A_member_that_left_without_having_failed_is_missing_when_its_volume_is_started()
    {
        var started = Container(disks: 3).Volume(level: 5, disks: 3).RemoveDisk(Device(1)).State(Consistency.AsRecorded, Facts());
        Assert.Equal((MapState.Degraded, ~0u), (started.Dev().Map.State, started.Super.Disks[1].ScsiId));
    }

    [Fact]
    public void A_failed_member_that_comes_back_is_a_spare_and_may_be_chosen()
    {
        var back = Container(disks: 3).Volume(level: 5, disks: 3).Fail(0, 1).RemoveDisk(Device(1)).AddDisk(Source(1));
        var rebuilt = back.Rebuild().InSync(0, 1);
        Assert.Equal(MapState.Normal, rebuilt.Dev().Map.State);
        Assert.Equal(["SERIAL-sda", "SERIAL-sdc", "SERIAL-sdb"], rebuilt.Super.Disks.Select(disk => disk.Serial.ToString()));
        Assert.Empty(rebuilt.Departed);
    }

    [Fact]
    public void The_next_generation_is_one_more_and_nothing_else()
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2);
        Assert.Equal(container.Super with { Generation = 8 }, container.NextGeneration().Super);
    }

    [Fact]
    public void The_next_generation_fills_in_an_original_family_that_old_metadata_lacks()
    {
        var container = Container(disks: 2).Volume(level: 1, disks: 2);
        var old = container with { Super = container.Super with { OriginalFamilyNumber = 0 } };
        Assert.Equal(old.Super.FamilyNumber, old.NextGeneration().Super.OriginalFamilyNumber);
    }
}
