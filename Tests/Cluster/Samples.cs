using System.Collections.Immutable;
using ActorRaid.Cluster;
using ActorRaid.Reporting;
using FsCheck;
using FsCheck.Fluent;

namespace ActorRaid.Tests.Cluster;

/// <summary>Hosts as a daemon tells of them.</summary>
internal static class Samples
{
    internal static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    /// <summary>A host of so many RAID5 volumes of three disks, two to a container; the worst is the first one's health.</summary>
    internal static HostStatus Host(string name, int arrays = 2, Health health = Health.Ok, double done = 0.43)
    {
        var containers = Enumerable.Range(0, (arrays + 1) / 2).Select(number => Container(number, Math.Min(2, arrays - 2 * number), number == 0 ? health : Health.Ok, done));
        return new HostStatus(
            HostStatus.Current, name, Noon, "0.1.0", 4711, Noon, health, health == Health.Ok ? $"{arrays} arrays, all well" : $"{health} md126 {done:0 %}", 0,
            [.. containers]);
    }

    internal static HostEntry Entry(HostStatus status) => new(HostEntry.Current, status.Host, status.At, status);

    internal static EventStatus Event(long number, string text = "md126: sda failed") =>
        new(number, Noon.AddSeconds(number), "warning", "leg-failed", "md127", "md126", "sda", text);

    internal static Gen<Health> AnyHealth { get; } = Gen.Elements(Enum.GetValues<Health>());

    private static ContainerStatus Container(int number, int arrays, Health health, double done)
    {
        var shelf = $"sd{(char)('a' + number % 26)}{(number < 26 ? "" : $"{number / 26}")}";
        string[] disks = [shelf + "a", shelf + "b", shelf + "c"];
        return new ContainerStatus(
            $"md{127 - 3 * number}", "imsm", 18, health, null, null,
            [.. Enumerable.Range(0, arrays).Select(volume => new ArrayStatus(
                $"md{126 - 3 * number - volume}", volume, $"vol{number}{volume}", "raid5", 2_000_000_000_000, 65536, volume == 0 ? health : Health.Ok, "active",
                health == Health.Rebuilding && volume == 0 ? "recover" : "idle",
                health == Health.Rebuilding && volume == 0 ? new Progress((ulong)(done * 1e9), 1_000_000_000, 120_000, 3600) : null,
                null, true, 3, health is Health.Degraded or Health.Rebuilding && volume == 0 ? 1 : 0, 0,
                [.. disks.Select((disk, slot) => new LegStatus(slot, disk, ["in_sync"]))], Noon))],
            [.. disks.Select((disk, at) => new DiskStatus(disk, $"8:{16 * at}", $"WD-WX{number:D4}{at}77A", 4_000_000_000_000, "member", false, Noon))]);
    }
}
