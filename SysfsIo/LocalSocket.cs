using System.Net.Sockets;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>Listening at a path, as all our sockets do.</summary>
public static class LocalSocket
{
    private const FilePermissions OwnerOnly = FilePermissions.S_IRUSR | FilePermissions.S_IWUSR;
    private const FilePermissions OwnerAndGroup = OwnerOnly | FilePermissions.S_IRGRP | FilePermissions.S_IWGRP;

    private const uint Unchanged = uint.MaxValue; // chown(2)

    /// <summary>
    /// A stream socket, mode 0600 (0660 and of a group, where one is given), that listens at a path. It is bound under another name and put in place by a rename: nobody meets one
    /// that does not listen yet, and what was there is replaced without a moment between.
    /// </summary>
    /// <param name="path">At most 103 bytes (108 with the suffix of the temporary name), else ENAMETOOLONG.</param>
    /// <param name="backlog">How many may wait to be accepted.</param>
    /// <param name="group">Whose members may connect too; null: nobody's.</param>
    public static Result<Socket> Listen(string path, int backlog, uint? group = null)
    {
        var temporary = path + ".new";
        Syscall.unlink(temporary);
        Socket? listener = null;
        try
        {
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(temporary));
            var mode = group is null ? OwnerOnly : OwnerAndGroup;
            KernelError? refused = Syscall.chmod(temporary, mode) < 0 ? KernelError.Last(path, "chmod")
                : group is { } members && Syscall.chown(temporary, Unchanged, members) < 0
                    ? KernelError.Last(path, "chown")
                : null;
            if (refused is null)
            {
                listener.Listen(backlog);
                refused = Syscall.rename(temporary, path) < 0 ? KernelError.Last(path, "rename to") : null;
            }
            if (refused is { } error)
            {
                listener.Dispose();
                return error;
            }
            return listener;
        }
        catch (SocketException failure)
        {
            listener?.Dispose();
            return failure.NativeErrorCode > 0 || WhyNotCreated(temporary) is not { } reason
                ? SocketErrors.ToKernelError(failure, path, "listen at")
                : new KernelError(reason, path, "listen at");
        }
        catch (ArgumentException)
        {
            listener?.Dispose();
            return new KernelError(Errno.ENAMETOOLONG, path, "listen at");
        }
    }

    /// <summary>The runtime has no word for some errors (a read-only file system): the kernel is asked once more.</summary>
    private static Errno? WhyNotCreated(string path)
    {
        var opened = FileDescriptor.Open(path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_EXCL, OwnerOnly);
        if (!opened.Ok)
        {
            return opened.Error.Errno;
        }

        opened.Value.Dispose();
        Syscall.unlink(path);
        return null;
    }
}
