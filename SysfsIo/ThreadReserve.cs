namespace ActorRaid.SysfsIo;

/// <summary>
/// Threads that wait for a device's first work. To start one takes longer than all that a failed disk needs: the kernel brings in
/// and locks its stack, and whoever starts it waits for it. Writers may be waiting too, and there may be no thread to be had just then.
/// </summary>
public static class ThreadReserve
{
    /// <summary>As many as the failure of a disk with two legs takes: two removals, two arrays' writer, a spare that joins; and one.</summary>
    private const int Wanted = 6;

    private static readonly Lock Gate = new();
    private static readonly Stack<Waiting> Threads = new();

    /// <summary>Starts what is missing, or as many as can be had. It takes its time: not for a moment when somebody waits.</summary>
    public static void Fill()
    {
        while (IsShort())
        {
            var waiting = new Waiting();
            if (!waiting.TryStart())
            {
                return;
            }
            lock (Gate)
            {
                Threads.Push(waiting);
            }
        }
    }

    /// <summary>Runs the work, which must not throw, on a thread that waits here. False when there is none.</summary>
    /// <param name="name">The thread's name from now on.</param>
    /// <param name="work">It ends with the work.</param>
    internal static bool TryRun(string name, Action work)
    {
        Waiting? waiting;
        lock (Gate)
        {
            if (!Threads.TryPop(out waiting))
            {
                return false;
            }
        }
        waiting.Run(name, work);
        return true;
    }

    private static bool IsShort()
    {
        lock (Gate)
        {
            return Threads.Count < Wanted;
        }
    }

    private sealed class Waiting
    {
        private readonly Bell bell = new();
        private string name = "";
        private Action? work;

        public bool TryStart() => DeviceWorker.TryStart("reserve", () =>
        {
            bell.Wait();
            Thread.CurrentThread.Name = name;
            work!();
        });

        public void Run(string name, Action work)
        {
            this.name = name;
            this.work = work;
            bell.Ring();
        }
    }
}
