using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>
/// What is told of arrays that no actor of ours looks after: native ones, those that others monitor, volumes that do not run. Pure functions of
/// /proc/mdstat and of what the disks say.
/// </summary>
internal static class MdStatMap
{
    /// <summary>An array as the kernel shows it.</summary>
    /// <param name="array">Its lines in /proc/mdstat.</param>
    /// <param name="recorded">What the metadata has of it; null where that is not known.</param>
    /// <param name="memory">Since when things are so.</param>
    internal static ArrayStatus Array(MdStatArray array, VolumeInfo? recorded, Remembering memory)
    {
        var health = HealthOf(array);
        var progress = array.Progress;
        ImmutableArray<string> conditions =
        [
            .. array.IsFrozen ? ["frozen"] : System.Array.Empty<string>(),
            .. progress is { State: MdStatProgressState.Delayed } ? ["delayed"] : System.Array.Empty<string>(),
            .. progress is { State: MdStatProgressState.Pending } ? ["pending"] : System.Array.Empty<string>(),
        ];
        return new ArrayStatus(
            array.Name, int.TryParse(array.Subarray, CultureInfo.InvariantCulture, out var volume) ? volume : -1, recorded?.Name ?? "", array.Level ?? "",
            (array.Blocks ?? 0) * 1024, StatusMap.ChunkBytes(recorded), health, array.Level is null ? "inactive" : "", Action(progress),
            StatusMap.Progress(Position(progress), progress?.Speed ?? 0), null, recorded is { Dirty: true }, array.RaidDisks ?? 0, Missing(array), null, [],
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
        return volumes.Select(volume => (volume, arrays[volume.Index.ToString(CultureInfo.InvariantCulture)].FirstOrDefault()))
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
            name, volume.Index, volume.Name, string.Create(CultureInfo.InvariantCulture, $"raid{volume.Level}"), (long)volume.ArraySectors * 512,
            StatusMap.ChunkBytes(volume), health, "inactive", "idle", null, volume.Activity == VolumeActivity.None ? null : volume.Checkpoint, volume.Dirty,
            volume.Legs.Length, there.Count(leg => !leg), null, [], memory.Since($"{name} health", health.ToString()),
            MissingDisks: missing.IsEmpty ? null : missing);
    }

    private static string Action(MdStatProgress? progress) => progress?.Action is "recovery" ? "recover" : progress?.Action ?? "idle";

    private static int Missing(MdStatArray array) => array is { RaidDisks: { } all, WorkingDisks: { } working } ? Math.Max(0, all - working) : 0;

    // Kernels before 6.0 call such an array active.
    private static bool HasFailed(MdStatArray array) => array.Level switch
    {
        "raid0" or "linear" => array.Members.Any(member => member.IsFaulty),
        "raid1" => array.WorkingDisks == 0,
        "raid4" or "raid5" => Missing(array) > 1,
        "raid6" => Missing(array) > 2,
        "raid10" => LacksAllCopies(array),
        _ => false,
    };

    private static bool LacksAllCopies(MdStatArray array)
    {
        var slots = array.Slots ?? "";
        var copies = Copies(array.Layout);
        if (copies < 1 || copies > slots.Length)
            return false;
        var isAligned = array.Layout.Contains("near", StringComparison.Ordinal) && slots.Length % copies == 0;
        for (var first = 0; first < slots.Length; first += isAligned ? copies : 1)
        {
            if (Enumerable.Range(first, copies).All(slot => slots[slot % slots.Length] == '_'))
                return true;
        }

        return false;
    }

    // "512K chunks 2 near-copies", "64K chunks 2 far-copies"
    private static int Copies(string layout)
    {
        var words = layout.Split(' ');
        var at = System.Array.FindIndex(words, word => word.EndsWith("-copies", StringComparison.Ordinal));
        return at > 0 && int.TryParse(words[at - 1], CultureInfo.InvariantCulture, out var copies) ? copies : 0;
    }
}
