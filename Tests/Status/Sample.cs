using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Reporting;

namespace ActorRaid.Tests.Statuses;

/// <summary>Reports and statuses for tests: container md127 with the RAID5 md126 ("vol0") on sda, sdb, sdc, and the spare sdd.</summary>
internal static class Sample
{
    public static readonly DateTimeOffset Then = new(2026, 11, 22, 1, 2, 3, TimeSpan.Zero);

    public static readonly StatusTeller Teller = new("host", "1.2.3", 4711, Then, 0);

    public static readonly VolumeInfo Volume = new(
        0, "vol0", 5, 0, 131_072, 40_960, 81_920, false, VolumeActivity.None, 0, [.. Enumerable.Range(0, 3).Select(slot => new LegInfo(slot, Device(slot), true, 0) { Serial = $"SERIAL{slot}" })]);

    public static readonly ArrayReport Array = new(
        "md126", 0, "vol0", 5, ArrayState.Clean, SyncAction.Idle, null, 3,
        [new(0, "sda", LegFlags.InSync), new(1, "sdb", LegFlags.InSync), new(2, "sdc", LegFlags.InSync)]) { Recorded = Volume };

    public static readonly ContainerReport Container = new(
        "md127", ContainerHealth.Answers, [], "imsm", 18, [Array], [Disk(0), Disk(1), Disk(2), Disk(3) with { IsSpare = true }]);

    /// <summary>The same container as its disks tell of it.</summary>
    public static readonly RecordedContainer Recorded = new(
        18, [Volume], [.. Enumerable.Range(0, 4).Select(number => Info(number))], ImmutableDictionary<string, string>.Empty, null);

    public static DiskInfo Info(int number) =>
        new(Device(number), $"sd{(char)('a' + number)}", $"SERIAL{number}", number < 3 ? number : -1, number == 3, false, 131_072);

    public static DeviceNumber Device(int number) => new(8, number * 16);

    public static DiskReport Disk(int number) => new($"sd{(char)('a' + number)}", Device(number), false, false, false, true)
    {
        Serial = $"SERIAL{number}", Sectors = 131_072,
    };

    public static LegReport Failed(this LegReport leg) => leg with { Flags = LegFlags.Faulty | LegFlags.Blocked };

    public static ArrayReport WithLeg(this ArrayReport array, int slot, LegFlags flags) =>
        array with { Legs = array.Legs.SetItem(slot, array.Legs[slot] with { Flags = flags }) };

    public static ArrayObservation Seen(long speed = 0, SyncPosition? position = null, bool delayed = false, bool pending = false, bool frozen = false) =>
        new(0, speed, position, delayed, pending, frozen, []);

    public static HostStatus Map(ContainerReport container, ArrayObservation? seen = null) => Map([container], seen, StatusMemory.Empty, Then).Status;

    public static (HostStatus Status, StatusMemory Memory) Map(
        ImmutableArray<ContainerReport> containers, ArrayObservation? seen, StatusMemory memory, DateTimeOffset now) => StatusMap.Of(
        Teller, new SystemReport(containers),
        HostObservation.None with { Arrays = HostObservation.None.Arrays.Add("md126", seen ?? Seen()) }, memory, now);

    public static HostStatus Map(ArrayReport array, ArrayObservation? seen = null) => Map(Container with { Arrays = [array] }, seen);
}
