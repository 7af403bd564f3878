using Mono.Unix.Native;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>What a file is now.</summary>
/// <param name="Device">The number of the device that its file system lies on.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="Links">How many names it has; 0: it was unlinked.</param>
/// <param name="IsRegular">It is a regular file.</param>
/// <param name="Extents">Where its data lies.</param>
public sealed record FileLook(ulong Device, ulong Inode, ulong Links, bool IsRegular, FileExtents Extents);

/// <summary>A file that is mapped, by an open descriptor or by its path.</summary>
public interface IMappedFile : IDisposable
{
    /// <summary>
    /// Looks at it. By its path: at whatever file is there now; ENOENT: there is none. Extents are only looked for in a
    /// regular file.
    /// </summary>
    Result<FileLook> Look();

    /// <summary>
    /// Whether anybody else has it open. Asked of a file that was unlinked; an error: cannot be told.
    /// </summary>
    Result<bool> IsHeldByOthers();
}

/// <summary>The same inode for good: what an open descriptor is of.</summary>
public sealed class FollowedInode : IMappedFile
{
    private const int SetLease = 1024, WriteLock = 1, Unlock = 2;
    private readonly FileDescriptor file;
    private readonly string path;

    /// <summary>Takes over an open descriptor, and closes it in the end.</summary>
    /// <param name="descriptor">Its number.</param>
    /// <param name="path">The file's name, for people.</param>
    public FollowedInode(int descriptor, string path)
    {
        file = new FileDescriptor(descriptor);
        this.path = path;
    }

    /// <summary>A name by which this process can watch it, whatever has become of its own names.</summary>
    public string OwnPath => $"/proc/self/fd/{file.Number}";

    /// <inheritdoc/>
    public Result<FileLook> Look() => LookAt(file, path);

    /// <summary>
    /// Asks for a lease that only the last holder gets (fcntl(2), F_SETLEASE), and gives it back: whoever has it mapped
    /// or uses it as a disk has it open as well, which no list in /proc tells. (Kernels before 5.3 may say "held" of
    /// one that is not.) Whoever opens it just then sends SIGIO, which is to be ignored.
    /// </summary>
    public Result<bool> IsHeldByOthers()
    {
        if (Native.FileControl(file.Number, SetLease, WriteLock) == 0)
        {
            _ = Native.FileControl(file.Number, SetLease, Unlock);
            return false;
        }
        var error = KernelError.Last(path, "ask who has open");
        return error.Errno is Errno.EAGAIN ? true : error;
    }

    /// <inheritdoc/>
    public void Dispose() => file.Dispose();

    /// <summary>Looks at an open file.</summary>
    internal static Result<FileLook> LookAt(FileDescriptor file, string path)
    {
        var status = file.Status(path);
        if (!status.Ok)
        {
            return status.Error;
        }
        var look = new FileLook(
            status.Value.st_dev, status.Value.st_ino, status.Value.st_nlink, status.Value.IsRegularFile(),
            new FileExtents([], false));
        if (!look.IsRegular)
        {
            return look;
        }
        var extents = Fiemap.Read(file.Number, path);
        return extents.Ok ? look with { Extents = extents.Value } : extents.Error;
    }
}

/// <summary>
/// Whatever file is at a path. It is open only while it is looked at, so that its blocks become free when it is
/// unlinked, and its file system can be unmounted.
/// </summary>
/// <param name="path">The path.</param>
public sealed class FollowedPath(string path) : IMappedFile
{
    /// <inheritdoc/>
    public Result<FileLook> Look()
    {
        // Not blocking: what is there now may be a pipe.
        var opened = FileDescriptor.Open(path, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK | OpenFlags.O_NOCTTY);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        using var file = opened.Value;
        return FollowedInode.LookAt(file, path);
    }

    /// <summary>Nobody asks: the path is what counts.</summary>
    public Result<bool> IsHeldByOthers() => true;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
