using ActorRaid.Actors;
using ActorRaid.Reporting;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>How long writers waited, counted in a memory that does not grow.</summary>
public sealed class WriterWaitsTests
{
    [Fact]
    public void Quantiles_are_right_to_an_eighth_and_counts_exactly()
    {
        var random = new Random(1);
        long[] waited = [.. Enumerable.Range(0, 10_000).Select(_ => (long)Math.Exp(random.NextDouble() * 17)), 0, 7, 8, long.MaxValue / 20_000];
        var waits = new WriterWaits();
        foreach (var time in waited)
            waits.Waited(time);
        var counts = waits.Now();
        long[] sorted = [.. waited.Order()];
        Assert.Equal((waited.Length, waited.Sum(), sorted[^1]), (counts.Waits, counts.Total, counts.Max));
        foreach (var (told, part) in new[] { (counts.P50, 0.5), (counts.P99, 0.99) })
        {
            var exact = sorted[(int)Math.Ceiling(sorted.Length * part) - 1];
            Assert.InRange(told, exact, exact + (exact / 8));
        }
        Assert.Equal(WriterWaitCounts.Bounds.Select(bound => waited.LongCount(time => time < bound)), counts.Below);
        Assert.Equal(WriterWaitCounts.Bounds, Enumerable.Range(0, counts.Below.Length).Select(WriterStatus.Bound));
    }

    [Fact]
    public void Nothing_was_counted_yet()
    {
        var counts = new WriterWaits().Now();
        Assert.Equal((0, 0, 0, 0), (counts.Waits, counts.P50, counts.P99, counts.Max));
    }

    [Fact]
    public void Counting_allocates_nothing()
    {
        var waits = new WriterWaits();
        waits.Waited(1);
        waits.Saw(ArrayState.Clean, ArrayState.WritePending);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            waits.Saw(ArrayState.Clean, ArrayState.WritePending);
            waits.Waited(i);
            waits.Checkpoint();
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }
}
