using System.Text;

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
    internal static LaunchClient? Connect(string path, TimeSpan limit)
    {
        const int pathLimit = 108;
        var address = stackalloc byte[2 + pathLimit];
        new Span<byte>(address, 2 + pathLimit).Clear();
        *(ushort*)address = Libc.UnixFamily;
        if (Encoding.UTF8.GetByteCount(path) >= pathLimit)
            return null;
        Encoding.UTF8.GetBytes(path, new Span<byte>(address + 2, pathLimit));

        var descriptor = Libc.Socket(Libc.UnixFamily, Libc.StreamSocket | Libc.SocketCloseOnExec, 0);
        if (descriptor < 0)
            return null;
        var time = stackalloc long[2] { (long)limit.TotalSeconds, limit.Microseconds + limit.Milliseconds * 1000L };
        Libc.SetSocketOption(descriptor, Libc.SocketLevel, Libc.ReceiveTimeout, time, 16);
        Libc.SetSocketOption(descriptor, Libc.SocketLevel, Libc.SendTimeout, time, 16);
        Libc.Credentials peer;
        var length = sizeof(Libc.Credentials);
        if (Libc.Connect(descriptor, address, 2 + pathLimit) != 0
            || Libc.GetSocketOption(descriptor, Libc.SocketLevel, Libc.PeerCredentials, &peer, &length) != 0)
        {
            Libc.Close(descriptor);
            return null;
        }
        return new LaunchClient(descriptor, peer.Process);
    }

    /// <summary>Asks, and waits for the answer. Null when the daemon closed without one: it was just leaving, or it hangs.</summary>
    internal LaunchReply? Ask(LaunchRequest request)
    {
        var bytes = request.Encode();
        fixed (byte* start = bytes)
        {
            if (Libc.Send(_descriptor, start, (nuint)bytes.Length, Libc.NoSignal) != bytes.Length)
                return null;
        }
        var line = stackalloc byte[LaunchReply.Limit];
        var count = 0;
        while (count < LaunchReply.Limit)
        {
            var read = Libc.Read(_descriptor, line + count, (nuint)(LaunchReply.Limit - count));
            if (read <= 0)
                return null;
            var end = new ReadOnlySpan<byte>(line + count, (int)read).IndexOf((byte)'\n');
            if (end >= 0)
                return LaunchReply.Decode(Encoding.UTF8.GetString(line, count + end));
            count += (int)read;
        }
        return null;
    }

    /// <summary>Closes the connection.</summary>
    public void Dispose() => Libc.Close(_descriptor);
}
