using System.Text;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>Tells, on a thread of its own, what happens to a file, and perhaps to its name in its directory.</summary>
public interface IFileWatch : IDisposable
{
    /// <summary>
    /// Has what is there now watched, which may be another file than before. What is watched already stays so. Nothing
    /// is watched that is not there.
    /// </summary>
    /// <param name="closing">Whether to report readers that close the file, too.</param>
    void Renew(bool closing);
}

/// <summary>By inotify(7), an instance and a thread for each file.</summary>
public sealed unsafe class FileWatch : IFileWatch
{
    private const FileEvents OfFile = FileEvents.Modified | FileEvents.Attributes | FileEvents.ClosedAfterWriting
        | FileEvents.SelfMoved | FileEvents.SelfDeleted;

    private const FileEvents OfDirectory = FileEvents.Created | FileEvents.MovedTo | FileEvents.MovedFrom | FileEvents.Deleted
        | FileEvents.SelfMoved | FileEvents.SelfDeleted;

    private const int BufferBytes = 8192, StackBytes = 128 * 1024;

    private readonly FileDescriptor inotify;
    private readonly FileDescriptor bell;
    private readonly string path;
    private readonly string? directory;
    private readonly string name;
    private readonly Action<FileEvents> told;
    private volatile int file = -1;
    private volatile int folder = -1;

    private FileWatch(FileDescriptor inotify, FileDescriptor bell, string path, bool withName, Action<FileEvents> told)
    {
        this.inotify = inotify;
        this.bell = bell;
        this.path = path;
        this.told = told;
        directory = withName ? System.IO.Path.GetDirectoryName(path) : null;
        name = Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(System.IO.Path.GetFileName(path)));
    }

    /// <summary>
    /// Starts the thread; nothing is watched before <see cref="Renew"/>. EMFILE: this user has no inotify instance
    /// left. EAGAIN: there is no thread to be had.
    /// </summary>
    /// <param name="path">The file's path.</param>
    /// <param name="withName">Watch its directory too, for what comes and goes by its name.</param>
    /// <param name="told">Called on the thread with the events that came together. Must not throw.</param>
    public static Result<FileWatch> Start(string path, bool withName, Action<FileEvents> told)
    {
        var number = Native.InotifyInit(Native.NonBlocking | Native.CloseOnExec);
        if (number < 0)
        {
            return KernelError.Last(path, "watch");
        }
        var inotify = new FileDescriptor(number);
        var bell = Native.EventFd(0, Native.EventFdCloseOnExec | Native.EventFdNonBlocking);
        if (bell < 0)
        {
            var error = KernelError.Last(path, "make an eventfd for");
            inotify.Dispose();
            return error;
        }
        var watch = new FileWatch(inotify, new FileDescriptor(bell), path, withName, told);
        try
        {
            new Thread(watch.Run, StackBytes) { IsBackground = true, Name = "inotify" }.Start();
            return watch;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            watch.Close();
            return new KernelError(Errno.EAGAIN, path, "start a thread for");
        }
    }

    /// <inheritdoc/>
    public void Renew(bool closing)
    {
        if (!inotify.TryLease())
        {
            return;
        }
        // The directory first: what comes into it from now on is told.
        if (directory is not null)
        {
            folder = Moved(folder, Native.InotifyAdd(inotify.Number, directory, (uint)OfDirectory));
        }
        var events = closing ? OfFile | FileEvents.ClosedAfterReading : OfFile;
        file = Moved(file, Native.InotifyAdd(inotify.Number, path, (uint)events));
        inotify.DangerousRelease();
    }

    /// <summary>Ends the thread, which may tell of something meanwhile.</summary>
    public void Dispose()
    {
        if (!bell.TryLease())
        {
            return;
        }
        ulong one = 1;
        Syscall.write(bell.Number, &one, sizeof(ulong));
        bell.DangerousRelease();
    }

    /// <summary>
    /// The kernel has one number for each file that is watched, however often it is asked. What is not watched any more
    /// is forgotten.
    /// </summary>
    private int Moved(int before, int now)
    {
        if (before >= 0 && before != now)
        {
            Native.InotifyRemove(inotify.Number, before);
        }
        return now;
    }

    private void Run()
    {
        var waits = stackalloc Native.PollFd[]
        {
            new() { Descriptor = inotify.Number, Events = Native.PollIn },
            new() { Descriptor = bell.Number, Events = Native.PollIn },
        };
        var buffer = new byte[BufferBytes];
        while (true)
        {
            if (Native.Poll(waits, 2, -1) < 0 && Native.LastError != Errno.EINTR)
            {
                Thread.Sleep(TimeSpan.FromSeconds(1));
            }
            if (waits[1].Seen != 0)
            {
                break;
            }
            long count;
            fixed (byte* bytes = buffer)
            {
                count = Syscall.read(inotify.Number, bytes, BufferBytes);
            }
            if (count > 0 && Seen(buffer.AsMemory(0, (int)count)) is var seen and not FileEvents.None)
            {
                told(seen);
            }
        }
        Close();
    }

    private FileEvents Seen(ReadOnlyMemory<byte> bytes)
    {
        var seen = FileEvents.None;
        foreach (var one in InotifyEvent.Parse(bytes))
        {
            // Of the directory only what concerns the name; that it is gone itself has no name.
            if (one.Watch != folder || one.Name == name || one.Name.Length == 0)
            {
                seen |= one.Events & ~FileEvents.Ignored;
            }
        }
        return seen;
    }

    private void Close()
    {
        inotify.Dispose();
        bell.Dispose();
    }
}
