namespace ActorRaid.SysfsIo;

/// <summary>Keeps the process in memory: it must go on while the disk that it would be paged in from is blocked.</summary>
public static class MemoryLock
{
    private const int Current = 1, Future = 2, OnFault = 4;

    /// <summary>Brings in and locks everything that is mapped now or later. ENOMEM or EPERM beyond RLIMIT_MEMLOCK.</summary>
    public static Result<Nothing> LockAll() => Lock(Current | Future);

    /// <summary>Locks each page as it is first used, so that untouched stack and heap cost nothing.</summary>
    public static Result<Nothing> LockAllOnFault() => Lock(Current | Future | OnFault);

    /// <summary>
    /// Tells the kernel to end any other process before this one when memory is short (oom_score_adj, proc(5)): arrays would stop, and with them
    /// perhaps the whole machine. EACCES without the right to.
    /// </summary>
    public static Result<Nothing> SpareFromOutOfMemory() => SysfsAttribute.WriteOnce("/proc/self/oom_score_adj", "-1000");

    private static Result<Nothing> Lock(int flags) =>
        Native.LockAllMemory(flags) == 0 ? default(Nothing) : KernelError.Last("/proc/self", "mlockall");
}
