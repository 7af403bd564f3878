using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// One thread that is the home of a container's actors: it runs what is posted, waits for changes of sysfs attributes, and has
/// durable writes done. It waits in a single poll(2) and allocates nothing of its own from turn to turn.
/// </summary>
public sealed unsafe class EventLoop : IDisposable
{
    private const int WorkPerTurn = 64;
    private const int FailuresBeforeGone = 16;
    private static readonly TimeSpan HungWriteLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BlindLookEvery = TimeSpan.FromMilliseconds(50);

    private readonly Thread thread;
    private readonly FileDescriptor bell;
    private readonly AsyncWrites writes;
    private readonly ConcurrentQueue<Work> foreign = new();
    private readonly Queue<Work> own = new(256);
    private Watched[] watched = new Watched[32];
    private Native.PollFd[] polled = GC.AllocateArray<Native.PollFd>(33, pinned: true);
    private int watchedCount;
    private bool someUnwatched;
    private int isSleeping;
    private volatile bool isEnding;
    private volatile bool hasEnded;
    private long endsAt;
    private volatile int threadNumber;

    /// <summary>
    /// Starts the thread. Throws <see cref="InvalidOperationException"/> when the kernel has no eventfd left for it, and what
    /// <see cref="Thread.Start()"/> throws when it has no thread; see <see cref="Start"/>.
    /// </summary>
    /// <param name="name">The thread's name; the kernel keeps 15 bytes of it.</param>
    /// <param name="maxStackBytes">The thread's stack in bytes; small, because it is locked into memory.</param>
    public EventLoop(string name, int maxStackBytes = 128 * 1024)
    {
        var number = Native.EventFd(0, Native.EventFdCloseOnExec | Native.EventFdNonBlocking);
        if (number < 0)
        {
            throw new InvalidOperationException(KernelError.Last(name, "eventfd").ToString());
        }
        bell = new FileDescriptor(number);
        writes = new AsyncWrites(this, number);
        polled[0] = new Native.PollFd { Descriptor = number, Events = Native.PollIn };
        thread = new Thread(Run, maxStackBytes) { IsBackground = true, Name = name };
        try
        {
            thread.Start();
        }
        catch (Exception)
        {
            writes.Release();
            bell.Dispose();
            throw;
        }
        SpinWait.SpinUntil(() => threadNumber != 0);
    }

    /// <summary>A loop, or why there can be none: no descriptor (EMFILE), no thread (EAGAIN).</summary>
    /// <param name="name">The thread's name.</param>
    public static Result<EventLoop> Start(string name)
    {
        try
        {
            return new EventLoop(name);
        }
        catch (InvalidOperationException)
        {
            return new KernelError(Errno.EMFILE, name, "make an eventfd for");
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            return new KernelError(Errno.EAGAIN, name, "start a thread for");
        }
    }

    /// <summary>Told, on the loop's thread, of whatever posted work or a callback throws. The loop goes on.</summary>
    public event Action<Exception>? Failed;

    /// <summary>Whether the caller runs on the loop's thread.</summary>
    public bool IsOnLoop => Thread.CurrentThread == thread;

    /// <summary>The kernel's number of the thread.</summary>
    public int ThreadNumber => threadNumber;

    /// <summary>How many exceptions could not be reported, because nobody listened or the listener threw itself.</summary>
    public long UnreportedFailures { get; private set; }

    /// <summary>
    /// Has the work run on the loop's thread, after what the same thread posted before. From the loop's own thread no system
    /// call is made. Work that is posted after the loop has ended is dropped.
    /// </summary>
    public void Post(Action work) => Post(new Work(work, null, null));

    /// <summary>As <see cref="Post(Action)"/>, for a cached delegate and a state: nothing is allocated.</summary>
    public void Post(Action<object?> work, object? state) => Post(new Work(null, work, state));

