using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>
/// An actor whose behaviour is a list of handlers by message type, tried in the order in which they were added. Handlers are
/// added in the constructor and inside <see cref="Become(Action)"/>.
/// </summary>
public abstract class ReceiveActor : UntypedActor, IInitializableActor
{
    private readonly Stack<HandlerList> _building = new();
    private HandlerList _handlers = new();

    /// <summary>Handlers may be added until the constructor is done.</summary>
    protected ReceiveActor() => _building.Push(_handlers);

    void IInitializableActor.Init()
    {
        // A producer may hand out the same instance again.
        if (_building.Count > 0)
        {
            _handlers = _building.Pop();
        }
    }

    /// <inheritdoc/>
    protected sealed override void OnReceive(object message) => Run(_handlers, message);

    /// <summary>Replaces the behaviour on top of the stack by the handlers that are added in <paramref name="configure"/>.</summary>
    protected void Become(Action configure)
    {
        var handlers = Build(configure);
        base.Become(message => Run(handlers, message));
    }

    /// <summary>Puts the handlers that are added in <paramref name="configure"/> on top of the stack.</summary>
    protected void BecomeStacked(Action configure)
    {
        var handlers = Build(configure);
        base.BecomeStacked(message => Run(handlers, message));
    }

    /// <summary>Handles messages of a type; no other message is handled until the task is done.</summary>
    protected void ReceiveAsync<T>(Func<T, Task> handler, Predicate<T>? shouldHandle = null) => Receive(Async(handler), shouldHandle);

    /// <summary>Handles messages of a type; no other message is handled until the task is done.</summary>
    protected void ReceiveAsync<T>(Predicate<T> shouldHandle, Func<T, Task> handler) => Receive(Async(handler), shouldHandle);

    /// <summary>Handles all other messages; no other message is handled until the task is done.</summary>
    protected void ReceiveAnyAsync(Func<object, Task> handler) => ReceiveAny(Async(handler));

    /// <summary>Handles messages of a type, if the predicate holds.</summary>
    protected void Receive<T>(Action<T> handler, Predicate<T>? shouldHandle = null) =>
        Add(new Handler<T>(handler, shouldHandle), shouldHandle is null && typeof(T) == typeof(object));

    /// <summary>Handles messages of a type, if the predicate holds.</summary>
    protected void Receive<T>(Predicate<T> shouldHandle, Action<T> handler) => Receive(handler, shouldHandle);

    /// <summary>Handles messages of a type, unless the handler returns false: then the next handlers are tried.</summary>
    protected void Receive<T>(Func<T, bool> handler) => Add(new DecidingHandler<T>(handler), false);

    /// <summary>Handles all other messages; no handler can be added afterwards.</summary>
    protected void ReceiveAny(Action<object> handler) => Add(new Handler<object>(handler, null), true);

    private static Action<T> Async<T>(Func<T, Task> handler) => message => ActorTaskScheduler.RunTask(() => handler(message));

    private void Run(HandlerList handlers, object message)
    {
        if (!handlers.TryHandle(message))
        {
            Unhandled(message);
        }
    }

    private HandlerList Build(Action configure)
    {
        _building.Push(new HandlerList());
        configure();
        return _building.Pop();
    }

    private void Add(Handler handler, bool catchesAll)
    {
        if (_building.Count == 0)
        {
            throw new InvalidOperationException(
                "You may only call Receive-methods when constructing the actor and inside Become().");
        }

        _building.Peek().Add(handler, catchesAll);
    }

    private abstract class Handler
    {
        internal abstract bool TryHandle(object message);
    }

    private sealed class Handler<T>(Action<T> handler, Predicate<T>? shouldHandle) : Handler
    {
        internal override bool TryHandle(object message)
        {
            if (message is not T typed || (shouldHandle is not null && !shouldHandle(typed)))
            {
                return false;
            }

            handler(typed);
            return true;
        }
    }

    private sealed class DecidingHandler<T>(Func<T, bool> handler) : Handler
    {
        internal override bool TryHandle(object message) => message is T typed && handler(typed);
    }

    private sealed class HandlerList
    {
        private readonly List<Handler> _handlers = [];
        private bool _catchesAll;

        internal void Add(Handler handler, bool catchesAll)
        {
            if (_catchesAll)
            {
                throw new InvalidOperationException(
                    "A handler that catches all messages has been added. No handler can be added after that.");
            }

            _handlers.Add(handler);
            _catchesAll = catchesAll;
        }

        internal bool TryHandle(object message)
        {
            foreach (var handler in _handlers)
            {
                if (handler.TryHandle(message))
                {
                    return true;
                }
            }

            return false;
        }
    }
}
