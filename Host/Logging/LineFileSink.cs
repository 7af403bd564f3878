using System.Text;
using ActorRaid.SysfsIo;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>
/// Appends each event to a file as one line (<see cref="LineFormat"/>), each with one write(2) on a descriptor opened with O_APPEND:
/// while one daemon takes over from another both write to it. (.NET's own append mode keeps a position of its own.)
/// </summary>
internal sealed unsafe class LineFileSink : ILogEventSink, IDisposable
{
    private const int OwnerWritesOthersRead = 0x1A4;

    private readonly string _path;
    private readonly int _descriptor;

    /// <summary>Opens the file for appending, making it if need be.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal LineFileSink(string path)
    {
        _path = path;
        _descriptor = Native.Open(path, Native.WriteOnly | Native.Append | Native.Create | Native.CloseOnExec, OwnerWritesOthersRead);
        if (_descriptor < 0)
            throw new IOException(KernelError.Last(path, "open").ToString());
    }

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent)
    {
        var line = Encoding.UTF8.GetBytes(LineFormat.Line(logEvent));
        fixed (byte* start = line)
        {
            // Serilog tells its own log of what is thrown here, and goes on.
            if (Native.Write(_descriptor, start, line.Length) < 0)
                throw new IOException(KernelError.Last(_path, "write").ToString());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Native.Close(_descriptor);
}
