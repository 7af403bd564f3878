using System.Diagnostics.CodeAnalysis;
using Akka.Dispatch;

namespace Akka.Actor;

/// <summary>What actors can be created under.</summary>
public interface IActorRefFactory
{
    /// <summary>Creates a child; it starts on its own dispatcher, soon.</summary>
    /// <param name="props">How.</param>
    /// <param name="name">Its name, unique among its living siblings; null for one that is made up.</param>
    /// <exception cref="InvalidActorNameException">The name is not valid or still in use.</exception>
    /// <exception cref="InvalidOperationException">The parent is stopping.</exception>
    IActorRef ActorOf(Props props, string? name = null);
}

/// <summary>Creating actors by their type.</summary>
public static class ActorRefFactoryExtensions
{
    /// <summary>Creates a child by its constructor without arguments.</summary>
    public static IActorRef ActorOf<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActor>(
        this IActorRefFactory factory, string? name = null)
        where TActor : ActorBase, new() => factory.ActorOf(Props.Create<TActor>(), name);
}

/// <summary>What can watch actors.</summary>
public interface ICanWatch
{
    /// <summary>Asks for <see cref="Terminated"/> when the subject is gone.</summary>
    /// <returns>The subject.</returns>
    IActorRef Watch(IActorRef subject);

    /// <summary>Asks for that message, in place of <see cref="Terminated"/>, when the subject is gone.</summary>
    /// <returns>The subject.</returns>
    IActorRef WatchWith(IActorRef subject, object message);

    /// <summary>Takes it back: no <see cref="Terminated"/> comes, not even one that is already in the mailbox.</summary>
    /// <returns>The subject.</returns>
    IActorRef Unwatch(IActorRef subject);
}

/// <summary>What an actor can see and do; only for the actor itself, while it handles a message.</summary>
public interface IActorContext : IActorRefFactory, ICanWatch
{
    /// <summary>This actor.</summary>
    IActorRef Self { get; }

    /// <summary>How this actor was created.</summary>
    Props Props { get; }

    /// <summary>What this actor runs on.</summary>
    MessageDispatcher Dispatcher { get; }

    /// <summary>Who sent the message being handled; the dead letters if nobody.</summary>
    IActorRef Sender { get; }

    /// <summary>The system.</summary>
    ActorSystem System { get; }

    /// <summary>Who supervises this actor.</summary>
    IActorRef Parent { get; }

    /// <summary>The time set by <see cref="SetReceiveTimeout"/>; null if none.</summary>
    TimeSpan? ReceiveTimeout { get; }

    /// <summary>Replaces the behaviour on top of the stack.</summary>
    void Become(Receive receive);

    /// <summary>Puts a behaviour on top of the stack.</summary>
    void BecomeStacked(Receive receive);

    /// <summary>Goes back to the behaviour below, if there is one.</summary>
    void UnbecomeStacked();

    /// <summary>The child of that name, or <see cref="ActorRefs.Nobody"/>.</summary>
    IActorRef Child(string name);

    /// <summary>The children that are not gone yet.</summary>
    IEnumerable<IActorRef> GetChildren();

    /// <summary>Sends <see cref="Actor.ReceiveTimeout"/> whenever no message came for that long; null for never.</summary>
    void SetReceiveTimeout(TimeSpan? timeout);

    /// <summary>Stops a child, or the actor itself, after the message that it is handling now.</summary>
    void Stop(IActorRef child);
}

/// <summary>A context that also takes behaviours that handle everything.</summary>
public interface IUntypedActorContext : IActorContext
{
    /// <summary>Replaces the behaviour on top of the stack.</summary>
    void Become(UntypedReceive receive);

    /// <summary>Puts a behaviour on top of the stack.</summary>
    void BecomeStacked(UntypedReceive receive);
}
