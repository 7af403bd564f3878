using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Actor;

/// <summary>What all references share: identity by path and incarnation.</summary>
public abstract class ActorRefBase : IActorRef
{
    private protected ActorRefBase()
    {
    }

    /// <inheritdoc/>
    public abstract ActorPath Path { get; }

    internal abstract ActorSystemImpl System { get; }

    internal virtual bool IsTerminated => false;

    /// <inheritdoc/>
    public void Tell(object message, IActorRef? sender) => TellInternal(message, sender);

    /// <inheritdoc/>
    public bool Equals(IActorRef? other) =>
        ReferenceEquals(this, other) || (other is not null && Path.Uid == other.Path.Uid && Path.Equals(other.Path));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as IActorRef);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Path, Path.Uid);

    /// <inheritdoc/>
    public int CompareTo(IActorRef? other)
    {
        var byPath = Path.CompareTo(other?.Path);
        return byPath != 0 || other is null ? byPath : Path.Uid.CompareTo(other.Path.Uid);
    }

    /// <inheritdoc/>
    public int CompareTo(object? obj) => obj is null or IActorRef
        ? CompareTo(obj as IActorRef)
        : throw new ArgumentException("Object must be of type IActorRef.", nameof(obj));

    /// <inheritdoc/>
    public override string ToString() => Path.Uid == 0 ? $"[{Path}]" : $"[{Path}#{Path.Uid}]";

    internal virtual void SendSystemMessage(SystemMessage message)
    {
    }

    internal virtual void Stop()
    {
    }

    private protected abstract void TellInternal(object message, IActorRef? sender);
}

/// <summary>The reference of an actor in this process.</summary>
internal sealed class LocalActorRef : ActorRefBase
{
    internal LocalActorRef(ActorSystemImpl system, Props props, Dispatch.MessageDispatcher dispatcher, ActorRefBase parent, ActorPath path)
    {
        Path = path;
        Cell = new ActorCell(system, this, props, dispatcher, parent);
    }

    public override ActorPath Path { get; }

    internal ActorCell Cell { get; }

    internal override ActorSystemImpl System => Cell.SystemImpl;

    internal override bool IsTerminated => Cell.IsTerminated;

    internal override void SendSystemMessage(SystemMessage message) => Cell.SendSystemMessage(message);

    internal override void Stop() => Cell.SendSystemMessage(new Terminate());

    private protected override void TellInternal(object message, IActorRef? sender) => Cell.SendMessage(message, sender);
}

/// <summary>Publishes what could not be delivered on the event stream.</summary>
internal sealed class DeadLetterActorRef(ActorSystemImpl system) : ActorRefBase
{
    public override ActorPath Path { get; } = system.RootPath / "deadLetters";

    internal override ActorSystemImpl System => system;

    internal override bool IsTerminated => true;

    /// <summary>A user message that a dead actor was sent.</summary>
    internal void Undelivered(object message, IActorRef sender, IActorRef recipient)
    {
        switch (message)
        {
            // A subscriber of dead letters that died itself: publishing again would never end.
            case AllDeadLetters:
                return;
            case IDeadLetterSuppression suppressed:
                system.EventStream.Publish(new SuppressedDeadLetter(suppressed, sender, recipient));
                return;
            default:
                system.EventStream.Publish(new DeadLetter(message, sender, recipient));
                return;
        }
    }

    /// <summary>A system message that a dead actor was sent: who watches it hears at once that it is gone.</summary>
    internal static void Undelivered(SystemMessage message)
    {
        if (message is Watch watch && !watch.Watcher.Equals(watch.Watchee))
        {
            watch.Watcher.SendSystemMessage(new DeathWatchNotification(watch.Watchee, existenceConfirmed: false));
        }
    }

    internal override void SendSystemMessage(SystemMessage message) => Undelivered(message);

    private protected override void TellInternal(object message, IActorRef? sender)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (message is AllDeadLetters letter)
        {
            system.EventStream.Publish(letter);
            return;
        }

        Undelivered(message, sender ?? this, this);
    }
}

/// <summary>Supervises the guardian of all user actors: ends the system when it fails or is gone.</summary>
internal sealed class RootGuardianRef(ActorSystemImpl system) : ActorRefBase
{
    public override ActorPath Path => system.RootPath;

    internal override ActorSystemImpl System => system;

    internal override void SendSystemMessage(SystemMessage message)
    {
        switch (message)
        {
            case Failed failed:
                system.EventStream.Publish(new Error(
                    failed.Cause, failed.Child.Path.ToString(), typeof(RootGuardianRef), "guardian failed, shutting down system"));
                failed.Child.Stop();
                break;
            case DeathWatchNotification:
                system.GuardianTerminated();
                break;
            case Watch or Unwatch:
                break;
        }
    }

    private protected override void TellInternal(object message, IActorRef? sender) => system.DeadLetters.Tell(message, sender);
}
