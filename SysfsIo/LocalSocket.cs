using System.Net.Sockets;

namespace ActorRaid.SysfsIo;

/// <summary>Listening at a path, as all our sockets do.</summary>
public static class LocalSocket
{
    private const uint OwnerOnly = 0x180, OwnerAndGroup = 0x1B0;

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
        Native.Unlink(temporary);
        Socket? listener = null;
        try
        {
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(temporary));
            KernelError? refused = Native.ChangeMode(temporary, group is null ? OwnerOnly : OwnerAndGroup) < 0 ? KernelError.Last(path, "chmod")
                : group is { } members && Native.ChangeOwner(temporary, Native.Unchanged, members) < 0 ? KernelError.Last(path, "chown")
                : null;
            if (refused is null)
            {
                listener.Listen(backlog);
                refused = Native.Rename(temporary, path) < 0 ? KernelError.Last(path, "rename to") : null;
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
    private static int? WhyNotCreated(string path)
    {
        const int createNew = Native.ReadWrite | Native.Create | Native.Exclusive | Native.CloseOnExec;
        var descriptor = Native.Open(path, createNew, (int)OwnerOnly);
        if (descriptor < 0)
        {
            return Native.LastError;
        }

        Native.Close(descriptor);
        Native.Unlink(path);
        return null;
    }
}
