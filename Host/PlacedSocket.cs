using System.Net.Sockets;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host;

/// <summary>A socket that listens at a path, in the place of whoever did before, until a successor puts its own there.</summary>
internal sealed class PlacedSocket : IDisposable
{
    private readonly string _path;
    private readonly FileIdentity? _identity;

    private PlacedSocket(Socket listener, string path)
    {
        Listener = listener;
        _path = path;
        _identity = FileIdentity.Of(path);
    }

    /// <summary>The socket itself.</summary>
    internal Socket Listener { get; }

    /// <summary>Whether it is our socket that clients find.</summary>
    internal bool IsInPlace => FileIdentity.Of(_path) == _identity;

    /// <summary>Listens: see <see cref="LocalSocket.Listen"/>.</summary>
    internal static Result<PlacedSocket> Listen(string path, int backlog, uint? group = null)
    {
        var listener = LocalSocket.Listen(path, backlog, group);
        return listener.Ok ? new PlacedSocket(listener.Value, path) : listener.Error;
    }

    /// <summary>Gives every connection to <paramref name="serve"/>, which must not wait, until the socket is closed.</summary>
    internal async Task Accept(Action<Socket> serve)
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await Listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted or SocketError.Interrupted })
            {
                return;
            }
            catch (SocketException)
            {
                // Out of descriptors, or a peer that is gone already. Later may be better.
                await Task.Delay(50).ConfigureAwait(false);
                continue;
            }
            serve(connection);
        }
    }

    /// <summary>Stops listening, and removes the socket unless a successor has put its own in place.</summary>
    public void Dispose()
    {
        if (_identity is not null && IsInPlace)
            Syscall.unlink(_path); // Where that fails (a read-only /run) it is left behind, and nobody listens there.
        Listener.Dispose();
    }
}
