using System.Net.Sockets;

namespace ActorRaid.SysfsIo;

/// <summary>What the runtime's sockets throw, as values.</summary>
internal static class SocketErrors
{
    internal static KernelError ToKernelError(SocketException failure, string path, string action)
    {
        // The runtime folds the kernel's numbers: a path that is not there becomes an address that is not available.
        var errno = failure.SocketErrorCode switch
        {
            SocketError.AddressNotAvailable => Errno.ENOENT,
            SocketError.TimedOut or SocketError.WouldBlock => Errno.ETIMEDOUT,
            _ => (Errno)failure.NativeErrorCode,
        };
        return new KernelError(errno > 0 ? errno : Errno.EIO, path, action);
    }
}
