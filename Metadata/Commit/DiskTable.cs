using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>Collects the disks that a commit has to do with, and gives each its place.</summary>
internal sealed class DiskTable
{
    private readonly ImmutableArray<DiskEntry>.Builder _disks = ImmutableArray.CreateBuilder<DiskEntry>();

    /// <summary>The disks so far.</summary>
    public ImmutableArray<DiskEntry> Disks => _disks.ToImmutable();

    /// <summary>The entry of a disk that nothing has been done to yet.</summary>
    public static DiskEntry Entry(DeviceNumber device, CommitTarget? target)
    {
        var progress = target is null ? Progress.NotATarget : target.Writes.IsEmpty ? Progress.Written : Progress.Waiting;
        return new DiskEntry(device, target, progress, EarlierWrite.None, IsHung: false, IsDoubtful: false);
    }

    /// <summary>A disk that the commit goes to.</summary>
    /// <param name="target">What goes there.</param>
    /// <param name="models">The models that it may hold, and at the end the one to be recorded.</param>
    public void Add(CommitTarget target, ImmutableArray<IContainerModel> models) =>
        _disks.Add(Entry(target.Device, target) with { Turn = TurnOf(target.Device, models), Tells = Tells(target.Device, models[^1]) });

    /// <summary>What a volume demands; its legs' disks get a place if they have none.</summary>
    public ArrayRule Rule(VolumeInfo volume)
    {
        var legs = ImmutableArray.CreateBuilder<int>(volume.Legs.Length);
        foreach (var leg in volume.Legs)
        {
            legs.Add(
                leg.MayReturn ? ArrayRule.Absent
                : !leg.InSync ? ArrayRule.Lost
                : leg.Device is { } device ? Place(device)
                : ArrayRule.Absent);
        }

        return new ArrayRule(volume, legs.DrainToImmutable());
    }

    private static bool Tells(DeviceNumber device, IContainerModel model) =>
        model.Volumes.IsEmpty || model.Disks.FirstOrDefault(disk => disk.Device == device) is not { IsSpare: true };

    private static Turn TurnOf(DeviceNumber device, ImmutableArray<IContainerModel> models)
    {
        if (models[^1].Leader == device)
        {
            return Turn.Joins;
        }

        if (models[^1].Disks.FirstOrDefault(disk => disk.Device == device) is not { IsFailed: false } after)
        {
            return Turn.Stays;
        }

        foreach (var model in models)
        {
            if (model.Disks.FirstOrDefault(disk => disk.Device == device) is { IsFailed: false } before && before.IsSpare != after.IsSpare)
            {
                return after.IsSpare ? Turn.Leaves : Turn.Joins;
            }
        }

        return Turn.Stays;
    }

    private int Place(DeviceNumber device)
    {
        for (var place = 0; place < _disks.Count; place++)
        {
            if (_disks[place].Device == device)
            {
                return place;
            }
        }

        _disks.Add(Entry(device, null));
        return _disks.Count - 1;
    }
}
