using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class KernelThreadTests
{
    [Theory]
    [InlineData("12 (a) name) D 1 2", "blk_mq_get_tag", true)]
    [InlineData("12 (md127) D 1 2", "0", true)]
    [InlineData("12 (md127) S 1 2", "mddev_suspend", true)]
    [InlineData("12 (md127) S 1 2", "anon_pipe_read", true)]
    [InlineData("12 (md127) S 1 2", "futex_wait_queue", false)]
    [InlineData("12 (md127) S 1 2", "do_poll.constprop.0", false)]
    [InlineData("12 (md127) S 1 2", "hrtimer_nanosleep", false)]
    [InlineData("12 (md127) S 1 2", "0", false)]
    [InlineData("12 (md127) S 1 2", "", false)]
    [InlineData("12 (md127) R 1 2", "0", false)]
    [InlineData("12 (md127) t 1 2", "ptrace_stop", false)]
    [InlineData("", "", false)]
    public void What_a_thread_waits_for_is_judged_by_its_state_and_its_wait_channel(string stat, string channel, bool inKernel) =>
        Assert.Equal(inKernel, KernelThread.Judge(stat, channel));

    [Fact]
    public unsafe void A_thread_that_waits_for_a_file_waits_in_the_kernel()
    {
        var pipe = stackalloc int[2];
        Assert.Equal(0, Native.Pipe(pipe, Native.CloseOnExec));
        var (reading, writing) = (pipe[0], pipe[1]);
        using var loop = new EventLoop("test");
        loop.Post(() =>
        {
            byte read;
            Syscall.read(reading, &read, 1);
        });
        Assert.True(SpinWait.SpinUntil(() => KernelThread.WaitsInKernel(loop.ThreadNumber), Patience.Limit));
        byte any = 0;
        Syscall.write(writing, &any, 1);
        Assert.True(SpinWait.SpinUntil(() => !KernelThread.WaitsInKernel(loop.ThreadNumber), Patience.Limit));
        Syscall.close(reading);
        Syscall.close(writing);
    }

    [Fact]
    public void A_loop_that_idles_or_waits_for_a_thread_of_ours_does_not_wait_in_the_kernel()
    {
        using var loop = new EventLoop("test");
        Assert.False(KernelThread.WaitsInKernel(loop.ThreadNumber));
        using var gate = new ManualResetEventSlim();
        using var inside = new ManualResetEventSlim();
        loop.Post(() =>
        {
            inside.Set();
            gate.Wait();
        });
        Assert.True(inside.Wait(Patience.Limit));
        Assert.False(KernelThread.WaitsInKernel(loop.ThreadNumber));
        gate.Set();
        Assert.False(KernelThread.WaitsInKernel(int.MaxValue));
    }
}
