using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Messages put aside come back in order, before what came later.</summary>
public sealed class StashTests : RuntimeTest
{
    [Fact]
    public void Unstashed_messages_come_in_their_order_and_before_newer_ones()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var actor = Stashing(probe);
        actor.Tell("a");
        actor.Tell("b");
        actor.Tell((Action<Player>)(me =>
        {
            gate.Wait();
            me.Cell.Become(message => probe.Ref.Tell(message));
            me.Stash.UnstashAll();
        }));
        actor.Tell("c");
        gate.Set();

        probe.Expect("a", "b", "c");
    }

    [Fact]
    public void Unstashed_messages_keep_their_senders()
    {
        var probe = NewProbe();
        var actor = Stashing(probe);
        actor.Tell("a", probe.Ref);
        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.Become(_ => probe.Ref.Tell(me.From));
            me.Stash.UnstashAll();
        }), System.DeadLetters);

        probe.Expect(probe.Ref);
    }

    [Fact]
    public void Unstash_puts_back_the_oldest_only()
    {
        var probe = NewProbe();
        var actor = Stashing(probe);
        actor.Tell("a");
        actor.Tell("b");
        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.Become(message => probe.Ref.Tell(message));
            probe.Ref.Tell(me.Stash.Count);
            me.Stash.Unstash();
            probe.Ref.Tell(me.Stash.Count);
        }));

        probe.Expect(2, 1, "a");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void UnstashAll_with_a_predicate_puts_back_what_fits_and_drops_the_rest()
    {
        var probe = NewProbe();
        var actor = Stashing(probe);
        foreach (var message in new[] { "a", "b", "c" })
        {
            actor.Tell(message);
        }

        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.Become(message => probe.Ref.Tell(message));
            me.Stash.UnstashAll(envelope => !envelope.Message.Equals("b"));
            probe.Ref.Tell(me.Stash.IsEmpty);
        }));

        probe.Expect(true, "a", "c");
    }

    [Fact]
    public void The_same_message_cannot_be_stashed_twice()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script
        {
            OnMessage = (me, _) =>
            {
                me.Stash.Stash();
                probe.Ref.Tell(Record.Exception(me.Stash.Stash)!.GetType());
            },
        }.Props);
        actor.Tell("x");

        probe.Expect(typeof(IllegalActorStateException));
    }

    [Fact]
    public void A_restart_puts_all_back_in_order_for_the_new_instance()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(new Script
        {
            OnMessage = (me, message) =>
            {
                if (me.Instance == 1)
                {
                    me.Stash.Stash();
                }
                else
                {
                    probe.Ref.Tell($"{message} at {me.Instance}");
                }
            },
        }.Props);
        actor.Tell("a");
        actor.Tell("b");
        actor.Tell((Action<Player>)(_ =>
        {
            gate.Wait();
            throw new InvalidOperationException("fails");
        }));
        actor.Tell("c");
        gate.Set();

        probe.Expect("a at 2", "b at 2", "c at 2");
    }

    [Fact]
    public void At_the_end_what_is_stashed_goes_to_the_dead_letters()
    {
        var letters = NewProbe();
        System.EventStream.Subscribe(letters.Ref, typeof(Akka.Event.DeadLetter));
        var actor = Stashing(letters);
        actor.Tell("a");
        actor.Tell("b");
        actor.Tell(PoisonPill.Instance);

        Assert.Equal("a", letters.Next<Akka.Event.DeadLetter>().Message);
        Assert.Equal("b", letters.Next<Akka.Event.DeadLetter>().Message);
    }

    [Fact]
    public void A_stashed_Terminated_is_still_handled_later()
    {
        var probe = NewProbe();
        var watched = System.ActorOf(new Script().Props);
        var actor = Stashing(probe);
        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.Watch(watched);
            watched.Tell(PoisonPill.Instance);
        }));
        Eventually(() => StashCount(actor) == 1, "Terminated in the stash");
        actor.Tell((Action<Player>)(me =>
        {
            me.Cell.Become(message => probe.Ref.Tell(Gone.If(message)));
            me.Stash.UnstashAll();
        }));

        Assert.Equal(watched, probe.Next<Gone>().Actor);
    }

    [Fact]
    public void Unstashing_while_others_send_loses_and_reorders_nothing()
    {
        const int count = 5000;
        var probe = NewProbe();
        var open = false;
        var actor = System.ActorOf(new Script
        {
            OnMessage = (me, message) =>
            {
                if (message is "open")
                {
                    open = true;
                    me.Stash.UnstashAll();
                }
                else if (!open)
                {
                    me.Stash.Stash();
                }
                else
                {
                    probe.Ref.Tell(message);
                }
            },
        }.Props);
        for (var i = 0; i < count; i++)
        {
            actor.Tell(i);
            if (i == count / 2)
            {
                actor.Tell("open");
            }
        }

        probe.Expect([.. Enumerable.Range(0, count).Cast<object>()]);
    }

    private static int StashCount(IActorRef actor)
    {
        var answer = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        actor.Tell((Action<Player>)(me => answer.SetResult(me.Stash.Count)));
        Assert.True(answer.Task.Wait(Limit), "the actor does not answer");
        return answer.Task.Result;
    }

    private IActorRef Stashing(Probe probe) =>
        System.ActorOf(new Script { Report = probe.Ref, OnMessage = (me, _) => me.Stash.Stash() }.Props);
}
