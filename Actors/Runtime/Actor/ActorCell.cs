using Akka.Dispatch;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>What stands behind a reference: the actor's instance, its mailbox, its children, whom it watches.</summary>
internal sealed partial class ActorCell : IUntypedActorContext
{
    private readonly Stack<Receive> _behaviors = new();
    private readonly ActorRefBase _parent;
    private ActorBase? _actor;
    private ActorTaskScheduler? _taskScheduler;
    private TimeSpan? _receiveTimeout;
    private ICancelable? _pendingReceiveTimeout;
    private SystemMessage? _held;

    internal ActorCell(ActorSystemImpl system, LocalActorRef self, Props props, MessageDispatcher dispatcher, ActorRefBase parent)
    {
        SystemImpl = system;
        SelfRef = self;
        Props = props;
        Dispatcher = dispatcher;
        _parent = parent;
        Sender = system.DeadLetters;
        Mailbox = new Mailbox(this, dispatcher);
    }

    /// <summary>The cell that runs on this thread.</summary>
    [field: ThreadStatic]
    internal static ActorCell? Current { get; set; }

    public IActorRef Self => SelfRef;

    public Props Props { get; }

    public MessageDispatcher Dispatcher { get; }

    public IActorRef Sender { get; private set; }

    public ActorSystem System => SystemImpl;

    public IActorRef Parent => _parent;

    public TimeSpan? ReceiveTimeout => _receiveTimeout;

    internal LocalActorRef SelfRef { get; }

    internal ActorSystemImpl SystemImpl { get; }

    internal Mailbox Mailbox { get; }

    internal object? CurrentMessage { get; set; }

    /// <summary>Counts the user messages that were taken from the mailbox.</summary>
    internal long CurrentEnvelopeId { get; private set; }

    internal bool IsTerminated => Mailbox.IsClosed;

    internal ActorTaskScheduler TaskScheduler => _taskScheduler ??= new ActorTaskScheduler(this);

    private Type ActorType => _actor?.GetType() ?? Props.Type;

    public void Become(Receive receive)
    {
        _behaviors.TryPop(out _);
        _behaviors.Push(receive);
    }

    public void BecomeStacked(Receive receive) => _behaviors.Push(receive);

    public void UnbecomeStacked()
    {
        if (_behaviors.Count > 1)
        {
            _behaviors.Pop();
        }
    }

    public void Become(UntypedReceive receive) => Become(Handled(receive));

    public void BecomeStacked(UntypedReceive receive) => BecomeStacked(Handled(receive));

    public void SetReceiveTimeout(TimeSpan? timeout) => _receiveTimeout = timeout;

    internal void SendMessage(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        MessageDispatcher.Dispatch(this, new Envelope(message, sender ?? SystemImpl.DeadLetters));
    }

    internal void SendSystemMessage(SystemMessage message) => MessageDispatcher.SystemDispatch(this, message);

    /// <summary>Starts: creates the actor as the first thing its mailbox runs; suspended as often as its failed parent is.</summary>
    internal void Start(int suspensions = 0)
    {
        Mailbox.SystemEnqueue(new Create());
        for (; suspensions > 0; suspensions--)
        {
            Mailbox.SystemEnqueue(new Suspend());
        }

        Dispatcher.Attach(this);
    }

    internal void Invoke(in Envelope envelope)
    {
        var message = envelope.Message;
        var pushesBackTimeout = message is not INotInfluenceReceiveTimeout;
        try
        {
            CurrentMessage = message;
            CurrentEnvelopeId++;
            Sender = envelope.Sender;
            if (pushesBackTimeout)
            {
                CancelReceiveTimeout();
            }

            if (message is IAutoReceivedMessage)
            {
                AutoReceive(message);
            }
            else
            {
                _actor!.AroundReceive(_behaviors.Peek(), message);
            }

            CurrentMessage = null;
        }
        catch (Exception cause)
        {
            HandleInvokeFailure(cause);
        }
        finally
        {
            CheckReceiveTimeout(pushesBackTimeout);
        }
    }

    internal void AutoReceive(object message)
    {
        switch (message)
        {
            case Terminated terminated:
                ReceivedTerminated(terminated);
                break;
            case Kill:
                throw new ActorKilledException("Kill");
            case PoisonPill:
                SelfRef.Stop();
                break;
        }
    }

