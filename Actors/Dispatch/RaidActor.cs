using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>From an actor to its parent: it was restarted after a fault, and knows nothing but what it was made with. Whoever asked it for something asks again.</summary>
internal sealed record Restarted;

/// <summary>
/// What all actors of ours have in common: handlers by message type, tried in the order in which they were added, as Akka's ReceiveActor has them;
/// that one compiles expressions, which never ends on stacks of 128 KiB and cannot be done ahead. And a test can make each of them fail at any message.
/// </summary>
public abstract class RaidActor : ActorBase
{
    private static volatile Action<IActorContext, object>? _beforeMessage;
    private readonly Behaviour _first = new();
    private Behaviour _building;

    /// <summary>Handlers that are added in the constructor make up the first behaviour.</summary>
    protected RaidActor() => _building = _first;

    /// <summary>Called before each message of each actor in the process; what it throws the actor fails with. Null but for tests.</summary>
    internal static Action<IActorContext, object>? BeforeMessage
    {
        get => _beforeMessage;
        set => _beforeMessage = value;
    }

    /// <summary>How late it is by the scheduler's clock, which never goes back; a test can set it.</summary>
    protected static TimeSpan Clock => Context.System.Scheduler.MonotonicClock;

    /// <inheritdoc/>
    protected sealed override bool AroundReceive(Receive receive, object message)
    {
        _beforeMessage?.Invoke(Context, message);
        return base.AroundReceive(receive, message);
    }

    /// <inheritdoc/>
    protected sealed override bool Receive(object message) => _first.Handle(message);

    /// <summary>Handles messages of a type, where <paramref name="shouldHandle"/> holds; the others go to the handlers behind it.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) => _building.Add(message =>
    {
        if (message is not T typed || shouldHandle?.Invoke(typed) == false)
        {
            return false;
        }

        handler(typed);
        return true;
    });

    /// <summary>Handles all other messages.</summary>
    protected void ReceiveAny(Action<object> handler) => Receive(handler);

    /// <summary>The behaviour of the handlers that <paramref name="add"/> adds. Made once where it is changed often.</summary>
    protected Receive BehaviourOf(Action add)
    {
        var (before, behaviour) = (_building, new Behaviour());
        _building = behaviour;
        add();
        _building = before;
        return behaviour.Handle;
    }

    /// <summary>Has the handlers that <paramref name="add"/> adds from the next message on.</summary>
    protected void Become(Action add) => Become(BehaviourOf(add));

    private sealed class Behaviour
    {
        private readonly List<Func<object, bool>> _handlers = [];

        internal void Add(Func<object, bool> handler) => _handlers.Add(handler);

        internal bool Handle(object message)
        {
            foreach (var handler in _handlers)
            {
                if (handler(message))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
