using System.Globalization;
using System.Text;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>One event as one line: time (ISO, local, milliseconds), level, kind, container/array/disk, text.</summary>
internal static class LineFormat
{
    /// <summary>The line, with its end. Absent names are left out; line ends in the text become spaces.</summary>
    internal static string Line(LogEvent e)
    {
        var line = new StringBuilder(160);
        line.Append(e.Timestamp.ToString("yyyy-MM-ddTHH:mm:ss.fffzzz", CultureInfo.InvariantCulture));
        line.Append(' ').Append(Level(e.Level));
        line.Append(' ').Append(Text(e, "Event") ?? "-");
        line.Append(' ').Append(Where(e));
        line.Append(' ').Append((Text(e, "Text") ?? e.RenderMessage(CultureInfo.InvariantCulture)).ReplaceLineEndings(" "));
        return line.Append('\n').ToString();
    }

    /// <summary>A property's text; null if it is not there.</summary>
    internal static string? Text(LogEvent e, string property) =>
        e.Properties.TryGetValue(property, out var value) && value is ScalarValue { Value: string text } ? text : null;

    private static string Where(LogEvent e)
    {
        var names = string.Join('/', new[] { Text(e, "Container"), Text(e, "Array"), Text(e, "Disk") }.Where(name => name is not null));
        return names.Length == 0 ? "-" : names;
    }

    private static string Level(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "debug",
        LogEventLevel.Information => "info",
        LogEventLevel.Warning => "warning",
        _ => "error",
    };
}
