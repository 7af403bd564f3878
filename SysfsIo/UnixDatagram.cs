using System.Runtime.InteropServices;
using System.Text;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// Sends datagrams to a local socket (journald's, systemd's notification socket) and never waits: what the receiver does not take at
/// once is refused with EAGAIN. Once disposed it answers EBADF. One thread at a time.
/// </summary>
public sealed unsafe class UnixDatagram : IDisposable
{
    private const int FamilyUnix = 1;
    private const int DoNotWait = 0x40, NoSignal = 0x4000;
    private const int SocketLevel = 1, PassDescriptors = 1;
    private const uint MemoryFileFlags = 1 | 2; // MFD_CLOEXEC | MFD_ALLOW_SEALING
    private const nint AllSeals = 1 | 2 | 4 | 8; // against sealing, shrinking, growing, writing
    private const int AddressBytes = 110;
    private const int MaxPath = 107;

    private readonly FileDescriptor socket;
    private readonly byte[] address = GC.AllocateArray<byte>(AddressBytes, pinned: true);
    private readonly uint addressLength;

    private UnixDatagram(string path, FileDescriptor socket)
    {
        Path = path;
        this.socket = socket;
        BitConverter.TryWriteBytes(address, (ushort)FamilyUnix);
        var length = Encoding.UTF8.GetBytes(path, address.AsSpan(2));
        // A name that begins with @ is abstract: no file, a zero in front, and no zero behind.
        var isAbstract = path is ['@', ..];
        if (isAbstract)
        {
            address[2] = 0;
        }
        addressLength = (uint)(2 + length + (isAbstract ? 0 : 1));
    }

    /// <summary>The receiver: a path, or an abstract name behind an @.</summary>
    public string Path { get; }

    /// <summary>Makes a socket for a receiver, which need not be there yet. ENAMETOOLONG beyond 107 bytes.</summary>
    public static Result<UnixDatagram> Open(string path)
    {
        if (path.Length == 0 || Encoding.UTF8.GetByteCount(path) > MaxPath)
        {
            return new KernelError(path.Length == 0 ? Errno.EINVAL : Errno.ENAMETOOLONG, path, "open");
        }
        var number = Syscall.socket(
            UnixAddressFamily.AF_UNIX, UnixSocketType.SOCK_DGRAM, UnixSocketFlags.SOCK_CLOEXEC, 0);
        return number < 0 ? KernelError.Last(path, "open") : new UnixDatagram(path, new FileDescriptor(number));
    }

    /// <summary>
    /// Sends one datagram. EAGAIN when the receiver's queue is full, ENOENT or ECONNREFUSED when there is none, EMSGSIZE when it is too
    /// large: then <see cref="SendAsFile"/> is left.
    /// </summary>
    public Result<Nothing> Send(ReadOnlySpan<byte> datagram)
    {
        fixed (byte* start = datagram)
        {
            var piece = new Native.Piece { Start = start, Length = (nuint)datagram.Length };
            var message = new Native.Message { Pieces = &piece, PieceCount = 1 };
            return Send(ref message);
        }
    }

    /// <summary>
    /// Sends the bytes as a sealed memory file whose descriptor goes along with an empty datagram, as journald takes what is too large
    /// for one (systemd's documentation of the journal's native protocol).
    /// </summary>
    public Result<Nothing> SendAsFile(ReadOnlySpan<byte> bytes)
    {
        var number = Native.MemoryFile("datagram", MemoryFileFlags);
        if (number < 0)
        {
            return KernelError.Last(Path, "make a memory file for");
        }
        using var file = new FileDescriptor(number);
        fixed (byte* start = bytes)
        {
            for (long written = 0; written < bytes.Length;)
            {
                var more = Syscall.write(number, start + written, (ulong)(bytes.Length - written));
                if (more <= 0)
                {
                    return KernelError.Last(Path, "make a memory file for");
                }
                written += more;
            }
        }
        if (Native.FileControl(number, Native.AddSeals, AllSeals) < 0)
        {
            return KernelError.Last(Path, "seal a memory file for");
        }
        var passed = new PassedDescriptor { Length = 20, Level = SocketLevel, Type = PassDescriptors, Descriptor = number };
        var message = new Native.Message { Control = &passed, ControlLength = (nuint)sizeof(PassedDescriptor) };
        return Send(ref message);
    }

    /// <summary>Closes the socket.</summary>
    public void Dispose() => socket.Dispose();

    private Result<Nothing> Send(ref Native.Message message)
    {
        if (!socket.TryLease())
        {
            return new KernelError(Errno.EBADF, Path, "send to");
        }
        try
        {
            fixed (byte* name = address)
            fixed (Native.Message* pointer = &message)
            {
                pointer->Name = name;
                pointer->NameLength = addressLength;
                nint sent;
                do
                {
                    sent = Native.SendMessage(socket.Number, pointer, DoNotWait | NoSignal);
                }
                while (sent < 0 && Native.LastError == Errno.EINTR);
                return sent < 0 ? KernelError.Last(Path, "send to") : default(Nothing);
            }
        }
        finally
        {
            socket.DangerousRelease();
        }
    }

    /// <summary>struct cmsghdr with one descriptor, 20 bytes and padding to 24.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 24)]
    private struct PassedDescriptor
    {
        [FieldOffset(0)] internal nuint Length;
        [FieldOffset(8)] internal int Level;
        [FieldOffset(12)] internal int Type;
        [FieldOffset(16)] internal int Descriptor;
    }
}
