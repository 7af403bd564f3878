using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

// The container's part of a handoff: coming to rest and going on in the process that has it; prepared, and taken up, in the one that takes over.
internal sealed partial class ContainerActor
{
    /// <summary>How long disks may take for what is read again while arrays wait.</summary>
    private static readonly TimeSpan TakeUpLimit = TimeSpan.FromSeconds(1);

    private ImmutableArray<OpenDisk> _prepared;
    private ImmutableDictionary<DeviceNumber, string> _preparedWithout = ImmutableDictionary<DeviceNumber, string>.Empty;
    private IActorRef? _pauseAskedBy;
    private IActorRef? _resumeAskedBy;
    private IActorRef? _pausing;
    private bool _atRest;
    private string _awaited = "";

    /// <summary>
    /// All that supervising needs is opened and started, while another process supervises: nothing is claimed, decided or written, and of what is
    /// read now nothing counts when it is taken up but the open files.
    /// </summary>
    private void Prepare()
    {
        var loaded = ContainerLoader.Load(_settings.Settings, Name, _settings.Settings.DiskLimit);
        if (loaded.Refusal is { } refusal)
        {
            Refuse(refusal);
            return;
        }

        BeginMetadata(loaded, ContainerSnapshot.Empty(Name));
        _prepared = loaded.Disks;
        _preparedWithout = loaded.Unreadable;
        foreach (var reading in loaded.Hanging)
        {
            reading.Abandon();
        }

        if (ReadMdStat() is { } mdstat)
        {
            ReconcileArrays(mdstat);
        }

        Become(Prepared);
        Context.Parent.Tell(new ContainerStarted(Name, new SuperviseReply(SuperviseOutcome.Supervised, $"{Name} can be supervised")), Self);
    }

    private void Prepared()
    {
        Receive<TakeUpContainer>(takeUp =>
        {
            _settings.Home.IsPrepared = false;
            Become(Running);
            Begin(takeUp.Handed);
        });
        Receive<ArrayGone>(gone => Forget(gone.Array));
        Receive<ArrayNotRead>(array => Forget(array.Array));
        Receive<Terminated>(dead => Ended(dead.ActorRef));
        Receive<DiskRead>(read => read.Reading.Abandon());
        ChildMessages();
        Receive<Farewell>(_ =>
        {
            Context.Parent.Tell(new ContainerLeft(Name, Task.FromResult(true)), Self);
            Context.Stop(Self);
        });
        Receive<IForContainer>(_ => Sender.Tell(new NotSupervised(Name), Self));
    }

    /// <summary>Coming to rest, or at rest: what comes is put aside until it is clear who goes on with the container.</summary>
    private void Resting()
    {
        Receive<PauseAwaits>(pause => _awaited = Sender.Equals(_pausing) ? pause.What : _awaited);
        Receive<AllPaused>(all =>
        {
            _atRest = true;
            _pauseAskedBy?.Tell(all.Paused, Self);
        });
        Receive<ResumeContainer>(_ =>
        {
            // What it has asked for itself must have come before what we ask for now.
            _resumeAskedBy = Sender;
            if (_pausing is { } pausing)
            {
                Context.Watch(pausing);
                Context.Stop(pausing);
            }
            else
            {
                GoOn();
            }
        });
        Receive<Terminated>(dead =>
        {
            if (dead.ActorRef.Equals(_pausing))
            {
                GoOn();
            }
            else
            {
                Ended(dead.ActorRef);
            }
        });
        ChildMessages();
        Receive<AskForRest>(_ =>
        {
            _settings.Home.MayBeGivenAway = _atRest;
            Sender.Tell(new RestAnswer(_atRest, _awaited), Self);
        });
        Receive<ForgetClients>(_ =>
        {
            _endpoint?.ForgetClients();
            Sender.Tell(new ContainerResumed(Name), Self);
        });
        Receive<LeaveServer>(_ =>
        {
            if (_endpoint is { } endpoint)
            {
                _endpoint = null;
                Sender.Tell(new ServerLeft(endpoint.LeaveServer()), Self);
            }
        });
        Receive<MayLeave>(_ => { });
        ReceiveAny(_ => Stash.Stash());
    }

    /// <summary>
    /// Restarted by a fault at a time when another process may have begun to act for this container: nothing is done before it is clear who goes on.
    /// </summary>
    private void PerhapsGivenAway()
    {
        Receive<ResumeContainer>(_ =>
        {
            _settings.Home.MayBeGivenAway = false;
            Become(Running);
            Begin(null);
            Sender.Tell(new ContainerResumed(Name), Self);
        });
        Receive<AskForRest>(_ => Sender.Tell(new RestAnswer(false), Self));
        Receive<ForgetClients>(_ => Sender.Tell(new ContainerResumed(Name), Self));
        Receive<IForContainer>(_ => Sender.Tell(new NotSupervised(Name), Self));
        ReceiveAny(_ => { });
    }

    private SuperviseReply? Disagreement(LoadedContainer loaded, ContainerSnapshot? expected) =>
        expected is not null && ContainerDigest.Disagreement(loaded.Model!, [.. loaded.Disks.Select(disk => disk.Source.Device)], expected) is { } reason
            ? new SuperviseReply(SuperviseOutcome.Failed, $"{Name}: {reason}")
            : null;

    private void BeginPause()
    {
        if (_farewellTo is not null || _endpoint is not { } endpoint)
        {
            Sender.Tell(new NotSupervised(Name), Self);
            return;
        }

        _pauseAskedBy = Sender;
        _atRest = false;
        _awaited = "";
        Become(Resting);
        var (self, metadata) = (Self, _metadata);
        ImmutableArray<IActorRef> members = [.. _members.Values];
        var sockets = endpoint.Pause();
        _pausing = Context.ActorOf(
            ActorProps.Of(() => new PauseActor(Name, self, sockets, members, metadata), _settings.Home.Dispatcher));
    }

    private void GoOn()
    {
        _settings.Home.MayBeGivenAway = false;
        _pausing = null;
        _pauseAskedBy = null;
        _atRest = false;
        _metadata.Tell(new Resume(), Self);
        TellMembers(new Resume());
        var claimed = _endpoint!.Resume();
        if (!claimed.Ok)
        {
            _settings.Events.Error("pid-file", $"{Name}: {claimed.Error}");
        }

        Become(Running);
        Stash.UnstashAll();
        Reconcile();
        _resumeAskedBy?.Tell(new ContainerResumed(Name), Self);
    }
}
