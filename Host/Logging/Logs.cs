using ActorRaid.Actors;
using ActorRaid.Host.Settings;
using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>The daemon's logger: console when in the foreground, journald where there is one, and a file where one is wanted.</summary>
internal sealed class Logs : IDisposable
{
    /// <summary>Names a file that gets every event, debug ones included, as a line, unless the settings name one.</summary>
    internal const string FileVariable = "ACTORRAID_LOG";

    /// <summary>Set by systemd where the standard streams go to the journal, which would then get everything twice.</summary>
    private const string JournalStreamVariable = "JOURNAL_STREAM";

    private const string ConsoleTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u4} {Event} {Container} {Array} {Disk} {Text:l}{NewLine}";

    private readonly LoggingLevelSwitch _level = new();
    private readonly ChangingFile _file = new();

    /// <summary>A logger without a file yet.</summary>
    /// <param name="console">Whether to write to the console.</param>
    internal Logs(bool console)
    {
        var configuration = new LoggerConfiguration().MinimumLevel.Debug();
        var journal = File.Exists(JournaldSink.SocketPath);
        if (console && !(journal && Environment.GetEnvironmentVariable(JournalStreamVariable) is { Length: > 0 }))
            configuration.WriteTo.Console(outputTemplate: ConsoleTemplate, standardErrorFromLevel: LogEventLevel.Verbose, levelSwitch: _level);
        if (journal)
            configuration.WriteTo.Journald(_level);
        configuration.WriteTo.Sink(_file);
        Logger = configuration.CreateLogger();
    }

    /// <summary>The logger.</summary>
    internal Logger Logger { get; }

    /// <summary>From now on that level and that file, which is opened anew. Why it cannot be written; null if it can, or none is wanted.</summary>
    internal string? Apply(DaemonSettings settings)
    {
        _level.MinimumLevel = settings.LogLevel switch
        {
            EventLevel.Debug => LogEventLevel.Debug,
            EventLevel.Info => LogEventLevel.Information,
            EventLevel.Warning => LogEventLevel.Warning,
            _ => LogEventLevel.Error,
        };
        try
        {
            _file.Become(settings.LogFile is { } path ? new LineFileSink(path) : null);
            return null;
        }
        catch (IOException e)
        {
            return $"the log file stays what it was: {e.Message}";
        }
    }

    /// <summary>Writes what is left and closes everything.</summary>
    public void Dispose() => Logger.Dispose();

    private sealed class ChangingFile : ILogEventSink, IDisposable
    {
        private readonly Lock _gate = new();
        private LineFileSink? _file;

        public void Become(LineFileSink? file)
        {
            lock (_gate)
            {
                _file?.Dispose();
                _file = file;
            }
        }

        public void Emit(LogEvent logEvent)
        {
            lock (_gate)
                _file?.Emit(logEvent);
        }

        public void Dispose() => Become(null);
    }
}
