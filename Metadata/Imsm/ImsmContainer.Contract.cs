using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm;

// The contract's members whose own results are more exact than it asks for.
public sealed partial record ImsmContainer : IContainerModel
{
    IContainerModel IContainerModel.SetLeg(int volume, int slot, LegState state) => SetLeg(volume, slot, state);

    IContainerModel IContainerModel.Process(PreparedUpdate update) => Process(update);

    IContainerModel IContainerModel.AddDisk(DiskSource disk) => AddDisk(disk);

    (IContainerModel Model, DiskVerdict Verdict) IContainerModel.FindDisk(DiskSource disk, uint loaded) => Load.LateDisk.Find(this, disk, loaded);

    IContainerModel IContainerModel.RemoveDisk(DeviceNumber disk) => RemoveDisk(disk);

    IContainerModel? IContainerModel.RecordBadBlock(int volume, int slot, ulong sector, int length) =>
        RecordBadBlock(volume, slot, sector, length);

    IContainerModel IContainerModel.KeepBadBlocks(int volume, int slot, ImmutableArray<BadBlock> listed) =>
        KeepBadBlocks(volume, slot, listed);

    IContainerModel IContainerModel.CancelReshape(int volume) => CancelReshape(volume);

    IContainerModel IContainerModel.PlaceNewLegs(int volume, ImmutableArray<LegFact> legs) => PlaceNewLegs(volume, legs);

    IContainerModel IContainerModel.NextGeneration() => NextGeneration();
}
