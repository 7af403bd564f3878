using System.Collections.Immutable;
using ActorRaid.Reporting;

namespace ActorRaid.Tests.Gateway;

/// <summary>What daemons tell in tests: a host with a container of three disks and a spare, and a RAID5 volume in it.</summary>
public static class Told
{
    private static readonly DateTimeOffset Morning = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero);

    /// <summary>All is well.</summary>
    public static HostStatus Healthy(string host = "host1") => Host(host, Health.Ok, "OK 1 container, 1 array", Volume(Health.Ok, "active", "idle", null, 0, Legs("sda", "sdb", "sdc")), Disks("member", "member", "spare"));

    /// <summary>sdb has failed, nothing is done about it yet.</summary>
    public static HostStatus Degraded(string host = "host1") => Host(
        host, Health.Degraded, "DEGRADED md126: 1 of 3 disks missing", Volume(Health.Degraded, "active", "idle", null, 1, [Leg(0, "sda"), Leg(2, "sdc")]), Disks("failed", "member", "spare"));

    /// <summary>sdd takes its place.</summary>
    /// <param name="fraction">How far it is, 0 to 1.</param>
    /// <param name="host">Whose.</param>
    public static HostStatus Rebuilding(double fraction, string host = "host1") => Host(
        host, Health.Rebuilding, FormattableString.Invariant($"REBUILDING md126 {fraction * 100:0} %, 12 min left"),
        Volume(Health.Rebuilding, "active", "recover", new Progress((ulong)(fraction * 1_000_000), 1_000_000, 51_200, 720), 1, [Leg(0, "sda"), Leg(2, "sdc"), Leg(1, "sdd", "spare")]),
        Disks("failed", "member", "member"));

    /// <summary>sdd has taken its place.</summary>
    public static HostStatus Rebuilt(string host = "host1") => Host(host, Health.Ok, "OK 1 container, 1 array", Volume(Health.Ok, "clean", "idle", null, 0, Legs("sda", "sdd", "sdc")), Disks("failed", "member", "member"));

    /// <summary>Something that happened.</summary>
    public static EventStatus Event(string kind, string text, string level = "info") =>
        new(0, Morning.AddHours(1), level, kind, "md127", "md126", "sdb", text, "md reported it", "metadata generation 18 to sda, sdc", 1500);

    private static HostStatus Host(string host, Health health, string summary, ArrayStatus volume, ImmutableArray<DiskStatus> disks) => new(
        HostStatus.Current, host, DateTimeOffset.UtcNow, "0.1.0", 4711, Morning, health, summary, 0,
        [new ContainerStatus("md127", "imsm", 18, health, null, null, [volume], disks)]);

    private static ArrayStatus Volume(Health health, string state, string action, Progress? progress, int missing, ImmutableArray<LegStatus> legs) => new(
        "md126", 0, "vol0", "raid5", 2_000_398_934_016, 131_072, health, state, action, progress, progress?.DoneSectors, state != "clean", 3, missing, 0, legs, Morning)
    {
        Writers = new WriterStatus(12, 11, 3, 12, 40_000, 600, 9_000, 9_500, [0, 2, 5, 11, .. Enumerable.Repeat(12L, 14)]),
    };

    private static ImmutableArray<LegStatus> Legs(params string[] disks) => [.. disks.Select((disk, slot) => Leg(slot, disk))];

    private static LegStatus Leg(int slot, string disk, string state = "in_sync") => new(slot, disk, [state]);

    private static ImmutableArray<DiskStatus> Disks(string second, string third, string fourth) =>
        [Disk("sda", "8:0", "WD-WX11A", "member"), Disk("sdb", "8:16", "WD-WX12B", second), Disk("sdc", "8:32", "WD-WX13C", third), Disk("sdd", "8:48", "WD-WX14D", fourth)];

    private static DiskStatus Disk(string name, string device, string serial, string role) => new(name, device, serial, 1_000_204_886_016, role, false, Morning);
}
