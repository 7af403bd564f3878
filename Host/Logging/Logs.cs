using Serilog;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>Puts the daemon's logger together.</summary>
internal static class Logs
{
    /// <summary>Names a file that gets every event, debug ones included, as a line.</summary>
    internal const string FileVariable = "ACTORRAID_LOG";

    private const string ConsoleTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u4} {Event} {Container} {Array} {Disk} {Text:l}{NewLine}";

    /// <summary>
    /// Console when in the foreground, journald where there is one, and the file that the environment names.
    /// </summary>
    /// <param name="console">Whether to write to the console.</param>
    /// <param name="complaint">Why the file cannot be written; null if it can, or none is wanted.</param>
    internal static Logger Create(bool console, out string? complaint)
    {
        complaint = null;
        var configuration = new LoggerConfiguration().MinimumLevel.Debug();
        if (console)
            configuration.WriteTo.Console(LogEventLevel.Information, ConsoleTemplate, standardErrorFromLevel: LogEventLevel.Verbose);
        if (File.Exists(JournaldSink.SocketPath))
            configuration.WriteTo.Journald(LogEventLevel.Information);
        if (Environment.GetEnvironmentVariable(FileVariable) is { Length: > 0 } path)
        {
            try
            {
                configuration.WriteTo.Sink(new LineFileSink(path));
            }
            catch (IOException e)
            {
                complaint = $"{FileVariable}: {e.Message}";
            }
        }
        return configuration.CreateLogger();
    }
}
