using Akka.Actor;

namespace Akka.Dispatch.SysMsg;

/// <summary>A message of the runtime; comes before every user message. An object is sent once, to one actor.</summary>
internal abstract class SystemMessage
{
    /// <summary>The next in a mailbox's list.</summary>
    internal SystemMessage? Next;

    /// <summary>Held back while the actor is suspended.</summary>
    internal virtual bool StashWhenFailed => false;

    /// <summary>Held back while the actor waits for its children to end.</summary>
    internal virtual bool StashWhenWaitingForChildren => false;
}

internal sealed class Create : SystemMessage;

internal sealed class Recreate(Exception cause) : SystemMessage
{
    internal Exception Cause => cause;

    internal override bool StashWhenWaitingForChildren => true;
}

internal sealed class Suspend : SystemMessage
{
    internal override bool StashWhenWaitingForChildren => true;
}

internal sealed class Resume(Exception? causedByFailure) : SystemMessage
{
    internal Exception? CausedByFailure => causedByFailure;

    internal override bool StashWhenWaitingForChildren => true;
}

internal sealed class Terminate : SystemMessage;

internal sealed class Watch(ActorRefBase watchee, ActorRefBase watcher) : SystemMessage
{
    internal ActorRefBase Watchee => watchee;

    internal ActorRefBase Watcher => watcher;
}

internal sealed class Unwatch(ActorRefBase watchee, ActorRefBase watcher) : SystemMessage
{
    internal ActorRefBase Watchee => watchee;

    internal ActorRefBase Watcher => watcher;
}

internal sealed class DeathWatchNotification(ActorRefBase actor, bool existenceConfirmed) : SystemMessage
{
    internal ActorRefBase Actor => actor;

    internal bool ExistenceConfirmed => existenceConfirmed;
}

internal sealed class Failed(ActorRefBase child, Exception cause) : SystemMessage
{
    internal ActorRefBase Child => child;

    internal Exception Cause => cause;

    internal override bool StashWhenFailed => true;

    internal override bool StashWhenWaitingForChildren => true;
}

/// <summary>The next piece of an asynchronous handler, or its failure.</summary>
internal sealed class ActorTaskMessage(ActorTaskScheduler scheduler, Task? task, Exception? failure, object? message) : SystemMessage
{
    internal ActorTaskScheduler Scheduler => scheduler;

    internal Task? Task => task;

    internal Exception? Failure => failure;

    internal object? Message => message;
}
