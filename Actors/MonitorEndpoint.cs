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
    private readonly string _pidFile;
    private readonly MonitorServer _server;

    private MonitorEndpoint(string pidFile, MonitorServer server)
    {
        _pidFile = pidFile;
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

        var server = MonitorServer.Listen($"{runDirectory}/{container}.sock", (request, _) => Answer(request, containerActor, metadata));
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

        return new MonitorEndpoint(pidFile, server.Value);
    }

    /// <summary>Stops answering.</summary>
    /// <param name="leaveFiles">Somebody else's may be there by now, or is about to be: touch nothing.</param>
    public void Close(bool leaveFiles)
    {
        if (!leaveFiles && PidFile.Read(_pidFile) is { Ok: true } pid && pid.Value == Environment.ProcessId)
        {
            PidFile.Remove(_pidFile);
            _server.UnlinkOnDispose = true;
        }

        _ = _server.DisposeAsync().AsTask();
    }

    private static async Task<ReadOnlyMemory<byte>> Answer(MonitorRequest request, IActorRef container, IActorRef metadata)
    {
        if (request.IsPingMonitor)
        {
            await container.Ask<Pong>(new PingMonitor()).ConfigureAwait(false);
            return Version;
        }

        if (request.IsPingManager)
        {
            await container.Ask<Pong>(new PingManager()).ConfigureAwait(false);
        }
        else
        {
            await metadata.Ask<Queued>(new ApplyUpdate(request.Payload)).ConfigureAwait(false);
        }

        return ReadOnlyMemory<byte>.Empty;
    }
}
