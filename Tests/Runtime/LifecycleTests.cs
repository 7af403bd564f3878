using Akka.Actor;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Beginnings, names and ends.</summary>
public sealed class LifecycleTests : RuntimeTest
{
    [Fact]
    public void PreStart_comes_before_the_first_message_and_PostStop_after_the_last()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script
        {
            Report = probe.Ref,
            Construct = me => probe.Ref.Tell("constructed"),
            OnStart = me => me.Say("started"),
            OnStop = me => me.Say("stopped"),
        }.Props);
        actor.Tell("message");
        actor.Tell(PoisonPill.Instance);

        probe.Expect("constructed", "started", "message", "stopped");
    }

    [Fact]
    public void Children_stop_before_their_parents_PostStop()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var parent = System.ActorOf(new Script { OnStop = _ => probe.Ref.Tell("parent") }.Props);
        var child = Child(parent, new Script { OnStop = _ => probe.Ref.Tell("child") });
        var leaf = Child(child, new Script { OnStop = _ => probe.Ref.Tell("leaf") });
        var busy = new ManualResetEventSlim();
        leaf.Tell((Action<Player>)(_ =>
        {
            busy.Set();
            gate.Wait();
        }));
        // What stops an actor overtakes the messages that it has not begun with.
        busy.Wait();
        System.Stop(parent);
        probe.ExpectNothingFor(TimeSpan.FromMilliseconds(100));
        gate.Set();

        probe.Expect("leaf", "child", "parent");
    }

    [Fact]
    public void A_name_in_use_is_refused_until_its_owner_has_terminated()
    {
        var probe = NewProbe();
        var gate = new ManualResetEventSlim();
        var first = System.ActorOf(new Script { OnStop = _ => gate.Wait() }.Props, "name");
        Assert.Throws<InvalidActorNameException>(() => System.ActorOf(new Script().Props, "name"));
        System.Stop(first);
        Assert.Throws<InvalidActorNameException>(() => System.ActorOf(new Script().Props, "name"));
        Watch(first, probe);
        gate.Set();
        probe.Next<Gone>();

        IActorRef? second = null;
        Eventually(() => (second = TryCreate("name")) is not null, "the name is free");

        Assert.Equal(first.Path, second!.Path);
        Assert.NotEqual(first, second);
    }

    [Theory]
    [InlineData("")]
    [InlineData("$x")]
    [InlineData("a/b")]
    [InlineData("a b")]
    [InlineData("a%2")]
    public void A_name_that_is_not_valid_is_refused(string name) =>
        Assert.Throws<InvalidActorNameException>(() => System.ActorOf(new Script().Props, name));

    [Theory]
    [InlineData("sda")]
    [InlineData("md126_0")]
    [InlineData("a%20b")]
    [InlineData("x:y(z)~")]
    public void A_name_that_is_valid_ends_the_path(string name)
    {
        var actor = System.ActorOf(new Script().Props, name);

        Assert.Equal($"akka://test/user/{name}", actor.Path.ToString());
        Assert.Equal(name, actor.Path.Name);
        Assert.Equal(actor.Path, actor.Path.Parent / name);
    }

    [Fact]
    public void Actors_without_a_name_get_different_ones()
    {
        var names = Enumerable.Range(0, 200).Select(_ => System.ActorOf(new Script().Props).Path.Name).ToHashSet();
        Assert.Equal(200, names.Count);
    }

    [Fact]
    public void The_context_knows_parent_children_and_props()
    {
        var probe = NewProbe();
        var parent = System.ActorOf(new Script().Props, "parent");
        var first = Child(parent, new Script(), "first");
        var second = Child(parent, new Script(), "second");
        first.Tell((Action<Player>)(me => probe.Ref.Tell(me.Cell.Parent)));
        probe.Expect(parent);

        parent.Tell((Action<Player>)(me =>
        {
            probe.Ref.Tell(me.Cell.GetChildren().OrderBy(child => child.Path.Name).ToArray());
            probe.Ref.Tell(me.Cell.Child("second"));
            probe.Ref.Tell(me.Cell.Child("third").IsNobody());
            probe.Ref.Tell(me.Cell.Props.Type);
        }));
        Assert.Equal([first, second], (IActorRef[])probe.Next());
        probe.Expect(second, true, typeof(Player));
    }

    [Fact]
    public void A_stopping_actor_makes_no_children()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script
        {
            OnStop = me => probe.Ref.Tell(Record.Exception(() => me.Cell.ActorOf(new Script().Props))!.GetType()),
        }.Props);
        actor.Tell(PoisonPill.Instance);

        probe.Expect(typeof(InvalidOperationException));
    }

    [Fact]
    public void An_actor_made_by_new_is_refused() => Assert.Throws<ActorInitializationException>(() => new Plain(1));

    [Fact]
    public async Task Terminate_stops_all_actors_children_first_and_completes()
    {
        var order = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var system = ActorSystem.Create("other");
        var called = 0;
        system.RegisterOnTermination(() => called++);
        var parent = system.ActorOf(new Script { OnStop = _ => order.Enqueue("parent") }.Props);
        parent.Tell((Action<Player>)(me => me.Cell.ActorOf(new Script { OnStop = _ => order.Enqueue("child") }.Props)));
        parent.Tell((Action<Player>)(_ => order.Enqueue("running")));
        Eventually(() => !order.IsEmpty, "the parent runs");
        Assert.False(system.WhenTerminated.IsCompleted);

        await system.Terminate().WaitAsync(Limit);

        Assert.Equal(["running", "child", "parent"], order);
        Assert.Equal(1, called);
        await system.WhenTerminated.WaitAsync(Limit);
        Assert.ThrowsAny<InvalidOperationException>(() => system.ActorOf(new Script().Props));
    }

    [Fact]
    public void A_system_name_that_is_not_valid_is_refused() =>
        Assert.Throws<ArgumentException>(() => ActorSystem.Create("not valid"));

    [Fact]
    public void Props_of_an_expression_evaluate_the_arguments_once_and_make_a_new_instance_each_time()
    {
        var probe = NewProbe();
        var number = 1;
        var props = Props.Create(() => new Plain(number));
        number = 2;
        var actor = System.ActorOf(props);
        actor.Tell(probe.Ref);
        probe.Expect(1);
        actor.Tell("fail");
        actor.Tell(probe.Ref);
        probe.Expect(1);
        Assert.Equal(typeof(Plain), props.Type);
    }

    [Fact]
    public void Props_of_a_type_use_the_constructor_that_fits()
    {
        var probe = NewProbe();
        System.ActorOf(Props.Create<Plain>(5)).Tell(probe.Ref);
        probe.Expect(5);
        System.ActorOf(Props.Create<Plain>()).Tell(probe.Ref);
        probe.Expect(0);
        System.ActorOf<Plain>().Tell(probe.Ref);
        probe.Expect(0);
    }

    [Fact]
    public void Props_of_anything_but_a_constructor_call_are_refused() =>
        Assert.ThrowsAny<Exception>(() => Props.Create(() => Make()));

    [Fact]
    public void An_actor_that_is_disposable_is_disposed_when_it_ends()
    {
        var disposed = new ManualResetEventSlim();
        var actor = System.ActorOf(Props.Create(() => new Disposable(disposed)));
        actor.Tell(PoisonPill.Instance);

        Assert.True(disposed.Wait(Limit));
    }

    [Fact]
    public void Nobody_drops_what_it_is_sent_and_counts_as_nobody()
    {
        ActorRefs.Nobody.Tell("x", ActorRefs.NoSender);
        Assert.True(ActorRefs.Nobody.IsNobody());
        Assert.True(((IActorRef)null!).IsNobody());
        Assert.True(System.DeadLetters.IsNobody());
        Assert.False(System.ActorOf(new Script().Props).IsNobody());
    }

    private static Plain Make() => throw new NotSupportedException();

    private IActorRef? TryCreate(string name)
    {
        try
        {
            return System.ActorOf(new Script().Props, name);
        }
        catch (InvalidActorNameException)
        {
            return null;
        }
    }

    private sealed class Plain : ReceiveActor
    {
        public Plain()
            : this(0)
        {
        }

        public Plain(int number)
        {
            Receive<IActorRef>(asker => asker.Tell(number));
            Receive<string>(_ => throw new InvalidOperationException("fails"));
        }
    }

    private sealed class Disposable(ManualResetEventSlim disposed) : UntypedActor, IDisposable
    {
        public void Dispose() => disposed.Set();

        protected override void OnReceive(object message) => Unhandled(message);
    }
}
