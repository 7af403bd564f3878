namespace ActorRaid.SysfsIo;

/// <summary>What a thread of this process is doing, by /proc (proc(5)).</summary>
public static class KernelThread
{
    /// <summary>
    /// Whether the thread waits in the kernel for something that is not up to this process: a device, or a lock of md's. Not so when it
    /// runs, is stopped, sleeps, waits for another thread of ours (a futex), or waits for events in poll(2).
    /// </summary>
    /// <param name="thread">The kernel's number of the thread; one that is gone waits for nothing.</param>
    public static bool WaitsInKernel(int thread)
    {
        var stat = SysfsAttribute.ReadOnce($"/proc/self/task/{thread}/stat");
        var channel = SysfsAttribute.ReadOnce($"/proc/self/task/{thread}/wchan");
        return stat.Ok && channel.Ok ? Judge(stat.Value, channel.Value) : !(stat.Error.MeansGone || channel.Error.MeansGone || stat.Error.Errno == Errno.ESRCH);
    }

    /// <summary>Judges by the texts of stat and wchan.</summary>
    internal static bool Judge(string stat, string waitChannel)
    {
        var state = stat.AsSpan(stat.LastIndexOf(')') + 1).TrimStart();
        return state is ['D', ..]
            || (state is ['S', ..] && waitChannel is not ("" or "0")
                && !waitChannel.Contains("futex", StringComparison.Ordinal)
                && !waitChannel.Contains("poll", StringComparison.Ordinal)
                && !waitChannel.Contains("nanosleep", StringComparison.Ordinal));
    }
}
