using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

/// <summary>A device's own thread, started or taken from the reserve.</summary>
public sealed class DeviceWorkerTests
{
    private const int Devices = 20;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>More devices than the reserve has threads.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Each_device_has_a_thread_of_its_own_that_does_its_work_in_order_whether_there_is_a_reserve_or_not(bool filled)
    {
        if (filled)
        {
            ThreadReserve.Fill();
            ThreadReserve.Fill();
        }

        using var allWait = new CountdownEvent(Devices);
        using var goOn = new ManualResetEventSlim();
        using var allEnded = new CountdownEvent(Devices);
        var threads = new string?[Devices];
        var workers = Enumerable.Range(0, Devices).Select(number => new DeviceWorker($"device {number}")).ToList();
        foreach (var (number, worker) in workers.Index())
        {
            Assert.True(worker.TryPost(() =>
            {
                allWait.Signal();
                goOn.Wait();
            }));
            Assert.True(worker.TryPost(() =>
            {
                threads[number] = Thread.CurrentThread.Name;
                allEnded.Signal();
            }));
        }

        Assert.True(allWait.Wait(Limit), "a device waited for another's work");
        goOn.Set();
        Assert.True(allEnded.Wait(Limit));
        Assert.Equal(Enumerable.Range(0, Devices).Select(number => $"device {number}"), threads);
        foreach (var worker in workers)
        {
            worker.Dispose();
            Assert.False(worker.TryPost(() => { }));
        }
    }
}
