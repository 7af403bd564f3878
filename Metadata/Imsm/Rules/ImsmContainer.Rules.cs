using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm;

public sealed partial record ImsmContainer
{
    /// <summary>
    /// Indices of the disk table whose disk was recorded as failed and has left since the container was loaded. They are not
    /// recorded as missing as well: mdmon, which knows its disks until it ends, does not either.
    /// </summary>
    public ImmutableArray<int> Departed { get; init; } = [];

    /// <summary>Whether the next commit has to clear the migration record that an earlier volume left.</summary>
    internal bool ClearsRecord { get; init; }

    /// <inheritdoc/>
    public ArrayStateChange SetArrayState(int volume, Consistency consistency, ArrayFacts facts)
    {
        if (!HasVolume(volume))
        {
            return new ArrayStateChange(this, false);
        }

        var (container, clean) = ArrayState.Set(this, volume, consistency, facts);
        return new ArrayStateChange(container, clean);
    }

    /// <inheritdoc cref="IContainerModel.SetLeg"/>
    public ImsmContainer SetLeg(int volume, int slot, LegState state) =>
        HasVolume(volume) ? Failure.SetLeg(this, volume, slot, state) : this;

    /// <inheritdoc/>
    public SparePlan PlanSpare(int volume, SpareFacts facts) => Spares.Plan(this, volume, facts);

    /// <summary>Puts a spare into its slot, as it was planned.</summary>
    internal ImsmContainer Apply(ActivateSpare update) =>
        FamilyChange.AfterActivation(Spares.Apply(this, update));

    /// <inheritdoc cref="IContainerModel.AddDisk"/>
    public ImsmContainer AddDisk(DiskSource disk) => Membership.Add(this, disk);

    /// <inheritdoc cref="IContainerModel.RemoveDisk"/>
    public ImsmContainer RemoveDisk(DeviceNumber disk) => Membership.Remove(this, disk);

    /// <inheritdoc cref="IContainerModel.RecordBadBlock"/>
    public ImsmContainer? RecordBadBlock(int volume, int slot, ulong sector, int length) =>
        BadBlockLog.Record(this, volume, slot, sector, length);

    /// <inheritdoc cref="IContainerModel.KeepBadBlocks"/>
    public ImsmContainer KeepBadBlocks(int volume, int slot, ImmutableArray<BadBlock> listed) =>
        BadBlockLog.Keep(this, volume, slot, listed);

    /// <inheritdoc/>
    public ImmutableArray<BadBlock> BadBlocks(int volume, int slot) => BadBlockLog.Of(this, volume, slot);

    /// <inheritdoc cref="IContainerModel.CancelReshape"/>
    public ImsmContainer CancelReshape(int volume) => HasVolume(volume) ? ReshapeStart.Cancel(this, volume) : this;

    /// <inheritdoc cref="IContainerModel.PlaceNewLegs"/>
    public ImsmContainer PlaceNewLegs(int volume, ImmutableArray<LegFact> legs) =>
        HasVolume(volume) ? ReshapeStart.Place(this, volume, legs) : this;

    /// <summary>
    /// The model that a commit writes: the next generation, the original family filled in where old metadata lacks it, the
    /// attribute for bad blocks as the log is. A migration record stays only as long as it is in use, and one of zeros
    /// is written once, because from then on the sector is mdadm's.
    /// </summary>
    public ImsmContainer NextGeneration() => this with
    {
        Super = Super with
        {
            Generation = Super.Generation + 1,
            OriginalFamilyNumber = Super.OriginalFamilyNumber == 0 ? Super.FamilyNumber : Super.OriginalFamilyNumber,
            Attributes = Super.BadBlocks.IsEmpty
                ? Super.Attributes & ~ImsmAttributes.BadBlockManagement
                : Super.Attributes | ImsmAttributes.BadBlockManagement,
        },
        Migration = Rules.Migration.AnyGeneral(this) && (ClearsRecord || Migration != Reshape.BlankRecord) ? Migration : null,
        ClearsRecord = false,
    };

    private bool HasVolume(int volume) => volume >= 0 && volume < Super.Devs.Length;
}
