using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>Who tells a status.</summary>
/// <param name="Host">The host's name.</param>
/// <param name="Program">The daemon's version.</param>
/// <param name="Process">Its number.</param>
/// <param name="Since">When it began.</param>
/// <param name="EventsDropped">How many events it has dropped.</param>
internal sealed record StatusTeller(string Host, string Program, int Process, DateTimeOffset Since, long EventsDropped);

/// <summary>Makes a status of what the actors know and what was read beside it: a pure function.</summary>
internal static class StatusMap
{
    /// <summary>What takes longer than this holds writers up.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    /// <summary>Of a container that waits: what another process would not.</summary>
    internal const string Stuck = "its thread is stuck in the program: writers wait until the daemon is replaced";

    /// <summary>Of a container that nobody monitors: the daemon would, and says why it does not.</summary>
    internal const string NotTakenUp = "it cannot be taken up, which is tried again";

    /// <summary>Of a container whose pid file cannot be read.</summary>
    internal const string MonitorUnknown = "whether anybody monitors it is unknown";

    private const string NoAnswer = "the daemon's actors do not answer; systemctl restart actorraid puts a new "
        + "process in its place, which costs no data";

    /// <summary>How a host stands.</summary>
    /// <param name="teller">Who tells it.</param>
    /// <param name="report">What the actors know; null: their host does not answer.</param>
    /// <param name="seen">What was read beside it.</param>
    /// <param name="before">What was remembered of the look before.</param>
    /// <param name="now">When this was so.</param>
    /// <param name="happened">What has happened since the look before: a change is as old as the first event that tells
    /// of it.</param>
    /// <returns>The status, and what to remember.</returns>
    internal static (HostStatus Status, StatusMemory Memory) Of(
        StatusTeller teller, SystemReport? report, HostObservation seen, StatusMemory before, DateTimeOffset now,
            IReadOnlyList<RaidEvent>? happened = null)
    {
        var memory = new Remembering(before, now, happened ?? []);
        ImmutableArray<ContainerStatus> containers =
        [
            .. (report?.Containers ?? []).Where(container => container.Refusal is null)
                .Select(container => Container(container, seen, memory))
                .Concat(seen.Others.Select(other => Other(other, report, seen, memory)))
                .OrderBy(container => container.Name, StringComparer.Ordinal),
        ];
        ImmutableArray<ArrayStatus> native =
        [
            .. seen.Listed.Where(array => !array.IsExternal).Select(array => MdStatMap.Array(array, null,
                seen.Arrays.GetValueOrDefault(array.Name), memory)),
        ];
        var status = new HostStatus(
            HostStatus.Current, teller.Host, now, teller.Program, teller.Process, teller.Since, Health.Stalled, "",
                teller.EventsDropped, containers,
            native.IsEmpty ? null : native, seen.Problem);
        return (
            Printable.Of(report is null ? status with { Summary = $"{Words.Of(Health.Stalled)} {NoAnswer}",
                Problem = NoAnswer } : StatusView.Judged(status)),
            // Who does not answer is what he was.
            memory.Memory(keepRest: report is null
                || report.Containers.Any(container => container.Health != ContainerHealth.Answers)));
    }

    private static ContainerStatus Container(ContainerReport container, HostObservation seen, Remembering memory)
    {
        var running = container.Arrays.Select(array => array.Volume).ToHashSet();
        var resting = MdStatMap.Resting(
            container.Name, [.. container.Volumes.Where(volume => !running.Contains(volume.Index))],
            seen.Listed.Where(array => array.Container == container.Name), memory);
        var supervised = container.Arrays.Select(array => array.Name).ToHashSet();
        var others = seen.Listed.Where(array => array.Container == container.Name && array.Level is not null
            && !supervised.Contains(array.Name));
        ImmutableArray<ArrayStatus> arrays =
        [
            .. others.Select(array => NotTakenUpYet(container, array, seen, memory)),
            .. container.Arrays.Select(array => Array(array, container.Format is not "", container.Disks,
                seen.Arrays.GetValueOrDefault(array.Name), memory)),
            .. seen.Problem is null ? resting : [],
        ];
        ImmutableArray<DiskStatus> disks = 
        [
            // Behind a thread that stands still its disks' actors are silent as well: that is none of the disks' doing.
            .. container.Disks.Select(disk => Disk(
                container.Health is ContainerHealth.Stuck or ContainerHealth.WaitsInKernel
                    ? disk with { Answers = true } : disk,
                memory)),
        ];
        var (waits, own) = container.Health switch
        {
            ContainerHealth.Stuck => (Stuck, Health.Stalled),
            ContainerHealth.WaitsInKernel => ("its thread waits in the kernel, for md or for a disk", Health.Stalled),
            ContainerHealth.Silent => ($"no answer from {string.Join(", ", container.Silent)}", Health.Unknown),
            ContainerHealth.Starting => ("it is being taken up", Health.Unknown),
            _ when disks.Any(disk => disk.Hangs) =>
                ($"{string.Join(", ", disks.Where(disk => disk.Hangs).Select(disk => disk.Name))}: no answer from "
                + "the disk", Health.Stalled),
            _ when container.Arrays.FirstOrDefault(array => array.Waiting > Long) is { } waiting =>
                ($"{waiting.Name}: its metadata cannot be written", Health.Stalled),
            _ => ((string?)null, Health.Ok),
        };
        var since = memory.Since($"{container.Name} waits", waits ?? "");
        var told = new ContainerStatus(
            container.Name, container.Format, container.Generation, own, waits, waits is null ? null
                : since, arrays, disks,
            WaitsHealth: waits is null ? null : own)
        {
            Uuid = container.Uuid,
        };
        return told with { Health = StatusView.HealthOf(told) };
    }

