using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm;

// See FamilyChange.
public sealed partial record ImsmContainer
{
    /// <summary>A disk took a slot, and the family has not been changed for it yet.</summary>
    internal bool FamilyIsDue { get; init; }

    /// <summary>A change of family was cut off: the disks' copies are of several families, or take no side.</summary>
    internal bool IsUneven { get; init; }

    /// <summary>The step of a change of family that this model, or an earlier one, is.</summary>
    internal FamilyStep? FamilyStep { get; init; }

    /// <inheritdoc/>
    public bool IsInterim => FamilyChange.IsVeiled(this);

    /// <inheritdoc/>
    public DeviceNumber? Leader =>
        FamilyStep is { } step && step.Generation == Super.Generation ? step.Keeper : null;

    /// <inheritdoc/>
    public FollowUp? FollowedBy(bool onAllDisks) => FamilyChange.Next(this, onAllDisks);
}
