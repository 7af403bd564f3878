using System.Diagnostics;
using System.Runtime.InteropServices;

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
        var descriptor = Libc.Open(path, Libc.OpenReadWrite | Libc.OpenCreate | Libc.OpenCloseOnExec, 0x180);
        if (descriptor < 0)
        {
            reason = $"{path}: {Libc.LastError()}";
            return null;
        }
        var since = Stopwatch.GetTimestamp();
        for (var pause = 1; ; pause = Math.Min(pause * 2, 50))
        {
            if (Libc.Flock(descriptor, Libc.LockExclusive | Libc.LockNonBlocking) == 0)
                return new LaunchLock(descriptor);
            var error = Marshal.GetLastPInvokeError();
            const int again = 11, interrupted = 4;
            if (error is not (again or interrupted) || Stopwatch.GetElapsedTime(since) > limit)
            {
                reason = error == again ? $"{path} is held by another process" : $"{path}: {Libc.Describe(error)}";
                Libc.Close(descriptor);
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
            Libc.Close(descriptor);
    }
}