    /// <summary>
    /// An array that no actor looks after, as the kernel shows it. Where the container's actors answer, it could not be
    /// taken up if that lasts: its next write hangs.
    /// </summary>
    private static ArrayStatus NotTakenUpYet(
        ContainerReport container, MdStatArray array, HostObservation seen, Remembering memory)
    {
        var recorded = container.Volumes.FirstOrDefault(volume => $"{volume.Index}" == array.Subarray);
        var shown = MdStatMap.Array(array, recorded, seen.Arrays.GetValueOrDefault(array.Name), memory);
        return container.Health == ContainerHealth.Answers
            && memory.Lasts($"{array.Name} unsupervised", true) > Long
            ? shown with
            {
                Health = StatusView.Worst([shown.Health, Health.Stalled]),
                Conditions = [.. shown.Conditions ?? [], "unsupervised"],
            }
            : shown;
    }

    private static ArrayStatus Array(ArrayReport array, bool metadataAnswers, ImmutableArray<DiskReport> disks,
        ArrayObservation? seen, Remembering memory)
    {
        var recorded = array.Recorded;
        var legs = array.Legs.IsEmpty ? seen?.Legs ?? [] : array.Legs;
        var raidDisks = array.RaidDisks > 0 ? array.RaidDisks
            : recorded?.Reshape is { } begins ? Math.Max(legs.Length, begins.From.Legs)
                : recorded?.Legs.Length ?? legs.Length;
        // md runs a RAID 0 that is reshaped with a leg more, for a parity that is not there; the legs that it gets are
        // spares until it ends.
        var notMissed = array.RaidDisks > 0 ? recorded?.LegsNotMissed ?? 0 : 0;
        var there = new bool[Math.Max(0, raidDisks)];
        foreach (var leg in legs.Where(leg => leg.Slot >= 0 && leg.Slot < there.Length))
            there[leg.Slot] = leg.Flags.IsThere(isStriped: notMissed > 0);
        var missing = Math.Max(0, there.Count(leg => !leg) - notMissed);
        // md spells it so, too, while it looks for a leg to rebuild and has none.
        var isSearching = missing > 0 && array is { Action: SyncAction.Recover, Sync: null } && seen?.Position is null
            && !legs.Any(leg => (leg.Flags & LegFlags.Spare) != 0);
        var action = isSearching ? SyncAction.Idle : array.Action;
        var waits = array.Waiting > Long
            || memory.Lasts($"{array.Name} write-pending", array.State == ArrayState.WritePending) > Long;
        var stopped = array.State is ArrayState.ReadAuto or ArrayState.ReadOnly;
        var isUnrecorded = metadataAnswers && recorded is null
            && array.State is ArrayState.Unknown or ArrayState.WritePending;
        // What the metadata does not have in sync is none of the array's the next time that it is started.
        var isNotWhole = memory.Lasts($"{array.Name} not-whole", recorded is { Activity: not VolumeActivity.Reshape }
            && legs.Any(leg => (leg.Flags & (LegFlags.InSync | LegFlags.Faulty)) == LegFlags.InSync
                && recorded.Legs.ElementAtOrDefault(leg.Slot) is { MayReturn: false } its
                && (!its.InSync || disks.Any(disk => disk.Device == its.Device && disk.Name != leg.Disk)))) > Long;
        var told = Legs(legs, recorded);
        var health =
            array.State == ArrayState.Unknown ? Health.Unknown
            : array.State == ArrayState.Broken || recorded?.CanStart(there) == false || (notMissed > 0 && missing > 0)
                ? Health.Failed
            : array.State is ArrayState.Inactive or ArrayState.Clear ? Health.Inactive
            : waits || (isUnrecorded && array.State == ArrayState.WritePending)
                || array.State == ArrayState.Suspended || legs.Any(leg => (leg.Flags & LegFlags.Blocked) != 0
            && memory.Lasts($"{array.Name} {leg.Disk} blocked", true) > Long) ? Health.Stalled
            : missing > 0 ? action == SyncAction.Recover ? Health.Rebuilding : Health.Degraded
            : action is SyncAction.Resync or SyncAction.Recover or SyncAction.Reshape ? Health.Rebuilding
            : seen is { IsPending: true }
                || (stopped && recorded is { Activity: VolumeActivity.Resync or VolumeActivity.Reshape })
                || isNotWhole || told.Any(leg => leg.BadSectors > 0)
                ? Health.Degraded
            : Health.Ok;
        ImmutableArray<string> conditions =
        [
            .. seen is { IsFrozen: true } ? ["frozen"] : System.Array.Empty<string>(),
            .. seen is { IsDelayed: true } ? ["delayed"] : System.Array.Empty<string>(),
            .. seen is { IsPending: true } ? ["pending"] : System.Array.Empty<string>(),
            .. waits ? ["recording"] : System.Array.Empty<string>(),
            .. recorded is { Activity: VolumeActivity.Reshape } ? ["reshape"] : System.Array.Empty<string>(),
            .. isUnrecorded ? ["unrecorded"] : System.Array.Empty<string>(),
            .. isNotWhole ? ["not-whole"] : System.Array.Empty<string>(),
        ];
        return new ArrayStatus(
            array.Name, array.Volume, array.VolumeName, array.Level is { } level
                ? string.Create(CultureInfo.InvariantCulture, $"raid{level}") : "",
            (long)(recorded?.ArraySectors ?? 0) * 512, ChunkBytes(recorded), health,
            array.State == ArrayState.Unknown ? "" : array.State.ToWord(), action == SyncAction.Unknown ? "idle"
                : action.ToWord(),
            Progress(seen?.Position ?? array.Sync, seen?.KibPerSecond ?? 0),
            recorded is { Activity: not VolumeActivity.None }
                ? Math.Max(recorded.Checkpoint, seen?.ReshapeCheckpoint ?? 0) : null, recorded is { Dirty: true },
            raidDisks - notMissed, missing, seen?.MismatchSectors,
            told,
            memory.Since($"{array.Name} health", health.ToString()),
            conditions.IsEmpty ? null : conditions)
        {
            Uuid = array.Uuid,
            Writers = Writers(array.Writers),
        };
    }

