using Akka.Actor;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Handlers by type, behaviours, asynchronous handlers.</summary>
public sealed class ReceiveActorTests : RuntimeTest
{
    [Fact]
    public void Handlers_are_tried_in_the_order_added_and_the_first_that_fits_takes_the_message()
    {
        var probe = NewProbe();
        var actor = Make(probe, (add, tell) =>
        {
            add.On<int>(number => tell($"small {number}"), number => number < 10);
            add.On<int>(number => tell($"int {number}"));
            add.Try<string>(text =>
            {
                tell($"tried {text}");
                return text == "taken";
            });
            add.On<string>(text => tell($"string {text}"));
            add.Any(other => tell($"any {other}"));
        });
        actor.Tell(5);
        actor.Tell(50);
        actor.Tell("taken");
        actor.Tell("left");
        actor.Tell('c');

        probe.Expect("small 5", "int 50", "tried taken", "tried left", "string left", "any c");
    }

    [Fact]
    public void A_handler_of_a_base_type_or_interface_takes_what_derives_from_it()
    {
        var probe = NewProbe();
        var actor = Make(probe, (add, tell) =>
        {
            add.On<Exception>(e => tell(e.GetType().Name));
            add.On<IComparable>(_ => tell("comparable"));
        });
        actor.Tell(new InvalidOperationException());
        actor.Tell(7);

        probe.Expect("InvalidOperationException", "comparable");
    }

    [Fact]
    public void What_no_handler_takes_is_unhandled()
    {
        var probe = NewProbe();
        System.EventStream.Subscribe<UnhandledMessage>(probe.Ref);
        var actor = Make(probe, (add, _) => add.On<int>(_ => { }, number => number < 0));
        actor.Tell(1);

        Assert.Equal(1, probe.Next<UnhandledMessage>().Message);
    }

    [Fact]
    public void No_handler_can_be_added_after_one_that_takes_all()
    {
        var probe = NewProbe();
        Make(probe, (add, tell) =>
        {
            add.Any(_ => { });
            tell(Record.Exception(() => add.On<int>(_ => { }))!.GetType().Name);
        });

        probe.Expect("InvalidOperationException");
    }

    [Fact]
    public void No_handler_can_be_added_outside_of_the_constructor_and_Become()
    {
        var probe = NewProbe();
        var actor = Make(probe, (add, tell) =>
            add.On<string>(_ => tell(Record.Exception(() => add.On<int>(_ => { }))!.GetType().Name)));
        actor.Tell("x");

        probe.Expect("InvalidOperationException");
    }

    [Fact]
    public void Become_replaces_and_BecomeStacked_covers_until_UnbecomeStacked()
    {
        var probe = NewProbe();
        var actor = Make(probe, (add, tell) =>
        {
            add.On<string>(text =>
            {
                tell($"first {text}");
                add.Replace(() => add.On<string>(Second));
            });

            void Second(string text)
            {
                tell($"second {text}");
                add.Cover(() => add.On<string>(Third));
            }

            void Third(string text)
            {
                tell($"third {text}");
                add.Uncover();
            }
        });
        for (var i = 0; i < 4; i++)
        {
            actor.Tell($"{i}");
        }

        probe.Expect("first 0", "second 1", "third 2", "second 3");
    }

    [Fact]
    public void UnbecomeStacked_never_takes_the_last_behaviour_away()
    {
        var probe = NewProbe();
        var actor = Make(probe, (add, tell) => add.On<string>(text =>
        {
            tell(text);
            add.Uncover();
        }));
        actor.Tell("a");
        actor.Tell("b");

        probe.Expect("a", "b");
    }

    [Fact]
    public void An_asynchronous_handler_is_done_before_the_next_message()
    {
        var probe = NewProbe();
        var gate = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var actor = Make(probe, (add, tell) =>
        {
            add.Async<int>(async number =>
            {
                tell($"begin {number}");
                await gate.Task;
                await Task.Yield();
                tell($"end {number}");
            });
            add.On<string>(tell);
        });
        actor.Tell(1);
        actor.Tell("between");
        actor.Tell(2);
        probe.Expect("begin 1");
        probe.ExpectNothingFor(TimeSpan.FromMilliseconds(100));
        gate.SetResult();

        probe.Expect("end 1", "between", "begin 2", "end 2");
    }

    [Fact]
    public void After_an_await_the_context_is_still_the_actors_own()
    {
        var probe = NewProbe();
        var asker = NewProbe();
        IActorRef? actor = null;
        actor = Make(probe, (add, tell) => add.Async<string>(async text =>
        {
            var (self, sender) = (add.Me, add.From);
            await Task.Delay(10);
            tell($"{add.Me.Equals(self)} {add.From.Equals(sender)} {self.Equals(actor)} {sender.Equals(asker.Ref)} {text}");
        }));
        actor.Tell("x", asker.Ref);

        probe.Expect("True True True True x");
    }

    [Fact]
    public void An_exception_after_an_await_makes_the_actor_fail()
    {
        var probe = NewProbe();
        var errors = NewProbe();
        System.EventStream.Subscribe<Error>(errors.Ref);
        var instances = 0;
        var actor = Make(probe, (add, tell) =>
        {
            var instance = Interlocked.Increment(ref instances);
            add.Async<int>(async _ =>
            {
                await Task.Delay(10);
                throw new InvalidOperationException("late");
            });
            add.On<string>(text => tell($"{text} at {instance}"));
        });
        actor.Tell(1);
        actor.Tell("after");

        probe.Expect("after at 2");
        Assert.Equal("late", errors.Next<Error>().Message.ToString());
    }

    [Fact]
    public void A_message_can_be_stashed_after_an_await()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(Props.Create(() => new AsyncStasher(probe.Ref)));
        actor.Tell("a");
        actor.Tell("b");
        actor.Tell(1);

        probe.Expect(1, "a", "b");
    }

    private IActorRef Make(Probe probe, Action<Handlers, Action<string>> configure) =>
        System.ActorOf(Props.Create(() => new Handlers(configure, text => probe.Ref.Tell(text))));

    private sealed class Handlers : ReceiveActor
    {
        public Handlers(Action<Handlers, Action<string>> configure, Action<string> tell) => configure(this, tell);

        internal IActorRef Me => Self;

        internal IActorRef From => Sender;

        internal void On<T>(Action<T> handler, Predicate<T>? when = null) => Receive(handler, when);

        internal void Try<T>(Func<T, bool> handler) => Receive(handler);

        internal void Any(Action<object> handler) => ReceiveAny(handler);

        internal void Async<T>(Func<T, Task> handler) => ReceiveAsync(handler);

        internal void Replace(Action configure) => Become(configure);

        internal void Cover(Action configure) => BecomeStacked(configure);

        internal void Uncover() => UnbecomeStacked();
    }

    private sealed class AsyncStasher : ReceiveActor, IWithUnboundedStash
    {
        public AsyncStasher(IActorRef probe)
        {
            ReceiveAsync<string>(async _ =>
            {
                await Task.Delay(10);
                Stash.Stash();
            });
            Receive<int>(number =>
            {
                probe.Tell(number);
                Become(() => Receive<string>(text => probe.Tell(text)));
                Stash.UnstashAll();
            });
        }

        public IStash Stash { get; set; } = null!;
    }
}
