namespace Akka.Actor;

/// <summary>What the runtime throws.</summary>
public abstract class AkkaException : Exception
{
    /// <summary>An exception that says no more.</summary>
    protected AkkaException()
    {
    }

    /// <summary>An exception with its message and, if known, its cause.</summary>
    protected AkkaException(string? message, Exception? cause = null)
        : base(message, cause)
    {
    }

    /// <summary>The cause; may be null.</summary>
    protected Exception? Cause => InnerException;
}

/// <summary>A name is not valid, or its last owner has not terminated yet.</summary>
public class InvalidActorNameException : AkkaException
{
    /// <summary>With that message.</summary>
    public InvalidActorNameException(string message)
        : base(message)
    {
    }

    /// <summary>With that message and cause.</summary>
    public InvalidActorNameException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>An ask got no answer in time.</summary>
public class AskTimeoutException : AkkaException
{
    /// <summary>With that message.</summary>
    public AskTimeoutException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor could not be created: its constructor, its PreStart or its props threw.</summary>
public class ActorInitializationException : AkkaException
{
    /// <summary>Without a message.</summary>
    public ActorInitializationException()
    {
    }

    /// <summary>With that message.</summary>
    public ActorInitializationException(string message)
        : base(message)
    {
    }

    /// <summary>With that message and cause.</summary>
    public ActorInitializationException(string message, Exception cause)
        : base(message, cause)
    {
    }

    /// <summary>With the actor, a message and a cause.</summary>
    public ActorInitializationException(IActorRef? actor, string message, Exception? cause = null)
        : base(message, cause) => Actor = actor;

    /// <summary>The actor that could not be created; may be null.</summary>
    public IActorRef? Actor { get; set; }

    /// <inheritdoc/>
    public override string ToString() => Actor is null ? base.ToString() : $"{Actor}: {base.ToString()}";
}

/// <summary>PreRestart threw; the restart goes on.</summary>
public class PreRestartException : ActorInitializationException
{
    /// <summary>With what PreRestart threw, why there was a restart, and at which message.</summary>
    public PreRestartException(IActorRef actor, Exception restartException, Exception cause, object? optionalMessage)
        : base(actor, $"Exception pre restart ({restartException?.GetType().ToString() ?? "null"})", cause)
    {
        RestartException = restartException;
        OptionalMessage = optionalMessage;
    }

    /// <summary>What PreRestart threw.</summary>
    public Exception? RestartException { get; }

    /// <summary>The message at which the actor failed; may be null.</summary>
    public object? OptionalMessage { get; }
}

/// <summary>The new instance's constructor or PostRestart threw.</summary>
public class PostRestartException : ActorInitializationException
{
    /// <summary>With what was thrown now, and why there was a restart.</summary>
    public PostRestartException(IActorRef actor, Exception cause, Exception originalCause)
        : base(actor, $"Exception post restart ({originalCause?.GetType().ToString() ?? "null"})", cause) => OriginalCause = originalCause;

    /// <summary>Why there was a restart.</summary>
    public Exception? OriginalCause { get; }
}

/// <summary>The actor got <see cref="Kill"/>.</summary>
public class ActorKilledException : AkkaException
{
    /// <summary>Without a message.</summary>
    public ActorKilledException()
    {
    }

    /// <summary>With that message.</summary>
    public ActorKilledException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor asked for what its state does not allow.</summary>
public class IllegalActorStateException : AkkaException
{
    /// <summary>With that message.</summary>
    public IllegalActorStateException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor watched another, and did not handle its <see cref="Terminated"/>.</summary>
public class DeathPactException : AkkaException
{
    /// <summary>By the death of that actor.</summary>
    public DeathPactException(IActorRef deadActor)
        : base($"Monitored actor [{deadActor}] terminated") => DeadActor = deadActor;

    /// <summary>The actor that is gone.</summary>
    public IActorRef DeadActor { get; }
}

/// <summary>The scheduler cannot take the order: the system has ended.</summary>
public sealed class SchedulerException : AkkaException
{
    /// <summary>With that message.</summary>
    public SchedulerException(string message)
        : base(message)
    {
    }
}
