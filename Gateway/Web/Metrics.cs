using System.Collections.Immutable;
using ActorRaid.Gateway.Feed;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Web;

/// <summary>
/// /metrics, in Prometheus' text format: base units (bytes, seconds, ratios), and everything that node_exporter's mdadm collector has
/// (actorraid-gateway(8) has the mapping). While health is unknown what was last known of arrays and disks is left out: a series that ends says more
/// than one that stands still.
/// </summary>
internal static class Metrics
{
    /// <summary>Of the text format, version 0.0.4.</summary>
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const int SectorBytes = 512, KibBytes = 1024;
    private const double Micro = 1e-6;

    private static readonly ImmutableArray<(Health Health, string Name)> Healths =
    [
        (Health.Ok, "ok"), (Health.Rebuilding, "rebuilding"), (Health.Degraded, "degraded"), (Health.Unknown, "unknown"), (Health.Inactive, "inactive"), (Health.Stalled, "stalled"), (Health.Failed, "failed"),
    ];

    // node_md_state's, and what else md may be about.
    private static readonly ImmutableArray<string> Activities = ["active", "inactive", "recovering", "resync", "check", "repair", "reshape"];
    private static readonly ImmutableArray<string> LegStates = ["active", "failed", "spare", "down"];
    private static readonly ImmutableArray<string> Roles = ["member", "spare", "failed", "unknown"];

    /// <summary>All of them.</summary>
    internal static string Text(Bulletin bulletin)
    {
        var text = new MetricsText();
        var (now, clock, (open, dropped)) = (bulletin.Now, Environment.TickCount64, bulletin.Streams);
        var told = now.Told(clock, bulletin.UnknownAfter);
        text.Gauge("actorraid_up", "Whether the daemon answers the gateway.", now.Problem is null ? 1 : 0);
        text.Gauge("actorraid_gateway_build_info", "The gateway's version.", 1, ("version", GatewayCommand.Version));
        text.Gauge("actorraid_gateway_streams", "Open streams of changes (/v1/stream).", open);
        text.Counter("actorraid_gateway_streams_dropped_total", "Streams that were dropped because their clients did not read.", dropped);
        if (told is null)
            return text.ToString();
        text.Gauge("actorraid_status_age_seconds", "For how long the daemon has not answered.", now.Age(clock).TotalSeconds);
        foreach (var (health, name) in Healths)
            text.Gauge("actorraid_health", "The host's health: 1 at what it is.", told.Health == health ? 1 : 0, ("health", name));
        if (now.Age(clock) >= bulletin.UnknownAfter)
            return text.ToString();
        text.Gauge("actorraid_build_info", "The daemon's version.", 1, ("host", told.Host), ("version", told.Program));
        text.Gauge("actorraid_start_time_seconds", "When the daemon began, in seconds since 1970.", Seconds(told.Since));
        text.Gauge("actorraid_status_timestamp_seconds", "When the daemon last told something, in seconds since 1970.", Seconds(told.At));
        text.Counter("actorraid_events_dropped_total", "Events that the daemon could not keep, because they came too fast.", told.EventsDropped);
        foreach (var container in told.Containers)
            Container(text, container);
        foreach (var array in told.NativeArrays ?? [])
            Array(text, "", array);
        return text.ToString();
    }

    private static void Container(MetricsText text, ContainerStatus container)
    {
        (string, string) label = ("container", container.Name);
        text.Gauge("actorraid_container_info", "The format of its metadata.", 1, label, ("format", container.Format));
        foreach (var (health, name) in Healths)
            text.Gauge("actorraid_container_health", "The container's health: 1 at what it is.", container.Health == health ? 1 : 0, label, ("health", name));
        text.Gauge("actorraid_container_metadata_generation", "The generation of its metadata.", container.Generation, label);
        text.Gauge("actorraid_container_waiting", "Whether the daemon waits for something here.", container.WaitsFor is null ? 0 : 1, label);
        foreach (var role in Roles)
            text.Gauge("actorraid_container_disks", "Disks of the container, by role.", container.Disks.Count(disk => disk.Role == role), label, ("role", role));
        foreach (var array in container.Arrays)
            Array(text, container.Name, array);
        foreach (var disk in container.Disks)
        {
            (string, string)[] labels = [label, ("disk", disk.Name)];
            text.Gauge("actorraid_disk_info", "A disk.", 1, [.. labels, ("device", disk.Device), ("role", disk.Role), ("serial", disk.Serial)]);
            text.Gauge("actorraid_disk_size_bytes", "The disk's size.", disk.SizeBytes, labels);
            text.Gauge("actorraid_disk_hanging", "Whether it has not answered for long.", disk.Hangs ? 1 : 0, labels);
            text.Gauge(
                "actorraid_disk_metadata_bad", "Whether its metadata cannot be read, or its last write failed.",
                disk.Unreadable is not null || disk.Unwritten ? 1 : 0, labels);
        }
    }

