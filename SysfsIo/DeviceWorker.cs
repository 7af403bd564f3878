using System.Collections.Concurrent;
using System.Diagnostics;

namespace ActorRaid.SysfsIo;

/// <summary>
/// A device's (or array's) own thread for calls that may block in the kernel, started with the first of them if not
/// before: a device that hangs holds up nobody but itself, which a shared pool could not promise.
/// </summary>
/// <param name="name">The thread's name.</param>
public sealed class DeviceWorker(string name) : IDisposable
{
    private const int StackBytes = 128 * 1024;

    private readonly Lock gate = new();
    private readonly ConcurrentQueue<Action> queue = new();
    private readonly Bell bell = new();
    private bool started;
    private volatile bool ended;
    private long busySince;

    /// <summary>For how long the call that is under way has been so; zero: none is.</summary>
    public TimeSpan Busy =>
        Interlocked.Read(ref busySince) is not 0 and var since ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;

    /// <summary>
    /// Runs the work on the device's thread, in order. It must not throw. False when this was disposed, or there is no
    /// thread to be had.
    /// </summary>
    public bool TryPost(Action work)
    {
        lock (gate)
        {
            if (ended)
            {
                return false;
            }
            started = started || ThreadReserve.TryRun(name, Run) || TryStart(name, Run);
            if (!started)
            {
                return false;
            }
            queue.Enqueue(work);
        }
        bell.Ring();
        return true;
    }

    /// <summary>
    /// Starts the thread, if it does not run yet; without one to be had it is tried again with the next work.
    /// </summary>
    public void Start()
    {
        lock (gate)
        {
            if (!ended)
            {
                started = started || TryStart(name, Run);
            }
        }
    }

    /// <summary>Starts a thread. False when there is none to be had.</summary>
    internal static bool TryStart(string name, Action run)
    {
        try
        {
            new Thread(new ThreadStart(run), StackBytes) { IsBackground = true, Name = name }.Start();
            return true;
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            return false;
        }
    }

    /// <summary>The thread ends after what is queued.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            ended = true;
        }
        bell.Ring();
    }

    private void Run()
    {
        while (true)
        {
            if (queue.TryDequeue(out var work))
            {
                Interlocked.Exchange(ref busySince, Stopwatch.GetTimestamp());
                work();
                Interlocked.Exchange(ref busySince, 0);
            }
            else if (ended && queue.IsEmpty)
            {
                return;
            }
            else
            {
                bell.Wait();
            }
        }
    }
}
