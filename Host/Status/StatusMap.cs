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

/// <summary>From what the actors know and what was read beside it to what is told: a pure function.</summary>
internal static class StatusMap
{
    /// <summary>What takes longer than this holds writers up.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(2);

    /// <summary>How a host stands.</summary>
    /// <param name="teller">Who tells it.</param>
    /// <param name="report">What the actors know; null: their host does not answer.</param>
    /// <param name="seen">What was read beside it.</param>
    /// <param name="before">What was remembered of the look before.</param>
    /// <param name="now">When this was so.</param>
    /// <returns>The status, and what to remember.</returns>
    internal static (HostStatus Status, StatusMemory Memory) Of(
        StatusTeller teller, SystemReport? report, HostObservation seen, StatusMemory before, DateTimeOffset now)
    {
        var memory = new Remembering(before, now);
        ImmutableArray<ContainerStatus> containers =
        [
            .. (report?.Containers ?? []).Where(container => container.Refusal is null).Select(container => Container(container, seen, memory))
                .Concat(seen.Others.Select(other => Other(other, report, memory)))
                .OrderBy(container => container.Name, StringComparer.Ordinal),
        ];
        var health = report is null ? Health.Stalled : StatusView.Worst(containers.Select(container => container.Health));
        var summary = report is null ? $"{Words.Of(health)}: the daemon's actors do not answer" : StatusView.Summary(containers);
        return (
            new HostStatus(HostStatus.Current, teller.Host, now, teller.Program, teller.Process, teller.Since, health, summary, teller.EventsDropped, containers),
            memory.Memory);
    }

    private static ContainerStatus Container(ContainerReport container, HostObservation seen, Remembering memory)
    {
        ImmutableArray<ArrayStatus> arrays = [.. container.Arrays.Select(array => Array(array, seen.Arrays.GetValueOrDefault(array.Name), memory))];
        ImmutableArray<DiskStatus> disks = [.. container.Disks.Select(disk => Disk(disk, memory))];
        var (waits, own) = container.Health switch
        {
            ContainerHealth.Stuck => ("its thread is stuck in the program: writers wait until the daemon is replaced", Health.Stalled),
            ContainerHealth.WaitsInKernel => ("its thread waits in the kernel, for md or for a disk", Health.Stalled),
            ContainerHealth.Silent => ($"no answer from {string.Join(", ", container.Silent)}", Health.Unknown),
            ContainerHealth.Starting => ("it is being taken up", Health.Unknown),
            _ when disks.Any(disk => disk.Hangs) => ($"{string.Join(", ", disks.Where(disk => disk.Hangs).Select(disk => disk.Name))}: no answer from the disk", Health.Stalled),
            _ when container.Arrays.FirstOrDefault(array => array.Waiting > Long) is { } waiting => ($"{waiting.Name}: its metadata cannot be written", Health.Stalled),
            _ => ((string?)null, Health.Ok),
        };
        var since = memory.Since($"{container.Name} waits", waits ?? "");
        if (container.Disks.Any(disk => disk.Unreadable is not null && container.Arrays.Any(array => array.Legs.Any(leg => leg.Disk == disk.Name && (leg.Flags & LegFlags.InSync) != 0))))
        {
            // md goes on with it, but what is recorded from now on it will not know.
            own = StatusView.Worst([own, Health.Degraded]);
        }
        return new ContainerStatus(
            container.Name, container.Format, container.Generation, StatusView.Worst([own, .. arrays.Select(array => array.Health)]),
            waits, waits is null ? null : since, arrays, disks);
    }

    private static ArrayStatus Array(ArrayReport array, ArrayObservation? seen, Remembering memory)
    {
        var recorded = array.Recorded;
        var legs = array.Legs.IsEmpty ? seen?.Legs ?? [] : array.Legs;
        var raidDisks = array.RaidDisks > 0 ? array.RaidDisks : recorded?.Legs.Length ?? legs.Length;
        var there = new bool[Math.Max(0, raidDisks)];
        foreach (var leg in legs)
        {
            if (leg.Slot >= 0 && leg.Slot < there.Length)
                there[leg.Slot] = (leg.Flags & (LegFlags.InSync | LegFlags.Faulty | LegFlags.Vanished)) == LegFlags.InSync;
        }
        var missing = there.Count(leg => !leg);
        var action = array.Action;
        var waits = array.Waiting > Long || memory.Lasts($"{array.Name} write-pending", array.State == ArrayState.WritePending) > Long;
        var stopped = array.State is ArrayState.ReadAuto or ArrayState.ReadOnly;
        var health =
            array.State == ArrayState.Unknown ? Health.Unknown
            : array.State == ArrayState.Broken || recorded?.CanStart(there) == false ? Health.Failed
            : waits || legs.Any(leg => (leg.Flags & LegFlags.Blocked) != 0 && memory.Lasts($"{array.Name} {leg.Disk} blocked", true) > Long) ? Health.Stalled
            : missing > 0 ? action == SyncAction.Recover ? Health.Rebuilding : Health.Degraded
            : action is SyncAction.Resync or SyncAction.Recover or SyncAction.Reshape ? Health.Rebuilding
            : seen is { IsPending: true } || (stopped && recorded is { Activity: VolumeActivity.Resync or VolumeActivity.Reshape }) ? Health.Degraded
            : Health.Ok;
        ImmutableArray<string> conditions =
        [
            .. seen is { IsFrozen: true } ? ["frozen"] : System.Array.Empty<string>(),
            .. seen is { IsDelayed: true } ? ["delayed"] : System.Array.Empty<string>(),
            .. seen is { IsPending: true } ? ["pending"] : System.Array.Empty<string>(),
            .. waits ? ["recording"] : System.Array.Empty<string>(),
        ];
        return new ArrayStatus(
            array.Name, array.Volume, array.VolumeName, array.Level is { } level ? string.Create(CultureInfo.InvariantCulture, $"raid{level}") : "",
            (long)(recorded?.ArraySectors ?? 0) * 512, recorded?.ChunkBytes ?? 0, health,
            array.State == ArrayState.Unknown ? "" : array.State.ToWord(), array.Action == SyncAction.Unknown ? "idle" : array.Action.ToWord(),
            Progress(seen?.Position ?? array.Sync, seen?.KibPerSecond ?? 0),
            recorded is { Activity: not VolumeActivity.None } ? recorded.Checkpoint : null, recorded is { Dirty: true },
            raidDisks, missing, seen?.MismatchSectors,
            [.. legs.OrderBy(leg => leg.Slot).Select(leg => new LegStatus(leg.Slot, leg.Disk, Flags(leg.Flags)))],
            memory.Since($"{array.Name} health", health.ToString()),
            conditions.IsEmpty ? null : conditions);
    }