    // The container of a native array is called "".
    private static void Array(MetricsText text, string container, ArrayStatus array)
    {
        (string, string)[] labels = [("array", array.Name), ("container", container)];
        text.Gauge("actorraid_array_info", "An array.", 1, [.. labels, ("level", array.Level), ("volume", array.VolumeName)]);
        foreach (var (health, name) in Healths)
            text.Gauge("actorraid_array_health", "The array's health: 1 at what it is.", array.Health == health ? 1 : 0, [.. labels, ("health", name)]);
        text.Gauge("actorraid_array_health_since_seconds", "Since when it is that, in seconds since 1970.", Seconds(array.Since), labels);
        var activity = Activity(array);
        foreach (var one in Activities)
            text.Gauge("actorraid_array_state", "What md does with it: 1 at that.", one == activity ? 1 : 0, [.. labels, ("state", one)]);
        text.Gauge("actorraid_array_size_bytes", "How much it holds.", array.SizeBytes, labels);
        text.Gauge("actorraid_array_chunk_bytes", "The size of its chunks; 0: there are none.", array.ChunkBytes, labels);
        text.Gauge("actorraid_array_dirty", "Whether the metadata says that it is being written.", array.IsDirty ? 1 : 0, labels);
        text.Gauge("actorraid_array_disks_required", "How many disks it has when it is whole.", array.RaidDisks, labels);
        text.Gauge("actorraid_array_disks_missing", "How many of them are missing, failed, or not rebuilt yet.", array.Missing, labels);
        foreach (var state in LegStates)
            text.Gauge("actorraid_array_disks", "Its disks, by state.", Disks(array, state), [.. labels, ("state", state)]);
        if (array.MismatchSectors is { } mismatch)
            text.Gauge("actorraid_array_mismatch_bytes", "What did not match at the last check or repair.", mismatch * SectorBytes, labels);
        if (array.CheckpointSectors is { } checkpoint)
            text.Gauge("actorraid_array_checkpoint_bytes", "How far the metadata knows that a resync or recovery is, on each disk, or a reshape, of the array.", (double)checkpoint * SectorBytes, labels);
        if (array.Writers is { } writers)
            Writers(text, writers, labels);
        var ratio = array.Progress?.Fraction ?? 1;
        text.Gauge("actorraid_array_sync_completed_ratio", "How far a resync, recovery, check, repair or reshape is; 1: none is under way.", ratio, labels);
        text.Gauge("actorraid_array_synced_bytes", "The same as a part of the array's size.", Math.Floor(ratio * array.SizeBytes), labels);
        if (array.Progress is not { } progress)
            return;
        text.Gauge("actorraid_array_sync_speed_bytes_per_second", "How fast that goes, on each disk.", (double)progress.KibPerSecond * KibBytes, labels);
        if (progress.SecondsLeft is { } left)
            text.Gauge("actorraid_array_sync_remaining_seconds", "How long it takes yet, at that pace.", left, labels);
    }

    private static void Writers(MetricsText text, WriterStatus writers, (string, string)[] labels)
    {
        foreach (var (to, count) in new[] { ("dirty", writers.Dirtied), ("clean", writers.Cleaned) })
            text.Counter("actorraid_array_transitions_total", "How often it became dirty, and clean again.", count, [.. labels, ("to", to)]);
        text.Counter("actorraid_array_checkpoints_total", "How often the place of a resync or recovery was recorded.", writers.Checkpoints, labels);
        text.Histogram(
            "actorraid_array_writer_wait_seconds", "How long writers waited for the metadata to say dirty.",
            [.. writers.Below.Select((count, place) => (WriterStatus.Bound(place) * Micro, count))], writers.Waits, writers.TotalMicroseconds * Micro, labels);
        text.Gauge("actorraid_array_writer_wait_max_seconds", "The longest of these.", writers.MaxMicroseconds * Micro, labels);
    }

    /// <summary>By node_exporter's names: what /proc/mdstat would show.</summary>
    internal static string Activity(ArrayStatus array) => array.Action switch
    {
        "recover" => "recovering",
        "resync" or "check" or "repair" or "reshape" => array.Action,
        _ => array.State switch
        {
            "" => "", // Not known: none of them.
            "clear" or "inactive" => "inactive",
            _ => "active",
        },
    };

    private static int Disks(ArrayStatus array, string state) => state switch
    {
        "active" => array.Legs.Count(leg => leg.State.Contains("in_sync")),
        "failed" => array.Legs.Count(leg => leg.State.Contains("faulty")),
        "spare" => array.Legs.Count(leg => leg.State.Contains("spare")),
        _ => Math.Max(0, array.RaidDisks - array.Legs.Count(leg => leg.State.Contains("in_sync"))),
    };

    private static double Seconds(DateTimeOffset time) => time.ToUnixTimeMilliseconds() / 1000.0;
}
