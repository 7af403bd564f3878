using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// The process that monitors a container before us, found by mdmon's pid file: mdmon itself, or an earlier daemon of ours.
/// Taking over from it goes as between two mdmons: our pid file and socket are in place first, then it gets SIGTERM, closes its
/// end of the socket when its arrays are at rest, and ends.
/// </summary>
internal sealed class Predecessor : IDisposable
{
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(5), CloseLimit = TimeSpan.FromSeconds(60);
    private const int Pokes = 25, PokeMilliseconds = 200;

    private readonly MonitorClient? _connection;

    private Predecessor(int process, MonitorClient? connection)
    {
        Process = process;
        _connection = connection;
    }

    /// <summary>Its process number.</summary>
    internal int Process { get; }

    /// <summary>
    /// Finds it; null when nobody of that kind is alive. A pid that now belongs to something else is nobody. An error where that cannot be told.
    /// </summary>
    /// <param name="runDirectory">Where pid files and sockets are.</param>
    /// <param name="container">md127</param>
    internal static Result<Predecessor?> Find(string runDirectory, string container)
    {
        var process = Another(runDirectory, container);
        if (!process.Ok)
            return process.Error;
        if (process.Value == 0)
            return (Predecessor?)null;
        var connection = MonitorClient.Connect($"{runDirectory}/{container}.sock", PingLimit);
        return new Predecessor(process.Value, connection.Ok ? connection.Value : null);
    }

    /// <summary>Whether a living monitor that is not this process has a container, by its pid file. Not when that cannot be told.</summary>
    internal static bool IsAnother(string runDirectory, string container) => Another(runDirectory, container) is { Ok: true, Value: not 0 };

    private static Result<int> Another(string runDirectory, string container) => Processes.OtherMonitor($"{runDirectory}/{container}.pid");

    /// <summary>Whether it still does its work: it answers a ping.</summary>
    internal bool Answers() => _connection?.PingMonitor().Ok ?? false;

    private bool IsGone => Processes.IsMonitor(Process) is { Ok: true, Value: false };

    /// <summary>Sends it away, and waits until it is gone.</summary>
    /// <returns>Whether it is.</returns>
    internal bool Dismiss()
    {
        if (IsGone || !Processes.Kill(Process, Processes.Terminate).Ok)
            return true;
        _connection?.WaitUntilClosed(CloseLimit);
        // It may sleep: mdmon is woken by SIGUSR1, and that fails once it is gone.
        for (var poke = 0; poke < Pokes; poke++)
        {
            if (IsGone || !Processes.Kill(Process, Processes.WakeUp).Ok)
                return true;
            Thread.Sleep(PokeMilliseconds);
        }
        return IsGone;
    }

    /// <summary>Closes our end.</summary>
    public void Dispose() => _connection?.Dispose();
}
