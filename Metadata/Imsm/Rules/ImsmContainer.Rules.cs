using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm;

public sealed partial record ImsmContainer
{
    private const ImsmAttributes BadBlockManagement = (ImsmAttributes)0x0800_0000;

    /// <summary>
    /// Indices of the disk table whose disk was recorded as failed and has left since the container was loaded. They are not
    /// recorded as missing as well: mdmon, which knows its disks until it ends, does not either.
    /// </summary>
    public ImmutableArray<int> Departed { get; init; } = [];

    /// <summary>Whether the next commit has to clear the migration record that an earlier volume left.</summary>
    internal bool ClearsRecord { get; init; }

    /// <summary>Records what md says of an array. A volume that is not there is left alone and not taken for clean.</summary>
    internal (ImsmContainer Container, bool Clean) ApplyArrayState(int volume, Consistency consistency, ArrayFacts facts) =>
        HasVolume(volume) ? ArrayState.Set(this, volume, consistency, facts) : (this, false);

    /// <summary>Records what md says of a leg. A volume or slot that is not there is left alone.</summary>
    internal ImsmContainer ApplyLeg(int volume, int slot, LegState state) =>
        HasVolume(volume) ? Failure.SetLeg(this, volume, slot, state) : this;

    /// <summary>Puts a spare into its slot.</summary>
    internal ImsmContainer Apply(ActivateSpare update) => Spares.Apply(this, update);

    /// <summary>A disk came: it is a spare from now on.</summary>
    internal ImsmContainer Added(DiskSource disk) => Membership.Add(this, disk);

    /// <summary>A disk left.</summary>
    internal ImsmContainer Removed(DeviceNumber disk) => Membership.Remove(this, disk);

    /// <summary>Records a bad block of a leg; null when there is no room for it.</summary>
    internal ImsmContainer? RecordBadBlock(int volume, int slot, ulong sector, int length) =>
        BadBlockLog.Record(this, volume, slot, sector, length);

    /// <summary>Forgets a bad block of a leg.</summary>
    internal ImsmContainer ClearBadBlock(int volume, int slot, ulong sector, int length) =>
        BadBlockLog.Clear(this, volume, slot, sector, length);

    /// <inheritdoc cref="IContainerModel.PlanSpare"/>
    public SparePlan PlanSpare(int volume, SpareFacts facts) => Spares.Plan(this, volume, facts);

    /// <inheritdoc cref="IContainerModel.BadBlocks"/>
    public ImmutableArray<BadBlock> BadBlocks(int volume, int slot) => BadBlockLog.Of(this, volume, slot);

    /// <summary>
    /// The model that a commit writes: the next generation, the original family filled in where old metadata lacks it, the
    /// attribute for bad blocks as the log is. A migration record stays only as long as it is in use, and one of zeros
    /// is written once, because from then on the sector is mdadm's.
    /// </summary>
    internal ImsmContainer Advanced() => this with
    {
        Super = Super with
        {
            Generation = Super.Generation + 1,
            OriginalFamilyNumber = Super.OriginalFamilyNumber == 0 ? Super.FamilyNumber : Super.OriginalFamilyNumber,
            Attributes = Super.BadBlocks.IsEmpty ? Super.Attributes & ~BadBlockManagement : Super.Attributes | BadBlockManagement,
        },
        Migration = Rules.Migration.AnyGeneral(this) && (ClearsRecord || Migration != Reshape.BlankRecord) ? Migration : null,
        ClearsRecord = false,
    };

    private bool HasVolume(int volume) => volume >= 0 && volume < Super.Devs.Length;
}
