namespace Akka.Actor;

/// <summary>What messages can be sent to.</summary>
public interface ICanTell
{
    /// <summary>Sends a message and does not wait; what is sent to a dead actor goes to the dead letters.</summary>
    /// <param name="message">The message; never null.</param>
    /// <param name="sender">Who is to be answered; null for nobody.</param>
    void Tell(object message, IActorRef? sender);
}

/// <summary>A handle to one incarnation of an actor; may be given to any thread.</summary>
public interface IActorRef : ICanTell, IEquatable<IActorRef>, IComparable<IActorRef>, IComparable
{
    /// <summary>Where the actor is, with the number of its incarnation.</summary>
    ActorPath Path { get; }
}

/// <summary>Sending with the actor that is running as the sender.</summary>
public static class ActorRefImplicitSenderExtensions
{
    /// <summary>Sends a message from the actor that is running on this thread, or from nobody.</summary>
    public static void Tell(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Self);

    /// <summary>Passes a message on with the sender of the message that is being handled.</summary>
    public static void Forward(this IActorRef receiver, object message) => receiver.Tell(message, ActorCell.Current?.Sender);
}

/// <summary>References that stand for no actor.</summary>
public static class ActorRefs
{
    /// <summary>A reference that drops what it is sent.</summary>
    public static readonly Nobody Nobody = Nobody.Instance;

    /// <summary>No sender: null.</summary>
    public static readonly IActorRef NoSender = null!;
}

/// <summary>Questions about references.</summary>
public static class ActorRefExtensions
{
    /// <summary>True for null, for <see cref="ActorRefs.Nobody"/> and for the dead letters.</summary>
    public static bool IsNobody(this IActorRef? actorRef) => actorRef is null or Nobody or DeadLetterActorRef;
}

/// <summary>A reference that drops what it is sent.</summary>
public sealed class Nobody : ActorRefBase
{
    /// <summary>The only one.</summary>
    public static Nobody Instance = new();

    private Nobody()
    {
    }

    /// <inheritdoc/>
    public override ActorPath Path { get; } = new RootActorPath("all-systems") / "Nobody";

    internal override ActorSystemImpl System => throw new NotSupportedException("Nobody belongs to no system");

    private protected override void TellInternal(object message, IActorRef? sender)
    {
    }
}
