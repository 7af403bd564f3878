using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// One member array: looks at all of its attributes when one changes, lets <see cref="MemberDecision"/> decide, has the metadata
/// recorded, and only then lets the kernel go. Restarted, it looks at everything anew.
/// </summary>
public sealed partial class MemberArrayActor : RaidActor, IWithTimers, IWithStash
{
    /// <summary>A leg's recovery_start follows the notification of sync_completed, and nobody is notified of it.</summary>
    private static readonly TimeSpan SyncLookAfter = TimeSpan.FromSeconds(10);
    private const int LooksUntilTold = 3;
    private static readonly TimeSpan LookAgainFirst = TimeSpan.FromMilliseconds(100), LookAgainLast = TimeSpan.FromSeconds(5);
    private static long _lastTicket;
    private readonly MemberSettings _settings;
    private readonly SpareActivation _spare;
    private readonly BadBlockKeeping _badBlocks;
    private readonly ReshapeFollowing _reshape;
    private readonly LegDropping _dropping;
    private readonly SafeModeDelay _safeMode;
    private readonly List<IActorRef> _askedToLook = [];
    private readonly List<IActorRef> _looking = [];
    private ImmutableDictionary<DeviceNumber, IActorRef> _disks;
    private MemberAttributes? _attributes;
    private MemberMemory _memory;
    private MemberActions? _actions;
    private ImmutableArray<MemberAttributes.Leg> _lost = [];
    private TimeSpan _actedAt;
    private RebuildProgress _progress;
    private bool _lookAgain;
    private int _changePosted;
    private string? _stateRefused;
    private int _raidDisks;
    private ulong _componentSectors;
    private bool _leaving;
    private bool _describe;
    private IActorRef? _tellWhenSafe;
    private bool _busy = true;
    private long _ticket;
    private int _notRead;

    /// <summary>An actor for that array.</summary>
    /// <param name="settings">What it needs to know.</param>
    /// <param name="handed">What the supervisor before remembered, if there was one that handed it over.</param>
    public MemberArrayActor(MemberSettings settings, ArraySnapshot? handed = null)
    {
        _settings = settings;
        _memory = MemberMemory.New;
        _disks = settings.Disks;
        _dropping = new LegDropping(settings);
        _safeMode = new SafeModeDelay(settings);
        Remember(handed);
        _spare = new SpareActivation(settings, SparePorts());
        _badBlocks = new BadBlockKeeping(settings);
        _reshape = new ReshapeFollowing(settings);
        _restsWaiting = settings.IsPrepared;
        if (settings.IsPrepared)
        {
            Prepared();
        }
        else
        {
            Settling();
        }
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    public IStash Stash { get; set; } = null!;

    private string Name => _settings.Array;

    private ContainerEvents Events => _settings.Events;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        if (!OpenAttributes())
        {
            return;
        }

        if (_settings.IsPrepared)
        {
            Rehearse();
        }
        else
        {
            Begin();
        }
    }

    private bool OpenAttributes()
    {
        var self = Self;
        var opened = MemberAttributes.Open(_settings.SysRoot, Name, _settings.Loop, () => PostChange(self));
        if (!opened.Ok)
        {
            if (opened.Error.MeansGone)
            {
                Leave();
                return false;
            }

            _leaving = true;
            Context.Parent.Tell(new ArrayNotRead(Name, opened.Error), Self);
            Context.Stop(Self);
            return false;
        }

        _attributes = opened.Value;
        return true;
    }

