using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Where actors run.</summary>
public sealed class DispatcherTests : RuntimeTest
{
    public DispatcherTests()
        : base("""
            busy { type = Dispatcher, throughput = 1 }
            wrong { type = NoSuchDispatcher }
            """)
    {
    }

    [Fact]
    public void A_pinned_actor_keeps_its_thread_over_messages_timers_awaits_and_restarts_and_shares_it_with_nobody()
    {
        var probe = NewProbe();
        var script = new Script
        {
            OnMessage = (_, _) => probe.Ref.Tell(Environment.CurrentManagedThreadId),
            OnStart = _ => probe.Ref.Tell(Environment.CurrentManagedThreadId),
        };
        var actor = System.ActorOf(script.Props.WithDispatcher("pinned"));
        var other = System.ActorOf(script.Props.WithDispatcher("pinned"));
        var (first, second) = (probe.Next<int>(), probe.Next<int>());
        Assert.NotEqual(first, second);
        actor.Tell("message");
        var own = probe.Next<int>();
        Assert.Contains(own, new[] { first, second });
        for (var i = 0; i < 100; i++)
        {
            actor.Tell("message");
            probe.Expect(own);
        }

        actor.Tell(new InvalidOperationException("fails"));
        probe.Expect(own);
        actor.Tell((Action<Player>)(me => me.Timers.StartSingleTimer("key", "ring", TimeSpan.FromMilliseconds(10))));
        probe.Expect(own);
        var awaiting = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref)).WithDispatcher("pinned"));
        awaiting.Tell("message");
        Assert.Equal(probe.Next<int>(), probe.Next<int>());
        other.Tell("message");
        Assert.NotEqual(own, probe.Next<int>());
    }

    [Fact]
    public void A_pinned_actors_thread_ends_after_the_actor()
    {
        var probe = NewProbe();
        Thread? thread = null;
        var actor = System.ActorOf(new Script { OnStart = _ => thread = Thread.CurrentThread }.Props.WithDispatcher("pinned"));
        Watch(actor, probe);
        actor.Tell(PoisonPill.Instance);
        probe.Next<Gone>();

        Assert.True(thread!.Join(Limit), "the thread still runs");
    }

    [Fact]
    public void Pinned_actors_can_fail_with_deep_stacks_of_causes()
    {
        var probe = NewProbe();
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props.WithDispatcher("pinned"));
        Exception failure = new InvalidOperationException("innermost");
        for (var i = 0; i < 50; i++)
        {
            failure = new InvalidOperationException($"level {i}", failure);
        }

        for (var i = 0; i < 50; i++)
        {
            actor.Tell(failure);
        }

        actor.Tell("alive");
        probe.Expect("alive");
    }

    [Fact]
    public void A_dispatcher_of_ones_own_runs_everything_of_its_actors_on_its_own_thread()
    {
        var probe = NewProbe();
        using var loop = new Loop();
        var configurator = new LoopConfigurator(loop, System.Dispatchers.Prerequisites);
        Assert.False(System.Dispatchers.HasDispatcher("loop"));
        Assert.True(System.Dispatchers.RegisterConfigurator("loop", configurator));
        Assert.False(System.Dispatchers.RegisterConfigurator("loop", configurator));
        Assert.True(System.Dispatchers.HasDispatcher("loop"));
        Assert.Same(configurator.Dispatcher(), System.Dispatchers.Lookup("loop"));

        var script = new Script
        {
            Construct = _ => probe.Ref.Tell(Environment.CurrentManagedThreadId),
            OnStart = _ => probe.Ref.Tell(Environment.CurrentManagedThreadId),
            OnMessage = (_, _) => probe.Ref.Tell(Environment.CurrentManagedThreadId),
            OnStop = _ => probe.Ref.Tell(Environment.CurrentManagedThreadId),
        };
        for (var i = 0; i < 3; i++)
        {
            var actor = System.ActorOf(script.Props.WithDispatcher("loop"));
            actor.Tell("message");
            actor.Tell(new InvalidOperationException("fails"));
            actor.Tell(PoisonPill.Instance);
            probe.Expect([.. Enumerable.Repeat((object)loop.Id, 7)]);
        }

        var awaiting = System.ActorOf(Props.Create(() => new Awaiting(probe.Ref)).WithDispatcher("loop"));
        awaiting.Tell("message");
        probe.Expect(loop.Id, loop.Id);
    }

    [Fact]
    public void A_dispatcher_without_work_is_asked_for_nothing_and_with_work_once()
    {
        var probe = NewProbe();
        using var loop = new Loop();
        System.Dispatchers.RegisterConfigurator("loop", new LoopConfigurator(loop, System.Dispatchers.Prerequisites));
        var actor = System.ActorOf(new Script { Report = probe.Ref }.Props.WithDispatcher("loop"));
        actor.Tell("started");
        probe.Expect("started");
        loop.Settle();
        var before = loop.Posted;
        using (loop.Hold())
        {
            for (var i = 0; i < 50; i++)
            {
                actor.Tell(i);
            }

            // The held turn itself is one.
            Assert.Equal(before + 2, loop.Posted);
        }

        probe.Expect([.. Enumerable.Range(0, 50).Cast<object>()]);
    }

    [Fact]
    public void After_its_throughput_an_actor_lets_the_others_run()
    {
        var probe = NewProbe();
        using var loop = new Loop();
        var configurator = new LoopConfigurator(loop, System.Dispatchers.Prerequisites);
        configurator.Dispatcher().Throughput = 2;
        System.Dispatchers.RegisterConfigurator("loop", configurator);
        var first = System.ActorOf(new Script { Report = probe.Ref }.Props.WithDispatcher("loop"));
        var second = System.ActorOf(new Script { Report = probe.Ref }.Props.WithDispatcher("loop"));
        first.Tell("first started");
        probe.Expect("first started");
        second.Tell("second started");
        probe.Expect("second started");
        loop.Settle();
        using (loop.Hold())
        {
            for (var i = 0; i < 10; i++)
            {
                first.Tell($"first {i}");
            }

            for (var i = 0; i < 10; i++)
            {
                second.Tell($"second {i}");
            }
        }

        var order = Enumerable.Range(0, 20).Select(_ => (string)probe.Next()).ToList();
        Assert.True(order.IndexOf("second 0") < order.IndexOf("first 9"), string.Join(", ", order));
        Assert.True(order.IndexOf("first 9") < order.IndexOf("second 9"), string.Join(", ", order));
    }

    [Fact]
    public void A_dispatcher_runs_plain_work_too()
    {
        using var loop = new Loop();
        var dispatcher = new LoopConfigurator(loop, System.Dispatchers.Prerequisites).Dispatcher();
        var ran = new BlockingCollection<int>();
        dispatcher.Schedule(() => ran.Add(Environment.CurrentManagedThreadId));

        Assert.True(ran.TryTake(out var thread, Limit));
        Assert.Equal(loop.Id, thread);
    }

    [Fact]
    public void A_custom_dispatcher_is_told_to_shut_down_when_its_last_actor_is_gone_and_takes_new_ones_afterwards()
    {
        var probe = NewProbe();
        using var loop = new Loop();
        System.Dispatchers.RegisterConfigurator("loop", new LoopConfigurator(loop, System.Dispatchers.Prerequisites));
        var first = System.ActorOf(new Script().Props.WithDispatcher("loop"));
        var second = System.ActorOf(new Script { Report = probe.Ref }.Props.WithDispatcher("loop"));
        first.Tell(PoisonPill.Instance);
        second.Tell("still here");
        probe.Expect("still here");
        Assert.Equal(0, loop.Shutdowns);
        second.Tell(PoisonPill.Instance);
        Eventually(() => loop.Shutdowns > 0, "shutdown");

        System.ActorOf(new Script { Report = probe.Ref }.Props.WithDispatcher("loop")).Tell("new");
        probe.Expect("new");
    }

    [Fact]
    public void A_dispatcher_from_the_configuration_is_shared_by_its_actors()
    {
        Assert.Same(System.Dispatchers.Lookup("busy"), System.Dispatchers.Lookup("busy"));
        Assert.Equal(1, System.Dispatchers.Lookup("busy").Throughput);
        Assert.Same(System.Dispatchers.DefaultGlobalDispatcher, System.Dispatchers.Lookup(Dispatchers.DefaultDispatcherId));
    }

    [Fact]
    public void A_dispatcher_that_is_not_known_is_refused_by_name()
    {
        Assert.Contains("nowhere", Assert.Throws<ConfigurationException>(() => System.Dispatchers.Lookup("nowhere")).Message);
        Assert.Contains("wrong", Assert.Throws<ConfigurationException>(() => System.Dispatchers.Lookup("wrong")).Message);
        Assert.ThrowsAny<Exception>(() => System.ActorOf(new Script().Props.WithDispatcher("nowhere")));
    }

    private sealed class Awaiting : ReceiveActor
    {
        public Awaiting(IActorRef probe) => ReceiveAsync<string>(async _ =>
        {
            probe.Tell(Environment.CurrentManagedThreadId);
            await Task.Delay(10);
            probe.Tell(Environment.CurrentManagedThreadId);
        });
    }

    private sealed class LoopDispatcher(MessageDispatcherConfigurator configurator, Loop loop) : MessageDispatcher(configurator)
    {
        protected override void ExecuteTask(IRunnable run) => loop.Post(run.Run);

        protected override void Shutdown() => loop.Shutdowns++;
    }

    private sealed class LoopConfigurator : MessageDispatcherConfigurator
    {
        private readonly LoopDispatcher _dispatcher;

        internal LoopConfigurator(Loop loop, IDispatcherPrerequisites prerequisites)
            : base(ConfigurationFactory.Empty, prerequisites) => _dispatcher = new LoopDispatcher(this, loop);

        public override MessageDispatcher Dispatcher() => _dispatcher;
    }

    /// <summary>One thread that does what is posted.</summary>
    private sealed class Loop : IDisposable
    {
        private readonly BlockingCollection<Action> _work = [];
        private readonly Thread _thread;
        private int _posted;

        internal Loop()
        {
            _thread = new Thread(() =>
            {
                foreach (var action in _work.GetConsumingEnumerable())
                {
                    action();
                }
            })
            { IsBackground = true };
            _thread.Start();
        }

        internal int Id => _thread.ManagedThreadId;

        internal int Posted => Volatile.Read(ref _posted);

        internal int Shutdowns { get; set; }

        public void Dispose()
        {
            // The thread ends with the process: the system that outlives this may still post.
        }

        internal void Post(Action action)
        {
            Interlocked.Increment(ref _posted);
            _work.Add(action);
        }

        /// <summary>Waits until all that was posted is done.</summary>
        internal void Settle()
        {
            var done = new ManualResetEventSlim();
            _work.Add(done.Set);
            Assert.True(done.Wait(Limit));
        }

        /// <summary>Keeps the thread busy until disposed.</summary>
        internal IDisposable Hold()
        {
            var held = new ManualResetEventSlim();
            var hold = new Held();
            Post(() =>
            {
                held.Set();
                hold.Wait();
            });
            Assert.True(held.Wait(Limit));
            return hold;
        }

        private sealed class Held : IDisposable
        {
            private readonly ManualResetEventSlim _gate = new();

            public void Dispose() => _gate.Set();

            internal void Wait() => _gate.Wait();
        }
    }
}
