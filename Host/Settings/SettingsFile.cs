using System.Collections.Immutable;
using System.Text;
using System.Text.Json;

namespace ActorRaid.Host.Settings;

/// <summary>What a file says.</summary>
/// <param name="Settings">The settings; the defaults when there is any problem.</param>
/// <param name="Given">The keys that the file has.</param>
/// <param name="Problems">What is wrong with it, each with file, line and key; none: it is in order, or not there.</param>
/// <param name="Exists">Whether there is a file.</param>
internal sealed record SettingsRead(
    DaemonSettings Settings, ImmutableHashSet<string> Given, ImmutableArray<string> Problems, bool Exists);

/// <summary>
/// The file: one JSON object whose keys are those of <see cref="SettingKey"/>, all of them optional; comments and a trailing comma
/// are allowed. It is read token by token, because each problem is to be told with its line.
/// </summary>
internal static class SettingsFile
{
    /// <summary>Set to use another file than /etc/actorraid.json.</summary>
    internal const string Variable = "ACTORRAID_CONFIG";

    private const int LargestBytes = 64 * 1024;

    /// <summary>The file of this system, or the one that the environment names.</summary>
    internal static string PathFromEnvironment() =>
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : "/etc/actorraid.json";

    /// <summary>Reads the file. One that is not there says nothing.</summary>
    internal static SettingsRead Read(string path)
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
            return new SettingsRead(DaemonSettings.Default, [], [], false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Refused($"{path}: cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a file's bytes.</summary>
    internal static SettingsRead Parse(string path, ReadOnlySpan<byte> bytes)
    {
        if (bytes.StartsWith(Encoding.UTF8.Preamble))
            bytes = bytes[Encoding.UTF8.Preamble.Length..];
        var settings = DaemonSettings.Default;
        var given = ImmutableHashSet.CreateBuilder<string>();
        var problems = ImmutableArray.CreateBuilder<string>();
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        try
        {
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                return Refused($"{path}:{Line(bytes, reader)}: found {Found(bytes, reader)}; the file is one object: {{ ... }}");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                var key = SettingKey.All.FirstOrDefault(known => known.Name == name);
                if (key is null)
                    problems.Add($"{path}:{Line(bytes, reader)}: the key \"{name}\" is not known; known are {string.Join(", ", SettingKey.All.Select(known => known.Name))}");
                else if (!given.Add(name))
                    problems.Add($"{path}:{Line(bytes, reader)}: {name} is there twice");
                reader.Read();
                if (key is not null)
                {
                    if (key.Read(settings, ref reader) is { } changed)
                        settings = changed;
                    else
                        problems.Add($"{path}:{Line(bytes, reader)}: {name} is {Found(bytes, reader)}; allowed is {key.Allowed}");
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
            ? new SettingsRead(settings, given.ToImmutable(), [], true)
            : new SettingsRead(DaemonSettings.Default, [], problems.ToImmutable(), true);
    }

    private static SettingsRead Refused(string problem) => new(DaemonSettings.Default, [], [problem], true);

    private static int Line(ReadOnlySpan<byte> bytes, in Utf8JsonReader reader) => bytes[..(int)reader.TokenStartIndex].Count((byte)'\n') + 1;

    private static string Found(ReadOnlySpan<byte> bytes, in Utf8JsonReader reader) => reader.TokenType switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        _ => Encoding.UTF8.GetString(bytes[(int)reader.TokenStartIndex..(int)reader.BytesConsumed]),
    };

    // The reader's own words end with a position that counts from 0.
    private static string Reason(Exception e) =>
        e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal) is var end and > 0 ? e.Message[..end] : e.Message;
}
