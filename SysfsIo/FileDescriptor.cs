using Microsoft.Win32.SafeHandles;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// An open file. Whoever uses the number holds a lease: a descriptor that is closed meanwhile stays open until the last
/// lease ends, so that its number cannot come to mean another file in the middle of a call.
/// </summary>
internal sealed class FileDescriptor : SafeHandleMinusOneIsInvalid
{
    private bool fromReserve;

    internal FileDescriptor(int number) : base(ownsHandle: true) => SetHandle(number);

    internal int Number => (int)handle;

    /// <summary>Opens a file, close-on-exec.</summary>
    /// <param name="path">The file.</param>
    /// <param name="flags">How; O_CLOEXEC need not be given.</param>
    /// <param name="mode">The mode of a file that is made.</param>
    /// <param name="durable">
    /// Whether a write is durable once it is done (O_DSYNC, which Mono's flags lack: its O_SYNC is more).
    /// </param>
    internal static Result<FileDescriptor> Open(
        string path, OpenFlags flags, FilePermissions mode = 0, bool durable = false)
    {
        int number;
        do
        {
            number = durable
                ? Native.Open(path, NativeConvert.FromOpenFlags(flags | OpenFlags.O_CLOEXEC) | Native.DataSync, (int)mode)
                : Syscall.open(path, flags | OpenFlags.O_CLOEXEC, mode);
        }
        while (number < 0 && Native.LastError == Errno.EINTR);
        return number < 0 ? KernelError.Last(path, "open") : new FileDescriptor(number);
    }

    /// <summary>As <see cref="Open"/>, of a file that is closed again at once: where no descriptor is left, one of the reserve is given up for it.</summary>
    internal static Result<FileDescriptor> OpenForMoment(string path, OpenFlags flags, FilePermissions mode = 0)
    {
        var opened = Open(path, flags, mode);
        var reserved = false;
        while (!opened.Ok && opened.Error.Errno is Errno.EMFILE or Errno.ENFILE && DescriptorReserve.GiveOneUp())
        {
            // Another thread may have been faster.
            opened = Open(path, flags, mode);
            reserved = true;
        }
        if (opened.Ok)
        {
            opened.Value.fromReserve = reserved;
        }
        return opened;
    }

    /// <summary>False when it is closed already; else a DangerousRelease must follow.</summary>
    internal bool TryLease()
    {
        if (IsClosed)
        {
            return false;
        }
        var leased = false;
        try
        {
            DangerousAddRef(ref leased);
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        return leased;
    }

    internal Result<Stat> Status(string path) =>
        Syscall.fstat(Number, out var status) < 0 ? KernelError.Last(path, "stat") : status;

    protected override bool ReleaseHandle()
    {
        var closed = Syscall.close(Number) == 0;
        if (fromReserve)
        {
            DescriptorReserve.TakeBack();
        }
        return closed;
    }
}
