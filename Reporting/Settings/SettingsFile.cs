using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace ActorRaid.Reporting.Settings;

/// <summary>What a file says.</summary>
/// <typeparam name="T">The settings.</typeparam>
/// <param name="Settings">The settings; the defaults when there is any problem.</param>
/// <param name="Given">The keys that the file has.</param>
/// <param name="Problems">What is wrong with it, each with file, line and key; none: it is in order, or not
/// there.</param>
/// <param name="Exists">Whether there is a file.</param>
public sealed record SettingsRead<T>(T Settings, ImmutableHashSet<string> Given, ImmutableArray<string> Problems,
    bool Exists)
    where T : class;

/// <summary>
/// A configuration file: one JSON object with known keys, all of them optional; comments and a trailing comma are
/// allowed. It is read token by token, because each problem is shown with its line.
/// </summary>
/// <typeparam name="T">The settings.</typeparam>
/// <param name="keys">The keys that it may have.</param>
/// <param name="defaults">What counts where it says nothing.</param>
public sealed class SettingsFile<T>(ImmutableArray<SettingKey<T>> keys, T defaults)
    where T : class
{
    private const int LargestBytes = 64 * 1024;

    /// <summary>Reads the file. One that is not there says nothing.</summary>
    public SettingsRead<T> Read(string path)
    {
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[LargestBytes + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length > LargestBytes
                ? Refused($"{path}: larger than {LargestBytes} bytes")
                : Parse(path, bytes.AsSpan(0, length));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new SettingsRead<T>(defaults, [], [], false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused($"{path}: cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a file's bytes.</summary>
    public SettingsRead<T> Parse(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        var settings = defaults;
        var given = ImmutableHashSet.CreateBuilder<string>();
        var problems = ImmutableArray.CreateBuilder<string>();
        var reader = new Utf8JsonReader(bytes,
            new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return Refused($"{path}:{Line(bytes, reader)}: found {Found(bytes, reader)}; the file is one object: "
                    + $"{{ ... }}");
            var group = "";
            while (reader.Read())
            {
                if (reader.TokenType != JsonTokenType.PropertyName)
                {
                    if (group.Length == 0)
                        break;
                    group = "";
                    continue;
                }
                var name = group + reader.GetString();
                if (IsGroup(name, reader))
                {
                    reader.Read();
                    group = name + ".";
                    continue;
                }
                var key = keys.FirstOrDefault(known => known.Name == name);
                if (key is null)
                    problems.Add($"{path}:{Line(bytes, reader)}: the key \"{name}\" is not known; known are "
                        + $"{string.Join(", ", keys.Select(known => known.Name))}");
                else if (!given.Add(name))
                    problems.Add($"{path}:{Line(bytes, reader)}: {name} is there twice");
                reader.Read();
                // A list is read on a copy: whether it is allowed or not, the reader goes on behind it.
                var value = reader;
                if (key is not null)
                {
                    if (key.Read(settings, ref value) is { } changed)
                        settings = changed;
                    else
                        problems.Add($"{path}:{Line(bytes, reader)}: {name} is {Found(bytes, reader)}; allowed is "
                            + $"{key.Allowed}");
                }
                reader.Skip();
            }
            // Whatever follows the object is a fault that the reader finds.
            reader.Read();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            problems.Add($"{path}:{(e as JsonException)?.LineNumber + 1 ?? Line(bytes, reader)}: no JSON: {Reason(e)}");
        }
        return problems.Count == 0
            ? new SettingsRead<T>(settings, given.ToImmutable(), [], true)
            : new SettingsRead<T>(defaults, [], problems.ToImmutable(), true);
    }

    // Keys whose names have a dot are given as members of an object: "cluster.host" as "cluster": { "host": ... }.
    private bool IsGroup(string name, Utf8JsonReader reader) =>
        keys.Any(key => key.Name.StartsWith(name + ".", StringComparison.Ordinal)) && reader.Read()
            && reader.TokenType == JsonTokenType.StartObject;

    private SettingsRead<T> Refused(string problem) => new(defaults, [], [problem], true);

    private static int Line(ReadOnlySpan<byte> bytes, in Utf8JsonReader reader) =>
        bytes[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;

    // Of a list or an object everything, if it is short.
    private static string Found(ReadOnlySpan<byte> bytes, Utf8JsonReader reader)
    {
        var (start, type) = ((int)reader.TokenStartIndex, reader.TokenType);
        reader.Skip();
        var text = bytes[start..(int)reader.BytesConsumed];
        return text.Length <= 200 ? Encoding.UTF8.GetString(text)
            : type == JsonTokenType.StartObject ? "an object"
            : type == JsonTokenType.StartArray ? "a list"
            : $"a text of {text.Length} bytes";
    }

    // The reader's own words end with a position that counts from 0.
    private static string Reason(Exception e) =>
        e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and > 0 ? e.Message[..end] : e.Message;
}
