using System.Collections.Concurrent;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

/// <summary>A ring that got lost would be a writer who waits for ever.</summary>
public sealed class BellTests
{
    private const int Ringers = 3, RingsOfEach = 20_000;

    [Fact]
    public void A_ring_before_the_wait_ends_it()
    {
        var bell = new Bell();
        bell.Ring();
        bell.Ring();
        bell.Wait();
    }

    [Fact]
    public void No_ring_is_lost_whoever_rings_when()
    {
        var bell = new Bell();
        var given = new ConcurrentQueue<int>();
        var taken = 0;
        var worker = new Thread(() =>
        {
            while (taken < Ringers * RingsOfEach)
            {
                if (given.TryDequeue(out _))
                {
                    taken++;
                }
                else
                {
                    bell.Wait();
                }
            }
        }) { IsBackground = true };
        worker.Start();
        var ringers = Enumerable.Range(0, Ringers).Select(_ => new Thread(() =>
        {
            for (var number = 0; number < RingsOfEach; number++)
            {
                given.Enqueue(number);
                bell.Ring();
            }
        })).ToArray();
        Array.ForEach(ringers, ringer => ringer.Start());
        Array.ForEach(ringers, ringer => ringer.Join());
        Assert.True(worker.Join(Patience.Limit), $"{taken} of {Ringers * RingsOfEach} were taken");
    }
}
