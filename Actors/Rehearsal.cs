using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;

namespace ActorRaid.Actors;

/// <summary>
/// Goes through all that a first write waits for, on copies that are thrown away: what is called for the first time is slow (code
/// is bound, pages are touched), and no writer shall pay for that.
/// </summary>
internal static class Rehearsal
{
    /// <summary>Records every volume as dirty, or as clean if it is dirty, but writes nothing; and compares as a handoff does.</summary>
    /// <returns>Whether each of these commits came to its end.</returns>
    public static bool Of(IContainerModel model, ImmutableArray<OpenDisk> disks)
    {
        var recorded = true;
        ContainerDigest.OfEach(model, disks.Select(disk => disk.Source.Device));
        foreach (var volume in model.Volumes)
        {
            var changes = MemberDecision.WritePending(volume.Index, MemberMemory.New).Changes;
            foreach (var change in changes.OfType<StateChange>())
            {
                var consistency = volume.Dirty ? Consistency.Clean : Consistency.Dirty;
                var after = model.SetArrayState(volume.Index, consistency, change.Facts).Model.NextGeneration();
                recorded &= IsRecorded(model, after, disks);
            }
        }

        return recorded;
    }

    private static bool IsRecorded(IContainerModel before, IContainerModel after, ImmutableArray<OpenDisk> disks)
    {
        var targets = ImmutableArray.CreateBuilder<CommitTarget>();
        foreach (var disk in disks)
        {
            var device = disk.Source.Device;
            if (after.Sectors(device) is { } image)
            {
                targets.Add(CommitTarget.For(device, before.Sectors(device), image, disk.Device.AtomicWriteBytes));
            }
        }

        var commit = Commit.Begin(before, after, targets.ToImmutable());
        while (commit.Startable is { IsEmpty: false } startable)
        {
            commit = startable.Aggregate(commit, (begun, target) => begun.Started(target.Device));
            commit = startable.Aggregate(commit, (written, target) => written.Written(target.Device));
        }

        return commit.IsRecorded && commit.IsFinished;
    }
}
