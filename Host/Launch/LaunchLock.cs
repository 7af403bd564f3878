using System.Diagnostics;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Launch;

/// <summary>
/// The lock under which a daemon is started or ended, so that there is never a second one. It belongs to the open file
/// (flock), hence a process that is handed the descriptor holds it too, and it goes with the last of its holders.
/// </summary>
internal sealed class LaunchLock : IDisposable
{
    private int _descriptor;

    private LaunchLock(int descriptor) => _descriptor = descriptor;

    /// <summary>The descriptor, to be handed on; -1 once released.</summary>
    internal int Descriptor => _descriptor;

    /// <summary>A lock that another process took and handed to us.</summary>
    internal static LaunchLock Inherited(int descriptor) => new(descriptor);

    /// <summary>Takes the lock, waiting for it up to that long. Null, with the reason, when it cannot be had.</summary>
    internal static LaunchLock? Take(string path, TimeSpan limit, out string reason)
    {
        reason = "";
        var descriptor = Syscall.open(
            path, OpenFlags.O_RDWR | OpenFlags.O_CREAT | OpenFlags.O_CLOEXEC,
            FilePermissions.S_IRUSR | FilePermissions.S_IWUSR);
        if (descriptor < 0)
        {
            reason = KernelError.Last(path, "open").ToString();
            return null;
        }
        var since = Stopwatch.GetTimestamp();
        for (var pause = 1; ; pause = Math.Min(pause * 2, 50))
        {
            if (Native.Flock(descriptor, Native.LockExclusive | Native.LockNonBlocking) == 0)
                return new LaunchLock(descriptor);
            var error = KernelError.Last(path, "lock");
            if (error.Errno is not (Errno.EAGAIN or Errno.EINTR) || Stopwatch.GetElapsedTime(since) > limit)
            {
                reason = error.Errno == Errno.EAGAIN ? $"{path} is held by another process" : error.ToString();
                Syscall.close(descriptor);
                return null;
            }
            Thread.Sleep(pause);
        }
    }

    /// <summary>Lets go of it, as far as this process is concerned.</summary>
    public void Dispose()
    {
        var descriptor = Interlocked.Exchange(ref _descriptor, -1);
        if (descriptor >= 0)
            Syscall.close(descriptor);
    }
}