    private void Begin()
    {
        MeasureArray();
        if (!_handed)
        {
            _safeMode.Begin();
        }

        ScanLegs();
        if (_attributes!.LegsAreKnown)
        {
            _dropping.Keep([.. _attributes.Legs]);
        }

        _settings.Metadata.Tell(new DescribeVolume(_settings.Volume), Self);
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        if (_spare.Abandon() is { } abandoned)
        {
            Self.Tell(abandoned, ActorRefs.NoSender);
        }

        _safeMode.Undo();
        _attributes?.Dispose();
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object? message)
    {
        Events.Error("array-actor-restarted", $"{Name}: supervision starts again after a fault: {reason}", Name);
        foreach (var waiting in _looking.Concat(_askedToLook))
        {
            Self.Tell(new Look(waiting), ActorRefs.NoSender);
        }

        if (_tellWhenSafe is { } asker)
        {
            Self.Tell(new MakeSafe(), ActorRefs.NoSender);
            Self.Tell(new TellWhenSafe(asker), ActorRefs.NoSender);
        }

        base.PreRestart(reason, message);
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(new Restarted(), Self);
    }

    private void PostChange(IActorRef self)
    {
        // On the loop's thread, as this actor is: one message is enough however many attributes have changed.
        if (Interlocked.Exchange(ref _changePosted, 1) == 0)
        {
            self.Tell(SysfsChanged.Instance, ActorRefs.NoSender);
        }
    }

    private void Settling()
    {
        Common();
        Receive<TakeUpMember>(TakeUp);
        Receive<SysfsChanged>(_ => NoteChange());
        Receive<VolumeDescribed>(described =>
        {
            if (described.Volume is not { } volume)
            {
                WaitUntilKnown();
                return;
            }

            var view = _attributes!.Look();
            if (view.Action != SyncAction.Reshape || !_handed)
            {
                // A reshape's is mdadm's, and counts the array's sectors, not a leg's: md's own word counts from here on.
                _memory = _memory with { LastCheckpoint = volume.Activity == VolumeActivity.Reshape ? 0 : volume.Checkpoint };
            }

            var actions = MemberDecision.Decide(_settings.Volume, _memory, view, _raidDisks, _componentSectors);
            var caughtUp = MemberDecision.CatchUp(volume, view, volume.Reshape is null ? null : _attributes.Shape());
            _describe |= _reshape.Saw(view, _handed ? _memory.Action : view.Action);
            _reshape.Described(volume, _attributes, Timers, Self);
            if (volume.Reshape is not null && !caughtUp.IsEmpty)
            {
                _reshape.EndedUnwatched();
                _describe = true;
            }

            var wanted = _raidDisks - volume.LegsNotMissed;
            Events.Info(
                "array-supervised",
                $"{Name} is supervised: RAID {volume.Level} \"{volume.Name}\", {view.State.ToWord()}, {view.Legs.Length} of {wanted} legs", Name,
                detail: _handed ? new EventDetail("handed over") : null);
            if (!_handed && view.Legs.Count(leg => leg.Flags.IsThere(volume.LegsNotMissed > 0)) is var whole && whole < wanted)
            {
                Events.Warning("array-degraded", $"{Name} has {whole} of {wanted} legs in sync", Name);
            }

            if (!_handed && MemberReport.LosesCheckpoint(volume, view))
            {
                Events.Warning("checkpoint-lost", $"{Name}: its recovery begins again before sector {volume.Checkpoint}, which the metadata knows it had come to", Name);
            }

            _spare.Wanted |= view.Legs.Length < wanted;
            if (view.Action == SyncAction.Frozen && !_attributes.Frozen())
            {
                _spare.Thaw(Strangers(volume));
            }

            BeginLook();
            Act(actions with { Changes = [.. caughtUp, .. actions.Changes] });
        });
    }

    private void Watching()
    {
        Common();
        Receive<VolumeDescribed>(Described);
        Receive<SysfsChanged>(_ =>
        {
            NoteChange();
            LookAndAct();
        });
    }

    private void Recording()
    {
        Common();
        Receive<VolumeDescribed>(Described);
        Receive<SysfsChanged>(_ => NoteChange());
        Receive<Recorded>(
            recorded =>
            {
                Become(Watching);
                Finish(recorded);
            },
            recorded => recorded.For == RecordFor.Array && recorded.Ticket == _ticket);
    }

