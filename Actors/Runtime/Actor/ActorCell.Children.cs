using Akka.Dispatch.SysMsg;

namespace Akka.Actor;

/// <summary>
/// Children; under a lock, since those of the guardian come from any thread. A name is free once its owner's end has been seen.
/// </summary>
internal sealed partial class ActorCell
{
    /// <summary>Why the actor waits for children to end.</summary>
    private enum Waiting
    {
        Nothing,
        StoppedByUser,
        Creation,
        Recreation,
        Termination,
    }

    private readonly Lock _childrenLock = new();
    private readonly OrderedDictionary<string, ChildStats> _children = [];
    private readonly HashSet<IActorRef> _dying = [];
    private Waiting _waiting;
    private Exception? _recreationCause;
    private bool _terminated;
    private long _nextName;

    private bool IsTerminating => _terminated || _waiting == Waiting.Termination;

    private bool IsWaitingForChildren => _waiting > Waiting.StoppedByUser;

    private bool IsNormal => !_terminated && _waiting <= Waiting.StoppedByUser;

    public IActorRef ActorOf(Props props, string? name = null)
    {
        ArgumentNullException.ThrowIfNull(props);
        name = name is null ? null : Checked(name);
        var dispatcher = SystemImpl.Dispatchers.Lookup(props.Dispatcher);
        LocalActorRef child;
        lock (_childrenLock)
        {
            if (IsTerminating)
            {
                throw new InvalidOperationException("Cannot create child while terminating or terminated");
            }

            name ??= RandomName();
            if (_children.ContainsKey(name))
            {
                throw new InvalidActorNameException($"Actor name \"{name}\" is not unique!");
            }

            child = new LocalActorRef(SystemImpl, props, dispatcher, SelfRef, new ChildActorPath(Self.Path, name, SystemImpl.NextUid()));
            _children.Add(name, new ChildStats(child));
        }

        child.Cell.Start(IsFailed ? Mailbox.SuspendCount : 0);
        return child;
    }

    public IActorRef Child(string name)
    {
        lock (_childrenLock)
        {
            return _children.TryGetValue(name, out var stats) ? stats.Child : ActorRefs.Nobody;
        }
    }

    public IEnumerable<IActorRef> GetChildren() => Children();

    public void Stop(IActorRef child)
    {
        var actor = (ActorRefBase)child;
        lock (_childrenLock)
        {
            if (StatsOf(actor) is not null)
            {
                _dying.Add(actor);
                if (_waiting == Waiting.Nothing)
                {
                    _waiting = Waiting.StoppedByUser;
                }
            }
        }

        actor.Stop();
    }

    private static string Checked(string name)
    {
        if (name.Length == 0)
        {
            throw new InvalidActorNameException("Actor name must not be empty.");
        }

        return ActorPath.IsValidPathElement(name)
            ? name
            : throw new InvalidActorNameException($"Illegal actor name [{name}]. Actor paths MUST: not start with `$`, "
                + $"include only ASCII letters and can only contain these special characters: {ActorPath.ValidSymbols}.");
    }

    private string RandomName()
    {
        const string digits = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+~";
        var name = "$";
        var number = _nextName++;
        do
        {
            name += digits[(int)(number & 63)];
            number >>= 6;
        }
        while (number != 0);
        return name;
    }

    private LocalActorRef[] Children()
    {
        lock (_childrenLock)
        {
            var children = new LocalActorRef[_children.Count];
            for (var i = 0; i < children.Length; i++)
            {
                children[i] = _children.GetAt(i).Value.Child;
            }

            return children;
        }
    }

    private ChildStats[] AllStats()
    {
        lock (_childrenLock)
        {
            return [.. _children.Values];
        }
    }

    private ChildStats? StatsOf(IActorRef actor)
    {
        lock (_childrenLock)
        {
            return _children.TryGetValue(actor.Path.Name, out var stats) && stats.Child.Equals(actor) ? stats : null;
        }
    }

    /// <summary>From now on the end of the last dying child leads to what is said here.</summary>
    /// <returns>False if no child is dying.</returns>
    private bool WaitForChildren(Waiting reason, Exception? cause = null)
    {
        lock (_childrenLock)
        {
            if (_dying.Count == 0)
            {
                return false;
            }

            _waiting = reason;
            _recreationCause = cause;
            return true;
        }
    }

    /// <summary>Strikes a child that is gone from the list.</summary>
    /// <returns>What the actor was waiting for, if this was the last.</returns>
    private Waiting RemoveChild(ActorRefBase child)
    {
        lock (_childrenLock)
        {
            _children.Remove(child.Path.Name);
            if (!_dying.Remove(child) || _dying.Count > 0)
            {
                return Waiting.Nothing;
            }

            var waited = _waiting;
            _waiting = Waiting.Nothing;
            _terminated |= waited == Waiting.Termination;
            return waited;
        }
    }

    private void StopChildren()
    {
        foreach (var child in Children())
        {
            Stop(child);
        }
    }

    private void SuspendChildren(IActorRef? except = null, IReadOnlyCollection<IActorRef>? exceptThese = null)
    {
        foreach (var child in Children())
        {
            if (!child.Equals(except) && exceptThese?.Contains(child) != true)
            {
                child.SendSystemMessage(new Suspend());
            }
        }
    }

    private void ResumeChildren(Exception? cause, IActorRef? perpetrator)
    {
        foreach (var child in Children())
        {
            child.SendSystemMessage(new Resume(child.Equals(perpetrator) ? cause : null));
        }
    }
}
