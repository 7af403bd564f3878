using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors;

namespace ActorRaid.Host.Hooks;

/// <summary>
/// From what happens to the events that hooks are run on: mdadm --monitor's names where it has them (mdadm(8), MONITOR MODE), and ours beyond.
/// </summary>
internal sealed class HookEvents
{
    private readonly HashSet<string> _idle = [];
    private readonly HashSet<string> _rebuilding = [];

    /// <summary>The names that a hook may be set on; <c>RebuildNN</c> stands for Rebuild20, Rebuild40, Rebuild60 and Rebuild80.</summary>
    internal static ImmutableArray<string> Names { get; } =
    [
        "Fail", "FailSpare", "SpareActive", "DegradedArray", "RebuildStarted", "RebuildNN", "RebuildFinished", "NewArray", "DeviceDisappeared",
        "SpareUsed", "CheckpointLost", "Stalled", "TestMessage",
    ];

    /// <summary>Whether a hook set on these is run on that event.</summary>
    internal static bool Matches(ImmutableArray<string> on, string name) => on.Contains(name) || (IsPercent(name) && on.Contains("RebuildNN"));

    /// <summary>Whether an event can happen at all.</summary>
    internal static bool IsKnown(string name) => IsPercent(name) || (name != "RebuildNN" && Names.Contains(name));

    /// <summary>The events that something which happened means.</summary>
    internal IEnumerable<string> Of(RaidEvent e)
    {
        switch (e.Kind)
        {
            case "leg-failed" when e.Detail?.From == "spare":
                return ["FailSpare"];
            case "leg-failed":
                return ["Fail", "DegradedArray"];
            case "array-degraded" or "array-not-whole":
                return ["DegradedArray"];
            case "array-whole":
                return ["SpareActive"];
            case "recovery-started":
                _idle.Remove(e.Array ?? "");
                return ["SpareUsed", .. Started(e.Array ?? "")];
            case "sync-action" when e.Detail is { To: "recover", Cause: EventDetail.NothingToRebuild }:
                _idle.Add(e.Array ?? "");
                return [];
            case "sync-action" when e.Detail is { From: "recover", To: "idle" } && _idle.Remove(e.Array ?? ""):
                return [];
            case "sync-action" when IsRebuild(e.Detail?.To):
                return Started(e.Array ?? "");
            case "sync-action" when IsRebuild(e.Detail?.From) && e.Detail?.To == "idle":
                _rebuilding.Remove(e.Array ?? "");
                return ["RebuildFinished"];
            case "sync-progress" when e.Detail?.Sync is { } sync:
                return [string.Create(CultureInfo.InvariantCulture, $"Rebuild{RebuildProgress.Reached(sync)}")];
            case "array-supervised" when e.Detail?.Cause is null:
                return ["NewArray"];
            case "reshape-ended" or "array-needs-nobody" when _rebuilding.Remove(e.Array ?? ""):
                // What has become RAID 0 is looked after by nobody who would see md's word change.
                return ["RebuildFinished"];
            case "array-gone":
                _rebuilding.Remove(e.Array ?? "");
                return ["DeviceDisappeared"];
            case "checkpoint-lost":
                return ["CheckpointLost"];
            case "disk-hangs" or "container-stuck" or "container-missing" or "host-stuck":
                return ["Stalled"];
            default:
                return [];
        }
    }

    private static bool IsRebuild(string? action) => action is "resync" or "recover" or "reshape" or "check" or "repair";

    private static bool IsPercent(string name) => name is "Rebuild20" or "Rebuild40" or "Rebuild60" or "Rebuild80";

    /// <summary>A spare's recovery is seen twice: when it was asked for, and when md begins it.</summary>
    private IEnumerable<string> Started(string array) => _rebuilding.Add(array) ? ["RebuildStarted"] : [];
}
