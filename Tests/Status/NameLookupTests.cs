using ActorRaid.Host;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;
using ActorRaid.Tests.Host;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>Which thing a name stands for: one, or it is refused.</summary>
public sealed class NameLookupTests : IDisposable
{
    private const string Uuid = "0a1b2c3d:4e5f6071:8293a4b5:c6d7e8f9", OtherUuid = "ffffffff:4e5f6071:8293a4b5:c6d7e8f9";

    private readonly TempDirectory _root = new();

    /// <summary>
    /// Container md127 with md126 and md124, container md123 with md122: md126 and md122 are both called Volume0.
    /// </summary>
    private static readonly HostStatus Two = Sample.Map(
        [
            Sample.Container with
            {
                Uuid = OtherUuid,
                Arrays =
                [
                    Sample.Array with { VolumeName = "Volume0", Uuid = Uuid },
                    Sample.Array with { Name = "md124", Volume = 1, VolumeName = "data", Legs = Sample.Array.Legs[1..] },
                ],
            },
            Sample.Container with
            {
                Name = "md123",
                Arrays = [Sample.Array with { Name = "md122", VolumeName = "Volume0", Legs = [] }],
                Disks = [Sample.Disk(4) with { Serial = "0123456789ABCDEF" }, Sample.Disk(5) with { Serial = "/dev/loop5" }],
            },
        ],
        null, StatusMemory.Empty, Sample.Then).Status;

    public void Dispose() => _root.Dispose();

    [Theory]
    [InlineData("md127", null, "md127")]
    [InlineData("md126", null, "md126")]
    [InlineData("sda", null, "sda")]
    [InlineData("8:16", null, "sdb")]
    [InlineData("9:126", null, "md126")]
    [InlineData("data", null, "md124")]
    [InlineData("SERIAL2", null, "sdc")]
    [InlineData("0123456789ABCDEF", null, "sde")]
    [InlineData("WD-10123456789ABCDEF", null, "sde")] // In full, of which the metadata keeps the last 16 characters.
    [InlineData(Uuid, null, "md126")]
    [InlineData("0A1B2C3D-4E5F-6071-8293-A4B5C6D7E8F9", null, "md126")]
    [InlineData(OtherUuid, null, "md127")]
    // A path leads to one device, whatever its last part is called.
    [InlineData("/dev/md/Volume0", "md126", "md126")]
    [InlineData("/dev/md/Volume0", "md122", "md122")]
    [InlineData("/dev/md/data", "md122", "md122")]
    [InlineData("/dev/md126", "md122", "md122")]
    [InlineData("/dev/disk/by-id/ata-X_SERIAL1", "sda", "sda")]
    [InlineData("./sda", "8:16", "sdb")]
    // One that leads to nothing: the device's node is missing, or the array does not run.
    [InlineData("/dev/md126", null, "md126")]
    [InlineData("/dev/md/data", null, "md124")]
    [InlineData("/dev/disk/by-id/md-uuid-" + Uuid, null, "md126")]
    [InlineData("/dev/loop5", null, "sdf")]
    public void A_name_stands_for_what_it_leads_to(string name, string? device, string kernel) =>
        Assert.Equal(kernel, Assert.Single(NameLookup.Find(Two, name, device)).Kernel);

    [Theory]
    [InlineData("Volume0", null, "md122 md126")]
    [InlineData("Volume0", "md126", "md122 md126")] // /dev/md/Volume0 is but one of the two.
    [InlineData("/dev/md/Volume0", null, "md122 md126")]
    [InlineData("data", "md126", "md126 md124")]
    [InlineData("md1", null, "")]
    [InlineData("", null, "")]
    [InlineData("/", null, "")]
    [InlineData("/dev/md/data", "md5", "")]
    [InlineData("/srv/md126", null, "")]
    [InlineData("/dev/disk/by-id/data", null, "")]
    [InlineData("SERIAL", null, "")]
    [InlineData("9:12", null, "")]
    [InlineData("::::", null, "")]
    public void A_name_that_fits_none_or_several_stands_for_nothing(string name, string? device, string kernel) =>
        Assert.Equal(kernel, string.Join(' ', NameLookup.Find(Two, name, device).Select(thing => thing.Kernel)));

    [Fact]
    public void Several_are_listed_with_their_containers_and_so_is_all_that_there_is()
    {
        Assert.Equal(
            "\"Volume0\" may be any of 2: md122 (volume \"Volume0\" of md123), md126 (volume \"Volume0\" of md127); say which by the kernel's name, below /dev, or by its UUID",
            NameLookup.Several("Volume0", NameLookup.Find(Two, "Volume0")));
        Assert.Equal("md123, md122 (Volume0), sde, sdf, md127, md126 (Volume0), md124 (data), sda, sdb, sdc, sdd", NameLookup.All(Two));
        Assert.Equal("nothing", NameLookup.All(Two with { Containers = [] }));
    }

