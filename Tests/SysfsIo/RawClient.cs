using System.Net.Sockets;

namespace ActorRaid.Tests.SysfsIo;

/// <summary>A plain connection to a monitor's socket.</summary>
internal static class RawClient
{
    /// <summary>Connects.</summary>
    public static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds,
        };
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    /// <summary>Whether the next thing that comes is the end, which is waited for.</summary>
    public static bool IsClosed(Socket socket)
    {
        try
        {
            return socket.Receive(new byte[64]) == 0;
        }
        catch (SocketException failure)
        {
            return failure.SocketErrorCode == SocketError.ConnectionReset;
        }
    }
}
