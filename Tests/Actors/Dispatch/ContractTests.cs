using ActorRaid.Actors;
using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace ActorRaid.Tests.Actors.Dispatch;

/// <summary>What our actors rely on of Akka, on the dispatcher and the scheduler that they have.</summary>
public sealed class ContractTests : DispatchTest
{
    [Fact]
    public void Messages_of_many_senders_keep_each_ones_order_and_all_run_on_the_loops_thread()
    {
        const int senders = 8, each = 2000;
        var threads = new HashSet<int>();
        var next = new int[senders];
        var wrong = 0;
        var left = senders * each;
        var actor = OnLoop((_, message) =>
        {
            var (sender, number) = ((int, int))message;
            threads.Add(Environment.CurrentManagedThreadId);
            wrong += next[sender]++ == number ? 0 : 1;
            if (--left == 0)
            {
                TestActor.Tell("all");
            }
        });
        Parallel.For(0, senders, sender =>
        {
            for (var number = 0; number < each; number++)
            {
                actor.Tell((sender, number));
            }
        });

        ExpectMsg("all", Limit);
        Assert.Equal(0, wrong);
        Assert.Single(threads);
    }

    [Fact]
    public void What_was_stashed_comes_before_what_came_later_in_its_order_and_with_its_senders()
    {
        var other = CreateTestProbe();
        var actor = OnLoop((me, message) =>
        {
            if (message is "open")
            {
                me.Stash.UnstashAll();
                me.BecomeNow(later => me.Cell.Sender.Tell(later));
                return;
            }

            me.Stash.Stash();
        });
        actor.Tell(1, TestActor);
        actor.Tell(2, other.Ref);
        actor.Tell(3, TestActor);
        actor.Tell("open");
        actor.Tell(4, TestActor);

        Assert.Equal([1, 3, 4], ReceiveN(3, Limit).Cast<int>());
        other.ExpectMsg(2, Limit);
    }

    [Fact]
    public void A_restart_keeps_what_waits_and_what_was_stashed_loses_the_message_that_failed_and_begins_with_the_first_behaviour()
    {
        var lives = 0;
        var gate = new ManualResetEventSlim();
        var actor = Sys.ActorOf(ActorProps.Of(
            () =>
            {
                var life = ++lives;
                return new Player((me, message) =>
                {
                    switch (message)
                    {
                        case "stash me" when life == 1:
                            me.Stash.Stash();
                            break;
                        case "change":
                            me.BecomeNow(_ =>
                            {
                                gate.Wait(Limit);
                                throw new InvalidOperationException("fails");
                            });
                            break;
                        default:
                            TestActor.Tell($"{message} in life {life}");
                            break;
                    }
                });
            },
            OnTheLoop));
        actor.Tell("stash me");
        actor.Tell("change");
        actor.Tell("this fails");
        actor.Tell("behind it");
        gate.Set();

        ExpectMsg("stash me in life 2", Limit);
        ExpectMsg("behind it in life 2", Limit);
    }

    [Fact]
    public void A_child_that_fails_too_often_is_stopped_and_one_whose_failure_is_escalated_takes_its_parent_along()
    {
        var strategy = new OneForOneStrategy(2, 60_000, e => e is NotSupportedException ? Directive.Escalate : Directive.Restart);
        var parent = Sys.ActorOf(ActorProps.Of(() => new Family(strategy), OnTheLoop));
        parent.Tell(Fails, TestActor);
        var child = ExpectMsg<IActorRef>(Limit);
        Watch(child);
        for (var failure = 0; failure < 3; failure++)
        {
            child.Tell(new InvalidOperationException());
        }

        Assert.Equal(child, ExpectMsg<Terminated>(Limit).ActorRef);
        parent.Tell(Fails, TestActor);
        var second = ExpectMsg<IActorRef>(Limit);
        Watch(second);
        second.Tell(new NotSupportedException());

        // The parent is restarted by its own supervisor, and has no children then.
        Assert.Equal(second, ExpectMsg<Terminated>(Limit).ActorRef);
        parent.Tell("children", TestActor);
        ExpectMsg(0, Limit);
    }

