using Akka.Actor;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Failure: who decides, what is kept, what is lost.</summary>
public sealed class SupervisionTests : RuntimeTest
{
    [Fact]
    public void A_restart_keeps_the_mailbox_loses_the_failing_message_and_makes_a_new_instance()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(Telling(probe).Props);
        actor.Tell((Action<Player>)(_ => gate.Wait()));
        actor.Tell("before");
        actor.Tell(new InvalidOperationException("fails"));
        actor.Tell("after");
        gate.Set();

        probe.Expect("before at 1", "stopped 1", "after at 2");
    }

    [Fact]
    public void A_reference_stays_valid_over_a_restart()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { OnMessage = (me, _) => probe.Ref.Tell(me.Me) }.Props);
        actor.Tell(new InvalidOperationException("fails"));
        actor.Tell("who");

        probe.Expect(actor);
        Assert.Equal(actor.Path.Uid, probe.LastSender.Path.Uid);
    }

    [Fact]
    public void The_hooks_of_a_restart_are_called_in_order_with_reason_and_message()
    {
        var probe = NewProbe();
        var failure = new InvalidOperationException("because");
        var actor = System.ActorOf(new Script
        {
            Report = probe.Ref,
            OnStart = me => me.Say($"start {me.Instance}"),
            OnStop = me => me.Say($"stop {me.Instance}"),
            OnPreRestart = (me, reason, message) => me.Say(
                $"prerestart {me.Instance} {ReferenceEquals(reason, failure)} {ReferenceEquals(message, failure)}"),
        }.Props);
        actor.Tell(failure);
        actor.Tell(PoisonPill.Instance);

        probe.Expect("start 1", "prerestart 1 True True", "stop 1", "start 2", "stop 2");
    }

    [Fact]
    public void A_restart_goes_back_to_the_first_behaviour()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Telling(probe).Props);
        actor.Tell((Action<Player>)(me => me.Cell.Become(message =>
        {
            probe.Ref.Tell("other");
            return message is Exception e ? throw e : true;
        })));
        actor.Tell("x");
        actor.Tell(new InvalidOperationException("fails"));
        actor.Tell("y");

        probe.Expect("other", "other", "stopped 1", "y at 2");
    }

    [Fact]
    public void Resume_keeps_the_instance_and_loses_only_the_failing_message()
    {
        var probe = NewProbe();
        var child = ChildOf(new OneForOneStrategy(_ => Directive.Resume), Telling(probe));
        child.Tell("before");
        child.Tell(new InvalidOperationException("fails"));
        child.Tell("after");

        probe.Expect("before at 1", "after at 1");
    }

    [Fact]
    public void Stop_stops_the_child_and_sends_the_rest_to_the_dead_letters()
    {
        var probe = NewProbe();
        var letters = NewProbe();
        System.EventStream.Subscribe<DeadLetter>(letters.Ref);
        var child = ChildOf(new OneForOneStrategy(_ => Directive.Stop), Telling(probe));
        child.Tell(new InvalidOperationException("fails"));
        child.Tell("after");

        probe.Expect("stopped 1");
        Assert.Equal("after", letters.Next<DeadLetter>().Message);
    }

    [Fact]
    public void Escalate_makes_the_parent_fail_for_the_same_cause()
    {
        var probe = NewProbe();
        var failure = new InvalidOperationException("escalated");
        var parent = new Script
        {
            Supervise = new OneForOneStrategy(_ => Directive.Escalate),
            OnPreRestart = (_, reason, _) => probe.Ref.Tell($"parent prerestart {ReferenceEquals(reason, failure)}"),
            OnStart = me => probe.Ref.Tell($"parent start {me.Instance}"),
        };
        var child = ChildOf(parent, Telling(probe));
        child.Tell(failure);

        probe.Expect("parent start 1", "parent prerestart True", "stopped 1", "parent start 2");
    }

    [Fact]
    public void The_supervisor_decides_by_the_exception()
    {
        var probe = NewProbe();
        var child = ChildOf(
            new OneForOneStrategy(e => e switch
            {
                ArithmeticException => Directive.Resume,
                InvalidOperationException => Directive.Restart,
                _ => Directive.Stop,
            }),
            Telling(probe));
        child.Tell(new ArithmeticException());
        child.Tell("resumed");
        child.Tell(new InvalidOperationException());
        child.Tell("restarted");
        child.Tell(new NotSupportedException());

        probe.Expect("resumed at 1", "stopped 1", "restarted at 2", "stopped 2");
    }

    [Fact]
    public void A_decider_of_pairs_takes_the_first_that_fits()
    {
        var decider = Decider.From(
            Directive.Escalate, Directive.Resume.When<ArithmeticException>(), Directive.Stop.When<SystemException>());

        Assert.Equal(Directive.Resume, decider.Decide(new DivideByZeroException()));
        Assert.Equal(Directive.Stop, decider.Decide(new InvalidOperationException()));
        Assert.Equal(Directive.Escalate, decider.Decide(new Exception()));
    }

    [Fact]
    public void By_default_what_was_killed_is_stopped()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Telling(probe).Props);
        actor.Tell(Kill.Instance);
        actor.Tell("after");

        probe.Expect("stopped 1");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void By_default_what_cannot_be_created_is_stopped()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Construct = _ => throw new InvalidOperationException("no") }.Props);
        Watch(actor, probe);

        Assert.Equal(actor, probe.Next<Gone>().Actor);
    }

    [Fact]
    public void An_actor_whose_creation_failed_may_be_tried_again_by_its_supervisor()
    {
        var probe = NewProbe();
        var script = new Script
        {
            OnMessage = (me, message) => probe.Ref.Tell($"{message} at {me.Instance}"),
            OnStart = me =>
            {
                if (me.Instance < 3)
                {
                    throw new InvalidOperationException("not yet");
                }
            },
        };
        var child = ChildOf(new OneForOneStrategy(_ => Directive.Restart), script);
        child.Tell("hello");

        probe.Expect("hello at 3");
    }

    [Fact]
    public void A_new_instance_that_cannot_be_created_is_stopped_by_default()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script
        {
            Construct = me =>
            {
                if (me.Instance == 2)
                {
                    throw new InvalidOperationException("not again");
                }
            },
        }.Props);
        Watch(actor, probe);
        actor.Tell(new InvalidOperationException("fails"));

        Assert.Equal(actor, probe.Next<Gone>().Actor);
    }

    [Fact]
    public void A_failure_is_published_as_an_error_of_the_child()
    {
        var events = NewProbe();
        System.EventStream.Subscribe<Error>(events.Ref);
        var failure = new InvalidOperationException("logged");
        var actor = System.ActorOf(new Script().Props);
        actor.Tell(failure);

        var error = events.Next<Error>();
        Assert.Equal((failure, actor.Path.ToString(), "logged"), (error.Cause, error.LogSource, error.Message.ToString()));
    }

    [Fact]
    public void An_exception_in_PostStop_does_not_keep_the_actor_from_ending()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { OnStop = _ => throw new InvalidOperationException("at the end") }.Props);
        Watch(actor, probe);
        actor.Tell(PoisonPill.Instance);

        probe.Next<Gone>();
    }

    [Fact]
    public void An_exception_in_PreRestart_does_not_keep_the_actor_from_restarting()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script
        {
            OnMessage = (me, message) => probe.Ref.Tell($"{message} at {me.Instance}"),
            OnPreRestart = (_, _, _) => throw new InvalidOperationException("in the hook"),
        }.Props);
        actor.Tell(new InvalidOperationException("fails"));
        actor.Tell("after");

        probe.Expect("after at 2");
    }

    [Fact]
    public void Thousands_of_failures_in_many_actors_restart_each_and_lose_no_other_message()
    {
        const int actors = 20;
        const int each = 500;
        var probe = NewProbe();
        var all = Enumerable.Range(0, actors).Select(_ => System.ActorOf(new Script { Report = probe.Ref }.Props)).ToList();
        for (var i = 0; i < each; i++)
        {
            foreach (var actor in all)
            {
                actor.Tell(new InvalidOperationException("fails"));
                actor.Tell(i);
            }
        }

        var last = all.ToDictionary(actor => actor, _ => -1);
        for (var i = 0; i < actors * each; i++)
        {
            var number = probe.Next<int>();
            Assert.Equal(last[probe.LastSender] + 1, number);
            last[probe.LastSender] = number;
        }
    }
}
