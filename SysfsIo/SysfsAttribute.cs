using System.Runtime.CompilerServices;
using System.Text;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// One attribute of sysfs (or another small text file), opened once and read from its beginning as often as wanted. May be
/// read, written and disposed from any thread; once it is disposed every call answers EBADF.
/// </summary>
public sealed class SysfsAttribute : IDisposable
{
    private const int Page = 4096;
    private const int LargestFile = 1 << 20;

    private readonly FileDescriptor file;
    private readonly Lock reading = new();
    private byte[] lastBytes = [];
    private int lastLength;
    private string lastText = "";

    private SysfsAttribute(string path, FileDescriptor file)
    {
        Path = path;
        this.file = file;
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>The file descriptor's number; -1 once disposed.</summary>
    public int Descriptor => file.IsClosed ? -1 : file.Number;

    /// <summary>The loop that watches it; it must let go when this is disposed.</summary>
    internal EventLoop? Watcher { get; set; }

    internal FileDescriptor File => file;

    /// <summary>
    /// Opens an attribute, close-on-exec, and reads it once, because the first read allocates in the kernel and arms poll(2).
    /// What that read says is not judged. A writable attribute that the kernel does not let be read is opened for writing only.
    /// </summary>
    public static Result<SysfsAttribute> Open(string path, bool writable = false)
    {
        var opened = FileDescriptor.Open(path, writable ? OpenFlags.O_RDWR : OpenFlags.O_RDONLY);
        var readable = true;
        if (writable && !opened.Ok && opened.Error.Errno is Errno.EACCES or Errno.EINVAL)
        {
            readable = false;
            opened = FileDescriptor.Open(path, OpenFlags.O_WRONLY);
        }
        if (!opened.Ok)
        {
            return opened.Error;
        }
        var attribute = new SysfsAttribute(path, opened.Value);
        if (readable)
        {
            attribute.Read();
        }
        return attribute;
    }

    /// <summary>
    /// The attribute's text now, read from offset 0, its last line's end cut off. When the bytes are the same as at the last
    /// read, the same string instance is returned and nothing is allocated. EFBIG beyond 1 MiB.
    /// </summary>
    public Result<string> Read()
    {
        if (!file.TryLease())
        {
            return new KernelError(Errno.EBADF, Path, "read");
        }
        try
        {
            lock (reading)
            {
                return ReadPage();
            }
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    /// <summary>Writes the text with a single write(2) at offset 0: as it is, no line's end added. A short write is EIO.</summary>
    public Result<Nothing> Write(string value)
    {
        if (!file.TryLease())
        {
            return new KernelError(Errno.EBADF, Path, "write");
        }
        try
        {
            return WriteText(file.Number, Path, value);
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    /// <summary>Opens, reads and closes a file; as <see cref="Read"/>.</summary>
    public static Result<string> ReadOnce(string path)
    {
        var opened = FileDescriptor.OpenForMoment(path, OpenFlags.O_RDONLY);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        using var attribute = new SysfsAttribute(path, opened.Value);
        return attribute.Read();
    }

    /// <summary>Opens a file for writing (it is not created), writes to it once and closes it; as <see cref="Write"/>.</summary>
    public static Result<Nothing> WriteOnce(string path, string value)
    {
        var opened = FileDescriptor.OpenForMoment(path, OpenFlags.O_WRONLY);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        using var file = opened.Value;
        return WriteText(file.Number, path, value);
    }

    /// <summary>Closes the descriptor, as soon as no call is using it, and ends a watch on it.</summary>
    public void Dispose()
    {
        Watcher?.Unwatch(this);
        file.Dispose();
    }

    /// <summary>Reads one byte, which arms the notification again. The error, or 0. The caller holds a lease.</summary>
    internal unsafe Errno Rearm()
    {
        byte one;
        long got;
        do
        {
            got = Syscall.pread(file.Number, &one, 1, 0);
        }
        while (got < 0 && Native.LastError == Errno.EINTR);
        return got < 0 ? Native.LastError : 0;
    }

    [SkipLocalsInit]
    private unsafe Result<string> ReadPage()
    {
        Span<byte> page = stackalloc byte[Page];
        var got = ReadAt(page, 0);
        if (got < 0)
        {
            return KernelError.Last(Path, "read");
        }
        if (got < Page)
        {
            return Text(page[..got]);
        }
        var whole = new byte[2 * Page];
        page.CopyTo(whole);
        while (true)
        {
            var more = ReadAt(whole.AsSpan(got), got);
            if (more < 0)
            {
                return KernelError.Last(Path, "read");
            }
            got += more;
            if (more == 0)
            {
                return Text(whole.AsSpan(0, got));
            }
            if (got > LargestFile)
            {
                return new KernelError(Errno.EFBIG, Path, "read");
            }
            if (got == whole.Length)
            {
                Array.Resize(ref whole, 2 * whole.Length);
            }
        }
    }

    private unsafe int ReadAt(Span<byte> buffer, int offset)
    {
        fixed (byte* start = buffer)
        {
            long got;
            do
            {
                got = Syscall.pread(file.Number, start, (ulong)buffer.Length, offset);
                // A pipe or socket has no offsets; it is read as it comes.
                if (got < 0 && offset == 0 && Native.LastError == Errno.ESPIPE)
                {
                    got = Syscall.read(file.Number, start, (ulong)buffer.Length);
                }
            }
            while (got < 0 && Native.LastError == Errno.EINTR);
            return (int)got;
        }
    }

    private string Text(ReadOnlySpan<byte> bytes)
    {
        if (bytes is [.. var line, (byte)'\n'])
        {
            bytes = line;
        }
        if (bytes.SequenceEqual(lastBytes.AsSpan(0, lastLength)))
        {
            return lastText;
        }
        if (lastBytes.Length < bytes.Length)
        {
            lastBytes = new byte[Math.Max(32, bytes.Length)];
        }
        bytes.CopyTo(lastBytes);
        lastLength = bytes.Length;
        return lastText = Encoding.UTF8.GetString(bytes);
    }

    [SkipLocalsInit]
    private static unsafe Result<Nothing> WriteText(int descriptor, string path, string value)
    {
        var most = Encoding.UTF8.GetMaxByteCount(value.Length);
        Span<byte> bytes = most <= 1024 ? stackalloc byte[1024] : new byte[most];
        var length = Encoding.UTF8.GetBytes(value, bytes);
        long written;
        fixed (byte* start = bytes)
        {
            do
            {
                written = Syscall.pwrite(descriptor, start, (ulong)length, 0);
                if (written < 0 && Native.LastError == Errno.ESPIPE)
                {
                    written = Syscall.write(descriptor, start, (ulong)length);
                }
            }
            while (written < 0 && Native.LastError == Errno.EINTR);
        }
        if (written < 0)
        {
            return KernelError.Last(path, "write");
        }
        return written == length ? default(Nothing) : new KernelError(Errno.EIO, path, "write");
    }
}
