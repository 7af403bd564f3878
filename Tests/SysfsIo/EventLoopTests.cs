using System.Collections.Concurrent;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class EventLoopTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly EventLoop loop = new("test loop");

    public void Dispose()
    {
        loop.Dispose();
        folder.Dispose();
    }

    private T OnLoop<T>(Func<T> ask)
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => answer.SetResult(ask()));
        return Patience.Within(answer.Task);
    }

    [Fact]
    public void Work_runs_on_one_thread_that_bears_the_name()
    {
        Assert.False(loop.IsOnLoop);
        var first = OnLoop(() => (Thread.CurrentThread.Name, Environment.CurrentManagedThreadId, loop.IsOnLoop));
        Assert.Equal(("test loop", true), (first.Name, first.IsOnLoop));
        Assert.Equal(first.CurrentManagedThreadId, OnLoop(() => Environment.CurrentManagedThreadId));
    }

    [Fact]
    public void Work_of_each_thread_runs_in_its_order_and_none_is_lost()
    {
        const int Threads = 8, Each = 20_000;
        var next = new int[Threads];
        var disordered = 0;
        var senders = Enumerable.Range(0, Threads).Select(sender => new Thread(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                var number = i;
                loop.Post(() =>
                {
                    disordered += next[sender] == number ? 0 : 1;
                    next[sender]++;
                });
            }
        })).ToArray();
        Array.ForEach(senders, thread => thread.Start());
        Array.ForEach(senders, thread => thread.Join());
        Patience.Until(() => OnLoop(() => next.All(count => count == Each)), "all work to be done");
        Assert.Equal(0, disordered);
    }

    [Fact]
    public void Work_posted_on_the_loop_runs_later_and_in_order()
    {
        var seen = OnLoop(() =>
        {
            var order = new List<int>();
            for (var i = 0; i < 300; i++)
            {
                var number = i;
                loop.Post(() => order.Add(number));
            }
            Assert.Empty(order);
            return order;
        });
        Patience.Until(() => OnLoop(() => seen.Count == 300), "the work");
        Assert.Equal(Enumerable.Range(0, 300), seen);
    }

    [Fact]
    public void Work_with_a_state_gets_it()
    {
        var got = new TaskCompletionSource<object?>();
        loop.Post(state => got.SetResult(state), "state");
        Assert.Equal("state", Patience.Within(got.Task));
    }

    [Fact]
    public void Work_that_posts_itself_for_ever_does_not_keep_other_threads_work_waiting()
    {
        var go = true;
        void Again()
        {
            if (Volatile.Read(ref go))
            {
                loop.Post(Again);
            }
        }
        loop.Post(Again);
        Assert.Equal(7, OnLoop(() => 7));
        Volatile.Write(ref go, false);
    }

    [Fact]
    public void Work_that_throws_is_reported_and_the_loop_goes_on()
    {
        var failures = new ConcurrentQueue<string>();
        loop.Failed += failure => failures.Enqueue(failure.Message);
        loop.Post(() => throw new InvalidOperationException("one"));
        Assert.Equal(1, OnLoop(() => 1));
        Assert.Equal(["one"], failures);
        loop.Failed += _ => throw new InvalidOperationException("the listener");
        loop.Post(() => throw new InvalidOperationException("two"));
        Assert.Equal(1, OnLoop(() => loop.UnreportedFailures));
    }

    [Fact]
    public void Dispose_ends_the_thread_after_the_queued_work()
    {
        var other = new EventLoop("ending");
        Thread? thread = null;
        var done = 0;
        for (var i = 0; i < 1000; i++)
        {
            other.Post(() =>
            {
                thread = Thread.CurrentThread;
                done++;
            });
        }
        other.Dispose();
        Assert.Equal(1000, done);
        Assert.False(thread!.IsAlive);
        other.Post(() => done++);
        other.Dispose();
        Assert.Equal(1000, done);
    }

    [Fact]
    public void Dispose_on_the_loop_itself_does_not_wait_for_itself()
    {
        var other = new EventLoop("ending");
        var thread = new TaskCompletionSource<Thread>();
        other.Post(() =>
        {
            other.Dispose();
            thread.SetResult(Thread.CurrentThread);
        });
        Assert.True(Patience.Within(thread.Task).Join(Patience.Limit));
    }

    [Fact]
    public void An_idle_loop_uses_no_processor_time_and_a_turn_allocates_nothing()
    {
        using var attribute = SysfsAttribute.Open(folder.File("a", "x")).Value;
        loop.Watch(attribute, () => { });
        Action<object?> nothing = _ => { };
        using var reached = new ManualResetEventSlim();
        Action reach = reached.Set;
        var before = OnLoop(GC.GetAllocatedBytesForCurrentThread);
        // Each post wakes the loop from its sleep, or joins a turn.
        for (var i = 0; i < 2000; i++)
        {
            loop.Post(nothing, null);
            if (i % 20 == 0)
            {
                reached.Reset();
                loop.Post(reach);
                Assert.True(reached.Wait(Patience.Limit));
            }
        }
        var after = OnLoop(GC.GetAllocatedBytesForCurrentThread);
        Assert.InRange(after - before, 0, 2000);
    }

    [Fact]
    public void A_change_that_the_kernel_notifies_of_is_told_each_time()
    {
        // /proc/PID/mounts notifies as sysfs does (POLLERR and POLLPRI), and anybody can change it in a namespace of one's own.
        using var shell = new NamespaceShell();
        var target = Directory.CreateDirectory(folder["mount"]).FullName;
        shell.Run("true");
        using var mounts = SysfsAttribute.Open($"/proc/{shell.Id}/mounts").Value;
        var told = 0;
        var texts = new ConcurrentQueue<string>();
        loop.Watch(mounts, () =>
        {
            told++;
            texts.Enqueue(mounts.Read().Value);
        });
        Assert.Equal(0, OnLoop(() => told));
        shell.Run($"mount -t tmpfs first {target}");
        Patience.Until(() => texts.Any(text => text.Contains("first")), "the first change");
        shell.Run($"umount {target}");
        shell.Run($"mount -t tmpfs second {target}");
        Patience.Until(() => texts.Any(text => text.Contains("second")), "the second change");
        var settled = OnLoop(() => told);
        Assert.InRange(settled, 2, 10);
        loop.Unwatch(mounts);
        shell.Run($"umount {target}");
        Assert.Equal(settled, OnLoop(() => told));
    }

    [Fact]
    public void A_vanished_attribute_is_told_of_once_and_then_let_go()
    {
        using var shell = new NamespaceShell();
        var target = Directory.CreateDirectory(folder["mount"]).FullName;
        shell.Run($"mount -t sysfs own {target}");
        // A device of that network namespace, gone with it, while our descriptor stays open.
        using var attribute = SysfsAttribute.Open($"/proc/{shell.Id}/root{target}/class/net/lo/mtu").Value;
        Assert.Equal("65536", attribute.Read().Value);
        var told = 0;
        loop.Watch(attribute, () => told++);
        Assert.Equal(0, OnLoop(() => told));
        shell.End();
        Patience.Until(() => attribute.Read().Error.Errno == Errno.ENODEV, "the namespace's end");
        // The kernel need not wake anybody for it; whoever looks sees it.
        Patience.Until(() => OnLoop(() => told) > 0, "the error");
        for (var turn = 0; turn < 10; turn++)
        {
            Assert.Equal(1, OnLoop(() => told));
        }
    }

    [Fact]
    public void Disposing_a_watched_attribute_ends_the_watch()
    {
        var attribute = SysfsAttribute.Open("/proc/self/mounts").Value;
        loop.Watch(attribute, () => { });
        var number = OnLoop(() => attribute.Descriptor);
        attribute.Dispose();
        OnLoop(() => 0);
        Assert.Equal(-1, attribute.Descriptor);
        Assert.False(IsMounts(number));
    }

    private static bool IsMounts(int descriptor) => new FileInfo($"/proc/self/fd/{descriptor}").LinkTarget?.EndsWith("/mounts") ?? false;

    [Fact]
    public void Watching_a_closed_attribute_tells_once()
    {
        var attribute = SysfsAttribute.Open(folder.File("a", "x")).Value;
        attribute.Dispose();
        var told = 0;
        loop.Watch(attribute, () => told++);
        Patience.Until(() => OnLoop(() => told) == 1, "the only call");
    }

    [Fact]
    public void Many_attributes_come_and_go()
    {
        var attributes = Enumerable.Range(0, 200).Select(i => SysfsAttribute.Open(folder.File($"a{i}", "x")).Value).ToArray();
        Array.ForEach(attributes, attribute => loop.Watch(attribute, () => { }));
        Array.ForEach(attributes[..150], loop.Unwatch);
        Array.ForEach(attributes, attribute => attribute.Dispose());
        Assert.Equal(1, OnLoop(() => 1));
        using var again = SysfsAttribute.Open(folder.File("b", "x")).Value;
        loop.Watch(again, () => { });
        Assert.Equal(2, OnLoop(() => 2));
        Assert.Equal(0, loop.UnreportedFailures);
    }
}
