using System.Collections.Immutable;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Hooks;
using ActorRaid.Reporting.Settings;

namespace ActorRaid.Host.Settings;

/// <summary>The keys of /etc/actorraid.json.</summary>
internal static class SettingKey
{
    private static readonly ImmutableArray<(string Word, EventLevel Level)> Levels =
        [("debug", EventLevel.Debug), ("info", EventLevel.Info), ("warning", EventLevel.Warning), ("error", EventLevel.Error)];

    /// <summary>All of them, in the order in which they are shown.</summary>
    internal static ImmutableArray<SettingKey<DaemonSettings>> All { get; } =
    [
        new(
            "logLevel", "The least level of events that the journal and the console get.", "\"debug\", \"info\", \"warning\" or \"error\"",
            settings => $"\"{Levels.First(known => known.Level == settings.LogLevel).Word}\"",
            (DaemonSettings settings, ref Utf8JsonReader value) =>
            {
                foreach (var (word, level) in Levels)
                {
                    if (value.TokenType == JsonTokenType.String && value.ValueTextEquals(word))
                        return settings with { LogLevel = level };
                }
                return null;
            }),
        SettingKeys<DaemonSettings>.PathOrNull(
            "logFile", "A file that gets every event, debug ones included; a reload opens it anew.",
            settings => settings.LogFile, (settings, value) => settings with { LogFile = value }),
        SettingKeys<DaemonSettings>.Switch(
            "activateSpares", "Whether degraded arrays are given spares. A rebuild that runs goes on either way.",
            settings => settings.ActivateSpares, (settings, value) => settings with { ActivateSpares = value }),
        SettingKeys<DaemonSettings>.Number(
            "slowDiskSeconds", "After how long without an answer to a metadata write a disk counts as hanging: it is told, and no longer waited for where the others suffice.",
            "seconds", 1, 60, settings => settings.SlowDiskSeconds, (settings, value) => settings with { SlowDiskSeconds = value }),
        SettingKeys<DaemonSettings>.Number(
            "stuckSeconds", "After how long without an answer a container counts as stuck: it is told, and may end the feeding of systemd's watchdog.",
            "seconds", 1, 300, settings => settings.StuckSeconds, (settings, value) => settings with { StuckSeconds = value }),
        SettingKeys<DaemonSettings>.Number(
            "farewellSeconds", "How long arrays have to come to rest when the daemon is told to leave.",
            "seconds", 0, 3600, settings => settings.FarewellSeconds, (settings, value) => settings with { FarewellSeconds = value }),
        SettingKeys<DaemonSettings>.Switch(
            "stay", "Whether the daemon stays when it has nothing to supervise, also when it was not started with --all.",
            settings => settings.Stay, (settings, value) => settings with { Stay = value }) with { AtOnce = false },
        new(
            "hooks", $"Programs that are run on events: {string.Join(", ", HookEvents.Names)}.",
            "a list of { \"on\": [event, ...], \"run\": [\"/path/of/program\", argument, ...], \"seconds\": 1 to 3600 (30 if left out) }",
            settings => "[" + string.Join(", ", settings.Hooks.Select(hook => hook.ToJson())) + "]",
            (DaemonSettings settings, ref Utf8JsonReader value) =>
            {
                using var list = JsonDocument.ParseValue(ref value);
                return Hook.Read(list.RootElement) is { } hooks ? settings with { Hooks = hooks } : null;
            }),
    ];
}
