using System.Diagnostics;
using System.Globalization;
using System.Text;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// What the daemon tells systemd (sd_notify(3)): datagrams to the socket that NOTIFY_SOCKET names. Without it nothing is told.
/// From any thread.
/// </summary>
internal sealed class SystemdNotify : IDisposable
{
    /// <summary>Names systemd's socket: a path, or an abstract name behind an @.</summary>
    internal const string SocketVariable = "NOTIFY_SOCKET";

    /// <summary>How often systemd wants to hear of us at least, in microseconds.</summary>
    internal const string WatchdogVariable = "WATCHDOG_USEC";

    /// <summary>
    /// The process that is to feed the watchdog. A process that is started to take the place of this one (<see cref="MainProcess"/>) must not
    /// inherit it: it would take the watchdog to be another's affair.
    /// </summary>
    internal const string WatchdogProcessVariable = "WATCHDOG_PID";

    private const int Patience = 5000, NoBuffers = 105;

    private readonly UnixDatagram? _socket;
    private readonly Action<string> _complain;
    private readonly Lock _gate = new();
    private bool _complained;

    /// <summary>A way to systemd.</summary>
    /// <param name="socket">Its socket; null or empty: there is none.</param>
    /// <param name="watchdog">What <see cref="WatchdogVariable"/> says.</param>
    /// <param name="watchdogProcess">What <see cref="WatchdogProcessVariable"/> says.</param>
    /// <param name="complain">Told when systemd cannot be told.</param>
    internal SystemdNotify(string? socket, string? watchdog, string? watchdogProcess, Action<string> complain)
    {
        _complain = complain;
        if (string.IsNullOrEmpty(socket))
            return;
        var opened = UnixDatagram.Open(socket);
        if (opened.Ok)
            _socket = opened.Value;
        else
            complain(opened.Error.ToString());
        var isOurs = string.IsNullOrEmpty(watchdogProcess)
            || watchdogProcess == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        if (isOurs && long.TryParse(watchdog, NumberStyles.None, CultureInfo.InvariantCulture, out var microseconds) && microseconds > 0)
            WatchdogLimit = TimeSpan.FromMicroseconds(microseconds);
    }

    /// <summary>By the environment.</summary>
    internal static SystemdNotify FromEnvironment(Action<string> complain) => new(
        Environment.GetEnvironmentVariable(SocketVariable), Environment.GetEnvironmentVariable(WatchdogVariable),
        Environment.GetEnvironmentVariable(WatchdogProcessVariable), complain);

    /// <summary>Whether there is anybody to tell.</summary>
    internal bool Listens => _socket is not null;

    /// <summary>Without a word for so long we are taken for dead; null: there is no watchdog.</summary>
    internal TimeSpan? WatchdogLimit { get; }

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
        if (_socket is null)
            return;
        lock (_gate)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var since = Environment.TickCount64;
            var sent = _socket.Send(bytes);
            // Its queue is full: at boot it is busy for a moment.
            while (!sent.Ok && sent.Error.Errno is Errno.EAGAIN or NoBuffers && Environment.TickCount64 - since < patience)
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
