using System.Diagnostics;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>One certain process (pidfd_open(2), Linux 5.3): its number cannot come to mean another one.</summary>
public sealed class ProcessHandle : IDisposable
{
    private readonly FileDescriptor file;
    private readonly int pid;

    private ProcessHandle(FileDescriptor file, int pid)
    {
        this.file = file;
        this.pid = pid;
    }

    /// <summary>Opens it. ESRCH when there is no such process, ENOSYS on a kernel without such handles.</summary>
    public static Result<ProcessHandle> Open(int pid)
    {
        var number = Native.SystemCall(Native.SysProcessOpen, pid, 0, 0, 0, 0);
        return number < 0 ? KernelError.Last($"/proc/{pid}", "open") : new ProcessHandle(new FileDescriptor((int)number), pid);
    }

    /// <summary>Waits for its end, that of its last thread. False when the limit is over.</summary>
    public bool WaitForEnd(TimeSpan limit)
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            var left = limit - Stopwatch.GetElapsedTime(since);
            var ready = Syscall.poll(
                [new Pollfd { fd = file.Number, events = PollEvents.POLLIN }], (int)Math.Clamp(left.TotalMilliseconds, 0, int.MaxValue));
            if (ready > 0)
            {
                return true;
            }
            if (ready == 0 || Native.LastError != Errno.EINTR)
            {
                return false;
            }
        }
    }

    /// <summary>Sends SIGKILL. ESRCH when it has ended.</summary>
    public Result<Nothing> Kill() =>
        Native.SystemCall(Native.SysProcessSignal, file.Number, (int)Signum.SIGKILL, 0, 0, 0) < 0
            ? KernelError.Last($"/proc/{pid}", "kill") : default(Nothing);

    /// <summary>Closes the handle; the process is not concerned.</summary>
    public void Dispose() => file.Dispose();
}
