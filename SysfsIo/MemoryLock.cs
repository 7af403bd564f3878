using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>Keeps the process in memory: it must go on while the disk that it would be paged in from is blocked.</summary>
public static class MemoryLock
{
    /// <summary>Brings in and locks everything that is mapped now or later. ENOMEM or EPERM beyond RLIMIT_MEMLOCK.</summary>
    public static Result<Nothing> LockAll() =>
        // A flag that Mono does not know is dropped without a word: MCL_ONFAULT would need an import of ours.
        Syscall.mlockall(MlockallFlags.MCL_CURRENT | MlockallFlags.MCL_FUTURE) == 0
            ? default(Nothing)
            : KernelError.Last("/proc/self", "mlockall");

    /// <summary>
    /// Tells the kernel to end any other process before this one when memory is short (oom_score_adj, proc(5)): arrays would stop, and with them
    /// perhaps the whole machine. EACCES without the right to.
    /// </summary>
    public static Result<Nothing> SpareFromOutOfMemory() => SysfsAttribute.WriteOnce("/proc/self/oom_score_adj", "-1000");
}
