using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Actors.Handoff;
using ActorRaid.Actors.Recording;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>What a container's actor begins with.</summary>
/// <param name="Settings">The system's settings.</param>
/// <param name="Container">md127</param>
/// <param name="Home">The thread that the container's actors share; it outlives a restart of the actor.</param>
/// <param name="Events">Who is told.</param>
internal sealed record ContainerSettings(RaidSettings Settings, string Container, ContainerHome Home, ContainerEvents Events);

/// <summary>A container's loop, the dispatcher that runs actors on it, and the metadata writes that are under way.</summary>
internal sealed record ContainerHome(EventLoop Loop, string Dispatcher, WritesUnderWay Writes)
{
    /// <summary>Another process supervises the container: nothing may be done but to prepare.</summary>
    public bool IsPrepared { get; set; }

    /// <summary>It is at rest, and whoever takes it over may act by now.</summary>
    public bool MayBeGivenAway { get; set; }
}

/// <summary>From a container to the host: it is supervised, or was refused.</summary>
internal sealed record ContainerStarted(string Container, SuperviseReply Reply);

/// <summary>From a container to the host: nothing is left to supervise.</summary>
/// <param name="Container">md127</param>
/// <param name="Closed">Completes when its last client has been answered.</param>
internal sealed record ContainerLeft(string Container, Task<bool> Closed);

/// <summary>
/// One container: its identity (pid file, socket) and its membership. A fault of a member array or a disk restarts that actor
/// alone; a fault of the metadata restarts the whole container, which then reads everything from sysfs and the disks again.
/// </summary>
internal sealed partial class ContainerActor : RaidActor, IWithTimers, IWithStash
{
    private const string LookAgainTimer = "look-again";
    private const int RestartsWithin = 5;
    private static readonly TimeSpan RestartsLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan WritesLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan LookAgainAfter = TimeSpan.FromSeconds(1);
    private readonly ContainerSettings _settings;
    private readonly Dictionary<string, IActorRef> _members = [];
    private readonly Dictionary<int, string> _striped = [];
    private readonly HashSet<int> _endedUnwatched = [];
    private readonly Telling _notRead = new();
    private readonly LegWrites _legs;
    private IMetadataFormat? _format;
    private IActorRef _metadata = ActorRefs.Nobody;
    private IActorRef _writer = ActorRefs.Nobody;
    private HandedContainer? _handed;
    private MonitorEndpoint? _endpoint;
    private int _names;

