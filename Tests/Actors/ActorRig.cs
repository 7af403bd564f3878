using System.Collections.Concurrent;
using ActorRaid.Actors;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>An actor system with a container's loop, and actors that stand for those around the one that is tested.</summary>
internal sealed class ActorRig : IDisposable
{
    private readonly ActorSystem _system = RaidHosting.CreateSystem("rig-" + Guid.NewGuid().ToString("N"));

    private readonly string _dispatcher = "loop-" + Guid.NewGuid().ToString("N");

    public ActorRig() => OneDispatcher.OnLoop(_system, _dispatcher, Loop);

    /// <summary>The container's loop.</summary>
    public EventLoop Loop { get; } = new("rig");

    /// <summary>What was told.</summary>
    public EventList Told { get; } = new();

    /// <summary>What was told, as a container's.</summary>
    public ContainerEvents Events => new(Told, "md127");

    /// <summary>An actor that keeps what it is sent.</summary>
    public Probe NewProbe() => new(_system);

    /// <summary>An actor on a thread of its own.</summary>
    public IActorRef Pinned<T>(Func<T> make)
        where T : ActorBase => _system.ActorOf(ActorProps.Of(make, _system.ThreadOfItsOwn(Guid.NewGuid().ToString())));

    /// <summary>An actor on the container's loop; what it tells its parent comes to the probe.</summary>
    public IActorRef OnLoop<T>(Func<T> make, out Probe parent)
        where T : ActorBase
    {
        var probe = parent = NewProbe();
        var props = ActorProps.Of(make, _dispatcher);
        return _system.ActorOf(ActorProps.Of(() => new Parent(probe))).Ask<IActorRef>(props, Patience.Limit).Result;
    }

    /// <summary>Waits until the loop has done what it had to do when this was called, and what followed from that at once.</summary>
    public void Settle()
    {
        for (var turn = 0; turn < 3; turn++)
        {
            using var reached = new ManualResetEventSlim();
            Loop.Post(reached.Set);
            Assert.True(reached.Wait(Patience.Limit), "the loop stands still");
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Assert.True(_system.Terminate().Wait(Patience.Limit), "the system did not terminate");
        Loop.Dispose();
    }

    private sealed class Parent : ReceiveActor
    {
        public Parent(Probe probe)
        {
            Receive<Props>(props => Sender.Tell(Context.ActorOf(props), Self));
            ReceiveAny(probe.Keep);
        }
    }
}

/// <summary>Keeps what its actor is sent.</summary>
internal sealed class Probe
{
    private readonly BlockingCollection<object> _messages = [];

    public Probe(ActorSystem system) => Ref = system.ActorOf(ActorProps.Of(() => new Keeper(this)));

    /// <summary>The actor.</summary>
    public IActorRef Ref { get; }

    /// <summary>Nothing is left that it was sent.</summary>
    public bool IsEmpty => _messages.Count == 0;

    /// <summary>The next message, which must be of that type.</summary>
    public T Next<T>()
    {
        Assert.True(_messages.TryTake(out var message, Patience.Limit), $"no {typeof(T).Name} within {Patience.Limit.TotalSeconds:0} s");
        return Assert.IsType<T>(message);
    }

    /// <summary>Takes a message.</summary>
    public void Keep(object message) => _messages.Add(message);

    private sealed class Keeper : ReceiveActor
    {
        public Keeper(Probe probe) => ReceiveAny(probe.Keep);
    }
}

/// <summary>Keeps what it is told.</summary>
internal sealed class EventList : IEventSink
{
    private readonly ConcurrentQueue<RaidEvent> _events = new();

    public void Write(RaidEvent e) => _events.Enqueue(e);

    public bool Has(string kind) => Count(kind) > 0;

    public int Count(string kind) => _events.Count(e => e.Kind == kind);

    /// <summary>The only event of that kind.</summary>
    public RaidEvent Only(string kind) => Assert.Single(_events, e => e.Kind == kind);
}
