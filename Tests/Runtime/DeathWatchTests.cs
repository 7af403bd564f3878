using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Terminated comes once, whenever and however an actor ends.</summary>
public sealed class DeathWatchTests : RuntimeTest
{
    [Fact]
    public void The_end_of_a_watched_actor_is_told_once()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script().Props);
        var watcher = Watch(actor, probe);
        watcher.Tell((Action<Player>)(me => me.Cell.Watch(actor)));
        actor.Tell(PoisonPill.Instance);

        Assert.Equal(new Gone(actor, true, false), probe.Next());
        watcher.Tell("that was all");
        probe.Expect("that was all");
    }

    [Fact]
    public void The_sender_of_Terminated_is_the_actor_that_is_gone()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script().Props);
        var watcher = System.ActorOf(new Script { OnMessage = (me, _) => probe.Ref.Tell(me.From) }.Props);
        watcher.Tell((Action<Player>)(me => me.Cell.Watch(actor)));
        actor.Tell(PoisonPill.Instance);

        probe.Expect(actor);
    }

    [Fact]
    public void An_actor_that_is_already_gone_is_told_at_once()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script().Props);
        Watch(actor, probe);
        actor.Tell(PoisonPill.Instance);
        probe.Next<Gone>();

        Watch(actor, probe);

        Assert.Equal(actor, probe.Next<Gone>().Actor);
    }

    [Fact]
    public void Everybody_who_watches_is_told()
    {
        var probes = Enumerable.Range(0, 10).Select(_ => NewProbe()).ToList();
        var actor = System.ActorOf(new Script().Props);
        probes.ForEach(probe => Watch(actor, probe));
        actor.Tell(PoisonPill.Instance);

        probes.ForEach(probe => Assert.Equal(actor, probe.Next<Gone>().Actor));
    }

    [Fact]
    public void A_parent_that_watches_its_child_is_told_once_and_the_name_is_free_then()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script
        {
            OnMessage = (me, message) =>
            {
                probe.Ref.Tell(Gone.If(message));
                if (message is Terminated)
                {
                    me.Cell.ActorOf(new Script().Props, "child");
                }
            },
        }.Props);
        var child = Child(parent, new Script(), "child");
        parent.Tell((Action<Player>)(me =>
        {
            me.Cell.Watch(child);
            me.Cell.Stop(child);
        }));

        Assert.Equal(child, probe.Next<Gone>().Actor);
        parent.Tell("no failure, nothing twice");
        probe.Expect("no failure, nothing twice");
    }

    [Fact]
    public void WatchWith_sends_the_message_asked_for_in_place_of_Terminated()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script().Props);
        var watcher = System.ActorOf(new Script { Report = probe.Ref }.Props);
        watcher.Tell((Action<Player>)(me => me.Cell.WatchWith(actor, "gone")));
        actor.Tell(PoisonPill.Instance);

        probe.Expect("gone");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void After_Unwatch_nothing_comes_not_even_what_is_already_in_the_mailbox()
    {
        var probe = NewProbe();
        var other = NewProbe();
        var watched = new ManualResetEventSlim();
        var gate = new ManualResetEventSlim();
        var actor = System.ActorOf(new Script().Props);
        var watcher = System.ActorOf(new Script { Report = probe.Ref }.Props);
        watcher.Tell((Action<Player>)(me =>
        {
            me.Cell.Watch(actor);
            watched.Set();
            gate.Wait();
        }));
        watcher.Tell((Action<Player>)(me => me.Cell.Unwatch(actor)));
        Assert.True(watched.Wait(Limit));
        Watch(actor, other);
        actor.Tell(PoisonPill.Instance);
        other.Next<Gone>();
        gate.Set();
        watcher.Tell("and now");

        probe.Expect("and now");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void A_restart_is_no_end()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props);
        Watch(actor, probe);
        actor.Tell(new InvalidOperationException("fails"));
        actor.Tell("alive");

        probe.Expect("alive");
    }

    [Fact]
    public void A_watcher_that_does_not_handle_Terminated_dies_of_it()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script().Props);
        var watcher = System.ActorOf(new Script { OnMessage = (me, message) => me.NotMine(message) }.Props);
        watcher.Tell((Action<Player>)(me => me.Cell.Watch(actor)));
        Watch(watcher, probe);
        actor.Tell(PoisonPill.Instance);

        Assert.Equal(watcher, probe.Next<Gone>().Actor);
    }

    [Fact]
    public void A_restart_ends_the_watch_of_children_that_it_stops()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script { Report = probe.Ref, OnStart = me => me.Say($"start {me.Instance}") }.Props);
        var child = Child(parent, new Script());
        parent.Tell((Action<Player>)(me => me.Cell.Watch(child)));
        parent.Tell(new InvalidOperationException("fails"));
        parent.Tell("after");

        probe.Expect("start 1", "start 2", "after");
        probe.ExpectNothingMore();
    }

    [Fact]
    public void Watching_while_the_actor_ends_is_told_once_whoever_is_first()
    {
        for (var i = 0; i < 500; i++)
        {
            var probe = NewProbe();
            var actor = System.ActorOf(new Script().Props);
            var watcher = System.ActorOf(new Script { Report = probe.Ref }.Props);
            actor.Tell(PoisonPill.Instance);
            watcher.Tell((Action<Player>)(me => me.Cell.Watch(actor)));

            probe.Next<Gone>();
            System.Stop(watcher);
        }
    }
}
