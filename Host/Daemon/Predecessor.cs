using System.Diagnostics;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Daemon;

/// <summary>How a monitor that was told to leave a container has left it.</summary>
internal enum Departure
{
    /// <summary>As it was told to.</summary>
    Left,

    /// <summary>It had not left in time, and was killed.</summary>
    Killed,

    /// <summary>It was killed, and has not ended yet: it waits for a disk. It writes nothing more once that has answered.</summary>
    Ending,
}

/// <summary>
/// The process that monitors a container before us, found by mdmon's pid file: mdmon itself, or an earlier daemon of ours. It has to be gone before
/// the metadata is read that we go on with: mdmon supervises and writes until the moment when it ends (monitor.c, wait_and_act), and of two writers
/// each tears the other's copies.
/// </summary>
internal sealed class Predecessor
{
    private static readonly TimeSpan PingLimit = TimeSpan.FromSeconds(5), LookEvery = TimeSpan.FromMilliseconds(5), PokeEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>How long mdmon may take, which makes its arrays clean first: those that are always written never are.</summary>
    private static readonly TimeSpan MdmonLimit = TimeSpan.FromSeconds(5);

    /// <summary>How long a daemon of ours may take: it has a limit of its own for arrays that are written, 30 s if nobody has changed that.</summary>
    private static readonly TimeSpan OwnLimit = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan KillLimit = TimeSpan.FromSeconds(1);

    private readonly string _socket;
    private readonly int _number;

    private Predecessor(string socket, int process, int number)
    {
        _socket = socket;
        Process = process;
        _number = number;
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
        var number = PidFile.Read(PathOf(runDirectory, container));
        return new Predecessor($"{runDirectory}/{container}.sock", process.Value, number.Ok ? number.Value : process.Value);
    }

    /// <summary>Whether a living monitor that is not this process has a container, by its pid file. Not when that cannot be told.</summary>
    internal static bool IsAnother(string runDirectory, string container) => Another(runDirectory, container) is { Ok: true, Value: not 0 };

    /// <summary>Where a container's pid file is.</summary>
    internal static string PathOf(string runDirectory, string container) => $"{runDirectory}/{container}.pid";

    private static Result<int> Another(string runDirectory, string container) => Processes.OtherMonitor(PathOf(runDirectory, container));

    /// <summary>Whether it still does its work: it answers a ping.</summary>
    internal bool Answers()
    {
        // Not kept: mdmon's manager waits for what a connection says, for up to 3 s, and tells its monitor nothing meanwhile.
        var connection = MonitorClient.Connect(_socket, PingLimit);
        if (!connection.Ok)
            return false;
        using (connection.Value)
            return connection.Value.PingMonitor().Ok;
    }

    /// <summary>mdmon's pid file names the process, one of ours the container's thread, which ends when that is left.</summary>
    private bool IsOfOurs => _number != Process;

    private bool IsGone => Processes.IsMonitor(_number) is { Ok: true, Value: false };

    /// <summary>Sends it away from the container, and waits until it is gone. One that does not go is killed.</summary>
    internal Departure Dismiss()
    {
        Processes.Kill(Process, Signum.SIGTERM);
        if (IsGoneWithin(IsOfOurs ? OwnLimit : MdmonLimit))
            return Departure.Left;
        Processes.Kill(Process, Signum.SIGKILL);
        return IsGoneWithin(KillLimit) ? Departure.Killed : Departure.Ending;
    }

    private bool IsGoneWithin(TimeSpan limit)
    {
        long began = Stopwatch.GetTimestamp(), poked = began;
        while (!IsGone)
        {
            if (Stopwatch.GetElapsedTime(began) > limit)
                return false;
            // It may sleep: mdmon is woken by SIGUSR1.
            if (Stopwatch.GetElapsedTime(poked) > PokeEvery)
            {
                Processes.Kill(Process, Signum.SIGUSR1);
                poked = Stopwatch.GetTimestamp();
            }
            Thread.Sleep(LookEvery);
        }
        return true;
    }
}
