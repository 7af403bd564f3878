using Akka.Actor;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Messages: their order, one at a time, none lost, none without a way to hear of it.</summary>
public sealed class MailboxTests : RuntimeTest
{
    [Fact]
    public void Messages_of_one_sender_are_handled_in_the_order_sent()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        for (var i = 0; i < 1000; i++)
        {
            actor.Tell(i);
        }

        probe.Expect([.. Enumerable.Range(0, 1000).Cast<object>()]);
    }

    [Fact]
    public void Many_senders_at_once_lose_nothing_keep_their_order_and_never_run_the_actor_twice_at_a_time()
    {
        const int senders = 8;
        const int each = 20_000;
        var inside = 0;
        var overlaps = 0;
        var outOfOrder = 0;
        var handled = 0;
        var last = new int[senders];
        var done = new ManualResetEventSlim();
        var actor = System.ActorOf(new Script
        {
            OnMessage = (_, message) =>
            {
                if (Interlocked.Increment(ref inside) != 1)
                {
                    overlaps++;
                }

                var (sender, number) = ((int, int))message;
                if (number != last[sender] + 1)
                {
                    outOfOrder++;
                }

                last[sender] = number;
                Interlocked.Decrement(ref inside);
                if (++handled == senders * each)
                {
                    done.Set();
                }
            },
        }.Props);
        var threads = Enumerable.Range(0, senders).Select(sender => new Thread(() =>
        {
            for (var i = 1; i <= each; i++)
            {
                actor.Tell((sender, i));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());

        Assert.True(done.Wait(Limit), $"only {handled} handled");
        Assert.Equal((0, 0), (overlaps, outOfOrder));
    }

    [Fact]
    public void A_message_to_oneself_comes_after_those_already_there()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        actor.Tell((Action<Player>)(me =>
        {
            gate.Wait();
            me.Me.Tell("own");
        }));
        actor.Tell("first");
        gate.Set();

        probe.Expect("first", "own");
    }

    [Fact]
    public void The_sender_is_the_actor_that_tells_or_the_dead_letters_for_nobody()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { OnMessage = (me, _) => probe.Ref.Tell(me.From) }.Props);

        actor.Tell("from nobody");
        probe.Expect(System.DeadLetters);
        Assert.Equal(actor, probe.LastSender);
        actor.Tell("from the probe", probe.Ref);
        probe.Expect(probe.Ref);
    }

    [Fact]
    public void Forward_keeps_the_first_sender()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { OnMessage = (_, message) => probe.Ref.Forward(message) }.Props);
        var first = NewProbe();

        actor.Tell("on", first.Ref);

        probe.Expect("on");
        Assert.Equal(first.Ref, probe.LastSender);
    }

    [Fact]
    public void Null_is_refused_by_Tell()
    {
        var actor = Child(System.ActorOf(new Script().Props), new Script());
        Assert.Throws<ArgumentNullException>(() => actor.Tell(null!, ActorRefs.NoSender));
    }

    [Fact]
    public void Messages_to_a_dead_actor_go_to_the_dead_letters_with_sender_and_recipient()
    {
        var letters = NewProbe();
        System.EventStream.Subscribe<DeadLetter>(letters.Ref);
        var watcher = NewProbe();
        var actor = System.ActorOf(new Script().Props, "gone");
        Watch(actor, watcher);
        System.Stop(actor);
        Assert.Equal(actor, watcher.Next<Gone>().Actor);

        actor.Tell("too late", watcher.Ref);

        var letter = letters.Next<DeadLetter>();
        Assert.Equal(("too late", watcher.Ref, actor), (letter.Message, letter.Sender, letter.Recipient));
    }

    [Fact]
    public void What_is_left_in_the_mailbox_at_the_end_goes_to_the_dead_letters_in_order()
    {
        var letters = NewProbe();
        System.EventStream.Subscribe<DeadLetter>(letters.Ref);
        var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(new Script().Props);
        actor.Tell((Action<Player>)(me =>
        {
            gate.Wait();
            me.Cell.Stop(me.Me);
        }));
        actor.Tell("one");
        actor.Tell("two");
        gate.Set();

        Assert.Equal("one", letters.Next<DeadLetter>().Message);
        Assert.Equal("two", letters.Next<DeadLetter>().Message);
    }

    [Fact]
    public void A_message_marked_so_is_suppressed_as_a_dead_letter()
    {
        var letters = NewProbe();
        System.EventStream.Subscribe<AllDeadLetters>(letters.Ref);
        var actor = System.ActorOf(new Script().Props);
        actor.Tell(PoisonPill.Instance);
        actor.Tell(PoisonPill.Instance);

        Assert.Same(PoisonPill.Instance, letters.Next<SuppressedDeadLetter>().Message);
    }

    [Fact]
    public void A_poison_pill_stops_the_actor_after_the_messages_before_it()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref, OnStop = me => me.Say("stopped") }.Props);
        actor.Tell("before");
        actor.Tell(PoisonPill.Instance);

        probe.Expect("before", "stopped");
    }

    [Fact]
    public void Stop_does_not_wait_for_messages_that_are_queued()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(new Script { Report = probe.Ref, OnStop = me => me.Say("stopped") }.Props);
        actor.Tell((Action<Player>)(me =>
        {
            gate.Wait();
            me.Cell.Stop(me.Me);
        }));
        actor.Tell("queued");
        gate.Set();

        probe.Expect("stopped");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void An_unhandled_message_is_published()
    {
        var probe = NewProbe();
        System.EventStream.Subscribe<UnhandledMessage>(probe.Ref);
        var actor = System.ActorOf(new Script { OnMessage = (me, message) => me.NotMine(message) }.Props);

        actor.Tell("what is this", probe.Ref);

        var unhandled = probe.Next<UnhandledMessage>();
        Assert.Equal(("what is this", probe.Ref, actor), (unhandled.Message, unhandled.Sender, unhandled.Recipient));
    }
}