    private void NoteChange()
    {
        Volatile.Write(ref _changePosted, 0);
        _lookAgain = true;
    }

    private void BeginLook()
    {
        _lookAgain = false;
        _looking.AddRange(_askedToLook);
        _askedToLook.Clear();
    }

    private void LookAndAct()
    {
        if (_leaving)
        {
            return;
        }

        // A writer waits: what he needs is known already. (A leg that fails makes an array write-pending too.)
        if (_attributes!.ReadState() == ArrayState.WritePending && _memory.State > ArrayState.Inactive
            && _memory.State != ArrayState.WritePending && !_attributes.LegsHaveChanged)
        {
            Act(MemberDecision.WritePending(_settings.Volume, _memory));
            _lookAgain = true;
            return;
        }

        BeginLook();
        _owesLook = false;
        var view = _spare.Hide(_attributes.Look());
        if (_reshape.Saw(view, _memory.Action))
        {
            ScanLegs();
            MeasureArray();
            _describe = true;
        }

        Act(MemberDecision.Decide(_settings.Volume, _memory, view, _raidDisks, _componentSectors));
    }

    private void Described(VolumeDescribed described)
    {
        if (described.Volume is { } volume)
        {
            _reshape.Described(volume, _attributes!, Timers, Self);
        }

        PauseIfAtRest();
    }

    private void Act(MemberActions actions)
    {
        if (actions.WriteFirst is { } first && !Write(first))
        {
            // A writer has come meanwhile: md calls it active again, and notifies nobody.
            actions = actions with { Next = actions.Next with { State = ArrayState.Active } };
        }

        var changes = actions.Changes.AddRange(_badBlocks.ToRecord(_attributes!));
        _busy = true;
        _actions = actions;
        _actedAt = Clock;
        _lost = _dropping.Lose(actions.FailedSlots, _attributes!);
        if (changes.IsEmpty)
        {
            Become(Watching);
            Finish(null);
            return;
        }

        Become(Recording);
        _ticket = Interlocked.Increment(ref _lastTicket);
        _settings.Metadata.Tell(new Record(Self, changes) { Ticket = _ticket, Lost = Told(_lost) }, Self);
    }

    private ImmutableArray<LostLeg> Told(ImmutableArray<MemberAttributes.Leg> lost) => lost.IsEmpty
        ? []
        :
        [
            .. from leg in lost
               select new LostLeg(Name, leg.Slot, leg.Disk, leg.IsRebuilding, _disks.ContainsKey(leg.Device)),
        ];

    private void Finish(Recorded? recorded)
    {
        var actions = _actions!;
        _actions = null;
        _busy = false;
        if (actions.WriteByAnswer)
        {
            Write(recorded is { Clean: true } ? ArrayState.ReadAuto : ArrayState.Active);
        }
        else if (actions.WriteState is { } state)
        {
            Write(state);
        }

        foreach (var slot in actions.FailedSlots)
        {
            _dropping.Drop(slot, actions.MayRemove, _attributes!, Self);
        }

        foreach (var leg in _lost)
        {
            if (!ReferenceEquals(_attributes!.Find(leg.Slot), leg))
            {
                _dropping.DropOthers(leg);
            }
        }

        var took = Clock - _actedAt;
        Count(actions, recorded, took);
        var position = _attributes!.LastSync;
        (_progress, var tells) = _progress.See(actions.Next.Action, position);
        _badBlocks.Recorded(recorded, _attributes);
        var rebuilds = _attributes.Legs.Any(leg => leg.IsRebuilding && (leg.LastFlags & LegFlags.Faulty) == 0);
        foreach (var told in MemberReport.Of(
            Name, _memory, actions, recorded, position?.Total ?? _componentSectors, rebuilds, tells ? position : null, took))
        {
            Events.Write(told.Level, told.Kind, told.Text, Name, null, told.Detail);
        }

        _memory = actions.Next;
        LookAgainIfNotRead();
        if (_memory.Action is SyncAction.Resync or SyncAction.Recover)
        {
            Timers.StartSingleTimer("sync", new SyncLook(), SyncLookAfter);
        }

        if (_describe)
        {
            _describe = false;
            _settings.Metadata.Tell(new DescribeVolume(_settings.Volume), Self);
        }

        _spare.Wanted |= actions.LookForSpare;
        if (actions.Gone)
        {
            Leave();
            return;
        }

        Answer(_looking);
        if (PauseIfAtRest())
        {
            return;
        }

        if (_lookAgain || _owesLook)
        {
            PostChange(Self);
            return;
        }

        if (_tellWhenSafe is { } asker && _memory.State <= ArrayState.Clean && _spare.IsIdle)
        {
            _tellWhenSafe = null;
            asker.Tell(new Gone(), Self);
        }

        LookForSpare();
    }

