using Akka.Actor;

namespace Akka.Event;

/// <summary>A message that is not worth a dead letter.</summary>
public interface IDeadLetterSuppression
{
}

/// <summary>A message that was not handled, for whatever reason.</summary>
public abstract class AllDeadLetters
{
    private protected AllDeadLetters(object message, IActorRef sender, IActorRef recipient)
    {
        Message = message;
        Sender = sender;
        Recipient = recipient;
    }

    /// <summary>The message.</summary>
    public object Message { get; }

    /// <summary>Whom it was for.</summary>
    public IActorRef Recipient { get; }

    /// <summary>Who sent it.</summary>
    public IActorRef Sender { get; }

    /// <inheritdoc/>
    public override string ToString() => $"DeadLetter from {Sender} to {Recipient}: <{Message}>";
}

/// <summary>A message to an actor that is gone.</summary>
public sealed class DeadLetter : AllDeadLetters
{
    /// <summary>That message.</summary>
    public DeadLetter(object message, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient)
    {
    }
}

/// <summary>A message to an actor that is gone, not worth a dead letter.</summary>
public sealed class SuppressedDeadLetter : AllDeadLetters
{
    /// <summary>That message.</summary>
    public SuppressedDeadLetter(IDeadLetterSuppression message, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient)
    {
    }
}

/// <summary>A message that its actor's behaviour did not know.</summary>
public sealed class UnhandledMessage : AllDeadLetters
{
    /// <summary>That message.</summary>
    public UnhandledMessage(object message, IActorRef sender, IActorRef recipient)
        : base(message, sender, recipient)
    {
    }
}