    /// <summary>An actor for that container.</summary>
    /// <param name="settings">What it begins with.</param>
    /// <param name="handed">What to take over; null: begin afresh.</param>
    public ContainerActor(ContainerSettings settings, HandedContainer? handed)
    {
        _settings = settings;
        _handed = handed;
        _legs = new LegWrites(settings.Events);
        Running();
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    private string Name => _settings.Container;

    private string SysRoot => _settings.Settings.SysRoot;

    private void Running()
    {
        Receive<PauseContainer>(_ => BeginPause());
        Receive<PauseAwaits>(_ => { });
        Receive<ResumeContainer>(_ => Sender.Tell(new ContainerResumed(Name), Self));
        Receive<AskForRest>(_ => Sender.Tell(new RestAnswer(false), Self));
        Receive<MdStatChanged>(changed => Reconcile(changed.MdStat));
        Receive<ArrayGone>(gone =>
        {
            if (_members.TryGetValue(gone.Array, out var member) && member.Equals(Sender))
            {
                Forget(gone.Array);
            }

            Reconcile();
        });
        Receive<ArrayNotRead>(array =>
        {
            if (_members.TryGetValue(array.Array, out var member) && member.Equals(Sender))
            {
                Forget(array.Array);
                LookAgain($"{array.Array} cannot be supervised yet: {array.Error}");
            }
        });
        Receive<Terminated>(dead => Ended(dead.ActorRef));
        ChildMessages();
        Receive<NameParts>(_ => Sender.Tell(
            new ContainerParts(
                _metadata, [.. _members.Select(member => (member.Key, member.Value))],
                [.. _disks.Select(disk => (disk.Value.Name, disk.Key, disk.Value.Actor))], [.. Striped()])
            {
                Unreadable = Unreadable(),
            },
            Self));
        Receive<PolicyChanged>(_ => TellMembers(new LegsMayHaveChanged(false)));
        Receive<UpdateApplied>(_ => TellMembers(new LegsMayHaveChanged(true)));
        Receive<PingMonitor>(_ => Barrier(Sender, look: true));
        Receive<PingManager>(_ => Barrier(Sender, look: false));
        Receive<SettleContainer>(_ => Barrier(Sender, look: true));
        Receive<ReconcileNow>(_ =>
        {
            Reconcile();
            _reconciling.Add(Sender);
            AnswerReconciling();
        });
        Receive<LookOnceMore>(_ => Reconcile());
        DiskMessages();
        Receive<VolumeDescribed>(CatchUp);
        Receive<Recorded>(_ =>
        {
            foreach (var volume in _endedUnwatched)
            {
                _metadata.Tell(new DescribeVolume(volume), Self);
            }
        });
        LeaveMessages();
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        RestartsWithin, RestartsLimit,
        exception =>
        {
            var metadata = Sender.Equals(_metadata);
            _settings.Events.Error("actor-failed", $"{Name}: {Sender.Path.Name} failed: {exception}");
            return metadata ? Directive.Escalate : Directive.Restart;
        });

    /// <inheritdoc/>
    protected override void PreStart()
    {
        // After a fault of the metadata's actor: what it was writing is best read when it has ended. A write that hangs is not waited for:
        // the new writer reckons with it.
        _settings.Home.Writes.WaitForNone(WritesLimit);
        _writer = Context.ActorOf(
            ActorProps.Of(() => new ArrayWriterActor(SysRoot, _settings.Events), _settings.Home.Dispatcher), "arrays");
        Context.Watch(_writer);
        if (_settings.Home.MayBeGivenAway)
        {
            Become(PerhapsGivenAway);
        }
        else if (_settings.Home.IsPrepared)
        {
            Prepare();
        }
        else
        {
            Begin(_handed);
        }
    }

    private void Begin(HandedContainer? handed)
    {
        _handed = handed;
        var loaded = _prepared.IsDefault
            ? ContainerLoader.Load(_settings.Settings, Name, _settings.Settings.DiskLimit)
            : ContainerLoader.Load(_settings.Settings, Name, TakeUpLimit, _prepared, _preparedWithout);
        if ((loaded.Refusal ?? Disagreement(loaded, handed?.Snapshot)) is { } refusal)
        {
            handed?.Close();
            loaded.Close();
            Refuse(refusal);
            return;
        }

        if (handed is null && _prepared.IsDefault)
        {
            loaded = AssembledDisks.TakenBack(_settings.Settings, Name, loaded);
        }

        foreach (var verdict in loaded.Verdicts)
        {
            if (verdict.Standing is DiskStanding.Stale or DiskStanding.Foreign or DiskStanding.Broken)
            {
                _settings.Events.Verdict(verdict);
            }
        }

        var model = loaded.Model!;
        TakeUnreadable(loaded);
        BeginMetadata(loaded, handed is { Paused: true } ? handed.Snapshot ?? ContainerSnapshot.Empty(Name) : null);
        var endpoint = MonitorEndpoint.Open(_settings.Settings.RunDirectory, Name, _settings.Home.Loop.ThreadNumber, Self, _metadata, handed);
        if (!endpoint.Ok)
        {
            Refuse(new SuperviseReply(SuperviseOutcome.Failed, $"{Name}: {endpoint.Error}") { IsOurFault = endpoint.Error.MeansShortage });
            return;
        }

        _endpoint = endpoint.Value;
        _settings.Events.Info(
            "container-supervised",
            $"{Name} is supervised: {model.Format}, generation {model.Generation}, {loaded.Disks.Length} disks, {model.Volumes.Length} volumes");
        Reconcile();
        LookWhetherToLeave();
        _prepared = default;
        _handed = null;
        if (handed is { Paused: true })
        {
            _atRest = true;
            Become(Resting);
        }
        else
        {
            _endpoint.Resume();
        }

        Context.Parent.Tell(new ContainerStarted(Name, new SuperviseReply(SuperviseOutcome.Supervised, $"{Name} is supervised")), Self);
    }

    /// <summary>Whoever keeps the metadata, and the disks' actors, are there from now on, or know it anew.</summary>
    private void BeginMetadata(LoadedContainer loaded, ContainerSnapshot? handed)
    {
        var model = loaded.Model!;
        _format = _settings.Settings.Formats.First(format => format.Name == model.Format);
        var metadata = new MetadataSettings(Name, model, loaded.Disks, _settings.Home.Loop, _settings.Home.Writes, _settings.Events, handed)
        {
            Policy = _settings.Settings.Policy,
        };
        if (_prepared.IsDefault)
        {
            _metadata = Context.ActorOf(ActorProps.Of(() => new MetadataActor(metadata), _settings.Home.Dispatcher), "metadata");
        }
        else
        {
            _metadata.Tell(new TakeUpMetadata(metadata), Self);
        }

        TakeLoadedDisks(loaded);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _legs.Dispose();
        _endpoint?.Close(leaveFiles: true);
    }

    private void Refuse(SuperviseReply reply)
    {
        Context.Parent.Tell(new ContainerStarted(Name, reply), Self);
        Context.Stop(Self);
    }

    private void Reconcile()
    {
        if (ReadMdStat() is { } mdstat)
        {
            Reconcile(mdstat);
        }
    }

    private MdStatFile? ReadMdStat()
    {
        var read = SysfsAttribute.ReadOnce(_settings.Settings.MdStatPath);
        if (read.Ok)
        {
            return MdStat.Parse(read.Value);
        }

        LookAgain($"the arrays of {Name} are not known, and taken to be those of before: {read.Error}");
        return null;
    }

    /// <summary>What is there could not be read, which says nothing about it: looks again a little later. Told once, not at each try.</summary>
    private void LookAgain(string why)
    {
        if (_notRead.IsNew())
        {
            _settings.Events.Error("not-read", $"{why}; tried again");
        }

        Timers.StartSingleTimer(LookAgainTimer, new LookOnceMore(), LookAgainAfter);
    }

    /// <summary>Compares what md has with whom we supervise.</summary>
    private void Reconcile(MdStatFile mdstat)
    {
        ReconcileDisks();
        ReconcileArrays(mdstat);
    }

    private void ReconcileArrays(MdStatFile mdstat)
    {
        var listed = new HashSet<string>();
        var active = ImmutableArray.CreateBuilder<int>();
        foreach (var array in mdstat.Arrays)
        {
            if (array.Container != Name || !int.TryParse(array.Subarray, CultureInfo.InvariantCulture, out var volume))
            {
                continue;
            }

            active.Add(volume);

            if (array.State is not (MdStatState.Active or MdStatState.Broken) || array.Level is null)
            {
                continue;
            }

            listed.Add(array.Name);
            _members.TryGetValue(array.Name, out var member);

            // RAID 0 needs nobody: it is never dirty and does not survive a failure.
            if (array.Level is "raid0" or "linear")
            {
                member?.Tell(new NeedsNobody(), Self);
                _striped[volume] = array.Name;
                _metadata.Tell(new DescribeVolume(volume), Self);
            }
            else if (member is not null)
            {
                member.Tell(_prepared.IsDefault ? new LegsMayHaveChanged(false) : new TakeUpMember(HandedArray(array.Name), Disks()), Self);
            }
            else if (_farewellTo is null)
            {
                AddMember(array.Name, volume);
            }
        }

        _metadata.Tell(new VolumesActive(active.ToImmutable()), Self);
        foreach (var (array, member) in _members)
        {
            if (!listed.Contains(array))
            {
                member.Tell(new NotListed(), Self);
            }
        }
    }

    /// <summary>A RAID 0 may have been reshaped to its end while nobody watched: that is recorded here, as it has no actor.</summary>
    private void CatchUp(VolumeDescribed described)
    {
        if (described.Volume is { Reshape: null } ended && _endedUnwatched.Remove(ended.Index))
        {
            var name = _striped[ended.Index];
            var size = SysfsAttribute.ReadOnce($"{SysRoot}/block/{name}/md/array_size");
            if (!size.Ok && !size.Error.MeansGone)
            {
                _endedUnwatched.Add(ended.Index);
                LookAgain($"the size of {name} is not known: {size.Error}");
                return;
            }

            ReshapeFollowing.Enlarge(
                name, size.Ok && ulong.TryParse(size.Value, CultureInfo.InvariantCulture, out var now) ? now : 0, ended,
                _writer, _settings.Events);
            return;
        }

        if (described.Volume is not { Reshape: { } reshape } volume || !_striped.TryGetValue(volume.Index, out var array) || _members.ContainsKey(array))
        {
            return;
        }

        var shape = MdShape.Of($"{SysRoot}/block/{array}/md");
        if (shape is { Level: 0 } && shape.HasEnded(reshape))
        {
            _settings.Events.Info("reshape-ended", $"{array}: its reshape has ended, recorded", array);
            _metadata.Tell(new Record(Self, [MemberDecision.ReshapeEnded(volume.Index, Consistency.Clean)]), Self);
            _endedUnwatched.Add(volume.Index);
        }
    }

    private IEnumerable<ArrayStanding> Striped() =>
        from striped in _striped
        let state = SysfsAttribute.ReadOnce($"{SysRoot}/block/{striped.Value}/md/array_state")
        where state.Ok && !_members.ContainsKey(striped.Value)
        select new ArrayStanding(striped.Value, striped.Key, KernelWords.ParseState(state.Value), SyncAction.Idle, null, 0, []);

    private void AddMember(string array, int volume)
    {
        var settings = new MemberSettings(
            SysRoot, array, volume, _settings.Home.Loop, _metadata, Disks(), _writer, _legs, _settings.Events)
        {
            Policy = _settings.Settings.Policy,
            RunDirectory = _settings.Settings.RunDirectory,
        };
        var (handed, home, now) = (HandedArray(array), _settings.Home, _disksNow);
        // The actor is made on another thread, later: the first one must be what it is made for, whatever the container does
        // meanwhile. One that is made again after a fault is what the container is by then.
        var isPrepared = home.IsPrepared;
        var delay = isPrepared ? SafeModeDelay.Read(SysRoot, array) : null;
        var again = false;
        _members[array] = Context.ActorOf(
            ActorProps.Of(
                () => new MemberArrayActor(
                    settings with
                    {
                        IsPrepared = Interlocked.Exchange(ref again, true) ? home.IsPrepared : isPrepared,
                        DelayBefore = Interlocked.Exchange(ref delay, null),
                        Disks = now.Disks,
                    },
                    Interlocked.Exchange(ref handed, null)),
                _settings.Home.Dispatcher),
            $"{array}-{++_names}");
        Context.Watch(_members[array]);
        LookWhetherToLeave();
    }

    private ArraySnapshot? HandedArray(string array) => _handed?.Snapshot?.Arrays.FirstOrDefault(known => known.Array == array);

    private void TellMembers(object message)
    {
        foreach (var member in _members.Values)
        {
            member.Tell(message, Self);
        }
    }

    private void Barrier(IActorRef asker, bool look)
    {
        ImmutableArray<IActorRef> members = look ? [.. _members.Values] : [];
        var self = Self;
        var metadata = _metadata;
        Context.ActorOf(ActorProps.Of(() => new BarrierActor(self, metadata, members, asker, reconcile: !look)));
    }
}
