using Akka.Actor;

namespace ActorRaid.Actors.Handoff;

/// <summary>From a rehearsal to the host: the container has begun, or cannot.</summary>
internal sealed record Rehearsed(string Container);

/// <summary>The host has ended the container's actor; null: there is none any more.</summary>
internal sealed record RehearsalEnded(IActorRef? Actor);

/// <summary>Waits for a container's beginning and for its end, and then answers whoever wanted to know whether it can be supervised.</summary>
internal sealed class RehearsalActor : ReceiveActor
{
    private SuperviseReply? _reply;

    public RehearsalActor(string container, IActorRef asker, IActorRef host)
    {
        Receive<SuperviseReply>(reply =>
        {
            _reply = reply;
            host.Tell(new Rehearsed(container), Self);
        });
        Receive<RehearsalEnded>(ended =>
        {
            if (ended.Actor is { } actor)
            {
                Context.Watch(actor);
            }
            else
            {
                Answer();
            }
        });
        Receive<Terminated>(_ => Answer());

        void Answer()
        {
            asker.Tell(_reply!, Self);
            Context.Stop(Self);
        }
    }
}
