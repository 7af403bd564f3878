using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// Descriptors that are held for nothing but to be given up: a file that is opened for a moment (an attribute that is written once, a directory that
/// is listed) takes the place of one where the process has no other left. So what is supervised already goes on in a shortage; what
/// would be new is refused.
/// </summary>
public static class DescriptorReserve
{
    private static readonly Lock Gate = new();
    private static readonly Stack<int> Held = new();
    private static int _wanted;

    /// <summary>How many are held now.</summary>
    public static int Count
    {
        get
        {
            lock (Gate)
            {
                return Held.Count;
            }
        }
    }

    /// <summary>Holds so many from now on, or as many as there are.</summary>
    public static void Hold(int count)
    {
        lock (Gate)
        {
            _wanted = count;
            Refill();
            while (Held.Count > _wanted)
            {
                _ = Syscall.close(Held.Pop());
            }
        }
    }

    /// <summary>Closes one, so that another file can be opened. False when none is left.</summary>
    internal static bool GiveOneUp()
    {
        lock (Gate)
        {
            return Held.TryPop(out var number) && Syscall.close(number) == 0;
        }
    }

    /// <summary>A file that was opened for a moment is closed: its descriptor comes back.</summary>
    internal static void TakeBack()
    {
        if (Volatile.Read(ref _wanted) == 0)
        {
            return;
        }
        lock (Gate)
        {
            Refill();
        }
    }

    private static void Refill()
    {
        while (Held.Count < _wanted)
        {
            var number = Native.EventFd(0, Native.EventFdCloseOnExec);
            if (number < 0)
            {
                return;
            }
            Held.Push(number);
        }
    }
}