    /// <summary>
    /// Has <paramref name="changed"/> called on the loop's thread whenever the kernel notifies of a change (POLLPRI or POLLERR);
    /// the notification is armed again before the call. When the attribute has vanished, it is called once more and the watch
    /// ends. Watching an attribute again replaces its callback. From any thread.
    /// </summary>
    public void Watch(SysfsAttribute attribute, Action changed)
    {
        if (!IsOnLoop)
        {
            Post(() => Watch(attribute, changed));
            return;
        }
        for (var i = 0; i < watchedCount; i++)
        {
            if (ReferenceEquals(watched[i].Attribute, attribute))
            {
                watched[i].Changed = changed;
                return;
            }
        }
        if (!attribute.File.TryLease())
        {
            Post(changed);
            return;
        }
        if (watchedCount == watched.Length)
        {
            Array.Resize(ref watched, 2 * watchedCount);
            var larger = GC.AllocateArray<Native.PollFd>(2 * watchedCount + 1, pinned: true);
            polled.CopyTo(larger, 0);
            polled = larger;
        }
        attribute.Watcher = this;
        watched[watchedCount++] = new Watched { Attribute = attribute, Changed = changed };
        polled[watchedCount] = new Native.PollFd
        {
            Descriptor = attribute.File.Number,
            Events = Native.PollPriority | Native.PollError,
        };
    }

    /// <summary>Ends a watch; on the loop's thread at once, from another thread as soon as the loop gets to it.</summary>
    public void Unwatch(SysfsAttribute attribute)
    {
        if (!IsOnLoop)
        {
            Post(() => Unwatch(attribute));
            return;
        }
        for (var i = 0; i < watchedCount; i++)
        {
            if (ReferenceEquals(watched[i].Attribute, attribute))
            {
                Forget(i);
                return;
            }
        }
    }

    /// <summary>
    /// Writes whole sectors durably, without waiting for them; the bytes are copied before this returns. <paramref name="done"/>
    /// is called on the loop's thread, never before this has returned: with success when all of it is on the disk, with EINVAL
    /// when offset or length is no multiple of the sector size, EIO when it was cut short, or the device's own error. Writes
    /// that are in flight at one time may be carried out in any order. From any thread.
    /// </summary>
    public void Write(BlockDevice device, long offset, ReadOnlyMemory<byte> bytes, Action<Result<Nothing>> done)
    {
        if (!device.IsAligned(offset, bytes.Length))
        {
            PostDone(done, new KernelError(Errno.EINVAL, device.Path, "write"));
            return;
        }
        var buffer = AlignedBuffers.Rent(bytes.Length);
        bytes.Span.CopyTo(new Span<byte>(buffer, bytes.Length));
        if (IsOnLoop)
        {
            writes.Start(device, offset, buffer, bytes.Length, done);
        }
        else
        {
            PostStart(device, offset, (nint)buffer, bytes.Length, done);
        }
    }

    /// <summary>
    /// Ends the thread after the work that is queued and the writes that are in flight (a write that hangs is left behind after
    /// 3 s, with its buffer). Waits for that, 10 s at most, unless called on the loop's own thread.
    /// </summary>
    public void Dispose()
    {
        if (!isEnding)
        {
            Volatile.Write(ref endsAt, Environment.TickCount64 + (long)HungWriteLimit.TotalMilliseconds);
            isEnding = true;
            Ring();
        }
        if (!IsOnLoop)
        {
            thread.Join(EndLimit);
        }
    }

    /// <summary>Calls a callback; what it throws goes to <see cref="Failed"/>.</summary>
    internal void Guard<T>(Action<T> callback, T argument)
    {
        try
        {
            callback(argument);
        }
        catch (Exception failure)
        {
            Report(failure);
        }
    }

    // Lambdas stand apart from the hot path, where the objects that they capture would be allocated used or not.
    internal void PostDone(Action<Result<Nothing>> done, KernelError error) => Post(() => done(error));

    private void PostStart(BlockDevice device, long offset, nint buffer, int length, Action<Result<Nothing>> done) =>
        Post(() => writes.Start(device, offset, (byte*)buffer, length, done));

    private void Post(Work work)
    {
        if (IsOnLoop)
        {
            own.Enqueue(work);
            return;
        }
        if (hasEnded)
        {
            return;
        }
        foreign.Enqueue(work);
        if (Interlocked.Exchange(ref isSleeping, 0) == 1)
        {
            Ring();
        }
    }

    private void Ring()
    {
        if (!bell.TryLease())
        {
            return;
        }
        ulong one = 1;
        // EAGAIN would mean that it is ringing already.
        Syscall.write(bell.Number, &one, sizeof(ulong));
        bell.DangerousRelease();
    }

