using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>
/// The status of arrays that no actor of ours looks after: native ones, those that others monitor, volumes that do not
/// run. Pure functions of /proc/mdstat and of what the disks say.
/// </summary>
internal static class MdStatMap
{
    /// <summary>An array as the kernel shows it.</summary>
    /// <param name="array">Its lines in /proc/mdstat.</param>
    /// <param name="recorded">What the metadata has of it; null where that is not known.</param>
    /// <param name="seen">What sysfs has of it; null: nothing.</param>
    /// <param name="memory">Since when things are so.</param>
    internal static ArrayStatus Array(MdStatArray array, VolumeInfo? recorded, ArrayObservation? seen,
        Remembering memory)
    {
        // /proc/mdstat calls a RAID 0 active that md has given up.
        var health = seen is { State: "broken" } ? Health.Failed : HealthOf(array);
        var legs = StatusMap.Legs(seen?.Legs ?? [], recorded);
        if (health == Health.Ok && legs.Any(leg => leg.BadSectors > 0))
            health = Health.Degraded;
        var progress = array.Progress;
        ImmutableArray<string> conditions =
        [
            .. array.IsFrozen ? ["frozen"] : System.Array.Empty<string>(),
            .. progress is { State: MdStatProgressState.Delayed } ? ["delayed"] : System.Array.Empty<string>(),
            .. progress is { State: MdStatProgressState.Pending } ? ["pending"] : System.Array.Empty<string>(),
            .. progress is { State: MdStatProgressState.Remote } ? ["remote"] : System.Array.Empty<string>(),
        ];
        return new ArrayStatus(
            array.Name, int.TryParse(array.Subarray, CultureInfo.InvariantCulture, out var volume) ? volume
                : -1, recorded?.Name ?? "", array.Level ?? "",
            (array.Blocks ?? 0) * 1024, StatusMap.ChunkBytes(recorded), health, StateOf(array, seen), Action(progress),
            StatusMap.Progress(Position(progress), progress?.Speed ?? 0), null, recorded is { Dirty: true },
                RaidDisks(array), Missing(array),
            seen?.MismatchSectors, legs,
            memory.Since($"{array.Name} health", health.ToString()), conditions.IsEmpty ? null : conditions);
    }

    /// <summary>The volumes that the metadata has and that do not run.</summary>
    /// <param name="container">md127</param>
    /// <param name="volumes">All its volumes.</param>
    /// <param name="listed">The container's arrays in /proc/mdstat, running or not.</param>
    /// <param name="memory">Since when things are so.</param>
    internal static IEnumerable<ArrayStatus> Resting(
        string container, ImmutableArray<VolumeInfo> volumes, IEnumerable<MdStatArray> listed, Remembering memory)
    {
        var arrays = listed.ToLookup(array => array.Subarray);
        return volumes.Select(volume =>
            (volume, arrays[volume.Index.ToString(CultureInfo.InvariantCulture)].FirstOrDefault()))
            .Where(found => found.Item2 is not { Level: not null })
            .Select(found => Resting(container, found.volume, found.Item2, memory));
    }

    /// <summary>How far what runs is, in sectors; null: nothing runs.</summary>
    internal static SyncPosition? Position(MdStatProgress? progress) =>
        progress is { State: MdStatProgressState.Running, Done: { } done, Total: { } total and > 0 }
            ? new SyncPosition((ulong)done * 2, (ulong)total * 2)
            : null;

    /// <summary>The health of an array as its lines show it.</summary>
    internal static Health HealthOf(MdStatArray array)
    {
        if (array.Level is null)
            return Health.Inactive;
        if (array.State == MdStatState.Broken || HasFailed(array))
            return Health.Failed;
        if (array.State == MdStatState.Other)
            return Health.Unknown;
        var action = Action(array.Progress);
        var isPending = array.Progress is { State: MdStatProgressState.Pending };
        return action is "recover" or "resync" or "reshape" && !isPending ? Health.Rebuilding
            : Missing(array) > 0 || isPending ? Health.Degraded
            : Health.Ok;
    }

    private static ArrayStatus Resting(string container, VolumeInfo volume, MdStatArray? listed, Remembering memory)
    {
        bool[] there = [.. volume.Legs.Select(leg => leg is { Device: not null, InSync: true })];
        var health = volume.CanStart(there) ? Health.Inactive : Health.Failed;
        var name = listed?.Name ?? string.Create(CultureInfo.InvariantCulture, $"{container}/{volume.Index}");
        ImmutableArray<string> missing = [.. volume.Legs.Where(leg => leg.Device is null).Select(leg => leg.Serial)];
        return new ArrayStatus(
            name, volume.Index, volume.Name, string.Create(CultureInfo.InvariantCulture, $"raid{volume.Level}"),
                (long)volume.ArraySectors * 512,
            StatusMap.ChunkBytes(volume), health, "inactive", "idle", null, volume.Activity == VolumeActivity.None
                ? null : volume.Checkpoint, volume.Dirty,
            volume.Legs.Length, there.Count(leg => !leg), null, [], memory.Since($"{name} health", health.ToString()),
            MissingDisks: missing.IsEmpty ? null : missing);
    }

    private static string Action(MdStatProgress? progress) => progress?.Action is "recovery" ? "recover"
        : progress?.Action ?? "idle";

    private static string StateOf(MdStatArray array, ArrayObservation? seen) =>
        array.Level is null ? "inactive"
        : array.State == MdStatState.Other ? array.StateText
        : seen is { State: not "" } ? seen.State
        : array.State == MdStatState.Broken ? "broken"
        : array.IsReadOnly ? "readonly"
        : array.IsAutoReadOnly ? "read-auto"
        : "";

    /// <summary>Of a level without redundancy mdstat prints no counts: what md has, in or out of a slot, is what it
    /// needs.</summary>
    private static int RaidDisks(MdStatArray array) => array.RaidDisks ?? (IsStriped(array) ? array.Members.Length : 0);

    private static int Missing(MdStatArray array) =>
        IsStriped(array) ? array.Members.Count(member => member.IsFaulty)
        : array is { RaidDisks: { } all, WorkingDisks: { } working } ? Math.Max(0, all - working)
        : 0;

    private static bool IsStriped(MdStatArray array) => array.Level is "raid0" or "linear";

    /// <summary>Kernels before 6.0 call such an array active.</summary>
    private static bool HasFailed(MdStatArray array)
    {
        bool[] there = IsStriped(array) ? [.. array.Members.Select(member => !member.IsFaulty)]
            : [.. (array.Slots ?? "").Select(slot => slot == 'U')];
        return there.Length > 0 && LevelOf(array) is { } level
            && !Redundancy.Of(level, there.Length, Copies(array.Layout, "near"), Math.Max(Copies(array.Layout, "far"),
                Copies(array.Layout, "offset"))).Starts(there);
    }

    private static int? LevelOf(MdStatArray array) => array.Level switch
    {
        "linear" => 0,
        ['r', 'a', 'i', 'd', .. var digits] when int.TryParse(digits, CultureInfo.InvariantCulture, out var level) =>
            level,
        _ => null,
    };

    // "512K chunks 2 near-copies", "64K chunks 2 far-copies"
    private static int Copies(string layout, string kind)
    {
        var words = layout.Split(' ');
        var at = System.Array.IndexOf(words, $"{kind}-copies");
        return at > 0 && int.TryParse(words[at - 1], CultureInfo.InvariantCulture, out var copies) && copies > 0
            ? copies : 1;
    }
}
