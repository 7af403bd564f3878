using System.Collections.Immutable;
using ActorRaid.Metadata;

namespace ActorRaid.Tests.ImsmFormat;

/// <summary>Tails of disks as mdadm and mdmon 4.2 left them, with what mdadm -E said of them (Data/imsm).</summary>
internal static class Fixtures
{
    public static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Data", "imsm");

    private static readonly ILookup<string, (string Disk, ulong Sectors, int SectorSize)> Table =
        File.ReadAllLines(Path.Combine(Folder, "disks.tsv"))
            .Select(line => line.Split('\t'))
            .ToLookup(f => f[0], f => (f[1], ulong.Parse(f[2]), int.Parse(f[3])));

    public static IEnumerable<string> Names => Table.Select(group => group.Key);

    public static IEnumerable<(string Scenario, DiskSource Disk)> All => Names.SelectMany(name => Disks(name).Select(disk => (name, disk)));

    public static ImmutableArray<DiskSource> Disks(string scenario) =>
        [.. Table[scenario].Select(disk => new DiskSource(
            Device(disk.Disk), disk.Disk, $"/dev/{disk.Disk}", disk.Sectors, disk.SectorSize,
            File.ReadAllBytes(Path.Combine(Folder, $"{scenario}.{disk.Disk}.bin"))))];

    public static DiskSource Disk(string scenario, int number) => Disks(scenario).Single(disk => disk.Name == $"loop{number}");

    public static string Examined(string scenario, string disk) => File.ReadAllText(Path.Combine(Folder, $"{scenario}.{disk}.txt"));

    private static DeviceNumber Device(string name) => new(7, int.Parse(name["loop".Length..]));
}
