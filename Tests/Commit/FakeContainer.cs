using System.Collections.Immutable;
using ActorRaid.Metadata;

namespace ActorRaid.Tests.Commit;

/// <summary>A container of which only disks and volumes are known: all that the planner looks at.</summary>
internal sealed record FakeContainer(ImmutableArray<VolumeInfo> Volumes) : IContainerModel
{
    public string Format => "fake";

    public uint Generation => 1;

    /// <summary>Only what the planner asks of them is right: who is a spare.</summary>
    public ImmutableArray<DiskInfo> Disks { get; init; } = [];

    /// <summary>The same volumes, and these disks spares or members.</summary>
    public FakeContainer With(params (int Disk, bool IsSpare)[] disks) => this with
    {
        Disks = [.. disks.Select(disk => new DiskInfo(
            Disk(disk.Disk), $"loop{disk.Disk}", $"{disk.Disk}", disk.IsSpare ? -1 : disk.Disk, disk.IsSpare, IsFailed: false, 1000))],
    };

    public static DeviceNumber Disk(int number) => new(7, number);

    /// <summary>A volume over the disks 0, 1, ...; those of <paramref name="lost"/> are not in sync.</summary>
    public static VolumeInfo Volume(int level, int legs, params int[] lost) => Volume(0, level, Enumerable.Range(0, legs), lost);

    public static VolumeInfo Volume(int index, int level, IEnumerable<int> disks, IEnumerable<int> lost) =>
        new(
            index, $"vol{index}", level, level == 10 ? 0x102 : 0, 65536, 1000, 2000, Dirty: false, VolumeActivity.None, 0,
            [.. disks.Select((disk, slot) => new LegInfo(slot, Disk(disk), !lost.Contains(disk), 0))]);

    public static FakeContainer Of(params VolumeInfo[] volumes) => new([.. volumes]);

    public ArrayStateChange SetArrayState(int volume, Consistency consistency, ArrayFacts facts) => throw new NotSupportedException();

    public IContainerModel CancelReshape(int volume) => throw new NotSupportedException();

    public IContainerModel PlaceNewLegs(int volume, ImmutableArray<LegFact> legs) => throw new NotSupportedException();

    public IContainerModel SetLeg(int volume, int slot, LegState state) => throw new NotSupportedException();

    public SparePlan PlanSpare(int volume, SpareFacts facts) => throw new NotSupportedException();

    public PrepareResult Prepare(ReadOnlyMemory<byte> update) => throw new NotSupportedException();

    public IContainerModel Process(PreparedUpdate update) => throw new NotSupportedException();

    public IContainerModel AddDisk(DiskSource disk) => throw new NotSupportedException();

    public (IContainerModel Model, DiskVerdict Verdict) FindDisk(DiskSource disk, uint loaded) => throw new NotSupportedException();

    public IContainerModel RemoveDisk(DeviceNumber disk) => throw new NotSupportedException();

    public IContainerModel? RecordBadBlock(int volume, int slot, ulong sector, int length) => throw new NotSupportedException();

    public IContainerModel KeepBadBlocks(int volume, int slot, ImmutableArray<BadBlock> listed) => throw new NotSupportedException();

    public ImmutableArray<BadBlock> BadBlocks(int volume, int slot) => throw new NotSupportedException();

    public IContainerModel NextGeneration() => throw new NotSupportedException();

    public DiskImage? Sectors(DeviceNumber disk) => throw new NotSupportedException();
}
