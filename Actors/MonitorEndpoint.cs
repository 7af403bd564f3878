using System.Diagnostics;
using System.Text;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// A container's face to mdadm: pid file and socket, with mdmon's protocol translated into messages. mdadm takes us for
/// running as long as the pid in the file is alive.
/// </summary>
internal sealed class MonitorEndpoint
{
    /// <summary>mdadm reads a version from this and refuses one below 3.2.</summary>
    private static readonly byte[] Version = Encoding.ASCII.GetBytes("mdadm - v4.2 - ActorRaid\0");
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Last = TimeSpan.FromMilliseconds(200);
    private readonly string _pidFile;
    private readonly Conversation _conversation;
    private readonly MonitorServer _server;

    private MonitorEndpoint(string pidFile, Conversation conversation, MonitorServer server)
    {
        _pidFile = pidFile;
        _conversation = conversation;
        _server = server;
    }

    /// <summary>Takes the container's place: whoever's pid and socket were there before are replaced.</summary>
    public static Result<MonitorEndpoint> Open(string runDirectory, string container, IActorRef containerActor, IActorRef metadata)
    {
        try
        {
            Directory.CreateDirectory(runDirectory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new KernelError(Errno.EIO, runDirectory, "create directory: " + e.Message);
        }

        var conversation = new Conversation(containerActor, metadata);
        var server = MonitorServer.Listen($"{runDirectory}/{container}.sock", (request, _) => conversation.Answer(request));
        if (!server.Ok)
        {
            return server.Error;
        }

        var pidFile = $"{runDirectory}/{container}.pid";
        var written = PidFile.Write(pidFile, Environment.ProcessId);
        if (!written.Ok)
        {
            server.Value.UnlinkOnDispose = true;
            _ = server.Value.DisposeAsync().AsTask();
            return written.Error;
        }

        return new MonitorEndpoint(pidFile, conversation, server.Value);
    }

    /// <summary>
    /// Stops being the container's supervisor. A client that is connected already is still answered for a while: mdadm pings
    /// right after it has stopped an array, and would die of a closed socket (SIGPIPE).
    /// </summary>
    /// <param name="leaveFiles">Somebody else's may be there by now, or is about to be: touch nothing.</param>
    /// <returns>Completes when nobody is left to be answered; false if somebody was cut off.</returns>
    public Task<bool> Close(bool leaveFiles)
    {
        if (!leaveFiles && PidFile.Read(_pidFile) is { Ok: true } pid && pid.Value == Environment.ProcessId)
        {
            PidFile.Remove(_pidFile);
            PidFile.Remove(_server.Path);
        }

        _conversation.IsOver = true;
        return AnswerTheLast();
    }

    private async Task<bool> AnswerTheLast()
    {
        // Whoever has found the socket before its name went comes within this time.
        await Task.Delay(Last).ConfigureAwait(false);
        var since = Stopwatch.GetTimestamp();
        while (_server.Connections > 0 && Stopwatch.GetElapsedTime(since) < Grace)
        {
            await Task.Delay(Last / 10).ConfigureAwait(false);
        }

        var none = _server.Connections == 0;
        await _server.DisposeAsync().ConfigureAwait(false);
        return none;
    }

    private sealed class Conversation(IActorRef container, IActorRef metadata)
    {
        private volatile bool _isOver;

        /// <summary>Nothing is supervised any more: what is asked has been done, or has nobody left to do it.</summary>
        public bool IsOver
        {
            get => _isOver;
            set => _isOver = value;
        }

        public async Task<ReadOnlyMemory<byte>> Answer(MonitorRequest request)
        {
            if (request.IsPingMonitor)
            {
                await Ask<Pong>(container, new PingMonitor()).ConfigureAwait(false);
                return Version;
            }

            if (request.IsPingManager)
            {
                await Ask<Pong>(container, new PingManager()).ConfigureAwait(false);
            }
            else
            {
                await Ask<Queued>(metadata, new ApplyUpdate(request.Payload)).ConfigureAwait(false);
            }

            return ReadOnlyMemory<byte>.Empty;
        }

        /// <summary>Asks an actor, without a time limit: mdadm waits as long as it takes, but not for an actor that has ended.</summary>
        private async Task Ask<T>(IActorRef actor, object question)
        {
            using var ended = new CancellationTokenSource();
            var answer = actor.Ask<T>(question, null, ended.Token);
            while (!answer.IsCompleted && !IsOver)
            {
                await Task.WhenAny(answer, Task.Delay(100)).ConfigureAwait(false);
            }

            if (answer.IsCompleted)
            {
                await answer.ConfigureAwait(false);
            }

            await ended.CancelAsync().ConfigureAwait(false);
        }
    }
}
