using System.Diagnostics;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Timers, the receive time-out and the scheduler: never early, and never after they were cancelled.</summary>
public sealed class TimerTests : RuntimeTest
{
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Later = TimeSpan.FromMilliseconds(300);

    [Fact]
    public void A_single_timer_sends_once_and_not_early()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        var watch = Stopwatch.StartNew();
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.StartSingleTimer("key", "once", Later);
            me.Say(me.Timers.IsTimerActive("key"));
        }));

        probe.Expect(true, "once");
        Assert.True(watch.Elapsed >= Later, $"after {watch.Elapsed}");
        actor.Tell((Action<Player>)(me => me.Say(me.Timers.IsTimerActive("key"))));
        probe.Expect(false);
        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void A_periodic_timer_sends_until_it_is_cancelled()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        actor.Tell((Action<Player>)(me => me.Timers.StartPeriodicTimer("key", "tick", Soon)));
        probe.Expect("tick", "tick", "tick");
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.Cancel("key");
            me.Say("cancelled");
        }));
        while (!probe.Next().Equals("cancelled"))
        {
            // Ticks that were handled before.
        }

        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void A_cancelled_timers_message_never_arrives_even_if_it_is_in_the_mailbox()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.StartSingleTimer("key", "never", TimeSpan.Zero);
            Thread.Sleep(Later);
            me.Timers.Cancel("key");
            me.Say("cancelled");
        }));

        probe.Expect("cancelled");
        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void A_replaced_timers_message_never_arrives_even_if_it_is_in_the_mailbox()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.StartSingleTimer("key", "old", TimeSpan.Zero);
            Thread.Sleep(Later);
            me.Timers.StartSingleTimer("key", "new", Soon);
        }));

        probe.Expect("new");
        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void Keys_are_independent_and_CancelAll_cancels_all()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.StartSingleTimer(1, "one", Soon);
            me.Timers.StartSingleTimer(2, "two", Later);
        }));
        probe.Expect("one", "two");
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.StartSingleTimer(1, "one", Soon);
            me.Timers.StartPeriodicTimer(2, "two", Soon);
            me.Timers.CancelAll();
        }));

        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void A_restart_cancels_the_timers()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref, OnStart = me => me.Say($"start {me.Instance}") }.Props);
        actor.Tell((Action<Player>)(me =>
        {
            me.Timers.StartPeriodicTimer("key", "old tick", Soon);
            throw new InvalidOperationException("fails");
        }));

        probe.Expect("start 1", "start 2");
        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void Timers_may_be_started_in_the_constructor()
    {
        var probe = NewProbe();
        System.ActorOf(new Script
        {
            Report = probe.Ref,
            Construct = me => me.Timers.StartSingleTimer("key", "from the constructor", Soon),
        }.Props);

        probe.Expect("from the constructor");
    }

    [Fact]
    public void A_message_from_a_timer_can_be_stashed()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script
        {
            OnMessage = (me, _) =>
            {
                me.Cell.Become(message => probe.Ref.Tell(message));
                me.Stash.Stash();
                me.Stash.UnstashAll();
            },
        }.Props);
        actor.Tell((Action<Player>)(me => me.Timers.StartSingleTimer("key", "ring", Soon)));

        probe.Expect("ring");
    }

    [Fact]
    public void The_receive_time_out_comes_again_and_again_until_it_is_taken_back()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        var watch = Stopwatch.StartNew();
        actor.Tell((Action<Player>)(me => me.Cell.SetReceiveTimeout(Later)));
        probe.Next<ReceiveTimeout>();
        Assert.True(watch.Elapsed >= Later, $"after {watch.Elapsed}");
        probe.Next<ReceiveTimeout>();
        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.SetReceiveTimeout(null);
            me.Say("off");
        }));
        while (probe.Next() is ReceiveTimeout)
        {
            // Handled before it was taken back.
        }

        probe.ExpectNothingFor(Later * 2);
    }

    [Fact]
    public void Messages_push_the_receive_time_out_back()
    {
        var probe = NewProbe();
        var last = Stopwatch.StartNew();
        var longestGap = TimeSpan.Zero;
        var actor = System.ActorOf(new Script
        {
            OnMessage = (_, message) =>
            {
                Report(probe, message);
                longestGap = last.Elapsed > longestGap ? last.Elapsed : longestGap;
                last.Restart();
            },
        }.Props);
        var timeout = TimeSpan.FromSeconds(2);
        actor.Tell((Action<Player>)(me => me.Cell.SetReceiveTimeout(timeout)));
        for (var watch = Stopwatch.StartNew(); watch.Elapsed < timeout * 1.5; Thread.Sleep(10))
        {
            actor.Tell("still here");
        }

        actor.Tell((Action<Player>)(_ => probe.Ref.Tell("that was all")));

        // On a machine so busy that the actor itself did not run for that long, the time-out is right to come.
        var first = probe.Next();
        Assert.True(first.Equals("that was all") || longestGap >= timeout / 2, $"{first} with gaps of at most {longestGap}");
        while (first is not ReceiveTimeout)
        {
            first = probe.Next();
        }
    }

    [Fact]
    public void A_message_that_does_not_influence_it_does_not_push_the_receive_time_out_back()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { OnMessage = (_, message) => Report(probe, message) }.Props);
        actor.Tell((Action<Player>)(me => me.Cell.SetReceiveTimeout(Later)));
        var stop = false;
        var noise = new Thread(() =>
        {
            while (!Volatile.Read(ref stop))
            {
                actor.Tell(new Quiet());
                Thread.Sleep(5);
            }
        });
        noise.Start();

        probe.Next<ReceiveTimeout>();
        Volatile.Write(ref stop, true);
        noise.Join();
    }

    [Fact]
    public void The_scheduler_tells_once_and_not_early()
    {
        var probe = NewProbe();
        var watch = Stopwatch.StartNew();
        System.Scheduler.ScheduleTellOnce(Later, probe.Ref, "later", probe.Ref);
        System.Scheduler.ScheduleTellOnce(Soon, probe.Ref, "soon", probe.Ref);

        probe.Expect("soon", "later");
        Assert.True(watch.Elapsed >= Later - Soon, $"after {watch.Elapsed}");
        Assert.Equal(probe.Ref, probe.LastSender);
        probe.ExpectNothingFor(Later);
    }

    [Fact]
    public void What_was_scheduled_can_be_cancelled()
    {
        var probe = NewProbe();
        var once = System.Scheduler.ScheduleTellOnceCancelable(Later, probe.Ref, "never", ActorRefs.NoSender);
        var again = System.Scheduler.ScheduleTellRepeatedlyCancelable(Soon, Soon, probe.Ref, "again", ActorRefs.NoSender);
        once.Cancel();
        probe.Expect("again", "again");
        again.Cancel();
        Thread.Sleep(Soon * 3);
        probe.Ref.Tell("end", ActorRefs.NoSender);
        while (!probe.Next().Equals("end"))
        {
            // Sent before it was cancelled.
        }

        probe.ExpectNothingFor(Later);
        Assert.True(once.IsCancellationRequested);
        Assert.True(again.Token.IsCancellationRequested);
    }

    [Fact]
    public void Thousands_of_orders_fire_and_thousands_of_cancelled_ones_do_not()
    {
        const int count = 5000;
        var fired = 0;
        var wrong = 0;
        for (var i = 0; i < count; i++)
        {
            System.Scheduler.Advanced.ScheduleOnce(
                TimeSpan.FromMilliseconds(Random.Shared.Next(200)), () => Interlocked.Increment(ref fired));
            var cancelled = new Cancelable(System.Scheduler);
            System.Scheduler.Advanced.ScheduleOnce(
                TimeSpan.FromMilliseconds(1000 + Random.Shared.Next(200)), () => Interlocked.Increment(ref wrong), cancelled);
            cancelled.Cancel();
        }

        Eventually(() => Volatile.Read(ref fired) == count, "all orders");
        Thread.Sleep(1500);
        Assert.Equal((count, 0), (fired, wrong));
    }

    private static void Report(Probe probe, object message)
    {
        if (message is ReceiveTimeout)
        {
            probe.Ref.Tell(message);
        }
    }

    private sealed class Quiet : INotInfluenceReceiveTimeout;
}
