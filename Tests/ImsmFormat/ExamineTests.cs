using System.Text.Json;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Examine;
using Xunit;

namespace ActorRaid.Tests.ImsmFormat;

public class ExamineTests
{
    public static TheoryData<string, string> EveryDisk() => RoundTripTests.EveryDisk();

    [Theory]
    [MemberData(nameof(EveryDisk))]
    public void The_text_is_what_mdadm_prints(string scenario, string name)
    {
        var disk = Fixtures.Disks(scenario).Single(d => d.Name == name);
        var report = ImsmReport.From(disk with { Name = $"/dev/{name}" });
        Assert.Equal(Fixtures.Examined(scenario, name), report.ToText(TimeZoneInfo.Utc));
    }

    [Fact]
    public void The_JSON_has_the_same_values()
    {
        var json = ImsmReport.From(Fixtures.Disk("raid5-rebuilding", 3)).ToJson();
        using var document = JsonDocument.Parse(json);
        var volume = document.RootElement.GetProperty("volumes")[0];
        Assert.Equal("r5", volume.GetProperty("name").GetString());
        Assert.Equal("rebuild", volume.GetProperty("migrationState").GetString());
        Assert.Equal("UUU", volume.GetProperty("map").GetProperty("slots").GetString());
        Assert.Contains("_", volume.GetProperty("previous").GetProperty("slots").GetString());
        Assert.Equal(3, document.RootElement.GetProperty("disks").GetArrayLength());
    }

    [Fact]
    public void A_blank_disk_and_a_damaged_copy_are_told_apart()
    {
        var disk = Fixtures.Disk("raid5", 0);
        Assert.Contains("no IMSM metadata", ImsmReport.From(disk with { Tail = new byte[2048] }).ToText());
        var torn = disk.Tail.ToArray();
        torn[512] ^= 1;
        var report = ImsmReport.From(disk with { Tail = torn });
        Assert.Contains("checksum", report.Problem);
        Assert.Contains("damaged", report.ToText());
    }

    [Fact]
    public void A_usable_size_that_is_not_whole_sectors_is_rounded_down_in_sectors_only()
    {
        // mdadm -E of a spare of 64 MiB with sectors of 4096 bytes: a spare keeps 2210 blocks of 512 bytes back.
        var report = ImsmReport.From(Fixtures.Disk("k4", 0));
        const ulong Bytes = ((64 << 11) - 2210) * 512;
        var text = (report with { Disks = [report.Disks[0] with { UsableSize = Bytes / 4096, UsableBytes = Bytes }] }).ToText();
        Assert.Contains("Usable Size : 16107 (62.92 MiB 65.98 MB)", text);
    }

    [Fact]
    public void Unsupported_attributes_are_named()
    {
        var report = ImsmReport.From(Fixtures.Disk("raid5", 0)) with { UnsupportedAttributes = "Raid1E" };
        Assert.Contains("not supported (Raid1E)", report.ToText());
    }
}
