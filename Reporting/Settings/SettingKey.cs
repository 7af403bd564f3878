using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;

namespace ActorRaid.Reporting.Settings;

/// <summary>One key of a configuration file.</summary>
/// <typeparam name="T">The settings: a record.</typeparam>
/// <param name="Name">As the file spells it; with a dot: a member of an object.</param>
/// <param name="Meaning">What it does, in a sentence.</param>
/// <param name="Allowed">What may stand there, in words.</param>
/// <param name="Json">Its value as JSON.</param>
/// <param name="Read">The settings with the value that the reader stands at; null when that is not allowed.</param>
public sealed record SettingKey<T>(string Name, string Meaning, string Allowed, Func<T, string> Json, SettingReader<T> Read)
    where T : class
{
    /// <summary>Whether a reload is enough; otherwise it counts from the program's next start.</summary>
    public bool AtOnce { get; init; } = true;
}

/// <summary>See <see cref="SettingKey{T}.Read"/>.</summary>
/// <typeparam name="T">The settings.</typeparam>
public delegate T? SettingReader<T>(T settings, ref Utf8JsonReader value)
    where T : class;

/// <summary>The kinds of keys that there are.</summary>
/// <typeparam name="T">The settings.</typeparam>
public static class SettingKeys<T>
    where T : class
{
    private const int LongestPath = 1024;

    /// <summary>true or false.</summary>
    public static SettingKey<T> Switch(string name, string meaning, Func<T, bool> get, Func<T, bool, T> set) =>
        new(name, meaning, "true or false", settings => get(settings) ? "true" : "false",
            (T settings, ref Utf8JsonReader value) =>
                value.TokenType is JsonTokenType.True or JsonTokenType.False ? set(settings, value.GetBoolean()) : null);

    /// <summary>A whole number.</summary>
    /// <param name="name">The key.</param>
    /// <param name="meaning">What it does.</param>
    /// <param name="unit">Of what: seconds, connections.</param>
    /// <param name="least">The least allowed.</param>
    /// <param name="most">The most allowed.</param>
    /// <param name="get">From the settings.</param>
    /// <param name="set">Into the settings.</param>
    public static SettingKey<T> Number(string name, string meaning, string unit, int least, int most, Func<T, int> get, Func<T, int, T> set) =>
        new(name, meaning, $"a whole number of {unit} from {least} to {most}", settings => get(settings).ToString(CultureInfo.InvariantCulture),
            (T settings, ref Utf8JsonReader value) =>
                value.TokenType == JsonTokenType.Number && value.TryGetInt32(out var number) && number >= least && number <= most
                    ? set(settings, number)
                    : null);

    /// <summary>An absolute path.</summary>
    public static SettingKey<T> Path(string name, string meaning, Func<T, string> get, Func<T, string, T> set) =>
        new(name, meaning, "an absolute path", settings => Text(get(settings)),
            (T settings, ref Utf8JsonReader value) => value.TokenType == JsonTokenType.String && IsPath(value.GetString()!) ? set(settings, value.GetString()!) : null);

    /// <summary>An absolute path, or none.</summary>
    public static SettingKey<T> PathOrNull(string name, string meaning, Func<T, string?> get, Func<T, string?, T> set) =>
        new(name, meaning, "an absolute path, or null", settings => get(settings) is { } path ? Text(path) : "null",
            (T settings, ref Utf8JsonReader value) => value.TokenType switch
            {
                JsonTokenType.Null => set(settings, null),
                JsonTokenType.String when IsPath(value.GetString()!) => set(settings, value.GetString()),
                _ => null,
            });

    /// <summary>A text, or none.</summary>
    /// <param name="name">The key.</param>
    /// <param name="meaning">What it does.</param>
    /// <param name="allowed">What may stand there.</param>
    /// <param name="isAllowed">Whether that may.</param>
    /// <param name="get">From the settings.</param>
    /// <param name="set">Into the settings.</param>
    public static SettingKey<T> TextOrNull(string name, string meaning, string allowed, Func<string, bool> isAllowed, Func<T, string?> get, Func<T, string?, T> set) =>
        new(name, meaning, $"{allowed}, or null", settings => get(settings) is { } text ? Text(text) : "null",
            (T settings, ref Utf8JsonReader value) => value.TokenType switch
            {
                JsonTokenType.Null => set(settings, null),
                JsonTokenType.String when isAllowed(value.GetString()!) => set(settings, value.GetString()),
                _ => null,
            });

    /// <summary>A list of strings, each of which is read into what it means; at most a hundred.</summary>
    /// <typeparam name="TItem">What they mean.</typeparam>
    /// <param name="name">The key.</param>
    /// <param name="meaning">What it does.</param>
    /// <param name="allowed">What may stand there.</param>
    /// <param name="least">The least number of them.</param>
    /// <param name="parse">From the string; null when that is not allowed.</param>
    /// <param name="get">From the settings.</param>
    /// <param name="set">Into the settings.</param>
    public static SettingKey<T> Strings<TItem>(
        string name, string meaning, string allowed, int least, Func<string, TItem?> parse, Func<T, ImmutableArray<TItem>> get, Func<T, ImmutableArray<TItem>, T> set)
        where TItem : class =>
        new(name, meaning, allowed, settings => $"[{string.Join(", ", get(settings).Select(item => Text(item.ToString()!)))}]",
            (T settings, ref Utf8JsonReader value) =>
            {
                if (value.TokenType != JsonTokenType.StartArray)
                    return null;
                var items = ImmutableArray.CreateBuilder<TItem>();
                while (value.Read() && value.TokenType != JsonTokenType.EndArray)
                {
                    if (value.TokenType != JsonTokenType.String || parse(value.GetString()!) is not { } item || items.Count == 100)
                        return null;
                    items.Add(item);
                }
                return items.Count < least ? null : set(settings, items.ToImmutable());
            });

    private static bool IsPath(string text) => text is ['/', _, ..] && text.Length <= LongestPath && !text.Contains('\0');

    private static string Text(string text) => $"\"{JsonEncodedText.Encode(text)}\"";
}