    private void Run()
    {
        threadNumber = (int)Native.SystemCall(Native.SysGetTid, 0, 0, 0, 0, 0);
        while (true)
        {
            RunQueued();
            writes.Reap();
            var isIdle = own.Count == 0 && foreign.IsEmpty;
            if (isEnding && isIdle && (writes.InFlight == 0 || Environment.TickCount64 >= Volatile.Read(ref endsAt)))
            {
                break;
            }
            Wait(isIdle);
            writes.Reap();
        }
        hasEnded = true;
        for (var i = 0; i < watchedCount; i++)
        {
            Forget(i);
        }
        writes.Release();
        // The kernel still holds the bell for writes that hang; closing our end is harmless to it.
        bell.Dispose();
    }

    private void RunQueued()
    {
        for (var i = 0; i < WorkPerTurn && own.TryDequeue(out var work); i++)
        {
            Guard(RunWork, work);
        }
        for (var i = 0; i < WorkPerTurn && foreign.TryDequeue(out var work); i++)
        {
            Guard(RunWork, work);
        }
    }

    private static readonly Action<Work> RunWork = static work =>
    {
        work.Plain?.Invoke();
        work.WithState?.Invoke(work.State);
    };

    private static readonly Action<Action> Call = static action => action();

    private void Wait(bool isIdle)
    {
        Compact();
        var timeout = 0;
        if (isIdle)
        {
            Interlocked.Exchange(ref isSleeping, 1);
            if (foreign.IsEmpty)
            {
                timeout = isEnding ? 10 : -1;
            }
        }
        var ready = Native.Poll((Native.PollFd*)Unsafe.AsPointer(ref polled[0]), (nuint)watchedCount + 1, timeout);
        Volatile.Write(ref isSleeping, 0);
        if (ready < 0 && Native.LastError != Errno.EINTR)
        {
            LookAtAll();
            return;
        }
        if (ready <= 0)
        {
            return;
        }
        if (polled[0].Seen != 0)
        {
            ulong count;
            Syscall.read(bell.Number, &count, sizeof(ulong));
            ready--;
        }
        for (var i = 0; ready > 0 && i < watchedCount; i++)
        {
            if (polled[i + 1].Seen != 0)
            {
                ready--;
                Notice(i);
            }
        }
    }

    /// <summary>
    /// poll(2) has refused (EINVAL: fewer descriptors are allowed than are watched; ENOMEM): nobody is told of what changes, so that everything is
    /// looked at, a few times a second.
    /// </summary>
    private void LookAtAll()
    {
        Thread.Sleep(BlindLookEvery);
        ulong count;
        Syscall.read(bell.Number, &count, sizeof(ulong));
        for (var i = 0; i < watchedCount; i++)
        {
            Notice(i);
        }
    }

    private void Notice(int index)
    {
        ref var watch = ref watched[index];
        if (watch.Attribute is not { } attribute)
        {
            return;
        }
        var changed = watch.Changed!;
        var errno = attribute.Rearm();
        watch.Failures = errno == 0 ? 0 : watch.Failures + 1;
        // A notification that cannot be armed again would come for ever.
        if (errno is Errno.ENODEV or Errno.ENOENT or Errno.ENXIO or Errno.EBADF or Errno.ESPIPE || watch.Failures >= FailuresBeforeGone)
        {
            Forget(index);
        }
        Guard(Call, changed);
    }

    private void Forget(int index)
    {
        if (watched[index].Attribute is { } attribute)
        {
            attribute.Watcher = null;
            attribute.File.DangerousRelease();
            watched[index] = default;
            polled[index + 1] = new Native.PollFd { Descriptor = -1 };
            someUnwatched = true;
        }
    }

    private void Compact()
    {
        if (!someUnwatched)
        {
            return;
        }
        someUnwatched = false;
        var kept = 0;
        for (var i = 0; i < watchedCount; i++)
        {
            if (watched[i].Attribute is not null)
            {
                watched[kept++] = watched[i];
                polled[kept] = polled[i + 1];
            }
        }
        watched.AsSpan(kept, watchedCount - kept).Clear();
        watchedCount = kept;
    }

    private void Report(Exception failure)
    {
        try
        {
            if (Failed is { } failed)
            {
                failed(failure);
                return;
            }
            UnreportedFailures++;
        }
        catch (Exception)
        {
            UnreportedFailures++;
        }
    }

    private readonly record struct Work(Action? Plain, Action<object?>? WithState, object? State);

    private struct Watched
    {
        internal SysfsAttribute? Attribute;
        internal Action? Changed;
        internal int Failures;
    }
}
