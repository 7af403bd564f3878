using System.Diagnostics;
using System.Globalization;
using System.Text;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>What systemd told its service's main process at the start, and what a process that takes that one's place has to know.</summary>
/// <param name="Socket">Where it listens: a path, or an abstract name behind an @; null: there is no systemd.</param>
/// <param name="WatchdogMicroseconds">Without a word for so long the service is taken for dead; 0: there is no watchdog.</param>
internal sealed record SystemdPlace(string? Socket, long WatchdogMicroseconds)
{
    /// <summary>No systemd.</summary>
    internal static readonly SystemdPlace None = new(null, 0);

    /// <summary>By the environment that systemd has made for this process, or for another one from which this one has it.</summary>
    internal static SystemdPlace FromEnvironment() => Of(
        Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), Environment.GetEnvironmentVariable("WATCHDOG_USEC"),
        Environment.GetEnvironmentVariable("WATCHDOG_PID"));

    /// <summary>By these variables' values. A watchdog that is meant for another process is none.</summary>
    internal static SystemdPlace Of(string? socket, string? watchdog, string? watchdogProcess)
    {
        var isOurs = string.IsNullOrEmpty(watchdogProcess)
            || watchdogProcess == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        return string.IsNullOrEmpty(socket) ? None : new SystemdPlace(
            socket,
            isOurs && long.TryParse(watchdog, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) ? microseconds : 0);
    }
}

/// <summary>
/// What the daemon tells systemd (sd_notify(3)): datagrams to its socket. Without one nothing is told. From any thread.
/// </summary>
/// <remarks>
/// A process that takes the place of this one is started by who knows whom, without systemd's variables: it is handed
/// <see cref="Place"/> and calls <see cref="Take"/>; this one calls <see cref="MainProcess"/> before, for systemd listens to the main process alone.
/// </remarks>
internal sealed class SystemdNotify : IDisposable
{
    private const int Patience = 5000;

    private readonly Action<string> _complain;
    private readonly Lock _gate = new();
    private UnixDatagram? _socket;
    private bool _complained;

    /// <summary>A way to systemd.</summary>
    /// <param name="place">Where it is.</param>
    /// <param name="complain">Told when systemd cannot be told.</param>
    internal SystemdNotify(SystemdPlace place, Action<string> complain)
    {
        _complain = complain;
        Take(place);
    }

    /// <summary>What we know of systemd.</summary>
    internal SystemdPlace Place { get; private set; } = SystemdPlace.None;

    /// <summary>Without a word for so long we are taken for dead; null: there is no watchdog.</summary>
    internal TimeSpan? WatchdogLimit =>
        Place.WatchdogMicroseconds > 0 ? TimeSpan.FromMicroseconds(Place.WatchdogMicroseconds) : null;

    /// <summary>
    /// From now on systemd is told by us, as it was by the process whose place this is; to be called before <see cref="Ready"/>. A process that
    /// systemd has started as a service's main one keeps its own: the one before may have been nobody's.
    /// </summary>
    internal void Take(SystemdPlace place)
    {
        lock (_gate)
        {
            // A service's helper (ExecReload) may have the socket, but never the watchdog.
            if (Place.Socket is not null && (Place.Socket != place.Socket || Place.WatchdogMicroseconds > 0))
                return;
            _socket?.Dispose();
            _socket = null;
            Place = place;
            if (place.Socket is null)
                return;
            var opened = UnixDatagram.Open(place.Socket);
            if (opened.Ok)
                _socket = opened.Value;
            else
                _complain(opened.Error.ToString());
        }
    }

    /// <summary>We are up, or a reload is done.</summary>
    internal void Ready() => Tell("READY=1", Patience);

    /// <summary>A reload begins; <see cref="Ready"/> ends it.</summary>
    internal void Reloading()
    {
        // .NET's stopwatch is CLOCK_MONOTONIC.
        var microseconds = Stopwatch.GetElapsedTime(0).Ticks / TimeSpan.TicksPerMicrosecond;
        Tell(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds}"), Patience);
    }

    /// <summary>We are about to leave, and that may take so long: systemd's own limit may be shorter.</summary>
    internal void Stopping(TimeSpan limit) =>
        Tell(string.Create(CultureInfo.InvariantCulture, $"STOPPING=1\nEXTEND_TIMEOUT_USEC={(long)limit.TotalMicroseconds}"), Patience);

    /// <summary>Another process is the unit's main one from now on.</summary>
    internal void MainProcess(int process) => Tell(string.Create(CultureInfo.InvariantCulture, $"MAINPID={process}"), Patience);

    /// <summary>A line for <c>systemctl status</c>. The next one follows: this one may be lost.</summary>
    internal void Status(string text) => Tell($"STATUS={text.ReplaceLineEndings(" ")}", 0);

    /// <summary>We live. The next one follows: this one may be lost.</summary>
    internal void Alive() => Tell("WATCHDOG=1", 0);

    /// <summary>Closes the socket; nothing is told any more.</summary>
    public void Dispose() => _socket?.Dispose();

    private void Tell(string text, int patience)
    {
        lock (_gate)
        {
            if (_socket is null)
                return;
            var bytes = Encoding.UTF8.GetBytes(text);
            var since = Environment.TickCount64;
            var sent = _socket.Send(bytes);
            // Its queue is full: at boot it is busy for a moment.
            while (!sent.Ok && sent.Error.Errno is Errno.EAGAIN or Errno.ENOBUFS
                && Environment.TickCount64 - since < patience)
            {
                Thread.Sleep(20);
                sent = _socket.Send(bytes);
            }
            if (!sent.Ok && !_complained)
                _complain($"{text.Split('\n')[0]}: {sent.Error}");
            _complained = !sent.Ok;
        }
    }
}
