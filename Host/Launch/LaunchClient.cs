using System.Text;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Launch;

/// <summary>A connection to the daemon. Plain system calls: .NET's sockets would cost the launcher more than all the rest.</summary>
internal sealed unsafe class LaunchClient : IDisposable
{
    private readonly int _descriptor;

    private LaunchClient(int descriptor, int peer)
    {
        _descriptor = descriptor;
        Peer = peer;
    }

    /// <summary>The daemon's process.</summary>
    internal int Peer { get; }

    /// <summary>Connects; null when no daemon listens there.</summary>
    /// <param name="path">The socket: at most 107 bytes.</param>
    /// <param name="limit">How long one send or one answer may take.</param>
    internal static LaunchClient? Connect(string path, TimeSpan limit) => Connect(path, limit, out _);

    /// <summary>Connects; null when that is not possible, and why: ENOENT or ECONNREFUSED when no daemon listens there.</summary>
    private static LaunchClient? Connect(string path, TimeSpan limit, out KernelError error)
    {
        error = new KernelError(Errno.EINVAL, path, "connect to");
        const int pathLimit = 108;
        if (Encoding.UTF8.GetByteCount(path) >= pathLimit)
            return null;

        var descriptor = Syscall.socket(
            UnixAddressFamily.AF_UNIX, UnixSocketType.SOCK_STREAM, UnixSocketFlags.SOCK_CLOEXEC, 0);
        if (descriptor < 0)
        {
            error = KernelError.Last(path, "make a socket for");
            return null;
        }
        var time = new Timeval
        {
            tv_sec = (long)limit.TotalSeconds, tv_usec = limit.Microseconds + limit.Milliseconds * 1000L,
        };
        Syscall.setsockopt(descriptor, UnixSocketProtocol.SOL_SOCKET, UnixSocketOptionName.SO_RCVTIMEO, time);
        Syscall.setsockopt(descriptor, UnixSocketProtocol.SOL_SOCKET, UnixSocketOptionName.SO_SNDTIMEO, time);
        var peer = Syscall.connect(descriptor, new SockaddrUn(path)) == 0 ? PeerCredentials.Of(descriptor) : null;
        if (peer is null)
        {
            error = KernelError.Last(path, "connect to");
            Syscall.close(descriptor);
            return null;
        }
        return new LaunchClient(descriptor, peer.Value.Process);
    }

    /// <summary>Asks, and waits for the answer. Null when the daemon closed without one: it was just leaving, or it hangs.</summary>
    internal LaunchReply? Ask(LaunchRequest request)
    {
        var bytes = request.Encode();
        fixed (byte* start = bytes)
        {
            if (Syscall.send(_descriptor, start, (ulong)bytes.Length, MessageFlags.MSG_NOSIGNAL) != bytes.Length)
                return null;
        }
        var line = stackalloc byte[LaunchReply.Limit];
        var count = 0;
        while (count < LaunchReply.Limit)
        {
            var read = Syscall.read(_descriptor, line + count, (ulong)(LaunchReply.Limit - count));
            if (read <= 0)
                return null;
            var end = new ReadOnlySpan<byte>(line + count, (int)read).IndexOf((byte)'\n');
            if (end >= 0)
                return LaunchReply.Decode(Encoding.UTF8.GetString(line, count + end));
            count += (int)read;
        }
        return null;
    }

    /// <summary>Asks the daemon that runs.</summary>
    /// <param name="path">The socket.</param>
    /// <param name="limit">How long it may take.</param>
    /// <param name="request">What it is asked for.</param>
    /// <returns>Its answer; null: no daemon runs. An error, in words, where it cannot be asked or does not answer.</returns>
    internal static (LaunchReply? Reply, string? Error) AskRunning(string path, TimeSpan limit, LaunchRequest request)
    {
        using var client = Connect(path, limit, out var error);
        if (client is not null)
        {
            return client.Ask(request) is { } reply
                ? (reply, null)
                : (null, $"{path}: the daemon, process {client.Peer}, has not answered within {limit.TotalSeconds:0} s, or has just ended: see systemctl status actorraid");
        }
        return error.Errno switch
        {
            Errno.ENOENT or Errno.ECONNREFUSED => (null, null),
            Errno.EACCES or Errno.EPERM => (null, $"{path}: permission denied: only root may ask the daemon for that"),
            _ => (null, error.ToString()),
        };
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => Syscall.close(_descriptor);
}
