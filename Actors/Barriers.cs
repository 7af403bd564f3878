using System.Collections.Immutable;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>To a container: read /proc/mdstat now. Answered with <see cref="Pong"/>.</summary>
internal sealed record ReconcileNow;

/// <summary>To a member array: /proc/mdstat does not list it as active.</summary>
internal sealed record NotListed;

/// <summary>To a member array: it has become a RAID 0, which is not supervised.</summary>
internal sealed record NeedsNobody;

/// <summary>From the farewell to its container: every array is at rest.</summary>
internal sealed record AllSafe;

/// <summary>
/// Answers one ping of mdadm's: what was queued is on disk; then either every array was looked at and what was seen for it is
/// on disk too (ping monitor), or /proc/mdstat was read and acted on (ping manager).
/// </summary>
internal sealed class BarrierActor : RaidActor
{
    private readonly IActorRef _metadata;
    private readonly IActorRef _asker;
    private readonly HashSet<IActorRef> _missing;

    public BarrierActor(IActorRef container, IActorRef metadata, ImmutableArray<IActorRef> members, IActorRef asker, bool reconcile)
    {
        _metadata = metadata;
        _asker = asker;
        _missing = [.. members];
        Receive<Looked>(_ => { });
        Receive<Terminated>(_ => { });
        Receive<Flushed>(_ =>
        {
            if (reconcile)
            {
                Become(Answering);
                container.Tell(new ReconcileNow(), Self);
                return;
            }

            Become(Looking);
            foreach (var member in members)
            {
                Context.Watch(member);
                member.Tell(new Look(Self), Self);
            }

            LookedAtAll();
        });
    }

    /// <inheritdoc/>
    protected override void PreStart() => _metadata.Tell(new Flush(), Self);

    private void Looking()
    {
        Receive<Looked>(_ =>
        {
            Context.Unwatch(Sender);
            _missing.Remove(Sender);
            LookedAtAll();
        });
        Receive<Terminated>(gone =>
        {
            _missing.Remove(gone.ActorRef);
            LookedAtAll();
        });
    }

    private void LookedAtAll()
    {
        if (_missing.Count == 0)
        {
            Become(Answering);
            _metadata.Tell(new Flush(), Self);
        }
    }

    private void Answering()
    {
        Receive<Terminated>(_ => { });
        Receive<Looked>(_ => { });
        ReceiveAny(_ =>
        {
            _asker.Tell(new Pong(), Self);
            Context.Stop(Self);
        });
    }
}

/// <summary>Waits until every array has come to rest after <see cref="MakeSafe"/>.</summary>
internal sealed class FarewellActor : RaidActor
{
    private readonly HashSet<IActorRef> _missing;
    private readonly IActorRef _container;

    public FarewellActor(ImmutableArray<IActorRef> members, IActorRef container)
    {
        _container = container;
        _missing = [.. members];
        Receive<Gone>(_ =>
        {
            Context.Unwatch(Sender);
            _missing.Remove(Sender);
            LeaveWhenAllHaveGone();
        });
        Receive<Terminated>(gone =>
        {
            _missing.Remove(gone.ActorRef);
            LeaveWhenAllHaveGone();
        });
        Receive<AskAgain>(again =>
        {
            if (_missing.Contains(again.Actor))
            {
                again.Actor.Tell(new TellWhenSafe(Self), Self);
            }
        });
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        foreach (var member in _missing)
        {
            Context.Watch(member);
            member.Tell(new TellWhenSafe(Self), Self);
        }

        LeaveWhenAllHaveGone();
    }

    private void LeaveWhenAllHaveGone()
    {
        if (_missing.Count == 0)
        {
            _container.Tell(new AllSafe(), Self);
            Context.Stop(Self);
        }
    }
}

/// <summary>To a member array: answer with <see cref="Gone"/> once it is clean (or read only), and that is recorded.</summary>
internal sealed record TellWhenSafe(IActorRef ReplyTo);
