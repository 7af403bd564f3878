using System.Net.Sockets;
using System.Text;
using ActorRaid.Host.Control;
using ActorRaid.Host.Launch;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// The daemon's end of launching: answers one request for each connection. Only root, or the user that the daemon runs
/// as, is listened to; who sends nothing is closed after a few seconds, and who sends anything else at once.
/// </summary>
internal sealed class LaunchServer : IDisposable
{
    private const int MostConnections = 64;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private readonly PlacedSocket _socket;
    private readonly Func<LaunchRequest, Task<LaunchReply>> _answer;
    private readonly Action<string> _note;
    private readonly Lock _gate = new();
    private int _open;
    private bool _leaving;

    private LaunchServer(PlacedSocket socket, Func<LaunchRequest, Task<LaunchReply>> answer, Action<string> note)
    {
        _note = note;
        _socket = socket;
        _answer = answer;
    }

    /// <summary>Listens, in the place of whoever did before.</summary>
    /// <param name="path">Where.</param>
    /// <param name="answer">Answers a request.</param>
    /// <param name="note">Told, in words, what may interest whoever looks for a fault.</param>
    /// <exception cref="IOException">That is not possible.</exception>
    internal static LaunchServer Listen(string path, Func<LaunchRequest, Task<LaunchReply>> answer, Action<string> note)
    {
        var socket = PlacedSocket.Listen(path, MostConnections);
        if (!socket.Ok)
            throw new IOException(socket.Error.ToString());
        var server = new LaunchServer(socket.Value, answer, note);
        _ = server._socket.Accept(server.Receive);
        return server;
    }

    /// <summary>Whether it is our socket that launchers find.</summary>
    internal bool IsInPlace => _socket.IsInPlace;

    /// <summary>Agrees to leave, if no request is being answered; from then on none is taken.</summary>
    internal bool TryLeave()
    {
        lock (_gate)
        {
            if (_open > 0)
                return false;
            _leaving = true;
            return true;
        }
    }

    /// <summary>Stops listening, and removes the socket unless a successor has put its own in place.</summary>
    public void Dispose()
    {
        lock (_gate)
            _leaving = true;
        _socket.Dispose();
    }

    private void Receive(Socket connection)
    {
        if (Enter())
            _ = Serve(connection);
        else
            connection.Dispose();
    }

    private bool Enter()
    {
        lock (_gate)
        {
            if (_leaving || _open >= MostConnections)
                return false;
            _open++;
            return true;
        }
    }

    private async Task Serve(Socket connection)
    {
        try
        {
            using (connection)
            {
                if (PeerRights.Of(connection, group: null) == Rights.All && await ReadLine(connection).ConfigureAwait(false) is { } line
                    && LaunchRequest.Decode(line) is { } request)
                {
                    var reply = await _answer(request).ConfigureAwait(false);
                    await connection.SendAsync(reply.Encode()).ConfigureAwait(false);
                }
            }
        }
        catch (SocketException e)
        {
            _note($"a launcher left before it had its answer: {e.Message}");
        }
        finally
        {
            lock (_gate)
                _open--;
        }
    }

    private static async Task<string?> ReadLine(Socket connection)
    {
        var line = new byte[LaunchRequest.Limit];
        var count = 0;
        using var silence = new CancellationTokenSource(Silence);
        try
        {
            while (count < line.Length)
            {
                var read = await connection.ReceiveAsync(line.AsMemory(count), silence.Token).ConfigureAwait(false);
                if (read == 0)
                    return null;
                var end = line.AsSpan(count, read).IndexOf((byte)'\n');
                if (end >= 0)
                    return Encoding.UTF8.GetString(line, 0, count + end);
                count += read;
            }
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        return null;
    }
}
