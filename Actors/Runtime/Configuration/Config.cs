using System.Globalization;

namespace Akka.Configuration;

/// <summary>The configuration says what cannot be used.</summary>
public class ConfigurationException : Actor.AkkaException
{
    /// <summary>With that message.</summary>
    public ConfigurationException(string message)
        : base(message)
    {
    }

    /// <summary>With that message and cause.</summary>
    public ConfigurationException(string message, Exception? exception)
        : base(message, exception)
    {
    }
}

/// <summary>Makes configurations.</summary>
public class ConfigurationFactory
{
    /// <summary>A configuration that says nothing.</summary>
    public static Config Empty { get; } = new(new Dictionary<string, string>(StringComparer.Ordinal));

    /// <summary>
    /// Parses a subset of HOCON: <c>key = value</c> or <c>key : value</c> by line or comma, dotted and quoted keys, nested
    /// braces, quoted values, comments by <c>#</c> or <c>//</c>.
    /// </summary>
    /// <exception cref="ConfigurationException">The text uses anything else; the message says where.</exception>
    public static Config ParseString(string hocon) => new(HoconSubset.Parse(hocon));
}

/// <summary>Values by dotted path.</summary>
public class Config
{
    private readonly IReadOnlyDictionary<string, string> _values;

    internal Config(IReadOnlyDictionary<string, string> values) => _values = values;

    /// <summary>It says nothing.</summary>
    public virtual bool IsEmpty => _values.Count == 0;

    /// <summary>True if there is a value or a section at that path.</summary>
    public virtual bool HasPath(string path) =>
        _values.ContainsKey(path) || _values.Keys.Any(key => key.StartsWith(path + ".", StringComparison.Ordinal));

    /// <summary>The text at that path.</summary>
    public virtual string GetString(string path, string? @default = null) => _values.GetValueOrDefault(path) ?? @default!;

    /// <summary>The number at that path.</summary>
    /// <exception cref="ConfigurationException">It is no number.</exception>
    public virtual int GetInt(string path, int @default = 0) => !_values.TryGetValue(path, out var text)
        ? @default
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw new ConfigurationException($"{path}: [{text}] is no whole number");

    /// <summary>The truth value at that path: <c>on</c>, <c>true</c>, <c>off</c> or <c>false</c>.</summary>
    /// <exception cref="ConfigurationException">It is none of these.</exception>
    public virtual bool GetBoolean(string path, bool @default = false) => !_values.TryGetValue(path, out var text)
        ? @default
        : text switch
        {
            "on" or "true" => true,
            "off" or "false" => false,
            _ => throw new ConfigurationException($"{path}: [{text}] is no truth value"),
        };

    /// <summary>The time at that path: a number with <c>ms</c>, <c>s</c>, <c>m</c>, <c>h</c> or <c>d</c>; without, milliseconds.</summary>
    /// <exception cref="ConfigurationException">It is no time.</exception>
    public virtual TimeSpan GetTimeSpan(string path, TimeSpan? @default = null, bool allowInfinite = true)
    {
        if (!_values.TryGetValue(path, out var text))
        {
            return @default ?? TimeSpan.Zero;
        }

        if (allowInfinite && text == "infinite")
        {
            return Timeout.InfiniteTimeSpan;
        }

        var digits = text.TrimEnd(['m', 's', 'h', 'd', ' ']);
        double? milliseconds = text[digits.Length..].Trim() switch
        {
            "ms" or "" => 1,
            "s" => 1000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => null,
        };
        return milliseconds is { } unit
            && double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            ? TimeSpan.FromMilliseconds(number * unit)
            : throw new ConfigurationException($"{path}: [{text}] is no time");
    }

    /// <summary>The section at that path; an empty one if there is none.</summary>
    public virtual Config GetConfig(string path)
    {
        var prefix = path + ".";
        return new Config(_values
            .Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(pair => pair.Key[prefix.Length..], pair => pair.Value, StringComparer.Ordinal));
    }

    /// <summary>This configuration, and the other's values where this one has none.</summary>
    public virtual Config WithFallback(Config fallback)
    {
        var values = new Dictionary<string, string>(fallback._values, StringComparer.Ordinal);
        foreach (var (path, value) in _values)
        {
            values[path] = value;
        }

        return new Config(values);
    }

    /// <inheritdoc/>
    public override string ToString() => string.Join('\n', _values.Select(pair => $"{pair.Key} = \"{pair.Value}\""));
}
