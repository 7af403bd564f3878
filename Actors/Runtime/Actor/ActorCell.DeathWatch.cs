using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

/// <summary>Death watch.</summary>
internal sealed partial class ActorCell
{
    // Whom this actor watches, with the message asked for in place of Terminated (null for Terminated itself).
    private readonly Dictionary<IActorRef, object?> _watching = [];

    // Whose Terminated lies in the mailbox; one that is not here any more (unwatched) is dropped.
    private readonly Dictionary<IActorRef, object?> _terminatedQueued = [];

    private readonly HashSet<ActorRefBase> _watchedBy = [];

    public IActorRef Watch(IActorRef subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        return StartWatching(subject, null);
    }

    public IActorRef WatchWith(IActorRef subject, object message)
    {
        ArgumentNullException.ThrowIfNull(subject);
        ArgumentNullException.ThrowIfNull(message);
        return StartWatching(subject, message);
    }

    public IActorRef Unwatch(IActorRef subject)
    {
        ArgumentNullException.ThrowIfNull(subject);
        var actor = (ActorRefBase)subject;
        if (_watching.Remove(actor))
        {
            actor.SendSystemMessage(new Unwatch(actor, SelfRef));
        }

        _terminatedQueued.Remove(actor);
        return subject;
    }

    /// <summary>A Terminated that went back into the mailbox out of the stash counts as queued again.</summary>
    internal void TerminatedQueuedFor(IActorRef subject, object? message) => _terminatedQueued[subject] = message;

    private IActorRef StartWatching(IActorRef subject, object? message)
    {
        var actor = (ActorRefBase)subject;
        if (!actor.Equals(SelfRef) && _watching.TryAdd(actor, message))
        {
            actor.SendSystemMessage(new Watch(actor, SelfRef));
        }

        return subject;
    }

    private void ReceivedTerminated(Terminated terminated)
    {
        if (_terminatedQueued.Remove(terminated.ActorRef, out var message))
        {
            var asked = message ?? terminated;
            _actor!.AroundReceive(_behaviors.Peek(), asked);
        }
    }

    private void WatchedActorTerminated(ActorRefBase actor, bool existenceConfirmed)
    {
        if (_watching.Remove(actor, out var message) && !IsTerminating)
        {
            Self.Tell(new Terminated(actor, existenceConfirmed, addressTerminated: false), actor);
            TerminatedQueuedFor(actor, message);
        }

        if (StatsOf(actor) is not null)
        {
            HandleChildTerminated(actor);
        }
    }

    private void AddWatcher(ActorRefBase watchee, ActorRefBase watcher)
    {
        if (watchee.Equals(SelfRef) && !watcher.Equals(SelfRef))
        {
            _watchedBy.Add(watcher);
        }
    }

    private void RemoveWatcher(ActorRefBase watchee, ActorRefBase watcher)
    {
        if (watchee.Equals(SelfRef))
        {
            _watchedBy.Remove(watcher);
        }
    }

    private void TellWatchersWeDied()
    {
        foreach (var watcher in _watchedBy)
        {
            // The parent is told by FinishTerminate, whether it watches or not.
            if (!watcher.Equals(_parent))
            {
                watcher.SendSystemMessage(new DeathWatchNotification(SelfRef, existenceConfirmed: true));
            }
        }

        _watchedBy.Clear();
    }

    private void UnwatchAll()
    {
        foreach (var watchee in _watching.Keys)
        {
            ((ActorRefBase)watchee).SendSystemMessage(new Unwatch((ActorRefBase)watchee, SelfRef));
        }

        _watching.Clear();
        _terminatedQueued.Clear();
    }
}
