using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>A system for each test, and actors made of delegates.</summary>
public abstract class RuntimeTest : IDisposable
{
    /// <summary>Longer than anything takes, even on a busy machine.</summary>
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    protected RuntimeTest()
        : this("")
    {
    }

    protected RuntimeTest(string config) => System = ActorSystem.Create("test", ConfigurationFactory.ParseString($$"""
        akka.loglevel = DEBUG
        pinned { type = PinnedDispatcher }
        {{config}}
        """));

    protected ActorSystem System { get; }

    public void Dispose()
    {
        Assert.True(System.Terminate().Wait(Limit), "the system did not terminate");
        GC.SuppressFinalize(this);
    }

    /// <summary>An actor that keeps what it is sent.</summary>
    protected Probe NewProbe() => new(System);

    /// <summary>A child of a <see cref="Player"/>.</summary>
    protected static IActorRef Child(IActorRef parent, Script script, string? name = null)
    {
        var made = new TaskCompletionSource<IActorRef>(TaskCreationOptions.RunContinuationsAsynchronously);
        parent.Tell((Action<Player>)(me => made.SetResult(me.Cell.ActorOf(script.Props, name))));
        Assert.True(made.Task.Wait(Limit), "the child was not created");
        return made.Task.Result;
    }

    /// <summary>Tells the probe each message with the number of the instance, and the end of each instance.</summary>
    protected static Script Telling(Probe probe) => new()
    {
        OnMessage = (me, message) => probe.Ref.Tell($"{message} at {me.Instance}"),
        OnStop = me => probe.Ref.Tell($"stopped {me.Instance}"),
    };

    /// <summary>A child under a new parent with that strategy.</summary>
    protected IActorRef ChildOf(SupervisorStrategy strategy, Script child) => ChildOf(new Script { Supervise = strategy }, child);

    /// <summary>A child under a new parent.</summary>
    protected IActorRef ChildOf(Script parent, Script child) => Child(System.ActorOf(parent.Props), child);

    /// <summary>An actor that watches another and passes on to the probe what it is sent.</summary>
    protected IActorRef Watch(IActorRef actor, Probe probe)
    {
        var watcher = System.ActorOf(new Script { Report = probe.Ref }.Props);
        var watching = new ManualResetEventSlim();
        watcher.Tell((Action<Player>)(me =>
        {
            me.Cell.Watch(actor);
            watching.Set();
        }));
        Assert.True(watching.Wait(Limit), "the watch did not begin");
        return watcher;
    }

    /// <summary>Waits until the condition holds.</summary>
    protected static void Eventually(Func<bool> condition, string what)
    {
        Assert.True(SpinWait.SpinUntil(condition, Limit), $"never came: {what}");
    }

    /// <summary>A Terminated to be passed on: the receiver's own context would take the message itself for its own.</summary>
    protected sealed record Gone(IActorRef Actor, bool ExistenceConfirmed, bool AddressTerminated)
    {
        internal static object If(object message) => message is Terminated terminated
            ? new Gone(terminated.ActorRef, terminated.ExistenceConfirmed, terminated.AddressTerminated)
            : message;
    }

    /// <summary>Collects the messages of its actor.</summary>
    protected sealed class Probe
    {
        private readonly BlockingCollection<(object Message, IActorRef Sender)> _received = [];

        internal Probe(ActorSystem system) => Ref = system.ActorOf(Props.Create(() => new Collector(_received)));

        internal IActorRef Ref { get; }

        internal IActorRef LastSender { get; private set; } = ActorRefs.Nobody;

        /// <summary>The next message.</summary>
        internal object Next()
        {
            Assert.True(_received.TryTake(out var item, Limit), "no message came");
            LastSender = item.Sender;
            return item.Message;
        }

        /// <summary>The next message, which must be of that type.</summary>
        internal T Next<T>() => Assert.IsType<T>(Next());

        /// <summary>The next messages must be these, in this order.</summary>
        internal void Expect(params object[] messages)
        {
            foreach (var message in messages)
            {
                Assert.Equal(message, Next());
            }
        }

        /// <summary>
        /// Nothing but the marker is there: what was sent to the probe before this call, by whom this thread has heard from, came before.
        /// </summary>
        internal void ExpectNothingMore()
        {
            Ref.Tell("nothing more", ActorRefs.NoSender);
            Assert.Equal("nothing more", Next());
        }

        /// <summary>Nothing comes for a while.</summary>
        internal void ExpectNothingFor(TimeSpan time) =>
            Assert.False(_received.TryTake(out var item, time), $"came: {item.Message}");

        private sealed class Collector(BlockingCollection<(object, IActorRef)> received) : ReceiveActor
        {
            private readonly BlockingCollection<(object, IActorRef)> _received = received;

            protected override void PreStart() => Become(message => _received.Add((message, Sender)));
        }
    }

    /// <summary>An actor whose behaviour and hooks are delegates; every instance reports its life to <see cref="Report"/>.</summary>
    protected sealed class Script
    {
        internal Action<Player, object>? OnMessage { get; init; }

        internal Action<Player>? OnStart { get; init; }

        internal Action<Player>? OnStop { get; init; }

        internal Action<Player, Exception, object>? OnPreRestart { get; init; }

        internal Action<Player>? Construct { get; init; }

        internal bool KeepChildren { get; init; }

        internal SupervisorStrategy? Supervise { get; init; }

        internal IActorRef? Report { get; init; }

        internal int Instances;

        internal Props Props => Akka.Actor.Props.CreateBy(new Producer(this));

        private sealed class Producer(Script script) : IIndirectActorProducer
        {
            public Type ActorType => typeof(Player);

            public ActorBase Produce() => new Player(script);

            public void Release(ActorBase actor)
            {
            }
        }
    }

    /// <summary>Plays a <see cref="Script"/>.</summary>
    protected sealed class Player : UntypedActor, IWithUnboundedStash, IWithTimers
    {
        private readonly Script _script;

        internal Player(Script script)
        {
            _script = script;
            Instance = Interlocked.Increment(ref script.Instances);
            script.Construct?.Invoke(this);
        }

        public IStash Stash { get; set; } = null!;

        public ITimerScheduler Timers { get; set; } = null!;

        internal int Instance { get; }

        internal IUntypedActorContext Cell => Context;

        internal IActorRef Me => Self;

        internal IActorRef From => Sender;

        internal void Say(object message) => _script.Report?.Tell(Gone.If(message), Self);

        internal void NotMine(object message) => Unhandled(message);

        protected override SupervisorStrategy SupervisorStrategy() => _script.Supervise ?? base.SupervisorStrategy();

        protected override void PreStart() => _script.OnStart?.Invoke(this);

        protected override void PostStop() => _script.OnStop?.Invoke(this);

        protected override void PreRestart(Exception reason, object? message)
        {
            _script.OnPreRestart?.Invoke(this, reason, message!);
            if (_script.KeepChildren)
            {
                PostStop();
            }
            else
            {
                base.PreRestart(reason, message);
            }
        }

        protected override void OnReceive(object message)
        {
            switch (message)
            {
                case Exception exception:
                    throw exception;
                case Action<Player> action:
                    action(this);
                    break;
                default:
                    if (_script.OnMessage is { } handler)
                    {
                        handler(this, message);
                    }
                    else
                    {
                        Say(message);
                    }

                    break;
            }
        }
    }
}
