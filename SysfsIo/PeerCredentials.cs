using System.Net.Sockets;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// Who is at the other end of a local socket (SO_PEERCRED, unix(7)), as of the moment when it connected or listened: the
/// kernel's struct ucred.
/// </summary>
public readonly struct PeerCredentials
{
    /// <summary>The process.</summary>
    public readonly int Process;

    /// <summary>Its user.</summary>
    public readonly uint User;

    /// <summary>Its first group.</summary>
    public readonly uint Group;

    /// <summary>
    /// Of a connected socket. Throws <see cref="ObjectDisposedException"/> for a closed one, <see cref="SocketException"/>
    /// where there is no other end.
    /// </summary>
    public static PeerCredentials Of(Socket socket)
    {
        var leased = false;
        try
        {
            // The number must not come to mean another connection meanwhile: what that may do is decided here.
            socket.SafeHandle.DangerousAddRef(ref leased);
            return Of((int)socket.SafeHandle.DangerousGetHandle())
                ?? throw new SocketException((int)SocketError.NotConnected);
        }
        finally
        {
            if (leased)
            {
                socket.SafeHandle.DangerousRelease();
            }
        }
    }

    /// <summary>Of a connected socket by its number; null where the kernel refuses, and errno says why.</summary>
    internal static unsafe PeerCredentials? Of(int socket)
    {
        PeerCredentials peer;
        long length = sizeof(PeerCredentials);
        var answer = Syscall.getsockopt(
            socket, UnixSocketProtocol.SOL_SOCKET, UnixSocketOptionName.SO_PEERCRED, &peer, ref length);
        return answer == 0 ? peer : null;
    }
}
