using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>Appends each event to a file as one line (<see cref="LineFormat"/>), each with one write(2).</summary>
internal sealed class LineFileSink : ILogEventSink, IDisposable
{
    private readonly FileStream _file;

    /// <summary>Opens the file for appending, making it if need be.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    internal LineFileSink(string path) =>
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent) => _file.Write(Encoding.UTF8.GetBytes(LineFormat.Line(logEvent)));

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();
}
