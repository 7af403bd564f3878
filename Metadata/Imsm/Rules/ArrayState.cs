using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>Clean and dirty, the beginning and end of a resync, and checkpoints.</summary>
internal static class ArrayState
{
    private const byte RecordValid = 2;
    private const byte DirtyBit = 1;

    /// <summary>
    /// Records an array's consistency and progress. <see cref="Consistency.AsRecorded"/> first records missing disks, and is
    /// answered with clean only when nothing is left to be done to the volume. RAID 0 has no such state: what was recorded while md
    /// kept it as RAID 4 for a reshape is withdrawn when that has ended (upstream leaves it dirty if it was written to the last).
    /// </summary>
    public static (ImsmContainer Container, bool Clean) Set(ImsmContainer container, int volume, Consistency consistency, ArrayFacts facts)
    {
        var dev = container.Super.Devs[volume];
        if (IsStriped(dev))
        {
            return (Maps.WithDev(container, volume, WithDirty(dev, clean: true)), true);
        }

        var clean = consistency != Consistency.Dirty;
        if (!(dev.IsGeneralMigration() && facts.Current == SyncAction.Reshape))
        {
            (container, clean) = SetResting(container, volume, consistency, facts);
            dev = container.Super.Devs[volume];
        }

        dev = WithCheckpoint(dev, container.Migration, facts);
        clean |= IsStriped(dev);
        return (Maps.WithDev(container, volume, WithDirty(dev, clean)), clean);
    }

    private static bool IsStriped(ImsmDev dev) => dev.Map.Level() == 0 && dev.SecondMap is null;

    private static (ImsmContainer Container, bool Clean) SetResting(
        ImsmContainer container, int volume, Consistency consistency, ArrayFacts facts)
    {
        // Judged by what was known before missing disks are recorded; a disk that is not there counts as lost either way.
        var failed = Degradation.CountFailed(container, container.Super.Devs[volume], MapChoice.First);
        var state = Degradation.StateOf(container, container.Super.Devs[volume], failed);
        container = Reshape.Settle(container, volume, facts);
        if (consistency == Consistency.AsRecorded)
        {
            container = Failure.HandleMissing(container, volume);
        }

        var dev = container.Super.Devs[volume];
        var complete = facts.ResyncStart >= Geometry.ResyncEnd(container, dev);
        var clean = consistency == Consistency.AsRecorded
            ? complete && state == MapState.Normal && dev.MigrationState == 0
            : consistency == Consistency.Clean;
        if (complete && Migration.IsResyncing(dev))
        {
            dev = Migration.End(container, dev, state);
        }
        else if (!complete && failed == 0 && MayStartResync(container, dev))
        {
            dev = Migration.Start(
                dev, MapState.Normal, dev.Map.State == MapState.Uninitialized ? MigrationType.Init : MigrationType.Repair);
        }

        return (Maps.WithDev(container, volume, dev), clean);
    }

    // A rebuild is not turned into a resync: its leg would be taken for whole, and after a crash might be copied from.
    private static bool MayStartResync(ImsmContainer container, ImsmDev dev) =>
        !Migration.IsResyncing(dev) && !Migration.IsRebuilding(dev) && !Migration.AnyGeneral(container);

    // What md says is the recorded migration's place only if md runs what is recorded: a check, while a resync has
    // stopped, has its own; and while md is idle there is no progress. A general migration's checkpoint comes from mdadm.
    private static ImsmDev WithCheckpoint(ImsmDev dev, MigrationRecord? record, ArrayFacts facts)
    {
        var runs = dev.Migration() == MigrationType.Rebuild ? SyncAction.Recover : SyncAction.Resync;
        if (facts.LastCheckpoint == ArrayFacts.Complete || dev.IsGeneralMigration()
            || (facts.Previous != runs && facts.Current != runs))
        {
            return dev;
        }

        var perUnit = dev.SectorsPerUnit(record);
        return perUnit == 0 || dev.CurrentMigrationUnit == facts.LastCheckpoint / perUnit
            ? dev
            : dev with { CurrentMigrationUnit = facts.LastCheckpoint / perUnit };
    }

    private static ImsmDev WithDirty(ImsmDev dev, bool clean)
    {
        if (clean != ((dev.Dirty & DirtyBit) != 0))
        {
            return dev;
        }

        var dirty = dev.RwhPolicy is RwhPolicy.Distributed or RwhPolicy.MultipleDistributed ? (byte)(DirtyBit | RecordValid) : DirtyBit;
        return dev with { Dirty = clean ? (byte)0 : dirty };
    }
}
