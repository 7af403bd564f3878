using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class DurableWriteTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EventLoop loop = new("writes");

    public void Dispose()
    {
        loop.Dispose();
        folder.Dispose();
    }

    private Task<Result<Nothing>> Write(BlockDevice device, long offset, byte[] bytes)
    {
        var done = new TaskCompletionSource<Result<Nothing>>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Write(
            device, offset, bytes, result => done.SetResult(loop.IsOnLoop ? result : new KernelError(Errno.EPERM, "", "another thread")));
        return done.Task;
    }

    private static byte[] Random(int bytes, int seed)
    {
        var content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return content;
    }

    [Theory]
    [InlineData(512, 0)]
    [InlineData(4096, 512)]
    [InlineData(1024, 7168)]
    [InlineData(70_000 / 512 * 512, 4096)]
    public void A_write_lands_where_it_should_and_nowhere_else(int length, int offset)
    {
        var path = folder.File("disk", 1 << 20);
        var expected = File.ReadAllBytes(path);
        using var device = BlockDevice.Open(path, writable: true).Value;
        var bytes = Random(length, 7);
        Assert.True(Patience.Within(Write(device, offset, bytes)).Ok);
        bytes.CopyTo(expected, offset);
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [Fact]
    public void The_bytes_are_copied_before_the_call_returns()
    {
        var path = folder.File("disk", 1 << 20);
        using var device = BlockDevice.Open(path, writable: true).Value;
        var bytes = Random(4096, 3);
        var kept = bytes.ToArray();
        var writing = Write(device, 0, bytes);
        Array.Clear(bytes);
        Assert.True(Patience.Within(writing).Ok);
        Assert.Equal(kept, File.ReadAllBytes(path)[..4096]);
    }

    [Fact]
    public void Hundreds_of_writes_at_once_are_all_done()
    {
        var path = folder.File("disk", 4 << 20);
        var expected = File.ReadAllBytes(path);
        using var device = BlockDevice.Open(path, writable: true).Value;
        var writes = Enumerable.Range(0, 500).Select(i =>
        {
            var bytes = Random(512 * (1 + i % 8), i);
            bytes.CopyTo(expected, i * 4096);
            return Write(device, i * 4096, bytes);
        }).ToArray();
        Assert.All(writes, write => Assert.True(Patience.Within(write).Ok));
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [Fact]
    public void Writes_from_the_loop_itself_call_back_after_the_call_has_returned()
    {
        using var device = BlockDevice.Open(folder.File("disk", 1 << 20), writable: true).Value;
        var order = new TaskCompletionSource<string>();
        loop.Post(() =>
        {
            var said = "";
            loop.Write(device, 0, new byte[512], _ => said += "done ");
            loop.Write(device, 1, new byte[512], result => order.SetResult($"{said}{result.Error.Errno}"));
            said += "returned ";
        });
        Assert.StartsWith("returned ", Patience.Within(order.Task));
    }

    [Fact]
    public void Writes_from_the_loop_allocate_nothing()
    {
        using var device = BlockDevice.Open(folder.File("disk", 1 << 20), writable: true).Value;
        var bytes = new byte[1024];
        var left = 120;
        var from = 0L;
        var allocated = new TaskCompletionSource<long>();
        Action<Result<Nothing>> again = null!;
        again = _ =>
        {
            left--;
            if (left == 100)
            {
                from = GC.GetAllocatedBytesForCurrentThread();
            }
            if (left == 0)
            {
                allocated.SetResult(GC.GetAllocatedBytesForCurrentThread() - from);
                return;
            }
            loop.Write(device, 512 * left, bytes, again);
        };
        loop.Write(device, 0, bytes, again);
        // A write that the kernel would not take without waiting goes another way, which allocates a little.
        Assert.InRange(Patience.Within(allocated.Task), 0, 100 * 100);
    }

    [Fact]
    public void A_file_system_without_asynchronous_writes_is_written_all_the_same()
    {
        // tmpfs refuses to write without waiting, and older ones O_DIRECT.
        var path = $"/dev/shm/{Guid.NewGuid():N}";
        File.WriteAllBytes(path, new byte[65536]);
        try
        {
            using var device = BlockDevice.Open(path, writable: true).Value;
            var bytes = Random(8192, 5);
            for (var i = 0; i < 4; i++)
            {
                Assert.True(Patience.Within(Write(device, i * 8192, bytes)).Ok);
            }
            Assert.Equal([.. bytes, .. bytes, .. bytes, .. bytes], File.ReadAllBytes(path)[..32768]);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Unaligned_closed_and_read_only_devices_are_error_values()
    {
        var path = folder.File("disk", 65536);
        using var device = BlockDevice.Open(path, writable: true).Value;
        Assert.Equal(Errno.EINVAL, Patience.Within(Write(device, 100, new byte[512])).Error.Errno);
        Assert.Equal(Errno.EINVAL, Patience.Within(Write(device, 0, new byte[100])).Error.Errno);
        Assert.Equal(Errno.EINVAL, Patience.Within(Write(device, 0, [])).Error.Errno);
        using var readOnly = BlockDevice.Open(path, writable: false).Value;
        Assert.Equal(new KernelError(Errno.EBADF, path, "write"), Patience.Within(Write(readOnly, 0, new byte[512])).Error);
        var closed = BlockDevice.Open(path, writable: true).Value;
        closed.Dispose();
        Assert.Equal(new KernelError(Errno.EBADF, path, "write"), Patience.Within(Write(closed, 0, new byte[512])).Error);
    }

    [Fact]
    public void A_callback_that_throws_is_reported_and_the_next_write_is_done()
    {
        using var device = BlockDevice.Open(folder.File("disk", 65536), writable: true).Value;
        var failure = new TaskCompletionSource<string>();
        loop.Failed += thrown => failure.TrySetResult(thrown.Message);
        loop.Write(device, 0, new byte[512], _ => throw new InvalidOperationException("mine"));
        Assert.Equal("mine", Patience.Within(failure.Task));
        Assert.True(Patience.Within(Write(device, 512, new byte[512])).Ok);
    }

    [Fact]
    public void Dispose_waits_for_the_writes_in_flight()
    {
        var path = folder.File("disk", 4 << 20);
        using var device = BlockDevice.Open(path, writable: true).Value;
        var other = new EventLoop("ending");
        var done = 0;
        for (var i = 0; i < 100; i++)
        {
            other.Write(device, i * 4096, new byte[4096], result => done += result.Ok ? 1 : 0);
        }
        other.Dispose();
        Assert.Equal(100, done);
    }

    [Fact]
    public void Disposing_the_device_lets_writes_in_flight_end()
    {
        var path = folder.File("disk", 4 << 20);
        var device = BlockDevice.Open(path, writable: true).Value;
        var writes = Enumerable.Range(0, 50).Select(i => Write(device, i * 4096, new byte[4096])).ToArray();
        device.Dispose();
        Assert.All(writes, write => Assert.True(Patience.Within(write) is { Ok: true } or { Error.Errno: Errno.EBADF }));
    }
}
