using System.Net.Sockets;
using ActorRaid.Host.Logging;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Control;

/// <summary>
/// Listens at the control socket: lets in who may ask, reads a line at a time, has it answered. Everything is bounded: so many clients, so
/// long a line, so long for a client to read what he has asked for. When all places are taken, the client that has been idle longest loses his.
/// </summary>
internal sealed class ControlServer : IDisposable
{
    /// <summary>How many clients there are at most.</summary>
    internal const int MostClients = 64;

    /// <summary>How many of them may watch or follow: a question always finds a place.</summary>
    internal const int MostWatchers = 48;

    private const uint Unchanged = uint.MaxValue; // chown(2)

    private readonly PlacedSocket _socket;
    private readonly uint? _group;
    private readonly ControlDesk _desk;
    private readonly EventLog _events;
    private readonly Lock _gate = new();
    private readonly LinkedList<ControlConnection> _clients = [];
    private bool _ended;

    private ControlServer(PlacedSocket socket, uint? group, ControlDesk desk, EventLog events)
    {
        _socket = socket;
        _group = group;
        _desk = desk;
        _events = events;
    }

    /// <summary>Whether it is our socket that clients find.</summary>
    internal bool IsInPlace => _socket.IsInPlace;

    /// <summary>Listens, in the place of whoever did before. Null when that is not possible, which has been logged: supervision goes on without.</summary>
    /// <param name="path">Where.</param>
    /// <param name="group">Whose members may ask beside root; null: nobody's.</param>
    /// <param name="desk">Who answers.</param>
    /// <param name="events">Who is told.</param>
    internal static ControlServer? Listen(string path, uint? group, ControlDesk desk, EventLog events)
    {
        var listener = PlacedSocket.Listen(path, MostClients, group);
        // The group has to get as far as the socket; what else is in the directory is for its owner only.
        if (listener.Ok && group is { } members && Path.GetDirectoryName(path) is { } directory && Open(directory, members) is { } refused)
            events.Write(Actors.EventLevel.Warning, "control", $"the group {PeerRights.Group} cannot ask: {refused}");
        if (!listener.Ok)
        {
            events.Write(Actors.EventLevel.Error, "no-control", $"nobody can ask how things stand: {listener.Error}");
            return null;
        }
        var server = new ControlServer(listener.Value, group, desk, events);
        _ = server._socket.Accept(client => _ = server.Serve(new ControlConnection(client)));
        return server;
    }

    /// <summary>Stops listening, closes all connections, and removes the socket unless a successor has put its own in place.</summary>
    public void Dispose()
    {
        ControlConnection[] clients;
        lock (_gate)
        {
            if (_ended)
                return;
            _ended = true;
            clients = [.. _clients];
        }
        _socket.Dispose();
        foreach (var client in clients)
            client.Close();
    }

    private static KernelError? Open(string directory, uint group) =>
        Syscall.chown(directory, Unchanged, group) < 0 ? KernelError.Last(directory, "chown")
        : Syscall.chmod(directory, FilePermissions.S_IRWXU | FilePermissions.S_IXGRP) < 0 ? KernelError.Last(directory, "chmod")
        : null;

    private async Task Serve(ControlConnection client)
    {
        using (client)
        {
            try
            {
                var rights = PeerRights.Of(client.Socket, _group);
                if (rights == Rights.None)
                    await client.Refuse("not-allowed", $"only root and the group {PeerRights.Group} may ask").ConfigureAwait(false);
                else if (!Enter(client))
                    await client.Refuse("busy", $"{MostClients} clients are being answered: try again later").ConfigureAwait(false);
                else
                    await Talk(client, rights).ConfigureAwait(false);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // He has left, or has lost his place.
            }
            catch (TimeoutException e)
            {
                _events.Write(Actors.EventLevel.Info, "control-client-dropped", e.Message);
            }
            catch (Exception e)
            {
                _events.Write(Actors.EventLevel.Error, "control-failed", e.ToString());
            }
            finally
            {
                lock (_gate)
                    _clients.Remove(client);
            }
        }
    }

    private async Task Talk(ControlConnection client, Rights rights)
    {
        while (true)
        {
            var line = await client.ReadLine().ConfigureAwait(false);
            if (line is not { } request)
                return;
            if (request.Length > ControlRequest.Limit)
            {
                await client.Refuse("too-long", $"a request is a line of at most {ControlRequest.Limit} bytes").ConfigureAwait(false);
                return;
            }
            lock (_gate)
            {
                client.IsAnswered = true;
                // The places are in the order in which they were used last.
                if (_clients.Remove(client))
                    _clients.AddLast(client);
            }
            await _desk.Answer(request, rights, client, Watchers).ConfigureAwait(false);
            lock (_gate)
                client.IsAnswered = false;
        }
    }

    /// <summary>Whether one more may watch; if so he counts as one until he leaves.</summary>
    private bool Watchers(ControlConnection client)
    {
        lock (_gate)
        {
            if (_clients.Count(other => other.Watches) >= MostWatchers)
                return false;
            client.Watches = true;
            return true;
        }
    }

    private bool Enter(ControlConnection client)
    {
        ControlConnection? idle = null;
        lock (_gate)
        {
            if (_ended)
                return false;
            if (_clients.Count >= MostClients)
            {
                idle = _clients.FirstOrDefault(other => !other.IsAnswered);
                if (idle is null)
                    return false;
                _clients.Remove(idle);
            }
            _clients.AddLast(client);
        }
        idle?.Close();
        return true;
    }
}
