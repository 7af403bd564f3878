using System.Text;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// The file that says who monitors a container: the number in decimal and a line's end, mode 0600. mdmon puts its process's number there, and a
/// mdmon that takes over waits up to 5 s until kill(2) no longer knows it (mdmon.c, try_kill_monitor). One of our processes has many containers, so it is
/// the number of the container's thread: kill, /proc/N/cmdline and signals go by it as by the process's own.
/// </summary>
public static class PidFile
{
    private const FilePermissions OwnerOnly = FilePermissions.S_IRUSR | FilePermissions.S_IWUSR;
    private const OpenFlags CreateNew = OpenFlags.O_WRONLY | OpenFlags.O_CREAT | OpenFlags.O_EXCL;

    /// <summary>Puts a file in place at once and whole, in place of any that was there: mdadm never sees half of one.</summary>
    public static unsafe Result<Nothing> Write(string path, int number)
    {
        var temporary = $"{path}.{Environment.ProcessId}";
        Syscall.unlink(temporary);
        var opened = FileDescriptor.OpenForMoment(temporary, CreateNew, OwnerOnly);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        KernelError? error = null;
        using (var file = opened.Value)
        {
            var bytes = Encoding.ASCII.GetBytes($"{number}\n");
            fixed (byte* start = bytes)
            {
                var written = Syscall.write(file.Number, start, (ulong)bytes.Length);
                error = written == bytes.Length ? null
                    : written < 0 ? KernelError.Last(path, "write") : new KernelError(Errno.ENOSPC, path, "write");
            }
        }
        if (error is null && Syscall.rename(temporary, path) < 0)
        {
            error = KernelError.Last(path, "rename to");
        }
        if (error is { } failed)
        {
            Syscall.unlink(temporary);
            return failed;
        }
        return default(Nothing);
    }

    /// <summary>The living process that the file's number is, or is a thread of. Errors as <see cref="Read"/>'s and <see cref="Processes.OfThread"/>'s.</summary>
    public static Result<int> ReadProcess(string path)
    {
        var number = Read(path);
        return number.Ok ? Processes.OfThread(number.Value) : number;
    }

    /// <summary>The number that the file holds. EBADMSG when it holds none.</summary>
    public static Result<int> Read(string path)
    {
        var text = SysfsAttribute.ReadOnce(path);
        if (!text.Ok)
        {
            return text.Error;
        }
        return int.TryParse(text.Value.AsSpan().Trim(), out var number) && number > 0 ? number : new KernelError(Errno.EBADMSG, path, "read");
    }

    /// <summary>Removes the file; that there is none is no error.</summary>
    public static Result<Nothing> Remove(string path) =>
        Syscall.unlink(path) == 0 || Native.LastError == Errno.ENOENT ? default(Nothing) : KernelError.Last(path, "unlink");

    /// <summary>Whether there is such a process or thread, ours to signal or not.</summary>
    public static bool IsAlive(int number)
    {
        var asked = Processes.Kill(number, 0);
        return asked.Ok || asked.Error.Errno == Errno.EPERM;
    }
}