    /// <summary>The legs that md has, by slot, with the bad sectors that the metadata or md has of them.</summary>
    internal static ImmutableArray<LegStatus> Legs(ImmutableArray<LegReport> legs, VolumeInfo? recorded) =>
    [
        .. legs.OrderBy(leg => leg.Slot).Select(leg => new LegStatus(leg.Slot, leg.Disk, Flags(leg.Flags))
        {
            BadSectors = BadSectors(leg, recorded) is > 0 and var bad ? bad : null,
        }),
    ];

    /// <summary>What has failed is no leg any more, whatever is bad on it.</summary>
    private static long? BadSectors(LegReport leg, VolumeInfo? recorded) =>
        leg.Slot < 0 || (leg.Flags & LegFlags.Faulty) != 0 ? null
        : recorded is null ? leg.BadSectors
        : recorded.Legs.ElementAtOrDefault(leg.Slot)?.BadSectors;

    private static WriterStatus? Writers(WriterWaitCounts? counts) => counts is null
        ? null
        : new WriterStatus(counts.Dirtied, counts.Cleaned, counts.Checkpoints, counts.Waits, counts.Total, counts.P50,
            counts.P99, counts.Max, counts.Below);

    /// <summary>The size of a volume's chunks; 0 where there are none, as in a mirror.</summary>
    internal static int ChunkBytes(VolumeInfo? recorded) => recorded is { Level: not 1 } ? recorded.ChunkBytes : 0;

    /// <summary>How far, how fast and how long still; null where nothing is under way.</summary>
    internal static Progress? Progress(SyncPosition? position, long kibPerSecond) => position is { } at
        ? new Progress(Math.Min(at.Done, at.Total), at.Total, kibPerSecond, kibPerSecond > 0
            ? (long)(at.Total - Math.Min(at.Done, at.Total)) / 2 / kibPerSecond : null)
        : null;

