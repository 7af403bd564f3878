using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

/// <summary>
/// What mdadm 4.2 sent to mdmon 4.2 on a real kernel, with the metadata that mdmon had written last before it and first after
/// it. Where mdadm applies an update by itself, because no monitor runs for RAID 0 alone, the update is the one that it would have
/// sent, and the metadata is mdadm's. A file names the container's loop disks and holds the three in hexadecimal.
/// </summary>
public class UpstreamTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "updates");

    public static TheoryData<string> Cases => new(Directory.GetFiles(Folder, "*.txt")
        .Select(file => Path.GetFileNameWithoutExtension(file))
        .Where(name => !name.StartsWith("better-", StringComparison.Ordinal)).Order());

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_update_leaves_the_very_bytes_that_mdmon_left(string name)
    {
        var (ours, mdmons) = Replay(name);

        Assert.Equal(Describe(mdmons), Describe(ours));
        Assert.Equal(Convert.ToHexString(ImsmWriter.Write(mdmons)), Convert.ToHexString(ImsmWriter.Write(ours)));
    }

    // Slots 1 and 3 were left, on disks 3 and 2 of the table. md keeps them in this order; mdmon records the other one, and
    // the halves of the data change places when the volume is assembled next.
    [Fact]
    public void A_takeover_keeps_the_order_of_the_members_where_mdmon_swaps_them()
    {
        var (ours, mdmons) = Replay("better-takeover-10-to-0");

        Assert.Equal([1u, 0u], ours.Devs[0].Map.Order.ToArray());
        Assert.Equal([0u, 1u], mdmons.Devs[0].Map.Order.ToArray());
        var swapped = ours with { Devs = [ours.Devs[0] with { Map = ours.Devs[0].Map with { Order = [0, 1] } }] };
        Assert.Equal(Convert.ToHexString(ImsmWriter.Write(mdmons)), Convert.ToHexString(ImsmWriter.Write(swapped)));
    }

    [Fact]
    public void The_cases_are_there() => Assert.True(Cases.Count >= 13);

    private static (ImsmSuper Ours, ImsmSuper Mdmons) Replay(string name)
    {
        var lines = File.ReadLines(Path.Combine(Folder, name + ".txt"))
            .Select(line => line.Split(' ', 2)).ToDictionary(line => line[0], line => line[1]);
        var container = Container(Read(Convert.FromHexString(lines["before"])), [.. lines["disks"].Split(' ').Select(int.Parse)]);

        var after = container.After(Convert.FromHexString(lines["update"]));

        return (after.Super with { Generation = container.Super.Generation + 1 }, Read(Convert.FromHexString(lines["after"])));
    }

    private static ImsmSuper Read(byte[] bytes)
    {
        var result = ImsmReader.Read(bytes);
        Assert.Null(result.Error);
        return result.Super!;
    }

    // Every disk is there, and known by the serial that its name gives it, as a failed one is by what its serial was.
    private static ImsmContainer Container(ImsmSuper super, int[] disks) => new(
        super,
        [.. disks.Select(disk =>
        {
            var index = super.Disks.ToList().FindIndex(entry => entry.Serial.ToString() is var serial
                && (serial == Sample.Serial(disk) || serial == Sample.Serial(disk) + ":0"));
            var entry = index >= 0
                ? super.Disks[index]
                : super.Disks[0] with { Serial = Octets.Text(Sample.Serial(disk), 16), ScsiId = 0, Status = ImsmDiskStatus.Spare };
            return new PresentDisk(Sample.Device(disk), $"loop{disk}", index, entry, 512, entry.TotalBlocks, null)
            {
                OwnSerial = Octets.Text(Sample.Serial(disk), 16),
            };
        })],
        null);

    private static string Describe(ImsmSuper super) => string.Join(
        '\n',
        [
            $"{super.Signature} family {super.FamilyNumber:x} generation {super.Generation} attributes {super.Attributes} "
                + $"created {super.VolumesCreated}",
            .. super.Disks.Select(disk => $"{disk.Serial} {disk.TotalBlocks} {disk.ScsiId} {disk.Status}"),
            .. super.Devs.Select(dev => $"{dev.Volume} {dev.Size} {dev.Status:x} migration {dev.MigrationState} {dev.MigrationType} "
                + $"{dev.CurrentMigrationUnit} dirty {dev.Dirty} {dev.RwhPolicy}\n  {Describe(dev.Map)}\n  {Describe(dev.SecondMap)}"),
        ]);

    private static string Describe(ImsmMap? map) => map is null
        ? "-"
        : $"{map.PbaOfLba0} {map.BlocksPerMember} {map.NumDataStripes} {map.BlocksPerStrip} {map.State} level {map.RaidLevel} "
            + $"domains {map.NumDomains} failed {map.FailedDisk} order {string.Join(' ', map.Order.Select(order => order.ToString("x")))}";
}
