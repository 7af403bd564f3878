using System.Text;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Serilog.Core;
using Serilog.Events;

namespace ActorRaid.Host.Logging;

/// <summary>
/// Appends each event to a file as one line (<see cref="LineFormat"/>), each with one write(2) on a descriptor opened with O_APPEND:
/// while one daemon takes over from another both write to it. (.NET's own append mode keeps a position of its own.)
/// </summary>
internal sealed unsafe class LineFileSink : ILogEventSink, IDisposable
{
    private const FilePermissions OwnerWritesOthersRead =
        FilePermissions.S_IRUSR | FilePermissions.S_IWUSR | FilePermissions.S_IRGRP | FilePermissions.S_IROTH;

    private readonly string _path;
    private readonly int _descriptor;

    /// <summary>Opens the file for appending, making it if need be.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    internal LineFileSink(string path)
    {
        _path = path;
        _descriptor = Syscall.open(
            path, OpenFlags.O_WRONLY | OpenFlags.O_APPEND | OpenFlags.O_CREAT | OpenFlags.O_CLOEXEC, OwnerWritesOthersRead);
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
            if (Syscall.write(_descriptor, start, (ulong)line.Length) < 0)
                throw new IOException(KernelError.Last(_path, "write").ToString());
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Syscall.close(_descriptor);
}