    private static DiskStatus Disk(DiskReport disk, Remembering memory)
    {
        var role = disk.IsFailed ? "failed" : disk.IsSpare ? "spare" : disk.Sectors > 0 ? "member" : "unknown";
        // Removing a leg may rightly take its actor a moment.
        var hangs = disk.Hangs || memory.Lasts($"{disk.Name} silent", !disk.Answers) > Long;
        return new DiskStatus(
            disk.Name, disk.Device.ToString(), disk.Serial, (long)disk.Sectors * 512, role, hangs,
                memory.Since($"{disk.Name} is", $"{role} {hangs}"),
            disk.Unreadable, disk.IsDoubtful);
    }

    /// <summary>
    /// A container that is not supervised here: others monitor it, nobody does, or nothing of it runs.
    /// </summary>
    private static ContainerStatus Other(OtherContainer other, SystemReport? report, HostObservation seen,
        Remembering memory)
    {
        var refusal = report?.Containers.FirstOrDefault(container => container.Name == other.Name)?.Refusal;
        var (waits, own) = Monitoring(other, refusal);
        var running = other.Arrays.Where(array => array.Level is not null).Select(
            array => MdStatMap.Array(
                array, other.Recorded.Volumes.FirstOrDefault(volume => $"{volume.Index}" == array.Subarray),
                    seen.Arrays.GetValueOrDefault(array.Name), memory));
        ImmutableArray<ArrayStatus> arrays = [.. running,
            .. MdStatMap.Resting(other.Name, other.Recorded.Volumes, other.Arrays, memory)];
        var disks = other.Recorded.Disks.Select(disk => Disk(
                new DiskReport(disk.Name, disk.Device, disk.IsSpare, disk.IsFailed, false, true)
                {
                    Serial = disk.Serial, Sectors = disk.Sectors, Unreadable = other.Recorded.Unreadable
                        .GetValueOrDefault(disk.Name),
                },
                memory))
            .Concat(other.Recorded.Unreadable
                .Where(unreadable => other.Recorded.Disks.All(disk => disk.Name != unreadable.Key)).Select(
                unreadable => Disk(new DiskReport(unreadable.Key, default, false, false, false,
                    true) { Unreadable = unreadable.Value }, memory)));
        var told = new ContainerStatus(
            other.Name, other.Format, other.Recorded.Generation, own, waits, waits is null ? null
                : memory.Since($"{other.Name} waits", waits),
            arrays, [.. disks.OrderBy(disk => disk.Name, StringComparer.Ordinal)], other.Monitor.Ok
                ? other.Monitor.Value : null,
            waits is null ? null : own);
        return told with { Health = StatusView.HealthOf(told) };
    }

    private static (string? Waits, Health Own) Monitoring(OtherContainer other, string? refusal)
    {
        var runs = other.Arrays.Any(array => array.Level is not null);
        var isKnown = other.Recorded.Refusal is null;
        return other.Monitor switch
        {
            _ when !runs && isKnown => (null, Health.Ok),
            _ when !runs => ($"whether it has volumes that do not run is unknown: {other.Recorded.Refusal}",
                Health.Unknown),
            { Ok: true, Value: not 0 } when other.Recorded.IsOfOtherFormat => (null, Health.Ok),
            { Ok: true } when other.Recorded.IsOfOtherFormat =>
                ($"nobody monitors it: its arrays hang at their next write ({other.Recorded.Refusal}; mdmon "
                    + $"{other.Name} starts mdadm's own mdmon)", Health.Stalled),
            { Ok: false, Error: var error } => ($"{MonitorUnknown}: {error}", Health.Unknown),
            { Value: 0 } when refusal is not null =>
                ($"{NotTakenUp}: {refusal}; its arrays hang at their next write", Health.Stalled),
            { Value: 0 } =>
                ("nobody monitors it: its arrays hang at their next write (actorraid supervise takes it up)",
                Health.Stalled),
            { Value: var process } => (
                string.Create(CultureInfo.InvariantCulture,
                    $"process {process} monitors it, not this daemon: only what the kernel shows is known"),
                Health.Unknown),
        };
    }

    private static ImmutableArray<string> Flags(LegFlags flags) =>
    [
        .. new[]
        {
            (LegFlags.InSync, "in_sync"), (LegFlags.Faulty, "faulty"), (LegFlags.Blocked, "blocked"),
                (LegFlags.Spare, "spare"), (LegFlags.Vanished, "vanished"),
        }.Where(word => (flags & word.Item1) != 0).Select(word => word.Item2),
    ];
}
