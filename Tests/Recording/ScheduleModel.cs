using System.Buffers.Binary;
using System.Collections.Immutable;
using ActorRaid.Metadata;

namespace ActorRaid.Tests.Recording;

/// <summary>
/// A container whose metadata is as small as can be: one sector that makes a copy valid, and two before it that change only now and then, so
/// that some commits can tear and others cannot.
/// </summary>
/// <param name="Generation">In the anchor's first word.</param>
/// <param name="Extended">In every word of the first two sectors; a copy is valid when the anchor has the same.</param>
/// <param name="Volumes">The volumes.</param>
/// <param name="Disks">Those that are there and not failed.</param>
internal sealed record ScheduleModel(uint Generation, uint Extended, ImmutableArray<VolumeInfo> Volumes, ImmutableArray<DiskInfo> Disks)
    : IContainerModel
{
    public const int SectorBytes = 512, ImageBytes = 3 * SectorBytes, TailBytes = 4096, DiskSectors = 1000;
    public const long ImageOffset = (DiskSectors * (long)SectorBytes) - 2048;

    public string Format => "schedule";

    /// <summary>In the anchor, like a volume's dirty byte.</summary>
    public uint Small { get; init; }

    public static DeviceNumber Device(int number) => new(7, number);

    public static DiskInfo Disk(DeviceNumber device, bool isSpare) =>
        new(device, $"loop{device.Minor}", $"{device.Minor}", isSpare ? -1 : device.Minor, isSpare, IsFailed: false, DiskSectors);

    public static ScheduleModel Of(int level, int legs, int spares) => new(
        1, 1,
        [
            new VolumeInfo(
                0, "vol0", level, level == 10 ? 0x102 : 0, 65536, 1000, 2000, Dirty: false, VolumeActivity.None, 0,
                [.. Enumerable.Range(0, legs).Select(slot => new LegInfo(slot, Device(slot), InSync: true, 0))]),
        ],
        [.. Enumerable.Range(0, legs + spares).Select(number => Disk(Device(number), isSpare: number >= legs))]);

    /// <summary>What a disk's bytes say, if it is a whole copy: its generation, else 0.</summary>
    public static uint GenerationOf(ReadOnlySpan<byte> tail)
    {
        var image = tail.Slice(TailBytes - 2048, ImageBytes);
        var extended = BinaryPrimitives.ReadUInt32LittleEndian(image[(2 * SectorBytes + 4)..]);
        for (var at = 0; at < 2 * SectorBytes; at += SectorBytes)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(image[at..]) != extended)
            {
                return 0;
            }
        }

        return BinaryPrimitives.ReadUInt32LittleEndian(image[(2 * SectorBytes)..]);
    }

    public bool Has(DeviceNumber device) => Disks.Any(disk => disk.Device == device);

    public DiskImage? Sectors(DeviceNumber disk)
    {
        if (!Has(disk))
        {
            return null;
        }

        // Made anew each time: nobody may count on getting the same one.
        var bytes = new byte[ImageBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Extended);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SectorBytes), Extended);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(2 * SectorBytes), Generation);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((2 * SectorBytes) + 4), Extended);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan((2 * SectorBytes) + 8), Small);
        return new DiskImage(ImageOffset, SectorBytes, bytes, 2 * SectorBytes);
    }

    public IContainerModel NextGeneration() => this with { Generation = Generation + 1 };

    /// <summary>The disk has failed: nothing of ours belongs there any more.</summary>
    public ScheduleModel Fail(DeviceNumber device) => Without(device, leg => leg with { InSync = false });

    IContainerModel IContainerModel.RemoveDisk(DeviceNumber disk) => Remove(disk);

    /// <summary>The disk is not there any more.</summary>
    public ScheduleModel Remove(DeviceNumber device) => Without(device, leg => leg with { Device = null });

    /// <summary>The disk comes as a spare.</summary>
    public ScheduleModel Add(DeviceNumber device) => Has(device) ? this : this with { Disks = Disks.Add(Disk(device, isSpare: true)) };

    /// <summary>A spare takes the first slot that has lost its leg.</summary>
    public ScheduleModel Activate()
    {
        var volume = Volumes[0];
        var spare = Disks.FirstOrDefault(disk => disk.IsSpare);
        var slot = volume.Legs.FirstOrDefault(leg => !leg.InSync && (leg.Device is not { } device || !Has(device)))?.Slot;
        return spare is null || slot is null ? this : WithLeg(slot.Value, leg => leg with { Device = spare.Device, InSync = false }) with
        {
            Disks = Disks.Replace(spare, spare with { IsSpare = false, Index = spare.Device.Minor }),
            Extended = Extended + 1,
        };
    }

    /// <summary>The legs that were being rebuilt are whole.</summary>
    public ScheduleModel Rebuilt() => Volumes[0].Legs.Where(leg => !leg.InSync && leg.Device is { } device && Has(device))
        .Aggregate(this, (model, leg) => model.WithLeg(leg.Slot, whole => whole with { InSync = true }) with { Small = model.Small + 1 });

    private ScheduleModel Without(DeviceNumber device, Func<LegInfo, LegInfo> change) => Volumes[0].Legs
        .Where(leg => leg.Device == device)
        .Aggregate(this, (model, leg) => model.WithLeg(leg.Slot, change)) with
        {
            Disks = Disks.RemoveAll(disk => disk.Device == device),
            Extended = Extended + 1,
        };

    private ScheduleModel WithLeg(int slot, Func<LegInfo, LegInfo> change) => this with
    {
        Volumes = [Volumes[0] with { Legs = Volumes[0].Legs.SetItem(slot, change(Volumes[0].Legs[slot])) }],
    };

    public ArrayStateChange SetArrayState(int volume, Consistency consistency, ArrayFacts facts) => throw new NotSupportedException();

    public IContainerModel SetLeg(int volume, int slot, LegState state) => throw new NotSupportedException();

    public SparePlan PlanSpare(int volume, SpareFacts facts) => throw new NotSupportedException();

    public PrepareResult Prepare(ReadOnlyMemory<byte> update) => throw new NotSupportedException();

    public IContainerModel Process(PreparedUpdate update) => throw new NotSupportedException();

    public IContainerModel AddDisk(DiskSource disk) => Add(disk.Device);

    public (IContainerModel Model, DiskVerdict Verdict) FindDisk(DiskSource disk, uint loaded) => throw new NotSupportedException();

    public IContainerModel? RecordBadBlock(int volume, int slot, ulong sector, int length) => throw new NotSupportedException();

    public IContainerModel KeepBadBlocks(int volume, int slot, ImmutableArray<BadBlock> listed) => throw new NotSupportedException();

    public ImmutableArray<BadBlock> BadBlocks(int volume, int slot) => throw new NotSupportedException();

    public IContainerModel CancelReshape(int volume) => throw new NotSupportedException();

    public IContainerModel PlaceNewLegs(int volume, ImmutableArray<LegFact> legs) => throw new NotSupportedException();
}
