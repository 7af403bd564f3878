using System.Diagnostics;
using System.Globalization;
using ActorRaid.SysfsIo;
using Serilog;
using Serilog.Configuration;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>
/// Events to journald by its native protocol, with fields of their own: <c>EVENT=array-dirty CONTAINER=md127 ARRAY=md126 DISK=sda</c>.
/// A burst that the socket refuses is tried again for a while, then given up and counted; the next event that gets through
/// tells how many were lost (ACTORRAID_LOST).
/// </summary>
/// <param name="socket">journald's socket; the sink closes it.</param>
/// <param name="patience">How long one event may be tried.</param>
internal sealed class JournaldSink(UnixDatagram socket, TimeSpan patience) : ILogEventSink, IDisposable
{
    /// <summary>journald's socket.</summary>
    internal const string SocketPath = "/run/systemd/journal/socket";


    private readonly JournalEntry _entry = new();
    private long _lost;
    private long _lostInAll;

    /// <summary>How many events journald did not get.</summary>
    internal long Lost => Volatile.Read(ref _lostInAll);

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        Fill(_entry, logEvent, _lost);
        var since = Stopwatch.GetTimestamp();
        for (var pause = 1; ; pause = Math.Min(pause * 2, 50))
        {
            var sent = Send();
            if (sent.Ok)
            {
                _lost = 0;
                return;
            }
            if (sent.Error.Errno is not (Errno.EAGAIN or Errno.ENOBUFS) || Stopwatch.GetElapsedTime(since) >= patience)
            {
                _lost++;
                Interlocked.Increment(ref _lostInAll);
                return;
            }
            Thread.Sleep(pause);
        }
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => socket.Dispose();

    /// <summary>Writes an event's fields.</summary>
    internal static void Fill(JournalEntry entry, LogEvent e, long lost)
    {
        entry.Clear();
        entry.Add("MESSAGE", LineFormat.Text(e, "Text") ?? e.RenderMessage(CultureInfo.InvariantCulture));
        entry.Add("PRIORITY", Priority(e.Level));
        entry.Add("SYSLOG_IDENTIFIER", "actorraid");
        AddIfThere(entry, "EVENT", LineFormat.Text(e, "Event"));
        AddIfThere(entry, "CONTAINER", LineFormat.Text(e, "Container"));
        AddIfThere(entry, "ARRAY", LineFormat.Text(e, "Array"));
        AddIfThere(entry, "DISK", LineFormat.Text(e, "Disk"));
        AddIfThere(entry, "CAUSE", LineFormat.Text(e, "Cause"));
        AddIfThere(entry, "WROTE", LineFormat.Text(e, "Wrote"));
        AddIfThere(entry, "MICROSECONDS", e.Properties.TryGetValue("Microseconds", out var time) ? time.ToString(null, CultureInfo.InvariantCulture) : null);
        AddIfThere(entry, "FROM", LineFormat.Text(e, "From"));
        AddIfThere(entry, "TO", LineFormat.Text(e, "To"));
        if (lost > 0)
            entry.Add("ACTORRAID_LOST", lost.ToString(CultureInfo.InvariantCulture));
    }

    private Result<Nothing> Send()
    {
        var sent = socket.Send(_entry.Bytes);
        return !sent.Ok && sent.Error.Errno == Errno.EMSGSIZE ? socket.SendAsFile(_entry.Bytes) : sent;
    }

    private static void AddIfThere(JournalEntry entry, string name, string? value)
    {
        if (value is not null)
            entry.Add(name, value);
    }

    // syslog(3): 3 error, 4 warning, 6 informational, 7 debug.
    private static string Priority(LogEventLevel level) => level switch
    {
        LogEventLevel.Verbose or LogEventLevel.Debug => "7",
        LogEventLevel.Information => "6",
        LogEventLevel.Warning => "4",
        _ => "3",
    };
}

/// <summary><c>WriteTo.Journald()</c></summary>
internal static class JournaldConfiguration
{
    /// <summary>Events of that level and above (all, if none is given) to journald. Without its socket none are sent, and nothing fails.</summary>
    internal static LoggerConfiguration Journald(
        this LoggerSinkConfiguration sinks, LoggingLevelSwitch? level = null, string path = JournaldSink.SocketPath)
    {
        var socket = UnixDatagram.Open(path);
        return socket.Ok
            ? sinks.Sink(new JournaldSink(socket.Value, TimeSpan.FromSeconds(0.5)), levelSwitch: level)
            : sinks.Logger(_ => { });
    }
}
