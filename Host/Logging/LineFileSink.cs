using System.Text;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>
/// Appends each event to a file as one line (<see cref="LineFormat"/>), each with one write(2) on a descriptor opened with O_APPEND:
/// while one daemon takes over from another both write to it. (.NET's own append mode keeps a position of its own.)
/// </summary>
internal sealed unsafe class LineFileSink : ILogEventSink, IDisposable
{
    private const int WriteOnly = 1, Append = 0x400;
    private const uint OwnerWritesOthersRead = 0x1A4;

    private readonly int _descriptor;

    /// <summary>Opens the file for appending, making it if need be.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal LineFileSink(string path)
    {
        _descriptor = Libc.Open(path, WriteOnly | Append | Libc.OpenCreate | Libc.OpenCloseOnExec, OwnerWritesOthersRead);
        if (_descriptor < 0)
            throw new IOException($"{path}: {Libc.LastError()}");
    }

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        var line = Encoding.UTF8.GetBytes(LineFormat.Line(logEvent));
        fixed (byte* start = line)
        {
            // Serilog tells its own log of what is thrown here, and goes on.
            if (Libc.Write(_descriptor, start, (nuint)line.Length) < 0)
                throw new IOException(Libc.LastError());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Libc.Close(_descriptor);
}
