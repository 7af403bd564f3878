using System.Net.Sockets;
using System.Text;

namespace ActorRaid.SysfsIo;

/// <summary>The other end of a container's socket: what a taker-over, and mdadm, says to a monitor. Calls block; one at a time.</summary>
public sealed class MonitorClient : IDisposable
{
    private readonly Socket socket;
    private readonly string path;

    private MonitorClient(Socket socket, string path)
    {
        this.socket = socket;
        this.path = path;
    }

    /// <summary>Connects. ENOENT or ECONNREFUSED when nobody listens there.</summary>
    /// <param name="path">The socket's path.</param>
    /// <param name="silence">How long each receive and send may take; 20 s, as mdadm waits, if not given.</param>
    public static Result<MonitorClient> Connect(string path, TimeSpan? silence = null)
    {
        var milliseconds = (int)(silence ?? TimeSpan.FromSeconds(20)).TotalMilliseconds;
        Socket? socket = null;
        try
        {
            socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            {
                ReceiveTimeout = milliseconds,
                SendTimeout = milliseconds,
            };
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new MonitorClient(socket, path);
        }
        catch (SocketException failure)
        {
            socket?.Dispose();
            return SocketErrors.ToKernelError(failure, path, "connect to");
        }
        catch (ArgumentException)
        {
            socket?.Dispose();
            return new KernelError(Errno.ENAMETOOLONG, path, "connect to");
        }
    }

    /// <summary>Asks the monitor whether it is done with all that came before; its version string is the answer.</summary>
    public Result<string> PingMonitor()
    {
        var answer = Exchange(MonitorFrame.Encode([]));
        return answer.Ok ? Encoding.UTF8.GetString(answer.Value).TrimEnd('\0') : answer.Error;
    }

    /// <summary>Asks the manager to look at /proc/mdstat; its answer is the length 0.</summary>
    public Result<byte[]> PingManager() => Exchange(MonitorFrame.EncodePingManager());

    /// <summary>Sends a metadata update; the answer comes once it is queued.</summary>
    public Result<byte[]> Update(ReadOnlySpan<byte> update) => Exchange(MonitorFrame.Encode(update));

    /// <summary>Closes the connection.</summary>
    public void Dispose() => socket.Dispose();

    private Result<byte[]> Exchange(byte[] message)
    {
        try
        {
            for (var sent = 0; sent < message.Length;)
            {
                sent += socket.Send(message.AsSpan(sent));
            }
            var header = new byte[MonitorFrame.HeaderBytes];
            if (!Fill(header))
            {
                return new KernelError(Errno.ECONNRESET, path, "receive from");
            }
            if (!MonitorFrame.TryReadHeader(header, out var length))
            {
                return new KernelError(Errno.EPROTO, path, "receive from");
            }
            var payload = new byte[Math.Max(0, length)];
            var trailer = header.AsSpan(0, MonitorFrame.TrailerBytes);
            if (!Fill(payload) || !Fill(trailer))
            {
                return new KernelError(Errno.ECONNRESET, path, "receive from");
            }
            return MonitorFrame.IsTrailer(trailer) ? payload : new KernelError(Errno.EPROTO, path, "receive from");
        }
        catch (SocketException failure)
        {
            return SocketErrors.ToKernelError(failure, path, "talk to");
        }
    }

    private bool Fill(Span<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var got = socket.Receive(buffer);
            if (got == 0)
            {
                return false;
            }
            buffer = buffer[got..];
        }
        return true;
    }
}
