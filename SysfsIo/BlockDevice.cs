using System.Globalization;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// A disk (or a regular file in its place), opened once for direct and durable input and output (O_DIRECT, O_DSYNC). May be used
/// and disposed from any thread; once it is disposed every call answers EBADF.
/// </summary>
public sealed class BlockDevice : IDisposable
{
    private const nuint GetSizeInBytes = 0x80081272; // BLKGETSIZE64
    private const nuint GetSectorSize = 0x1268; // BLKSSZGET

    private readonly FileDescriptor file;
    private readonly bool isFile;

    private BlockDevice(string path, FileDescriptor file, Stat status, long sizeBytes, int sectorSize)
    {
        Path = path;
        this.file = file;
        isFile = status.IsRegularFile();
        SizeBytes = sizeBytes;
        SectorSize = sectorSize;
        Major = isFile ? 0 : status.DeviceMajor();
        Minor = isFile ? 0 : status.DeviceMinor();
        AtomicWriteBytes = isFile ? sectorSize : AtomicUnit(Major, Minor, sectorSize);
        Worker = new DeviceWorker($"io {System.IO.Path.GetFileName(path)}");
    }

    /// <summary>The path it was opened by.</summary>
    public string Path { get; }

    /// <summary>Its size in bytes when it was opened.</summary>
    public long SizeBytes { get; }

    /// <summary>Its logical sector size in bytes.</summary>
    public int SectorSize { get; }

    /// <summary>
    /// How many bytes the device writes all or not at all, if they lie in one naturally aligned block of that size: the queue's
    /// physical_block_size, by the kernel's Documentation/ABI/stable/sysfs-block the smallest unit that the device can write
    /// atomically (4096 on most disks that still show sectors of 512 bytes), or atomic_write_unit_max_bytes (kernel 6.11 on).
    /// </summary>
    public int AtomicWriteBytes { get; }

    /// <summary>The device's major number; 0 for a regular file.</summary>
    public int Major { get; }

    /// <summary>The device's minor number; 0 for a regular file.</summary>
    public int Minor { get; }

    /// <summary>Set once the kernel has refused a write without waiting on this device.</summary>
    internal bool RefusesNoWait { get; set; }

    internal DeviceWorker Worker { get; }

    internal FileDescriptor File => file;

    /// <summary>The path of a device's node, by the kernel's name of it. The kernel writes '!' where a name has a directory in it.</summary>
    public static string PathOf(string name) => "/dev/" + name.Replace('!', '/');

    /// <summary>
    /// Opens a block device or a regular file, close-on-exec. A file system that refuses O_DIRECT (tmpfs) is used without.
    /// ENOTBLK for anything else.
    /// </summary>
    /// <param name="path">The device or file.</param>
    /// <param name="writable">Whether it will be written.</param>
    /// <param name="fileSectorSize">The sector size in bytes that a regular file is taken to have: 512 or 4096.</param>
    /// <param name="exclusive">
    /// Whether nobody else may hold the block device (O_EXCL), from now until it is closed: no array, no file system, no device mapper.
    /// EBUSY while somebody does. Means nothing for a regular file.
    /// </param>
    public static Result<BlockDevice> Open(string path, bool writable, int fileSectorSize = 512, bool exclusive = false)
    {
        var flags = (writable ? OpenFlags.O_RDWR : OpenFlags.O_RDONLY) | (exclusive ? OpenFlags.O_EXCL : 0);
        var opened = FileDescriptor.Open(path, flags | OpenFlags.O_DIRECT, durable: true);
        if (!opened.Ok && opened.Error.Errno == Errno.EINVAL)
        {
            opened = FileDescriptor.Open(path, flags, durable: true);
        }
        if (!opened.Ok)
        {
            return opened.Error;
        }
        var device = Describe(path, opened.Value, fileSectorSize);
        if (!device.Ok)
        {
            opened.Value.Dispose();
        }
        return device;
    }

    /// <summary>
    /// Whether nobody holds the block device exclusively: no array, no file system, no device mapper. (Opened with O_EXCL; for a
    /// regular file that means nothing, and the answer is true.)
    /// </summary>
    public static Result<bool> IsExclusivelyFree(string path)
    {
        var opened = FileDescriptor.OpenForMoment(path, OpenFlags.O_RDONLY | OpenFlags.O_EXCL);
        if (opened.Ok)
        {
            opened.Value.Dispose();
            return true;
        }
        return opened.Error.Errno == Errno.EBUSY ? false : opened.Error;
    }

    /// <summary>
    /// Starts the device's own thread, for writes that would wait (the queue is full, or the device knows no write without waiting). Otherwise
    /// the first of them starts it, and on a busy machine that takes a tenth of a second and more.
    /// </summary>
    public void StartWorker() => Worker.Start();

    /// <summary>The device's last bytes, or all of it if it is smaller.</summary>
    public Result<byte[]> ReadTail(int bytes)
    {
        var tail = new byte[(int)Math.Min(bytes, SizeBytes)];
        var read = Read(SizeBytes - tail.Length, tail);
        return read.Ok ? tail : read.Error;
    }

    /// <summary>As <see cref="ReadTail(int)"/>, by the device's own thread: <paramref name="done"/> is called there. A device that is closed answers EBADF.</summary>
    public void ReadTail(int bytes, Action<Result<byte[]>> done)
    {
        if (!Worker.TryPost(() => done(ReadTail(bytes))))
        {
            done(new KernelError(Errno.EBADF, Path, "read"));
        }
    }

