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

    /// <summary>At every beat of the daemon's heart: collects if there is something to collect.</summary>
    internal static void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        if (allocated - Interlocked.Read(ref s_allocated) >= WorthIt)
        {
            Interlocked.Exchange(ref s_allocated, allocated);
            GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        }
    }
}