    internal void SystemInvoke(SystemMessage? messages)
    {
        var waiting = IsWaitingForChildren;
        var suspended = Mailbox.IsSuspended;
        while (messages is not null)
        {
            var message = messages;
            messages = message.Next;
            message.Next = null;
            try
            {
                if (waiting ? message.StashWhenWaitingForChildren : suspended && message.StashWhenFailed)
                {
                    message.Next = _held;
                    _held = message;
                }
                else
                {
                    SystemInvokeOne(message);
                }
            }
            catch (Exception cause)
            {
                HandleInvokeFailure(cause);
            }

            if (IsTerminated)
            {
                Undeliver(messages);
                Undeliver(_held);
                _held = null;
                return;
            }

            var wasHeldBack = (waiting, suspended);
            waiting = IsWaitingForChildren;
            suspended = Mailbox.IsSuspended;
            if (Freer(wasHeldBack, (waiting, suspended)))
            {
                messages = AppendHeld(messages);
            }
        }
    }

    internal void CheckReceiveTimeout(bool reschedule = true)
    {
        if (_receiveTimeout is not { } timeout)
        {
            CancelReceiveTimeout();
        }
        else if (reschedule || _pendingReceiveTimeout is null)
        {
            CancelReceiveTimeout();
            _pendingReceiveTimeout = System.Scheduler.ScheduleTellOnceCancelable(timeout, Self, Actor.ReceiveTimeout.Instance, Self);
        }
    }

    internal void Publish(LogEvent @event) => SystemImpl.EventStream.Publish(@event);

    private static Receive Handled(UntypedReceive receive) => message =>
    {
        receive(message);
        return true;
    };

    private static bool Freer((bool Waiting, bool Suspended) before, (bool Waiting, bool Suspended) now) =>
        Rank(now) < Rank(before);

    private static int Rank((bool Waiting, bool Suspended) state) => state.Waiting ? 2 : state.Suspended ? 1 : 0;

    private static void Undeliver(SystemMessage? messages)
    {
        while (messages is not null)
        {
            var next = messages.Next;
            messages.Next = null;
            DeadLetterActorRef.Undelivered(messages);
            messages = next;
        }
    }

    /// <summary>What was held back, earliest first, behind what is still to do.</summary>
    private SystemMessage? AppendHeld(SystemMessage? messages)
    {
        SystemMessage? earliest = null;
        while (_held is { } held)
        {
            _held = held.Next;
            held.Next = earliest;
            earliest = held;
        }

        if (messages is null)
        {
            return earliest;
        }

        var last = messages;
        while (last.Next is not null)
        {
            last = last.Next;
        }

        last.Next = earliest;
        return messages;
    }

    private void SystemInvokeOne(SystemMessage message)
    {
        switch (message)
        {
            case ActorTaskMessage task:
                HandleTask(task);
                break;
            case Failed failed:
                HandleFailed(failed);
                break;
            case DeathWatchNotification death:
                WatchedActorTerminated(death.Actor, death.ExistenceConfirmed);
                break;
            case Create:
                CreateActor();
                break;
            case Watch watch:
                AddWatcher(watch.Watchee, watch.Watcher);
                break;
            case Unwatch unwatch:
                RemoveWatcher(unwatch.Watchee, unwatch.Watcher);
                break;
            case Recreate recreate:
                FaultRecreate(recreate.Cause);
                break;
            case Suspend:
                FaultSuspend();
                break;
            case Resume resume:
                FaultResume(resume.CausedByFailure);
                break;
            case Dispatch.SysMsg.Terminate:
                Terminate();
                break;
            default:
                throw new NotSupportedException($"Unknown message {message.GetType().Name}");
        }
    }

    private void HandleTask(ActorTaskMessage message)
    {
        CurrentMessage = message.Message;
        if (message.Failure is { } failure)
        {
            Dispatcher.Resume(this);
            HandleInvokeFailure(failure);
            return;
        }

        message.Scheduler.Execute(message.Task!);
        CurrentMessage = null;
    }

    private void CreateActor()
    {
        try
        {
            _actor = NewActor();
            _actor.AroundPreStart();
            CheckReceiveTimeout();
        }
        catch (Exception e)
        {
            if (_actor is not null)
            {
                ClearActor(_actor);
                _actor = null;
            }

            throw new ActorInitializationException(Self, "Exception during creation", e);
        }
    }

    private ActorBase NewActor()
    {
        _behaviors.Clear();
        var actor = Props.NewActor();
        if (actor is IActorStash { Stash: null } stashing)
        {
            stashing.Stash = new ActorStash(this);
        }

        (actor as IInitializableActor)?.Init();
        actor.SupervisorStrategyInternal = Props.SupervisorStrategy;
        return actor;
    }

    private void ClearActor(ActorBase actor)
    {
        try
        {
            (actor as IDisposable)?.Dispose();
        }
        catch (Exception e)
        {
            Publish(new Error(e, Self.Path.ToString(), actor.GetType(), $"An error occurred while disposing the actor: {e.Message}"));
        }

        Props.Release(actor);
        CurrentMessage = null;
        _behaviors.Clear();
    }

    private void CancelReceiveTimeout()
    {
        _pendingReceiveTimeout?.Cancel();
        _pendingReceiveTimeout = null;
    }
}
