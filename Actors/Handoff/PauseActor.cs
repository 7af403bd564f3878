using System.Collections.Immutable;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors.Handoff;

/// <summary>To a container, from its <see cref="PauseActor"/>: everything is at rest.</summary>
internal sealed record AllPaused(ContainerPaused Paused);

/// <summary>To a container, from its <see cref="PauseActor"/>: this is what it still waits for, in words.</summary>
internal sealed record PauseAwaits(string What);

/// <summary>
/// Brings a container to rest, from the outside in: first mdadm's questions, then the arrays (what they have begun they
/// finish, and that needs disks and metadata), last the metadata. Disks and the arrays' writer do nothing that no array
/// has asked them for. Ended by its container when that takes too long.
/// </summary>
internal sealed class PauseActor : RaidActor
{
    private readonly string _name;
    private readonly IActorRef _container;
    private readonly IActorRef _metadata;
    private readonly ImmutableArray<IActorRef> _members;
    private readonly Task<PausedSockets> _pausing;
    private readonly ImmutableArray<ArraySnapshot>.Builder _arrays = ImmutableArray.CreateBuilder<ArraySnapshot>();
    private readonly HashSet<IActorRef> _awaited = [];
    private PausedSockets? _sockets;

    public PauseActor(
        string name, IActorRef container, Task<PausedSockets> pausing, ImmutableArray<IActorRef> members,
        IActorRef metadata)
    {
        _name = name;
        _container = container;
        _pausing = pausing;
        _members = members;
        _metadata = metadata;
        Receive<AskAgain>(_ => { });
        Receive<Terminated>(_ => { });
        Receive<PausedSockets>(sockets =>
        {
            _sockets = sockets;
            Become(MembersPausing);
            Ask();
        });
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        TellAwaited("the answer to a question of mdadm's");
        _pausing.PipeTo(Self);
    }

    private void TellAwaited(string what) => _container.Tell(new PauseAwaits(what), Self);

    private void MembersPausing()
    {
        Receive<MemberPaused>(paused =>
        {
            if (_awaited.Contains(Sender))
            {
                _arrays.Add(paused.Snapshot);
                Answered(Sender);
            }
        });
        Receive<Terminated>(gone => Answered(gone.ActorRef));
        Receive<AskAgain>(again =>
        {
            if (_awaited.Contains(again.Actor))
            {
                again.Actor.Tell(new Pause(), Self);
            }
        });
    }

    private void MetadataPausing()
    {
        Receive<MetadataPaused>(metadata =>
        {
            var snapshot = new ContainerSnapshot(
                _name, metadata.Generation, metadata.Digest, _arrays.ToImmutable(), metadata.DoubtfulDisks, metadata.Updates)
            {
                Disks = metadata.Disks,
            };
            _container.Tell(new AllPaused(new ContainerPaused(snapshot, _sockets!)), Self);
            Context.Stop(Self);
        });
        Receive<AskAgain>(_ => { });
        Receive<Terminated>(_ => { });
    }

    private void Ask()
    {
        foreach (var one in _members)
        {
            Context.Watch(one);
            _awaited.Add(one);
            one.Tell(new Pause(), Self);
        }

        GoOnIfAllHaveAnswered();
    }

    private void Answered(IActorRef one)
    {
        if (_awaited.Remove(one))
        {
            GoOnIfAllHaveAnswered();
        }
    }

    private void GoOnIfAllHaveAnswered()
    {
        if (_awaited.Count > 0)
        {
            TellAwaited(string.Join(", ", _awaited.Select(actor => actor.Path.Name)));
            return;
        }

        Become(MetadataPausing);
        TellAwaited("the metadata, which is being written");
        _metadata.Tell(new Pause(), Self);
    }
}
