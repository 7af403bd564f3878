using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Hooks;

/// <summary>A program that is run on events.</summary>
/// <param name="On">Which; see <see cref="HookEvents.Names"/>.</param>
/// <param name="Run">The program's path, and its first arguments.</param>
/// <param name="Seconds">How long it may take; then it is ended.</param>
internal sealed record Hook(ImmutableArray<string> On, ImmutableArray<string> Run, int Seconds)
{
    private const int Most = 32, MostWords = 64, LongestWord = 1024, MostSeconds = 3600, UsualSeconds = 30;

    /// <summary>As the file spells it.</summary>
    internal string ToJson() => $"{{\"on\": {Words(On)}, \"run\": {Words(Run)}, \"seconds\": {Seconds.ToString(System.Globalization.CultureInfo.InvariantCulture)}}}";

    /// <summary>Reads a list of them; null when something in it is not allowed.</summary>
    internal static ImmutableArray<Hook>? Read(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > Most)
            return null;
        var hooks = ImmutableArray.CreateBuilder<Hook>();
        foreach (var element in list.EnumerateArray())
        {
            if (One(element) is not { } hook)
                return null;
            hooks.Add(hook);
        }
        return hooks.ToImmutable();
    }

    private static Hook? One(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
            return null;
        ImmutableArray<string>? on = null, run = null;
        var seconds = UsualSeconds;
        foreach (var property in element.EnumerateObject())
        {
            switch (property.Name)
            {
                case "on":
                    on = Words(property.Value);
                    break;
                case "run":
                    run = Words(property.Value);
                    break;
                case "seconds" when property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt32(out seconds) && seconds is >= 1 and <= MostSeconds:
                    break;
                default:
                    return null;
            }
        }
        return on is { Length: > 0 } events && events.All(name => HookEvents.Names.Contains(name) || HookEvents.IsKnown(name)) && run is [['/', _, ..], ..] program
            ? new Hook(events, program, seconds)
            : null;
    }

    private static ImmutableArray<string>? Words(JsonElement list)
    {
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > MostWords)
            return null;
        ImmutableArray<string> words = [.. list.EnumerateArray().Select(word => word.ValueKind == JsonValueKind.String ? word.GetString()! : "\0")];
        return words.All(word => word.Length <= LongestWord && !word.Contains('\0')) ? words : null;
    }

    private static string Words(ImmutableArray<string> words) => "[" + string.Join(", ", words.Select(word => $"\"{JsonEncodedText.Encode(word)}\"")) + "]";
}

/// <summary>What a hook gets on its standard input: one line.</summary>
/// <param name="Event">Fail, RebuildStarted, ...</param>
/// <param name="Host">This host's name.</param>
/// <param name="Test">It has not happened: somebody tries the hooks.</param>
/// <param name="Happened">What has.</param>
internal sealed record HookNotice(string Event, string Host, bool Test, EventStatus Happened);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(HookNotice))]
internal sealed partial class HookJson : JsonSerializerContext;
