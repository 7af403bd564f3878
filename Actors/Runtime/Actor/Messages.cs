using Akka.Event;

namespace Akka.Actor;

/// <summary>Handles a message; false if it does not know it.</summary>
public delegate bool Receive(object message);

/// <summary>Handles a message.</summary>
public delegate void UntypedReceive(object message);

/// <summary>A message that the runtime itself handles before the actor sees it.</summary>
public interface IAutoReceivedMessage
{
}

/// <summary>A message that may do harm when it comes from outside.</summary>
public interface IPossiblyHarmful
{
}

/// <summary>A message that does not push back an actor's receive time-out.</summary>
public interface INotInfluenceReceiveTimeout
{
}

/// <summary>A message with its sender, as a mailbox holds it.</summary>
public readonly struct Envelope
{
    /// <summary>An envelope whose missing sender is replaced by the system's dead letters.</summary>
    /// <exception cref="ArgumentNullException">The message is null.</exception>
    public Envelope(object message, IActorRef? sender, ActorSystem system)
    {
        Message = message ?? throw new ArgumentNullException(nameof(message), "The message cannot be null.");
        Sender = sender ?? system.DeadLetters;
    }

    /// <summary>An envelope as given.</summary>
    public Envelope(object message, IActorRef? sender)
    {
        Message = message;
        Sender = sender!;
    }

    /// <summary>Who is to be answered.</summary>
    public IActorRef Sender { get; }

    /// <summary>The message.</summary>
    public object Message { get; }

    /// <inheritdoc/>
    public override string ToString() => $"<{Message}> from {Sender?.ToString() ?? "NoSender"}";
}

/// <summary>An answer that says how it went.</summary>
public abstract class Status
{
    private Status()
    {
    }

    /// <summary>It went well.</summary>
    public sealed class Success : Status
    {
        /// <summary>Success that has nothing more to say.</summary>
        public static readonly Success Instance = new(null);

        /// <summary>What came of it; may be null.</summary>
        public readonly object? Status;

        /// <summary>Success with a result.</summary>
        public Success(object? status) => Status = status;

        /// <inheritdoc/>
        public override string ToString() => Status is null ? "Success" : $"Success: {Status}";
    }

    /// <summary>It failed; an ask that gets this as its answer throws <see cref="Cause"/>.</summary>
    public sealed class Failure : Status
    {
        /// <summary>Why.</summary>
        public readonly Exception Cause;

        /// <summary>Whatever the sender adds; may be null.</summary>
        public readonly object? State;

        /// <summary>Failure by that cause.</summary>
        public Failure(Exception cause) => Cause = cause;

        /// <summary>Failure by that cause, with something added.</summary>
        public Failure(Exception cause, object? state)
        {
            Cause = cause;
            State = state;
        }

        /// <inheritdoc/>
        public override string ToString() => $"Failure: {Cause}";
    }
}

/// <summary>Stops the actor when its turn in the mailbox comes.</summary>
public sealed class PoisonPill : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression
{
    private PoisonPill()
    {
    }

    /// <summary>The only one.</summary>
    public static PoisonPill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<PoisonPill>";
}

/// <summary>Makes the actor fail with <see cref="ActorKilledException"/>; its supervisor decides (by default: stop).</summary>
public sealed class Kill : IAutoReceivedMessage
{
    private Kill()
    {
    }

    /// <summary>The only one.</summary>
    public static Kill Instance { get; } = new();

    /// <inheritdoc/>
    public override string ToString() => "<Kill>";
}

/// <summary>A watched actor is gone: sent once to each watcher, also if it was gone before it was watched.</summary>
public sealed class Terminated : IAutoReceivedMessage, IPossiblyHarmful, IDeadLetterSuppression, IEquatable<Terminated>
{
    /// <summary>The end of an actor.</summary>
    /// <param name="actorRef">Which.</param>
    /// <param name="existenceConfirmed">False if it was already gone when it was watched.</param>
    /// <param name="addressTerminated">True if a remote system is gone; never in one process.</param>
    public Terminated(IActorRef actorRef, bool existenceConfirmed, bool addressTerminated)
    {
        ActorRef = actorRef;
        ExistenceConfirmed = existenceConfirmed;
        AddressTerminated = addressTerminated;
    }

    /// <summary>Which actor is gone.</summary>
    public IActorRef ActorRef { get; }

    /// <summary>True if a remote system is gone; never in one process.</summary>
    public bool AddressTerminated { get; }

    /// <summary>False if it was already gone when it was watched.</summary>
    public bool ExistenceConfirmed { get; }

    /// <inheritdoc/>
    public bool Equals(Terminated? other) => other is not null && ActorRef.Equals(other.ActorRef)
        && AddressTerminated == other.AddressTerminated && ExistenceConfirmed == other.ExistenceConfirmed;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Terminated);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(ActorRef, AddressTerminated, ExistenceConfirmed);

    /// <inheritdoc/>
    public override string ToString() => $"<Terminated>: {ActorRef} - ExistenceConfirmed={ExistenceConfirmed}";
}

/// <summary>Nothing came for as long as <see cref="IActorContext.SetReceiveTimeout"/> said.</summary>
public class ReceiveTimeout : IPossiblyHarmful
{
    private ReceiveTimeout()
    {
    }

    /// <summary>The only one.</summary>
    public static ReceiveTimeout Instance { get; } = new();
}
