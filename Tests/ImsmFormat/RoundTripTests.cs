using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmFormat;

public class RoundTripTests
{
    public static TheoryData<string, string> EveryDisk()
    {
        var data = new TheoryData<string, string>();
        foreach (var (scenario, disk) in Fixtures.All)
            data.Add(scenario, disk.Name);
        return data;
    }

    public static TheoryData<string> EveryScenario() => [.. Fixtures.Names];

    [Theory]
    [MemberData(nameof(EveryDisk))]
    public void What_mdadm_wrote_is_read_and_written_back_byte_for_byte(string scenario, string name)
    {
        var disk = Fixtures.Disks(scenario).Single(d => d.Name == name);
        var result = ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize);
        Assert.Null(result.Error);
        Assert.Equal(MetadataBytes(disk, result.Size), ImsmWriter.Write(result.Super!, disk.SectorSize));
    }

    [Theory]
    [MemberData(nameof(EveryScenario))]
    public void The_image_of_each_member_is_what_the_disk_holds(string scenario)
    {
        var disks = Fixtures.Disks(scenario);
        var (container, verdicts, refusal) = ImsmLoader.Load(disks);
        Assert.Null(refusal);
        foreach (var disk in disks)
        {
            // A stale member's image is the newest generation's, not what it holds.
            var standing = verdicts.Single(verdict => verdict.Device == disk.Device).Standing;
            if (standing is not (DiskStanding.Member or DiskStanding.Spare))
                continue;
            var present = container!.Present.Single(present => present.Device == disk.Device);
            var image = container.Sectors(disk.Device);
            Assert.NotNull(image);
            var from = (int)(image.Offset - (((long)disk.Sectors * 512) - disk.Tail.Length));
            var found = disk.Tail.Slice(from, image.Bytes.Length).ToArray();
            // mdadm leaves what its buffer held behind the metadata's end.
            var size = ImsmPlacement.Read(disk.Tail.Span, disk.SectorSize).Size;
            var expected = WithoutPadding(found, image, size);
            Assert.Equal(expected, image.Bytes.ToArray());
            Assert.True(present.Index == -1 || container.Super.Devs.Any(dev => dev.IsGeneralMigration())
                || image.Offset + image.Bytes.Length == (long)disk.Sectors * 512, "a member's image reaches to the end of the disk");
        }
    }

    private static byte[] WithoutPadding(byte[] found, DiskImage image, int size)
    {
        var extended = image.AnchorOffset;
        if (size <= image.SectorSize)
            Array.Clear(found, extended + size, image.SectorSize - size);
        else
            Array.Clear(found, size - image.SectorSize, extended - (size - image.SectorSize));
        return found;
    }

    private static byte[] MetadataBytes(DiskSource disk, int size)
    {
        var tail = disk.Tail.Span;
        var anchor = ImsmPlacement.Anchor(tail, disk.SectorSize).ToArray();
        if (size <= disk.SectorSize)
            return anchor[..size];
        var extended = (ImsmPlacement.SectorCount(size, disk.SectorSize) - 1) * disk.SectorSize;
        var before = tail.Length - (2 * disk.SectorSize);
        return [.. anchor, .. tail.Slice(before - extended, size - disk.SectorSize)];
    }
}
