using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>From an actor to its parent: it was restarted after a fault, and knows nothing but what it was made with. Whoever asked it for something asks again.</summary>
internal sealed record Restarted;

/// <summary>What all actors of ours have in common: a test can make each of them fail at any message.</summary>
public abstract class RaidActor : ReceiveActor
{
    private static volatile Action<IActorContext, object>? _beforeMessage;

    /// <summary>Called before each message of each actor in the process; what it throws the actor fails with. Null but for tests.</summary>
    internal static Action<IActorContext, object>? BeforeMessage
    {
        get => _beforeMessage;
        set => _beforeMessage = value;
    }

    /// <inheritdoc/>
    protected override bool AroundReceive(Receive receive, object message)
    {
        _beforeMessage?.Invoke(Context, message);
        return base.AroundReceive(receive, message);
    }
}
