namespace ActorRaid.Host.Daemon;

/// <summary>
/// Collects garbage when nobody waits for it. Left to itself the collector comes when a budget is used up: in the
/// middle of what allocates, which is what writers wait for, and then they wait for the collection as well.
/// </summary>
internal static class Tidying
{
    /// <summary>A quarter of the budget (DOTNET_GCgen0size, <see cref="Launch.DaemonProcess"/>), in bytes.</summary>
    private const long WorthIt = 1 << 20;

    private static long s_allocated;

    /// <summary>
    /// At every beat of the daemon's heart: collects if there is something to collect. Not at the first, which comes when
    /// arrays have just been taken over; what the start has left is collected before that.
    /// </summary>
    internal static void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        var before = Interlocked.Read(ref s_allocated);
        if (before == 0 || allocated - before >= WorthIt)
        {
            Interlocked.Exchange(ref s_allocated, allocated);
            if (before != 0)
            {
                GC.Collect(1, GCCollectionMode.Forced, blocking: true);
            }
        }
    }
}
