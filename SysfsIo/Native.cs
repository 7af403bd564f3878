using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Native calls then need no stub that the JIT would have to make on the hot path.
[assembly: DisableRuntimeMarshalling]

namespace ActorRaid.SysfsIo;

/// <summary>The C library's calls and the kernel's numbers (Linux, x86-64 and arm64).</summary>
internal static unsafe partial class Native
{
    internal const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2;
    internal const int Create = 0x40, Exclusive = 0x80, Append = 0x400, NonBlocking = 0x800, DataSync = 0x1000, CloseOnExec = 0x80000;
    internal const uint Unchanged = uint.MaxValue;
    internal const int AtFdCwd = -100, AtEmptyPath = 0x1000;
    internal const int PollIn = 1, PollPriority = 2, PollOut = 4, PollError = 8, PollHangUp = 16, PollInvalid = 32;
    internal const int EventFdCloseOnExec = 0x80000, EventFdNonBlocking = 0x800;
    internal const int SetDescriptorFlags = 2, GetStatusFlags = 3, SetStatusFlags = 4, AddSeals = 1033;

    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static readonly int Direct = IsArm ? 0x10000 : 0x4000;
    internal static readonly int DirectoryOnly = IsArm ? 0x4000 : 0x10000;
    internal static readonly nint SysGetEntries = IsArm ? 61 : 217;
    internal static readonly nint SysIoSetup = IsArm ? 0 : 206;
    internal static readonly nint SysIoDestroy = IsArm ? 1 : 207;
    internal static readonly nint SysIoGetEvents = IsArm ? 4 : 208;
    internal static readonly nint SysIoSubmit = IsArm ? 2 : 209;
    internal static readonly nint SysGetTid = IsArm ? 178 : 186;
    internal const nint SysProcessSignal = 424, SysProcessOpen = 434;

    /// <summary>poll(2)'s element.</summary>
    internal struct PollFd
    {
        internal int Descriptor;
        internal short Events;
        internal short Seen;
    }

    /// <summary>statx(2)'s answer, the same on every architecture; 256 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    internal struct FileStatus
    {
        [FieldOffset(28)] internal ushort Mode;
        [FieldOffset(32)] internal ulong Inode;
        [FieldOffset(40)] internal ulong Size;
        [FieldOffset(128)] internal uint DeviceMajor;
        [FieldOffset(132)] internal uint DeviceMinor;
        [FieldOffset(136)] internal uint FileSystemMajor;
        [FieldOffset(140)] internal uint FileSystemMinor;

        internal readonly bool IsBlockDevice => (Mode & 0xF000) == 0x6000;
        internal readonly bool IsRegularFile => (Mode & 0xF000) == 0x8000;
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

    internal static int LastError => Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    internal static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static partial nint Read(int descriptor, void* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static partial nint Write(int descriptor, void* buffer, nint count);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    internal static partial nint ReadAt(int descriptor, void* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    internal static partial nint WriteAt(int descriptor, void* buffer, nint count, long offset);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(PollFd* descriptors, nuint count, int timeoutMilliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    internal static partial int EventFd(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int IoControl(int descriptor, nuint request, void* argument);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int FileControl(int descriptor, int command, nint argument);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Status(int directory, string path, int flags, uint mask, FileStatus* status);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    internal static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth, nint fifth);

    [LibraryImport("libc", EntryPoint = "mlockall", SetLastError = true)]
    internal static partial int LockAllMemory(int flags);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    internal static partial int Kill(int process, int signal);

    [LibraryImport("libc", EntryPoint = "signal", SetLastError = true)]
    internal static partial nint Signal(int signal, nint handler);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    internal static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "chmod", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeMode(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "chown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Rename(string from, string to);

    [LibraryImport("libc", EntryPoint = "unlink", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    internal static partial int Socket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    internal static partial nint SendMessage(int descriptor, void* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    internal static partial nint ReceiveMessage(int descriptor, void* message, int flags);

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int MemoryFile(string name, uint flags);
}
