using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Hooks;

namespace ActorRaid.Host.Settings;

/// <summary>One key of the file.</summary>
/// <param name="Name">As the file spells it.</param>
/// <param name="Meaning">What it does, in a sentence.</param>
/// <param name="Allowed">What may stand there.</param>
/// <param name="AtOnce">Whether a reload is enough; otherwise it counts from the daemon's next start.</param>
/// <param name="Json">Its value as JSON.</param>
/// <param name="Read">The settings with the value that the reader stands at; null when that is not allowed.</param>
internal sealed record SettingKey(
    string Name, string Meaning, string Allowed, bool AtOnce, Func<DaemonSettings, string> Json, SettingKey.Reader Read)
{
    private const int LongestPath = 1024;

    /// <summary>See <see cref="SettingKey.Read"/>.</summary>
    internal delegate DaemonSettings? Reader(DaemonSettings settings, ref Utf8JsonReader value);

    /// <summary>All of them, in the order in which they are shown.</summary>
    internal static ImmutableArray<SettingKey> All { get; } =
    [
        Level(
            "logLevel", "The least level of events that the journal and the console get.",
            settings => settings.LogLevel, (settings, value) => settings with { LogLevel = value }),
        File(
            "logFile", "A file that gets every event, debug ones included; a reload opens it anew.",
            settings => settings.LogFile, (settings, value) => settings with { LogFile = value }),
        Switch(
            "activateSpares", "Whether degraded arrays are given spares. A rebuild that runs goes on either way.", true,
            settings => settings.ActivateSpares, (settings, value) => settings with { ActivateSpares = value }),
        Seconds(
            "slowDiskSeconds", "After how long without an answer to a metadata write a disk counts as hanging: it is told, and no longer waited for where the others suffice.",
            1, 60, settings => settings.SlowDiskSeconds, (settings, value) => settings with { SlowDiskSeconds = value }),
        Seconds(
            "stuckSeconds", "After how long without an answer a container counts as stuck: it is told, and may end the feeding of systemd's watchdog.",
            1, 300, settings => settings.StuckSeconds, (settings, value) => settings with { StuckSeconds = value }),
        Seconds(
            "farewellSeconds", "How long arrays have to come to rest when the daemon is told to leave.",
            0, 3600, settings => settings.FarewellSeconds, (settings, value) => settings with { FarewellSeconds = value }),
        Switch(
            "stay", "Whether the daemon stays when it has nothing to supervise, also when it was not started with --all.", false,
            settings => settings.Stay, (settings, value) => settings with { Stay = value }),
        new(
            "hooks", $"Programs that are run on events: {string.Join(", ", HookEvents.Names)}.",
            "a list of { \"on\": [event, ...], \"run\": [\"/path/of/program\", argument, ...], \"seconds\": 1 to 3600 (30 if left out) }", true,
            settings => "[" + string.Join(", ", settings.Hooks.Select(hook => hook.ToJson())) + "]",
            (DaemonSettings settings, ref Utf8JsonReader value) =>
            {
                var after = value;
                using var list = JsonDocument.ParseValue(ref after);
                if (Hook.Read(list.RootElement) is not { } hooks)
                    return null;
                value = after;
                return settings with { Hooks = hooks };
            }),
    ];

    private static SettingKey Switch(
        string name, string meaning, bool atOnce, Func<DaemonSettings, bool> get, Func<DaemonSettings, bool, DaemonSettings> set) =>
        new(name, meaning, "true or false", atOnce, settings => get(settings) ? "true" : "false",
            (DaemonSettings settings, ref Utf8JsonReader value) =>
                value.TokenType is JsonTokenType.True or JsonTokenType.False ? set(settings, value.GetBoolean()) : null);

    private static SettingKey Seconds(
        string name, string meaning, int least, int most, Func<DaemonSettings, int> get, Func<DaemonSettings, int, DaemonSettings> set) =>
        new(name, meaning, $"a whole number of seconds from {least} to {most}", true,
            settings => get(settings).ToString(CultureInfo.InvariantCulture),
            (DaemonSettings settings, ref Utf8JsonReader value) =>
                value.TokenType == JsonTokenType.Number && value.TryGetInt32(out var number) && number >= least && number <= most
                    ? set(settings, number)
                    : null);

    private static SettingKey Level(
        string name, string meaning, Func<DaemonSettings, EventLevel> get, Func<DaemonSettings, EventLevel, DaemonSettings> set)
    {
        ImmutableArray<(string Word, EventLevel Level)> words =
            [("debug", EventLevel.Debug), ("info", EventLevel.Info), ("warning", EventLevel.Warning), ("error", EventLevel.Error)];
        return new(name, meaning, "\"debug\", \"info\", \"warning\" or \"error\"", true,
            settings => Text(words.First(word => word.Level == get(settings)).Word),
            (DaemonSettings settings, ref Utf8JsonReader value) =>
            {
                foreach (var (word, level) in words)
                {
                    if (value.TokenType == JsonTokenType.String && value.ValueTextEquals(word))
                        return set(settings, level);
                }
                return null;
            });
    }

    private static SettingKey File(
        string name, string meaning, Func<DaemonSettings, string?> get, Func<DaemonSettings, string?, DaemonSettings> set) =>
        new(name, meaning, "an absolute path, or null", true,
            settings => get(settings) is { } path ? Text(path) : "null",
            (DaemonSettings settings, ref Utf8JsonReader value) => value.TokenType switch
            {
                JsonTokenType.Null => set(settings, null),
                JsonTokenType.String when value.GetString() is ['/', _, ..] path && path.Length <= LongestPath && !path.Contains('\0')
                    => set(settings, path),
                _ => null,
            });

    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