    [Fact]
    public void A_part_of_a_status_is_that_thing_and_what_belongs_to_it()
    {
        HostStatus Part(string name) => StatusView.About(Two, Assert.Single(NameLookup.Find(Two, name)));
        // sdd is a spare, which is there for it.
        Assert.Equal(["sdb", "sdc", "sdd"], Part("data").Containers[0].Disks.Select(disk => disk.Name));
        Assert.Equal(["md126", "md124"], Part("sdc").Containers[0].Arrays.Select(array => array.Name));
        Assert.Equal(2, Part("md127").Containers[0].Arrays.Length);
    }

    [Fact]
    public void A_native_array_is_found_by_every_name_and_is_told_alone()
    {
        var native = Two.Containers[0].Arrays[0] with { Name = "md0", VolumeName = "", Volume = -1,
            Health = Health.Degraded, Missing = 1, Uuid = null };
        var status = Two with { NativeArrays = [native] };
        // Whoever asks has seen where /dev/md/backup leads.
        foreach (var (name, device) in ((string, string?)[])[("md0", null), ("/dev/md0", "md0"), ("/dev/md0", null),
            ("9:0", null), ("/dev/md/backup", "md0"), ("backup", "md0")])
        {
            var thing = Assert.Single(NameLookup.Find(status, name, device));
            Assert.Equal(("md0", null), (thing.Kernel, thing.Container));
            var part = StatusView.About(status, thing);
            Assert.Equal((Health.Degraded, 0), (part.Health, part.Containers.Length));
            Assert.StartsWith("DEGRADED md0,", part.Summary, StringComparison.Ordinal);
        }
        Assert.Contains("md0", NameLookup.All(status), StringComparison.Ordinal);
        Assert.StartsWith("whether there is a md1 here is unknown: EIO", NameLookup.None(status
            with { Problem = "EIO" }, "md1"), StringComparison.Ordinal);
    }

    [Fact]
    public void Where_a_path_leads_is_what_the_kernel_says_of_its_device()
    {
        string node = Directory.EnumerateFiles("/dev", "*").FirstOrDefault(path => FileIdentity.Of(path) is { IsBlockDevice: true }) ?? "";
        var dev = $"{_root.Path}/dev";
        Directory.CreateDirectory($"{dev}/md");
        Assert.Equal(default, DeviceName.Resolve("vol0", _root.Path, dev));
        Assert.Equal(default, DeviceName.Resolve($"{dev}/md/vol0", _root.Path, dev));
        Assert.Equal(default, DeviceName.Resolve($"{dev}/md/{new string('x', 300)}", _root.Path, dev));
        Assert.Equal(default, DeviceName.Resolve("..", _root.Path, dev));
        Assert.Equal(default, DeviceName.Resolve("", _root.Path, dev));
        Assert.EndsWith("is no block device", DeviceName.Resolve("/dev/null", _root.Path, dev).Problem, StringComparison.Ordinal);
        // Neither there nor not there: nobody may go on by the name.
        File.CreateSymbolicLink($"{dev}/md/loop", $"{dev}/md/loop");
        Assert.NotNull(DeviceName.Resolve("loop", _root.Path, dev).Problem);
        Assert.Equal("9:126", DeviceName.Resolve("9:126", _root.Path, dev).Kernel);
        Directory.CreateDirectory($"{_root.Path}/devices/virtual/block/md126/md126p1");
        Directory.CreateDirectory($"{_root.Path}/dev/block");
        Directory.CreateSymbolicLink($"{_root.Path}/dev/block/9:126", "../../devices/virtual/block/md126");
        Directory.CreateSymbolicLink($"{_root.Path}/dev/block/259:0", "../../devices/virtual/block/md126/md126p1");
        File.WriteAllText($"{_root.Path}/devices/virtual/block/md126/md126p1/partition", "1\n");
        Assert.Equal("md126", DeviceName.Resolve("9:126", _root.Path, dev).Kernel);
        Assert.Equal("md126", DeviceName.Resolve("259:0", _root.Path, dev).Kernel);
        if (node.Length > 0)
        {
            File.CreateSymbolicLink($"{dev}/md/vol0", node);
            var number = FileIdentity.Of(node)!.Value.Number;
            Directory.CreateSymbolicLink($"{_root.Path}/dev/block/{number}", "../../devices/virtual/block/md126");
            Assert.Equal("md126", DeviceName.Resolve($"{dev}/md/vol0", _root.Path, dev).Kernel);
            Assert.Equal("md126", DeviceName.Resolve("vol0", _root.Path, dev).Kernel);
        }
    }

    [Fact]
    public void A_command_about_what_is_no_device_is_not_understood()
    {
        using var errors = new StringWriter();
        Assert.Equal(Words.UsageStatus, StatusCommand.Explain($"{_root.Path}/none", "/dev/null", false, TextWriter.Null, errors));
        Assert.Contains("/dev/null is no block device", errors.ToString(), StringComparison.Ordinal);
    }
}
