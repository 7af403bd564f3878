using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Native calls then need no stub that the JIT would have to make on the hot path.
[assembly: DisableRuntimeMarshalling]

namespace ActorRaid.SysfsIo;

/// <summary>
/// The C library's calls that Mono.Unix.Native.Syscall lacks or has otherwise, or that are made where its own would
/// allocate; everything else is asked of it. The reason stands beside each. The numbers are those of Linux on x86-64 and arm64.
/// </summary>
internal static unsafe partial class Native
{
    internal const int DataSync = 0x1000;
    internal const int PollIn = 1, PollPriority = 2, PollError = 8;
    internal const int EventFdCloseOnExec = 0x80000, EventFdNonBlocking = 0x800;
    internal const int AddSeals = 1033;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static readonly nint SysGetEntries = IsArm ? 61 : 217;
    internal static readonly nint SysIoSetup = IsArm ? 0 : 206;
    internal static readonly nint SysIoDestroy = IsArm ? 1 : 207;
    internal static readonly nint SysIoGetEvents = IsArm ? 4 : 208;
    internal static readonly nint SysIoSubmit = IsArm ? 2 : 209;
    internal static readonly nint SysGetTid = IsArm ? 178 : 186;
    internal static readonly nint SysFutex = IsArm ? 98 : 202;
    internal const nint SysProcessSignal = 424, SysProcessOpen = 434;

    /// <summary>poll(2)'s element.</summary>
    internal struct PollFd
    {
        internal int Descriptor;
        internal short Events;
        internal short Seen;
    }

    /// <summary>struct iovec.</summary>
    internal struct Piece
    {
        internal byte* Start;
        internal nuint Length;
    }

    /// <summary>struct msghdr of glibc on 64 bits, 56 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 56)]
    internal struct Message
    {
        [FieldOffset(0)] internal byte* Name;
        [FieldOffset(8)] internal uint NameLength;
        [FieldOffset(16)] internal Piece* Pieces;
        [FieldOffset(24)] internal nuint PieceCount;
        [FieldOffset(32)] internal void* Control;
        [FieldOffset(40)] internal nuint ControlLength;
        [FieldOffset(48)] internal int Flags;
    }

    /// <summary>
    /// The last call's error. Mono's Stdlib.GetLastError throws for a number that it has no name for, as the kernel's
    /// ENOTSUPP, 524, is.
    /// </summary>
    internal static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    // Mono's OpenFlags lacks O_DSYNC.
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags, int mode);

    // Mono's makes an array at each call, 8 bytes for each descriptor and 24: this one is made at every turn of a loop.
    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollFd* descriptors, nuint count, int timeoutMilliseconds);

    // Mono lacks it.
    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventFd(uint initial, int flags);

    // Mono lacks it.
    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int IoControl(int descriptor, nuint request, void* argument);

    // Mono's FcntlCommand lacks F_ADD_SEALS, and what it does not know is EINVAL.
    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int FileControl(int descriptor, int command, nint argument);

    // Mono lacks asynchronous input and output, futexes, handles of processes (pidfd) and gettid; and its readdir
    // does not tell an error from the end.
    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    // Mono's allocates 800 bytes for a datagram to an address: each line of the log is one.
    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(int descriptor, void* message, int flags);

    // Mono lacks it.
    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MemoryFile(string name, uint flags);
}
