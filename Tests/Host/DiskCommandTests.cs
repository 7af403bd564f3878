using System.Text.Json;
using ActorRaid.Host.Commands;
using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmFormat;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>examine and repair on images of disks that mdadm wrote.</summary>
public sealed class DiskCommandTests : IDisposable
{
    private static readonly (string, string) NameAsSerial = ("IMSM_DEVNAME_AS_SERIAL", "1");

    private readonly TempDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("raid5", "loop0")]
    [InlineData("k4", "loop1")]
    public void Examine_shows_an_image_as_mdadm_shows_the_disk(string scenario, string disk)
    {
        var image = Image(Fixtures.Disks(scenario).Single(source => source.Name == disk));
        var (status, output, errors) = Executable.Run(Executable.Path, ["examine", image], NameAsSerial, ("TZ", "UTC"));
        Assert.Equal((0, ""), (status, errors));
        Assert.Equal(image + ":", output.Split('\n')[0]);
        Assert.Equal(Lines(Fixtures.Examined(scenario, disk)), Lines(output));
    }

    [Fact]
    public void Examine_gives_json_for_several_disks_and_says_what_it_could_not_read()
    {
        var images = Fixtures.Disks("raid5").Select(Image).ToArray();
        var blank = _root.Make("blank", new string('x', 1 << 16));
        var (status, output, errors) = Executable.Run(
            Executable.Path, ["examine", "--json", .. images, blank, $"{_root.Path}/none", _root.Path], NameAsSerial);
        Assert.Equal(1, status);
        Assert.Equal(2, errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        using var json = JsonDocument.Parse(output);
        var reports = json.RootElement.EnumerateArray().ToArray();
        Assert.Equal([.. images, blank], reports.Select(report => report.GetProperty("name").GetString()!));
        Assert.Contains("no IMSM metadata", reports[^1].GetProperty("problem").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Repair_only_says_what_it_would_do_until_it_is_told_to_do_it()
    {
        var disks = Fixtures.Disks("raid5-dirty");
        var images = disks.Select(Image).ToArray();
        var torn = Tear(images[1], disks[1].SectorSize);

        var said = Executable.Run(Executable.Path, ["repair", .. images], NameAsSerial);
        Assert.Equal((0, ""), (said.Status, said.Errors));
        Assert.Contains($"{images[1]}: would be rewritten", said.Output, StringComparison.Ordinal);
        Assert.Equal(torn, Tail(images[1]));

        var done = Executable.Run(Executable.Path, ["repair", "--yes", .. images], NameAsSerial);
        Assert.Equal((0, ""), (done.Status, done.Errors));
        Assert.Contains($"{images[1]}: rewritten", done.Output, StringComparison.Ordinal);
        Assert.All(disks.Where((_, i) => i != 1), disk => Assert.Equal(disk.Tail.ToArray(), Tail($"{_root.Path}/{disk.Name}")));
        var examined = Executable.Run(Executable.Path, ["examine", images[1]], NameAsSerial, ("TZ", "UTC"));
        Assert.Equal(Lines(Fixtures.Examined("raid5-dirty", disks[1].Name)), Lines(examined.Output));

        var again = Executable.Run(Executable.Path, ["repair", "--yes", .. images], NameAsSerial);
        Assert.Equal(0, again.Status);
        Assert.All(images, image => Assert.Contains($"{image}: nothing to do", again.Output, StringComparison.Ordinal));
    }

    [Fact]
    public void Repair_refuses_with_the_reason_and_writes_nothing()
    {
        var images = Fixtures.Disks("raid5-dirty").Select(Image).ToArray();
        var left = Tail(images[2]);
        var blank = _root.Make("blank", new string('x', 1 << 16));
        var refused = Executable.Run(Executable.Path, ["repair", "--yes", images[0], images[1], blank], NameAsSerial);
        Assert.Equal(1, refused.Status);
        Assert.Equal(new string('x', 2048), System.Text.Encoding.ASCII.GetString(Tail(blank)));
        Assert.Contains($"{blank}: refused: ", refused.Errors, StringComparison.Ordinal);
        Assert.Equal(left, Tail(images[2]));
        Assert.Equal(1, Executable.Run(Executable.Path, ["repair", blank], NameAsSerial).Status);
        Assert.Equal(1, Executable.Run(Executable.Path, ["repair", $"{_root.Path}/none"], NameAsSerial).Status);
    }

    [Fact]
    public void A_disk_that_cannot_be_read_is_an_error_and_one_that_is_gone_is_none()
    {
        var loop = $"{_root.Path}/loop";
        File.CreateSymbolicLink(loop, loop);
        Assert.Equal((0, ""), Torn($"{_root.Path}/none"));
        foreach (var (path, reason) in new[] { (loop, "Too many"), (_root.Path, "Is a directory"), ("/dev/null", "ENOTBLK") })
        {
            var (status, errors) = Torn($"{_root.Path}/none", path);
            Assert.Equal(1, status);
            Assert.Contains(path, errors, StringComparison.Ordinal);
            Assert.Contains(reason, errors, StringComparison.Ordinal);
            Assert.Equal(1, Executable.Run(Executable.Path, ["examine", path], NameAsSerial).Status);
            Assert.Equal(1, Executable.Run(Executable.Path, ["repair", path], NameAsSerial).Status);
        }

        static (int Status, string Errors) Torn(params string[] paths)
        {
            var errors = new StringWriter();
            return (RepairCommand.RunTorn(paths, yes: true, TextWriter.Null, errors), errors.ToString());
        }
    }

    private static byte[] Tail(string image)
    {
        using var file = File.OpenRead(image);
        var bytes = new byte[2048];
        file.Position = file.Length - bytes.Length;
        file.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>Changes a byte of the sector that an image's extended metadata is in; gives the tail as it is then.</summary>
    private static byte[] Tear(string image, int sectorSize)
    {
        var bytes = Tail(image);
        bytes[bytes.Length - (3 * sectorSize)] ^= 1;
        using var file = File.OpenWrite(image);
        file.Position = file.Length - bytes.Length;
        file.Write(bytes);
        return bytes;
    }

    private static string[] Lines(string report) =>
        [.. report.Split('\n').Skip(1).Select(line => line.TrimEnd()).Where(line => line.Length > 0)];

    private string Image(DiskSource disk)
    {
        var path = $"{_root.Path}/{disk.Name}";
        using var file = File.Create(path);
        file.SetLength((long)disk.Sectors * 512);
        file.Position = file.Length - disk.Tail.Length;
        file.Write(disk.Tail.Span);
        return path;
    }
}
