using System.Net.Sockets;

namespace ActorRaid.SysfsIo;

/// <summary>What the runtime's sockets throw, as values.</summary>
internal static class SocketErrors
{
    internal static KernelError ToKernelError(SocketException failure, string path, string action)
    {
        // On Unix the native code is the error number, but a time-out of the runtime's own has none.
        var errno = failure.SocketErrorCode is SocketError.TimedOut or SocketError.WouldBlock ? Errno.ETIMEDOUT : failure.NativeErrorCode;
        return new KernelError(errno > 0 ? errno : Errno.EIO, path, action);
    }
}
