using System.Runtime.ExceptionServices;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>Failure, restart and the end.</summary>
internal sealed partial class ActorCell
{
    // Who brought this actor down: itself, or the child whose failure it could not handle. Null while it has not failed.
    private ActorRefBase? _perpetrator;

    private bool IsFailed => _perpetrator is not null;

    internal void HandleInvokeFailure(Exception cause, IReadOnlyCollection<IActorRef>? notToSuspend = null)
    {
        if (IsFailed)
        {
            return;
        }

        try
        {
            Mailbox.Suspend();
            _perpetrator = CurrentMessage is Failed failed ? failed.Child : SelfRef;
            SuspendChildren(_perpetrator, notToSuspend);
            _parent.SendSystemMessage(new Failed(SelfRef, cause));
        }
        catch (Exception e)
        {
            Publish(new Error(e, Self.Path.ToString(), ActorType, $"Emergency stop: exception in failure handling for {cause}"));
            try
            {
                StopChildren();
            }
            finally
            {
                FinishTerminate();
            }
        }
    }

    private void HandleFailed(Failed failed)
    {
        CurrentMessage = failed;
        Sender = failed.Child;
        if (StatsOf(failed.Child) is not { } stats)
        {
            Publish(new Debug(Self.Path.ToString(), ActorType, $"Dropping Failed({failed.Cause}) from unknown child {failed.Child}"));
        }
        else if (!_actor!.SupervisorStrategyInternal!.HandleFailure(this, failed.Child, failed.Cause, stats, AllStats()))
        {
            ExceptionDispatchInfo.Throw(failed.Cause);
        }

        CurrentMessage = null;
    }

    private void FaultSuspend()
    {
        Mailbox.Suspend();
        SuspendChildren();
    }

    private void FaultResume(Exception? causedByFailure)
    {
        if (_actor is null)
        {
            Publish(new Error(null, Self.Path.ToString(), ActorType, $"Changing Resume into Create after {causedByFailure}"));
            FaultCreate();
            return;
        }

        var perpetrator = _perpetrator;
        Dispatcher.Resume(this);
        if (causedByFailure is not null)
        {
            _perpetrator = null;
        }

        ResumeChildren(causedByFailure, perpetrator);
    }

    private void FaultRecreate(Exception cause)
    {
        if (_actor is null)
        {
            Publish(new Error(null, Self.Path.ToString(), ActorType, $"Changing Recreate into Create after {cause}"));
            FaultCreate();
        }
        else if (!IsNormal)
        {
            FaultResume(null);
        }
        else
        {
            var message = CurrentMessage;
            try
            {
                _actor.AroundPreRestart(cause, message);
                (_actor as IActorStash)?.Stash?.UnstashAll();
            }
            catch (Exception e)
            {
                var failure = new PreRestartException(Self, e, cause, message);
                Publish(new Error(failure, Self.Path.ToString(), ActorType, e.Message));
            }
            finally
            {
                ClearActor(_actor);
            }

            if (!WaitForChildren(Waiting.Recreation, cause))
            {
                FinishRecreate(cause);
            }
        }
    }

    private void FinishRecreate(Exception cause)
    {
        var survivors = Children();
        try
        {
            Dispatcher.Resume(this);
            _perpetrator = null;
            _actor = NewActor();
            _actor.AroundPostRestart(cause, null);
            foreach (var survivor in survivors)
            {
                survivor.SendSystemMessage(new Recreate(cause));
            }
        }
        catch (Exception e)
        {
            if (_actor is not null)
            {
                ClearActor(_actor);
            }

            HandleInvokeFailure(new PostRestartException(Self, e, cause), survivors);
        }
    }

    private void FaultCreate()
    {
        _receiveTimeout = null;
        CancelReceiveTimeout();
        StopChildren();
        if (!WaitForChildren(Waiting.Creation))
        {
            FinishCreate();
        }
    }

    private void FinishCreate()
    {
        Dispatcher.Resume(this);
        _perpetrator = null;
        try
        {
            CreateActor();
        }
        catch (Exception e)
        {
            HandleInvokeFailure(e);
        }
    }

    private void Terminate()
    {
        _receiveTimeout = null;
        CancelReceiveTimeout();
        UnwatchAll();
        bool wasTerminating;
        bool waits;
        lock (_childrenLock)
        {
            // Under one lock: no child can come in between that nobody would stop.
            wasTerminating = IsTerminating;
            foreach (var child in _children.Values)
            {
                _dying.Add(child.Child);
            }

            waits = WaitForChildren(Waiting.Termination);
            _terminated |= !waits;
        }

        if (!waits)
        {
            FinishTerminate();
            return;
        }

        if (!wasTerminating)
        {
            Mailbox.Suspend();
            _perpetrator = SelfRef;
        }

        foreach (var child in Children())
        {
            child.Stop();
        }
    }

    private void FinishTerminate()
    {
        var actor = _actor;
        try
        {
            actor?.AroundPostStop();
            (actor as IActorStash)?.Stash?.UnstashAll();
        }
        catch (Exception e)
        {
            Publish(new Error(e, Self.Path.ToString(), ActorType, e.Message));
        }
        finally
        {
            Dispatcher.Detach(this);
            _parent.SendSystemMessage(new DeathWatchNotification(SelfRef, existenceConfirmed: true));
            TellWatchersWeDied();
            UnwatchAll();
            SystemImpl.EventStream.Unsubscribe(Self);
            if (actor is not null)
            {
                ClearActor(actor);
                _actor = null;
            }
        }
    }

    private void HandleChildTerminated(ActorRefBase child)
    {
        switch (RemoveChild(child))
        {
            case Waiting.Recreation:
                var cause = _recreationCause!;
                _recreationCause = null;
                FinishRecreate(cause);
                break;
            case Waiting.Creation:
                FinishCreate();
                break;
            case Waiting.Termination:
                FinishTerminate();
                break;
        }
    }
}
