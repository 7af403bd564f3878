namespace ActorRaid.SysfsIo;

/// <summary>Keeps the process in memory: it must go on while the disk that it would be paged in from is blocked.</summary>
public static class MemoryLock
{
    private const int Current = 1, Future = 2, OnFault = 4;

    /// <summary>Brings in and locks everything that is mapped now or later. ENOMEM or EPERM beyond RLIMIT_MEMLOCK.</summary>
    public static Result<Nothing> LockAll() => Lock(Current | Future);

    /// <summary>Locks each page as it is first used, so that untouched stack and heap cost nothing.</summary>
    public static Result<Nothing> LockAllOnFault() => Lock(Current | Future | OnFault);

    private static Result<Nothing> Lock(int flags) =>
        Native.LockAllMemory(flags) == 0 ? default(Nothing) : KernelError.Last("/proc/self", "mlockall");
}
