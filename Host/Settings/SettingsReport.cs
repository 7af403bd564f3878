using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorRaid.Host.Settings;

/// <summary>What is in force, and why: what <c>actorraid config</c> shows.</summary>
/// <param name="File">The file.</param>
/// <param name="Process">The daemon; 0: none runs, and this is what one would begin with.</param>
/// <param name="Read">When the file was read (local time); null: there is none.</param>
/// <param name="Problems">Why the file was refused when it was read last, or what of it could not be carried out.</param>
/// <param name="Keys">Each key.</param>
internal sealed record SettingsReport(
    string File, int Process, DateTimeOffset? Read, ImmutableArray<string> Problems, ImmutableArray<SettingReport> Keys)
{
    /// <summary>On one line, as it comes over the socket.</summary>
    internal string ToLine() => JsonSerializer.Serialize(this, SettingsJson.Default.SettingsReport);

    /// <summary>As people and programs read it.</summary>
    internal string ToJson() => JsonSerializer.Serialize(this, new SettingsJson(new JsonSerializerOptions(SettingsJson.Default.Options) { WriteIndented = true }).SettingsReport);

    /// <summary>Reads <see cref="ToLine"/> back; null when it is none.</summary>
    internal static SettingsReport? FromLine(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, SettingsJson.Default.SettingsReport);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A table.</summary>
    internal string ToText()
    {
        var text = new StringBuilder();
        text.AppendLine(Process == 0 ? "No daemon answers; this is what one would begin with." : $"In force in process {Process}.");
        text.AppendLine(Read is { } read
            ? string.Create(CultureInfo.InvariantCulture, $"{File}, read {read:yyyy-MM-dd HH:mm:ss}")
            : $"{File}: there is none");
        foreach (var problem in Problems)
            text.AppendLine($"problem: {problem}");
        var width = Keys.Max(key => key.Value.Length);
        foreach (var key in Keys)
        {
            var pending = key.Next is { } next ? $"; {next} from the next start on" : "";
            text.AppendLine($"  {key.Key,-16} {key.Value.PadRight(width)}  from {key.From}, changed {key.Applies}{pending}");
        }
        return text.ToString();
    }
}

/// <summary>One key.</summary>
/// <param name="Key">Its name.</param>
/// <param name="Value">The value in force, as JSON.</param>
/// <param name="From">Where it comes from: <c>file</c>, <c>default</c>, or <c>environment</c>.</param>
/// <param name="Applies">When a change of it in the file counts: <c>by a reload</c> or <c>by a restart</c>.</param>
/// <param name="Next">The value that the file has for the next start, where that is another.</param>
internal sealed record SettingReport(string Key, string Value, string From, string Applies, string? Next);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(SettingsReport))]
internal sealed partial class SettingsJson : JsonSerializerContext;