    private void Count(MemberActions actions, Recorded? recorded, TimeSpan took)
    {
        var waits = _settings.Waits;
        waits.Saw(_memory.State, actions.Next.State);
        if (actions is { WriteState: ArrayState.Active, Next.State: ArrayState.WritePending })
        {
            waits.Waited((long)took.TotalMicroseconds);
        }

        if (recorded is { Changed: true } && actions.Next.Action == _memory.Action && actions.Next.LastCheckpoint > _memory.LastCheckpoint)
        {
            waits.Checkpoint();
        }
    }

    /// <summary>False: md refused it.</summary>
    private bool Write(ArrayState state)
    {
        var written = _attributes!.WriteState(state);
        var refused = written.Ok || !MemberDecision.IsRefusal(state, written.Error.Errno)
            ? null
            : $"{Name}: {state.ToWord()}: {written.Error}";
        if (refused is not null && refused != _stateRefused)
        {
            Events.Error("array-state-refused", refused, Name);
        }

        _stateRefused = refused;
        return written.Ok;
    }

    private void MeasureArray()
    {
        // component_size is in KiB.
        _componentSectors = _attributes!.Number("component_size", _componentSectors / 2) * 2;
        _raidDisks = (int)_attributes.Number("raid_disks", (ulong)_raidDisks);
    }

    private void ScanLegs() => _attributes!.ScanLegs(leg => _settings.Legs.Appeared(leg.In(Name)), Forgotten);

    /// <summary>What could not be read, but is not gone, is taken to be what it was, and is looked at again. Told when that lasts.</summary>
    private void LookAgainIfNotRead()
    {
        if (_attributes!.TakeNotRead() is not { } error)
        {
            _notRead = 0;
            return;
        }

        if (++_notRead == LooksUntilTold)
        {
            Events.Error("not-read", $"{Name} is taken to be as it was, and looked at again: {error}", Name);
        }

        Timers.StartSingleTimer("not-read", new LookOnceMore(), Delays.After(_notRead, LookAgainFirst, LookAgainLast));
    }

    private void Forgotten(MemberAttributes.Leg leg)
    {
        _dropping.Forget(leg);
        _settings.Legs.Vanished(leg.In(Name));
    }

    private void AnswerLooks()
    {
        Answer(_looking);
        Answer(_askedToLook);
    }

    private void Answer(List<IActorRef> looks)
    {
        foreach (var waiting in looks)
        {
            waiting.Tell(new Looked(), Self);
        }

        looks.Clear();
    }

    private void Leave(bool isGone = true)
    {
        _leaving = true;
        AnswerLooks();
        foreach (var leg in _attributes?.Legs ?? [])
        {
            Forgotten(leg);
        }

        if (isGone)
        {
            Events.Info("array-gone", $"{Name} is no longer supervised", Name);
        }

        Context.Parent.Tell(new ArrayGone(Name), Self);
        Context.Stop(Self);
    }

    private sealed record SyncLook;
}
