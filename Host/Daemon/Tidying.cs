namespace ActorRaid.Host.Daemon;

/// <summary>
/// Collects garbage when nobody waits for it. Left to itself the collector comes when a budget is used up: in the
/// middle of what allocates, which is what writers wait for, and then they wait for the collection as well.
/// </summary>
internal sealed class Tidying
{
    /// <summary>A quarter of the budget (DOTNET_GCgen0size, <see cref="Launch.DaemonProcess"/>), in bytes.</summary>
    private const long WorthIt = 1 << 20;

    // What was allocated since the collection below stays: arrays have just been taken over, and their writers would wait.
    private long _allocated = GC.GetTotalAllocatedBytes();

    /// <summary>
    /// Once, before anybody waits for us: makes what the start no longer needs room for later allocations. New room would
    /// be brought in and locked page by page, 2 MiB at a time: 25 ms in User-Mode Linux, for a failed disk's writers.
    /// </summary>
    internal static void BeforeMemoryIsLocked() => GC.Collect(1, GCCollectionMode.Forced, blocking: true);

    /// <summary>At every beat of the daemon's heart: collects if there is something to collect.</summary>
    internal void Look()
    {
        var allocated = GC.GetTotalAllocatedBytes();
        if (allocated - _allocated >= WorthIt)
        {
            _allocated = allocated;
            GC.Collect(1, GCCollectionMode.Forced, blocking: true);
        }
    }
}
