namespace ActorRaid.SysfsIo;

/// <summary>The kernel's error numbers that somebody here decides by (Linux, x86-64 and arm64: asm-generic/errno.h).</summary>
public static class Errno
{
    /// <summary>Operation not permitted.</summary>
    public const int EPERM = 1;

    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;

    /// <summary>No such process.</summary>
    public const int ESRCH = 3;

    /// <summary>Interrupted system call.</summary>
    public const int EINTR = 4;

    /// <summary>Input/output error; also what a write that was cut short is reported as.</summary>
    public const int EIO = 5;

    /// <summary>No such device or address.</summary>
    public const int ENXIO = 6;

    /// <summary>Bad file descriptor: what a closed attribute or device answers with.</summary>
    public const int EBADF = 9;

    /// <summary>Resource temporarily unavailable.</summary>
    public const int EAGAIN = 11;

    /// <summary>Cannot allocate memory.</summary>
    public const int ENOMEM = 12;

    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;

    /// <summary>Block device required.</summary>
    public const int ENOTBLK = 15;

    /// <summary>Device or resource busy.</summary>
    public const int EBUSY = 16;

    /// <summary>File exists.</summary>
    public const int EEXIST = 17;

    /// <summary>No such device: what an attribute of a vanished device answers with.</summary>
    public const int ENODEV = 19;

    /// <summary>Not a directory.</summary>
    public const int ENOTDIR = 20;

    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;

    /// <summary>Too many open files in system.</summary>
    public const int ENFILE = 23;

    /// <summary>Inappropriate ioctl for device.</summary>
    public const int ENOTTY = 25;

    /// <summary>File too large.</summary>
    public const int EFBIG = 27;

    /// <summary>Too many open files.</summary>
    public const int EMFILE = 24;

    /// <summary>No space left on device.</summary>
    public const int ENOSPC = 28;

    /// <summary>Illegal seek.</summary>
    public const int ESPIPE = 29;

    /// <summary>Read-only file system.</summary>
    public const int EROFS = 30;

    /// <summary>Broken pipe.</summary>
    public const int EPIPE = 32;

    /// <summary>File name too long.</summary>
    public const int ENAMETOOLONG = 36;

    /// <summary>Function not implemented.</summary>
    public const int ENOSYS = 38;

    /// <summary>Protocol error: what came is not what was agreed on.</summary>
    public const int EPROTO = 71;

    /// <summary>Bad message.</summary>
    public const int EBADMSG = 74;

    /// <summary>Message too long.</summary>
    public const int EMSGSIZE = 90;

    /// <summary>Operation not supported.</summary>
    public const int EOPNOTSUPP = 95;

    /// <summary>Connection reset by peer.</summary>
    public const int ECONNRESET = 104;

    /// <summary>No buffer space available.</summary>
    public const int ENOBUFS = 105;

    /// <summary>Connection timed out.</summary>
    public const int ETIMEDOUT = 110;

    /// <summary>Connection refused.</summary>
    public const int ECONNREFUSED = 111;

    /// <summary>No medium found: the drive is empty.</summary>
    public const int ENOMEDIUM = 123;

    /// <summary>The symbol of an error number, <c>EBUSY</c>; <c>errno 133</c> for one that has no name here.</summary>
    public static string Name(int errno) => errno switch
    {
        EPERM => nameof(EPERM),
        ENOENT => nameof(ENOENT),
        ESRCH => nameof(ESRCH),
        EINTR => nameof(EINTR),
        EIO => nameof(EIO),
        ENXIO => nameof(ENXIO),
        EBADF => nameof(EBADF),
        EAGAIN => nameof(EAGAIN),
        ENOMEM => nameof(ENOMEM),
        EACCES => nameof(EACCES),
        ENOTBLK => nameof(ENOTBLK),
        EBUSY => nameof(EBUSY),
        EEXIST => nameof(EEXIST),
        ENODEV => nameof(ENODEV),
        EINVAL => nameof(EINVAL),
        ENFILE => nameof(ENFILE),
        ENOTTY => nameof(ENOTTY),
        EFBIG => nameof(EFBIG),
        EMFILE => nameof(EMFILE),
        ENOSPC => nameof(ENOSPC),
        ESPIPE => nameof(ESPIPE),
        EROFS => nameof(EROFS),
        EPIPE => nameof(EPIPE),
        ENAMETOOLONG => nameof(ENAMETOOLONG),
        ENOTDIR => nameof(ENOTDIR),
        ENOSYS => nameof(ENOSYS),
        EPROTO => nameof(EPROTO),
        EBADMSG => nameof(EBADMSG),
        EMSGSIZE => nameof(EMSGSIZE),
        EOPNOTSUPP => nameof(EOPNOTSUPP),
        ECONNRESET => nameof(ECONNRESET),
        ENOBUFS => nameof(ENOBUFS),
        ETIMEDOUT => nameof(ETIMEDOUT),
        ECONNREFUSED => nameof(ECONNREFUSED),
        ENOMEDIUM => nameof(ENOMEDIUM),
        _ => $"errno {errno}",
    };
}