    [Fact]
    public void The_end_of_an_actor_is_told_once_to_each_who_watches_also_when_it_is_gone_already_and_not_to_who_watches_no_more()
    {
        var (actor, other, third) = (OnLoop((_, _) => { }), CreateTestProbe(), CreateTestProbe());
        Watch(actor);
        Watch(actor);
        other.Watch(actor);
        other.Unwatch(actor);
        actor.Tell(PoisonPill.Instance);
        ExpectTerminated(actor, Limit);
        third.Watch(actor);
        third.ExpectTerminated(actor, Limit);

        foreach (var told in new TestKitBase[] { this, other, third })
        {
            told.TestActor.Tell("nothing more");
            told.ExpectMsg("nothing more", Limit);
        }
    }

    [Fact]
    public void A_name_is_free_again_when_the_end_of_its_actor_was_told()
    {
        var parent = OnLoop((me, message) =>
        {
            if (message is Terminated)
            {
                TestActor.Tell(me.Cell.ActorOf(ActorProps.Of(() => new Player((_, _) => { }), OnTheLoop), "name"));
                return;
            }

            var child = me.Cell.ActorOf(ActorProps.Of(() => new Player((_, _) => { }), OnTheLoop), "name");
            me.Cell.Watch(child);
            me.Cell.Stop(child);
        });
        parent.Tell("begin");

        Assert.Equal("name", ExpectMsg<IActorRef>(Limit).Path.Name);
    }

    [Fact]
    public void The_message_of_a_timer_that_was_cancelled_or_replaced_never_arrives_though_it_waits_in_the_mailbox()
    {
        using var due = new ManualResetEventSlim();
        var actor = OnLoop((me, message) =>
        {
            switch (message)
            {
                case "begin":
                    me.Timers.StartSingleTimer("cancelled", "must not come", TimeSpan.FromMilliseconds(1));
                    me.Timers.StartSingleTimer("replaced", "must not come", TimeSpan.FromMilliseconds(1));
                    // The loop stands still until both lie in the mailbox: what is due later comes later.
                    Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(2), due.Set);
                    due.Wait(Limit);
                    me.Timers.Cancel("cancelled");
                    me.Timers.StartSingleTimer("replaced", "comes", TimeSpan.FromMilliseconds(1));
                    break;
                default:
                    TestActor.Tell(message);
                    break;
            }
        });
        actor.Tell("begin");

        ExpectMsg("comes", Limit);
        actor.Tell("nothing more");
        ExpectMsg("nothing more", Limit);
    }

    [Fact]
    public void A_restart_ends_the_timers_and_a_periodic_one_goes_on_until_then()
    {
        var actor = OnLoop((me, message) =>
        {
            switch (message)
            {
                case "begin":
                    me.Timers.StartPeriodicTimer("key", "again", TimeSpan.FromMilliseconds(5));
                    break;
                case Exception e:
                    throw e;
                case "still?":
                    TestActor.Tell(me.Timers.IsTimerActive("key"));
                    break;
                default:
                    TestActor.Tell(message);
                    break;
            }
        });
        actor.Tell("begin");
        ExpectMsg("again", Limit);
        ExpectMsg("again", Limit);
        actor.Tell(new InvalidOperationException());
        actor.Tell("still?");

        FishForMessage(message => message is false, Limit);
    }

    [Fact]
    public async Task An_ask_that_is_not_answered_in_time_fails_and_not_early()
    {
        var deaf = OnLoop((_, _) => { });
        var began = Environment.TickCount64;

        await Assert.ThrowsAsync<AskTimeoutException>(() => deaf.Ask("hello", TimeSpan.FromMilliseconds(200)));
        Assert.InRange(Environment.TickCount64 - began, 190, (long)Limit.TotalMilliseconds);
    }

    private const string Fails = "make a child that fails";

    private sealed class Family : RaidActor
    {
        private readonly SupervisorStrategy _strategy;

        public Family(SupervisorStrategy strategy)
        {
            _strategy = strategy;
            Receive<string>(
                _ => Sender.Tell(Context.ActorOf(
                    ActorProps.Of(() => new Player((_, message) => throw (Exception)message), OnTheLoop))),
                message => message == Fails);
            ReceiveAny(_ => Sender.Tell(Context.GetChildren().Count()));
        }

        protected override SupervisorStrategy SupervisorStrategy() => _strategy;
    }
}
