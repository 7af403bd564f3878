using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

// The member array's part of a handoff: coming to rest and going on in the process that has it; prepared, and taken up, in the one that takes over.
public sealed partial class MemberArrayActor
{
    private bool _handed;
    private IActorRef? _pauseAskedBy;
    private bool _owesLook;

    private void Remember(ArraySnapshot? handed)
    {
        _handed = handed is not null;
        _memory = handed?.Memory ?? MemberMemory.New;
        _dropping.Remember(handed?.Dropping ?? []);
    }

    /// <summary>What is done for the second time is faster: everything is looked at, and decided for nobody.</summary>
    private void Rehearse()
    {
        MeasureArray();
        ScanLegs();
        _ = MemberDecision.Decide(_settings.Volume, _memory, _attributes!.Look(), _raidDisks, _componentSectors);
    }

    /// <summary>Somebody else supervises the array.</summary>
    private void Prepared()
    {
        Receive<TakeUpMember>(TakeUp);
        Receive<SysfsChanged>(_ => NoteChange());
        Receive<NotListed>(_ => Leave());
    }

    /// <summary>
    /// Goes on where the supervisor before has stopped. Also when this actor was made again so late that it has begun by
    /// itself: what it has asked the metadata for may be lost, and it knows nothing of what the one before remembered.
    /// </summary>
    private void TakeUp(TakeUpMember takeUp)
    {
        Remember(takeUp.Handed);
        _restsWaiting = false;

        // Another array of this name may have come meanwhile.
        if (_attributes!.ReadState() == ArrayState.Unknown)
        {
            _attributes.Dispose();
            if (!OpenAttributes())
            {
                return;
            }
        }

        _disks = takeUp.Disks;
        Become(Settling);
        Begin();
    }

    /// <summary>At rest: nothing is read, decided or written until somebody says that we still are the one.</summary>
    private void Paused()
    {
        Receive<Resume>(_ =>
        {
            Become(Watching);
            Stash.UnstashAll();
            PostChange(Self);
        });
        Receive<SysfsChanged>(_ => NoteChange());
        Receive<Pause>(_ => Sender.Tell(AtRest(), Self));
        ReceiveAny(_ => Stash.Stash());
    }

    /// <summary>
    /// It is looked at once more before it rests: how far a resync or a recovery has come is recorded by whoever saw it.
    /// </summary>
    private void BeginPause(IActorRef asker)
    {
        _pauseAskedBy = asker;
        _owesLook = true;
        PostChange(Self);
    }

    /// <summary>What has been begun is finished: a spare's activation in the middle would leave md frozen.</summary>
    private bool PauseIfAtRest()
    {
        if (_pauseAskedBy is not { } asker || _owesLook || _busy || _leaving || !_spare.IsIdle || !_reshape.IsIdle)
        {
            return false;
        }

        _pauseAskedBy = null;
        _dropping.Rest();
        Become(Paused);
        asker.Tell(AtRest(), Self);
        return true;
    }

    private MemberPaused AtRest() => new(new ArraySnapshot(Name, _memory, _dropping.Slots));
}