    private static Progress? Progress(SyncPosition? position, long kibPerSecond) => position is { } at
        ? new Progress(Math.Min(at.Done, at.Total), at.Total, kibPerSecond, kibPerSecond > 0 ? (long)(at.Total - Math.Min(at.Done, at.Total)) / 2 / kibPerSecond : null)
        : null;

    private static DiskStatus Disk(DiskReport disk, Remembering memory)
    {
        var role = disk.IsFailed ? "failed" : disk.IsSpare ? "spare" : disk.Sectors > 0 ? "member" : "unknown";
        // Removing a leg may rightly take its actor a moment.
        var hangs = disk.Hangs || memory.Lasts($"{disk.Name} silent", !disk.Answers) > Long;
        return new DiskStatus(
            disk.Name, disk.Device.ToString(), disk.Serial, (long)disk.Sectors * 512, role, hangs, memory.Since($"{disk.Name} is", $"{role} {hangs}"),
            disk.Unreadable);
    }

    /// <summary>Of a container that others monitor only what the kernel shows is known.</summary>
    private static ContainerStatus Other(OtherContainer other, SystemReport? report, Remembering memory)
    {
        var refusal = report?.Containers.FirstOrDefault(container => container.Name == other.Name)?.Refusal;
        var waits = other.Monitor switch
        {
            { Ok: false, Error: var error } => $"whether anybody monitors it cannot be told: {error}",
            { Value: 0 } when refusal is not null => $"it cannot be taken up, which is tried again: {refusal}; its arrays hang at their next write",
            { Value: 0 } => "nobody monitors it: its arrays hang at their next write (actorraid supervise takes it up)",
            { Value: var process } => string.Create(
                CultureInfo.InvariantCulture, $"process {process} monitors it, not this daemon: only what the kernel shows is known"),
        };
        ImmutableArray<ArrayStatus> arrays = [.. other.Arrays.Select(array => Other(array, memory))];
        var health = StatusView.Worst([other.Monitor is { Ok: true, Value: 0 } ? Health.Stalled : Health.Unknown, .. arrays.Select(array => array.Health)]);
        return new ContainerStatus(other.Name, other.Format, 0, health, waits, memory.Since($"{other.Name} waits", waits), arrays, [], other.Monitor.Ok ? other.Monitor.Value : null);
    }

    private static ArrayStatus Other(MdStatArray array, Remembering memory)
    {
        var missing = array is { RaidDisks: { } all, WorkingDisks: { } working } ? all - working : 0;
        var action = array.Progress?.Action == "recovery" ? "recover" : array.Progress?.Action ?? "idle";
        var health = array.State == MdStatState.Broken ? Health.Failed
            : action is "recover" or "resync" or "reshape" ? Health.Rebuilding
            : missing > 0 ? Health.Degraded
            : Health.Ok;
        var position = array.Progress is { Done: { } done, Total: { } total and > 0 } ? new SyncPosition((ulong)done * 2, (ulong)total * 2) : (SyncPosition?)null;
        return new ArrayStatus(
            array.Name, int.TryParse(array.Subarray, CultureInfo.InvariantCulture, out var volume) ? volume : -1, "", array.Level ?? "", (array.Blocks ?? 0) * 1024, 0,
            health, "", action, Progress(position, array.Progress?.Speed ?? 0), null, false, array.RaidDisks ?? 0, missing, null, [],
            memory.Since($"{array.Name} health", health.ToString()), array.IsFrozen ? ["frozen"] : null);
    }

    private static ImmutableArray<string> Flags(LegFlags flags) =>
    [
        .. new[]
        {
            (LegFlags.InSync, "in_sync"), (LegFlags.Faulty, "faulty"), (LegFlags.Blocked, "blocked"), (LegFlags.Spare, "spare"), (LegFlags.Vanished, "vanished"),
        }.Where(word => (flags & word.Item1) != 0).Select(word => word.Item2),
    ];
}
