using System.Diagnostics;
using ActorRaid.Actors.Handoff;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// A container's face to mdadm: pid file and socket, with mdmon's protocol translated into messages. mdadm takes us for
/// running as long as the number in the file is alive: it is the container's thread's (<see cref="PidFile"/>).
/// </summary>
internal sealed class MonitorEndpoint
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Last = TimeSpan.FromMilliseconds(200);
    private readonly string _pidFile;
    private readonly int _thread;
    private readonly MonitorConversation _conversation;
    private readonly MonitorServer _server;
    private Task _pausing = Task.CompletedTask;
    private Task _resuming = Task.CompletedTask;

    private MonitorEndpoint(string pidFile, int thread, MonitorConversation conversation, MonitorServer server)
    {
        _pidFile = pidFile;
        _thread = thread;
        _conversation = conversation;
        _server = server;
    }

    /// <summary>
    /// Takes the container's place: whoever's pid and socket were there before are replaced. Nobody is answered before <see cref="Resume"/>.
    /// </summary>
    /// <param name="runDirectory">Where mdadm looks for both.</param>
    /// <param name="container">md127</param>
    /// <param name="thread">The kernel's number of the thread that supervises it, and ends when it is left.</param>
    /// <param name="containerActor">Who answers pings.</param>
    /// <param name="metadata">Who takes updates.</param>
    /// <param name="handed">What is handed over, with the sockets; null: new ones.</param>
    public static Result<MonitorEndpoint> Open(
        string runDirectory, string container, int thread, IActorRef containerActor, IActorRef metadata, HandedContainer? handed)
    {
        try
        {
            Directory.CreateDirectory(runDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            handed?.Close();
            return new KernelError(Errno.EIO, runDirectory, "create directory: " + e.Message);
        }

        var conversation = new MonitorConversation(containerActor, metadata);
        var path = $"{runDirectory}/{container}.sock";
        var server = handed switch
        {
            { Server: { } left } => left,
            { Sockets: { } sockets } => MonitorServer.Adopt(path, sockets, conversation.Answer),
            _ => MonitorServer.Listen(path, conversation.Answer),
        };
        if (!server.Ok)
        {
            return server.Error;
        }

        server.Value.Answer = conversation.Answer;

        var endpoint = new MonitorEndpoint($"{runDirectory}/{container}.pid", thread, conversation, server.Value);
        var claimed = endpoint.Claim();
        if (!claimed.Ok)
        {
            server.Value.UnlinkOnDispose = handed is null;
            _ = server.Value.DisposeAsync().AsTask();
            return claimed.Error;
        }

        return endpoint;
    }

    /// <summary>Stops answering, and gives what another process needs to go on.</summary>
    public Task<PausedSockets> Pause()
    {
        // Behind the going on that may still be under way: that would undo it, and the pause would never end.
        var pausing = _resuming.ContinueWith(_ => _server.Pause(), TaskScheduler.Default).Unwrap();
        _pausing = pausing;
        return pausing;
    }

    /// <summary>Answers, as soon as what is being paused has come to rest; the pid file is ours.</summary>
    public Result<Nothing> Resume()
    {
        _resuming = _pausing.ContinueWith(_ => _server.Resume(), TaskScheduler.Default);
        return Claim();
    }

    /// <summary>While it is paused: closes this process's ends of the connections.</summary>
    public void ForgetClients() => _server.ForgetConnections();

    /// <summary>
    /// Leaves the server, which is paused, to whoever comes after: the very same sockets. (Duplicates of them would meet what epoll still knows of
    /// earlier ones: it forgets a number only with the last descriptor of the file.)
    /// </summary>
    public MonitorServer LeaveServer()
    {
        _conversation.End();
        _server.ForgetConnections();
        return _server;
    }

    /// <summary>
    /// Stops being the container's supervisor. A client that is connected already is still answered for a while: mdadm pings
    /// right after it has stopped an array, and would die of a closed socket (SIGPIPE).
    /// </summary>
    /// <param name="leaveFiles">Somebody else's may be there by now, or is about to be: touch nothing, and do not let it wait for our end.</param>
    /// <returns>Completes when nobody is left to be answered; false if somebody was cut off.</returns>
    public Task<bool> Close(bool leaveFiles)
    {
        if (!leaveFiles && IsOurs)
        {
            PidFile.Remove(_pidFile);
            PidFile.Remove(_server.Path);
        }

        _conversation.End();
        return CloseServer(leaveFiles);
    }

    private bool IsOurs => PidFile.Read(_pidFile) is { Ok: true } pid && pid.Value == _thread;

    private async Task<bool> CloseServer(bool leaveFiles)
    {
        if (leaveFiles)
        {
            // The other one is woken by the socket's end, and then looks five times a second whether the thread has ended.
            await While(() => PidFile.IsAlive(_thread), Last).ConfigureAwait(false);
        }
        else
        {
            // Whoever has found the socket before its name went comes within this time.
            await Task.Delay(Last).ConfigureAwait(false);
            await While(() => _server.Connections > 0, Grace).ConfigureAwait(false);
        }

        var none = _server.Connections == 0;
        await _server.DisposeAsync().ConfigureAwait(false);
        return none;
    }

    private static async Task While(Func<bool> condition, TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        while (condition() && Stopwatch.GetElapsedTime(since) < limit)
        {
            await Task.Delay(Last / 10).ConfigureAwait(false);
        }
    }

    private Result<Nothing> Claim() => IsOurs ? default(Nothing) : PidFile.Write(_pidFile, _thread);
}
