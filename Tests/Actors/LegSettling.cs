using ActorRaid.Actors;
using ActorRaid.Tests.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>When an array's two threads, which write to its legs, have done what they had to do.</summary>
internal static class LegSettling
{
    /// <summary>
    /// Waits for what was to be written to the array's legs before: first what lets writers go, then the removals that
    /// followed from that. A leg that is not there is let go and removed behind them.
    /// </summary>
    public static void Settle(this LegWrites writes, FakeSysfs sysfs, string array)
    {
        using var removed = new ManualResetEventSlim();
        var none = new ArrayLeg(array, "none", sysfs.PathOf(array, "dev-none/state"));
        writes.Appeared(none);
        writes.Drop(none, remove: true, removed.Set);
        Assert.True(removed.Wait(Patience.Limit), $"what is written to the legs of {array} waits");
        writes.Vanished(none);
    }
}
