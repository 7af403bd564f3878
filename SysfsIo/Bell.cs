namespace ActorRaid.SysfsIo;

/// <summary>
/// Wakes one thread that waits for work: a futex, one system call for each side. The runtime's own events signal
/// while they hold a lock that the woken thread needs at once, which costs two more changes of threads; writers may be
/// waiting for what that thread is to do.
/// </summary>
public sealed unsafe class Bell
{
    private const int Silent = 0, Rung = 1, Sleeping = 2;
    private const int WaitPrivate = 128, WakePrivate = 129;
    private readonly int[] state = GC.AllocateArray<int>(1, pinned: true);

    /// <summary>The thread wakes up, now or from its next <see cref="Wait"/>. From any thread.</summary>
    public void Ring()
    {
        if (Interlocked.Exchange(ref state[0], Rung) == Sleeping)
        {
            Futex(WakePrivate, 1);
        }
    }

    /// <summary>Waits until it was rung since the last wait. One thread only.</summary>
    public void Wait()
    {
        while (Interlocked.CompareExchange(ref state[0], Sleeping, Silent) != Rung)
        {
            // EAGAIN: it was rung meanwhile; EINTR: looked at once more.
            Futex(WaitPrivate, Sleeping);
        }
        Volatile.Write(ref state[0], Silent);
    }

    private void Futex(int operation, int value)
    {
        fixed (int* address = state)
        {
            Native.SystemCall(Native.SysFutex, (nint)address, operation, value, 0, 0);
        }
    }
}
