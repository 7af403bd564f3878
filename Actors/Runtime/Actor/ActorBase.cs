using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Finishes an actor after its constructor.</summary>
internal interface IInitializableActor
{
    void Init();
}

/// <summary>
/// What all actors derive from. An instance handles one message at a time and is used by nobody but its own context; it is
/// replaced by a new one at each restart.
/// </summary>
public abstract class ActorBase
{
    private SupervisorStrategy? _strategy;

    /// <summary>To be called by the runtime only, through <see cref="Props"/>.</summary>
    /// <exception cref="ActorInitializationException">Called with <c>new</c> outside of props.</exception>
    protected ActorBase()
    {
        if (ActorCell.Current is not { } cell)
        {
            throw new ActorInitializationException(
                "Do not create actors using 'new', always create them using an ActorContext/System");
        }

        cell.Become(Receive);
        if (this is IWithTimers timing)
        {
            timing.Timers = new TimerScheduler(cell);
        }
    }

    /// <summary>The actor's own context; only while it handles a message.</summary>
    /// <exception cref="NotSupportedException">No actor is running on this thread.</exception>
    protected static IActorContext Context => ActorCell.Current ?? throw new NotSupportedException(
        "There is no active ActorContext, this is most likely due to use of async operations from within this actor.");

    /// <summary>An actor's behaviour that handles nothing.</summary>
    protected static Receive EmptyReceive => _ => false;

    /// <summary>Who sent the message being handled; the dead letters if nobody.</summary>
    protected IActorRef Sender => Context.Sender;

    /// <summary>This actor.</summary>
    protected IActorRef Self => Context.Self;

    internal SupervisorStrategy? SupervisorStrategyInternal
    {
        get => _strategy ??= SupervisorStrategy();
        set => _strategy = value;
    }

    /// <summary>Before a restart, on the old instance: ends its timers, then <see cref="PreRestart"/>.</summary>
    public virtual void AroundPreRestart(Exception cause, object? message)
    {
        (this as IWithTimers)?.Timers?.CancelAll();
        PreRestart(cause, message);
    }

    /// <summary>Calls <see cref="PreStart"/>.</summary>
    public virtual void AroundPreStart() => PreStart();

    /// <summary>Calls <see cref="PostRestart"/>.</summary>
    public virtual void AroundPostRestart(Exception cause, object? message) => PostRestart(cause);

    /// <summary>At the end: ends the timers, then <see cref="PostStop"/>.</summary>
    public virtual void AroundPostStop()
    {
        (this as IWithTimers)?.Timers?.CancelAll();
        PostStop();
    }

    /// <summary>Hands a message to the current behaviour, and to <see cref="Unhandled"/> if that does not know it.</summary>
    /// <returns>True if the behaviour handled it.</returns>
    protected internal virtual bool AroundReceive(Receive receive, object message)
    {
        if (message is TimerScheduler.TimerMessage timer)
        {
            switch (((this as IWithTimers)?.Timers as TimerScheduler)?.Intercept(timer))
            {
                case null:
                    return true;
                case IAutoReceivedMessage auto:
                    ActorCell.Current!.AutoReceive(auto);
                    return true;
                case var inner:
                    ActorCell.Current!.CurrentMessage = inner;
                    message = inner;
                    break;
            }
        }

        var handled = receive(message);
        if (!handled)
        {
            Unhandled(message);
        }

        return handled;
    }

    /// <summary>The first behaviour; false for a message that it does not know.</summary>
    protected abstract bool Receive(object message);

    /// <summary>
    /// A message that no behaviour knew: published as <see cref="UnhandledMessage"/>; a <see cref="Terminated"/> makes the actor fail.
    /// </summary>
    /// <exception cref="DeathPactException">The message is a <see cref="Terminated"/>.</exception>
    protected virtual void Unhandled(object message)
    {
        if (message is Terminated terminated)
        {
            throw new DeathPactException(terminated.ActorRef);
        }

        Context.System.EventStream.Publish(new UnhandledMessage(message, Sender, Self));
    }

    /// <summary>Replaces the behaviour on top of the stack.</summary>
    protected void Become(Receive receive) => Context.Become(receive);

    /// <summary>Puts a behaviour on top of the stack.</summary>
    protected void BecomeStacked(Receive receive) => Context.BecomeStacked(receive);

    /// <summary>Goes back to the behaviour below, if there is one.</summary>
    protected void UnbecomeStacked() => Context.UnbecomeStacked();

    /// <summary>Sends <see cref="ReceiveTimeout"/> whenever no message came for that long; null for never.</summary>
    protected void SetReceiveTimeout(TimeSpan? timeout) => Context.SetReceiveTimeout(timeout);

    /// <summary>How this actor supervises its children, unless its props say otherwise.</summary>
    protected virtual SupervisorStrategy SupervisorStrategy() => Actor.SupervisorStrategy.DefaultStrategy;

    /// <summary>Before the first message of an instance.</summary>
    protected virtual void PreStart()
    {
    }

    /// <summary>On the failed instance, before the new one is made: stops all children and calls <see cref="PostStop"/>.</summary>
    /// <param name="reason">Why.</param>
    /// <param name="message">The message at which the actor failed; null if it was none of its own.</param>
    protected virtual void PreRestart(Exception reason, object? message)
    {
        foreach (var child in Context.GetChildren())
        {
            Context.Unwatch(child);
            Context.Stop(child);
        }

        PostStop();
    }

    /// <summary>On the new instance after a restart: calls <see cref="PreStart"/>.</summary>
    protected virtual void PostRestart(Exception reason) => PreStart();

    /// <summary>After the last message, when all children are gone.</summary>
    protected virtual void PostStop()
    {
    }
}

/// <summary>An actor that handles every message in one method.</summary>
public abstract class UntypedActor : ActorBase
{
    /// <summary>The actor's own context; only while it handles a message.</summary>
    protected static new IUntypedActorContext Context => (IUntypedActorContext)ActorBase.Context;

    /// <inheritdoc/>
    protected sealed override bool Receive(object message)
    {
        OnReceive(message);
        return true;
    }

    /// <summary>Runs a handler as <see cref="ReceiveActor.ReceiveAsync{T}(Func{T, Task}, Predicate{T})"/> would.</summary>
    protected void RunTask(Action action) => ActorTaskScheduler.RunTask(action);

    /// <summary>Runs a handler as <see cref="ReceiveActor.ReceiveAsync{T}(Func{T, Task}, Predicate{T})"/> would.</summary>
    protected void RunTask(Func<Task> action) => ActorTaskScheduler.RunTask(action);

    /// <summary>Handles a message; calls <see cref="ActorBase.Unhandled"/> for what it does not know.</summary>
    protected abstract void OnReceive(object message);

    /// <summary>Replaces the behaviour on top of the stack.</summary>
    protected void Become(UntypedReceive receive) => Context.Become(receive);

    /// <summary>Puts a behaviour on top of the stack.</summary>
    protected void BecomeStacked(UntypedReceive receive) => Context.BecomeStacked(receive);
}