    /// <summary>Fills the buffer from a byte offset; neither needs to be aligned. Blocks. EIO when the device ends before.</summary>
    public unsafe Result<Nothing> Read(long offset, Span<byte> into)
    {
        if (into.IsEmpty)
        {
            return default(Nothing);
        }
        if (offset < 0 || offset > SizeBytes - into.Length)
        {
            return new KernelError(offset < 0 ? Errno.EINVAL : Errno.EIO, Path, "read");
        }
        if (!file.TryLease())
        {
            return new KernelError(Errno.EBADF, Path, "read");
        }
        // The window is aligned for every sector size; the device's own end is a whole sector by itself.
        var from = offset & -AlignedBuffers.Alignment;
        var to = (offset + into.Length + AlignedBuffers.Alignment - 1) & -AlignedBuffers.Alignment;
        if (!isFile)
        {
            to = Math.Min(to, SizeBytes);
        }
        var buffer = AlignedBuffers.Rent((int)(to - from));
        try
        {
            long got;
            do
            {
                got = Syscall.pread(file.Number, buffer, (ulong)(to - from), from);
            }
            while (got < 0 && Native.LastError == Errno.EINTR);
            if (got < 0)
            {
                return KernelError.Last(Path, "read");
            }
            if (from + got < offset + into.Length)
            {
                return new KernelError(Errno.EIO, Path, "read");
            }
            new ReadOnlySpan<byte>(buffer + (offset - from), into.Length).CopyTo(into);
            return default(Nothing);
        }
        finally
        {
            AlignedBuffers.Return(buffer, (int)(to - from));
            file.DangerousRelease();
        }
    }

    /// <summary>
    /// Writes whole sectors and waits until they are durable. EINVAL when offset or length is not a multiple of
    /// <see cref="SectorSize"/>, EIO when not all of it was written.
    /// </summary>
    public unsafe Result<Nothing> Write(long offset, ReadOnlySpan<byte> bytes)
    {
        if (!IsAligned(offset, bytes.Length))
        {
            return new KernelError(Errno.EINVAL, Path, "write");
        }
        if (!file.TryLease())
        {
            return new KernelError(Errno.EBADF, Path, "write");
        }
        var buffer = AlignedBuffers.Rent(bytes.Length);
        try
        {
            bytes.CopyTo(new Span<byte>(buffer, bytes.Length));
            return WriteAligned(buffer, bytes.Length, offset);
        }
        finally
        {
            AlignedBuffers.Return(buffer, bytes.Length);
            file.DangerousRelease();
        }
    }

    /// <summary>Closes the device, as soon as no call and no write in flight is using it.</summary>
    public void Dispose()
    {
        Worker.Dispose();
        file.Dispose();
    }

    internal bool IsAligned(long offset, int length) =>
        offset >= 0 && length > 0 && offset % SectorSize == 0 && length % SectorSize == 0;

    /// <summary>As <see cref="Write"/>, from an aligned buffer; the caller holds a lease.</summary>
    internal unsafe Result<Nothing> WriteAligned(byte* buffer, int length, long offset)
    {
        var retried = false;
        while (true)
        {
            var written = Syscall.pwrite(file.Number, buffer, (ulong)length, offset);
            if (written >= 0)
            {
                return written == length ? default(Nothing) : new KernelError(Errno.EIO, Path, "write");
            }
            var error = KernelError.Last(Path, "write");
            if (error.Errno == Errno.EINTR)
            {
                continue;
            }
            // A file on a disk with larger sectors than the file is taken to have.
            if (error.Errno != Errno.EINVAL || !isFile || retried || !GiveUpDirect())
            {
                return error;
            }
            retried = true;
        }
    }

    private bool GiveUpDirect()
    {
        // The kernel's flags, as fcntl(2) has them: not Mono's.
        var direct = NativeConvert.FromOpenFlags(OpenFlags.O_DIRECT);
        var flags = Syscall.fcntl(file.Number, FcntlCommand.F_GETFL);
        return flags >= 0 && (flags & direct) != 0
            && Syscall.fcntl(file.Number, FcntlCommand.F_SETFL, flags & ~direct) == 0;
    }

    private static unsafe Result<BlockDevice> Describe(string path, FileDescriptor file, int fileSectorSize)
    {
        var status = file.Status(path);
        if (!status.Ok)
        {
            return status.Error;
        }
        if (status.Value.IsRegularFile())
        {
            return new BlockDevice(path, file, status.Value, status.Value.st_size, fileSectorSize);
        }
        if (!status.Value.IsBlockDevice())
        {
            return new KernelError(Errno.ENOTBLK, path, "open");
        }
        long size;
        int sectorSize;
        if (Native.IoControl(file.Number, GetSizeInBytes, &size) < 0 || Native.IoControl(file.Number, GetSectorSize, &sectorSize) < 0)
        {
            return KernelError.Last(path, "ask the size of");
        }
        return new BlockDevice(path, file, status.Value, size, sectorSize);
    }

    private static int AtomicUnit(int major, int minor, int sectorSize)
    {
        var device = $"/sys/dev/block/{major}:{minor}";
        var unit = sectorSize;
        foreach (var disk in (ReadOnlySpan<string>)[device, $"{device}/.."])
        {
            if (Number($"{disk}/alignment_offset") == 0)
            {
                unit = Math.Max(unit, Number($"{disk}/queue/physical_block_size"));
            }

            unit = Math.Max(unit, Number($"{disk}/queue/atomic_write_unit_max_bytes"));
        }

        return unit;
    }

    private static int Number(string path)
    {
        var text = SysfsAttribute.ReadOnce(path);
        return text.Ok && int.TryParse(text.Value, CultureInfo.InvariantCulture, out var value) ? value : -1;
    }
}
