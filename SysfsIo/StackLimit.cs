using System.Runtime.InteropServices;

namespace ActorRaid.SysfsIo;

/// <summary>
/// How large the stack may become (RLIMIT_STACK). The C library gives threads for which nobody says how large their stack is to be, the runtime's for
/// signals among them, what this was when their program began: usually 8 MiB, every page of which comes to be locked.
/// </summary>
internal static unsafe partial class StackLimit
{
    private const int Resource = 3;

    // The kernel lets arguments and environment of a new program have a quarter of it.
    private const ulong Small = 512 * 1024, Usual = 8 * 1024 * 1024;

    /// <summary>For the program that this process is about to start, or to become. Where it cannot be set it stays.</summary>
    internal static void Lower() => Set(limit => Math.Min(limit.Soft, Small));

    /// <summary>In the program that was started so, for its own first thread and for what it starts itself.</summary>
    internal static void Raise() => Set(limit => Math.Min(limit.Hard, Math.Max(limit.Soft, Usual)));

    private static void Set(Func<Limits, ulong> soft)
    {
        Limits limits;
        if (GetLimits(Resource, &limits) == 0)
        {
            limits.Soft = soft(limits);
            SetLimits(Resource, &limits);
        }
    }

    // Mono.Posix has no limits.
    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimits(int resource, Limits* limits);

    [LibraryImport("libc", EntryPoint = "setrlimit")]
    private static partial int SetLimits(int resource, Limits* limits);

    /// <summary>struct rlimit, in bytes; the highest number: no limit.</summary>
    private struct Limits
    {
        internal ulong Soft;
        internal ulong Hard;
    }
}
