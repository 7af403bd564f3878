using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// The daemon's end of launching: answers one request for each connection. Only root, or the user that the daemon runs
/// as, is listened to; who sends nothing is closed after a few seconds, and who sends anything else at once.
/// </summary>
internal sealed class LaunchServer : IDisposable
{
    private const int MostConnections = 64;
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(5);

    private readonly Socket _listener;
    private readonly string _path;
    private readonly FileIdentity? _identity;
    private readonly Func<LaunchRequest, Task<LaunchReply>> _answer;
    private readonly Action<string> _note;
    private readonly Lock _gate = new();
    private int _open;
    private bool _leaving;

    private LaunchServer(Socket listener, string path, Func<LaunchRequest, Task<LaunchReply>> answer, Action<string> note)
    {
        _note = note;
        _listener = listener;
        _path = path;
        _identity = FileIdentity.Of(path);
        _answer = answer;
    }

    /// <summary>
    /// Listens. The socket is bound under another name and put in place by a rename: nobody meets one that does not listen
    /// yet, and a predecessor's is replaced.
    /// </summary>
    /// <param name="path">Where.</param>
    /// <param name="answer">Answers a request.</param>
    /// <param name="note">Told, in words, what may interest whoever looks for a fault.</param>
    /// <exception cref="IOException">The directory cannot be written.</exception>
    /// <exception cref="SocketException">It cannot be bound.</exception>
    internal static LaunchServer Listen(string path, Func<LaunchRequest, Task<LaunchReply>> answer, Action<string> note)
    {
        var own = $"{path}.{Environment.ProcessId}";
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            File.Delete(own);
            listener.Bind(new UnixDomainSocketEndPoint(own));
            File.SetUnixFileMode(own, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            listener.Listen(MostConnections);
            File.Move(own, path, overwrite: true);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
        var server = new LaunchServer(listener, path, answer, note);
        _ = server.Accept();
        return server;
    }

    /// <summary>Whether it is our socket that launchers find.</summary>
    internal bool IsInPlace => FileIdentity.Of(_path) == _identity;

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
        if (_identity is not null && IsInPlace)
            File.Delete(_path);
        _listener.Dispose();
    }

    private async Task Accept()
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await _listener.AcceptAsync().ConfigureAwait(false);
            }
            catch (ObjectDisposedException)
            {
                return;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.OperationAborted or SocketError.Interrupted)
            {
                return;
            }
            catch (SocketException)
            {
                // Out of descriptors, or a peer that is gone already. Later may be better.
                await Task.Delay(50).ConfigureAwait(false);
                continue;
            }
            if (Enter())
                _ = Serve(connection);
            else
                connection.Dispose();
        }
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
                if (IsAllowed(connection) && await ReadLine(connection).ConfigureAwait(false) is { } line
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

    private static bool IsAllowed(Socket connection)
    {
        Span<byte> bytes = stackalloc byte[12];
        connection.GetRawSocketOption(Native.SocketLevel, Native.PeerCredentials, bytes);
        var peer = MemoryMarshal.Read<Native.Credentials>(bytes);
        return peer.User == 0 || peer.User == Native.EffectiveUser();
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
