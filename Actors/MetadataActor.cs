using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Actors.Recording;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>What a container's metadata actor begins with.</summary>
/// <param name="Container">md127</param>
/// <param name="Model">As it was loaded.</param>
/// <param name="Disks">The disks, and what was read from their metadata areas.</param>
/// <param name="Loop">The container's loop, on which this actor runs.</param>
/// <param name="Writes">Counts the writes that are under way.</param>
/// <param name="Events">Who is told.</param>
/// <param name="Handed">What the supervisor before had not finished; then nothing is done before <see cref="Resume"/>.</param>
public sealed record MetadataSettings(
    string Container, IContainerModel Model, ImmutableArray<OpenDisk> Disks, EventLoop Loop, WritesUnderWay Writes, ContainerEvents Events,
    ContainerSnapshot? Handed = null)
{
    /// <summary>What an admin may want otherwise.</summary>
    public PolicyInForce Policy { get; init; } = new();
}

/// <summary>A disk that is open for writing its metadata area.</summary>
public sealed record OpenDisk(DiskSource Source, BlockDevice Device);

/// <summary>
/// The only owner of a container's metadata. Everything that changes it comes here, in turn: what is waiting when a commit may
/// begin goes into that commit together, and is answered when the quorum has it.
/// </summary>
public sealed class MetadataActor : RaidActor, IWithTimers
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);
    private MetadataSettings _settings;
    private CommitWriter _writer;
    private readonly Queue<(object Message, IActorRef Sender)> _waiting = new();
    private readonly List<(IActorRef To, Recorded Answer, int LegsOf)> _answers = [];
    private readonly List<LostLeg> _lost = [];
    private readonly List<string> _appliedUpdates = [];
    private readonly List<IActorRef> _flushing = [];
    private readonly Action<object?> _tellFinished;
    private ImmutableArray<int> _active = [];
    private IContainerModel _model;
    private IActorRef? _pauseAskedBy;
    private bool _paused;

    /// <summary>An actor for that container.</summary>
    public MetadataActor(MetadataSettings settings)
    {
        _settings = settings;
        _model = settings.Model;
        _tellFinished = state =>
        {
            var finished = (FinishedCommit)state!;
            Events.Debug("metadata-written", $"metadata generation {finished.Generation} is on the disks", detail: finished.Detail);
        };
        _writer = NewWriter();
        Receive<Record>(Take);
        Receive<ApplyUpdate>(update =>
        {
            _waiting.Enqueue((update, Sender));
            Sender.Tell(new Queued(), Self);
            Turn();
        });
        Receive<VolumesActive>(active => _active = active.Volumes);
        Receive<PlanSpare>(Take);
        Receive<DescribeVolume>(Take);
        Receive<DiskArrived>(Take);
        Receive<DiskLeft>(left =>
        {
            // At once, and not in turn: what is before it may wait for that very disk.
            _writer.Remove(left.Device);
            Answer();
            Take(left);
        });
        Receive<Flush>(Take);
        Receive<DiskWritten>(written =>
        {
            _writer.Written(written.Flight, written.Result);
            Answer();
            Turn();
        });
        Receive<DiskLookedAt>(looked =>
        {
            _writer.LookedAt(looked.Flight, looked.IsDead);
            Answer();
            Turn();
        });
        Receive<RetryFailedDisks>(_ =>
        {
            if (_paused)
            {
                return;
            }

            _writer.Retry(_model);
            Answer();
            Turn();
        });
        Receive<LookForSlowDisks>(_ =>
        {
            _writer.LookAtClock();
            Answer();
            Turn();
        });
        Receive<DescribeYourself>(_ => Sender.Tell(
            MetadataStanding.Of(_model, _writer.Hanging) with
            {
                Doubtful = _writer.DoubtfulDisks,
            },
            Self));
        Receive<Pause>(_ =>
        {
            _paused = true;
            _pauseAskedBy = Sender;
            Turn();
        });
        Receive<Resume>(_ =>
        {
            _paused = false;
            _pauseAskedBy = null;
            Answer();
            Turn();
        });
        Receive<TakeUpMetadata>(takeUp =>
        {
            _settings = takeUp.Settings;
            _model = _settings.Model;
            _writer = NewWriter();
            _waiting.Clear();
            GoOnFrom(_settings.Handed);
        });
        GoOnFrom(settings.Handed);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private ContainerEvents Events => _settings.Events;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        // Where it is handed over without having been prepared, arrays wait.
        if (_settings.Handed is not { Generation: > 0 })
        {
            Rehearsal.Of(_model, _settings.Disks);
        }

        Timers.StartPeriodicTimer("slow", new LookForSlowDisks(), TimeSpan.FromSeconds(1));
        Turn();
    }

    /// <inheritdoc/>
    protected override void PostStop() => _writer.Close();

    private CommitWriter NewWriter()
    {
        var policy = _settings.Policy;
        var writer = new CommitWriter(_settings.Model, Events, _settings.Writes, () => policy.Now.SlowDisk, TimeProvider.System);
        foreach (var disk in _settings.Disks)
        {
            writer.Add(disk.Source, Writable(disk.Device));
        }

        return writer;
    }

    private LoopDisk Writable(BlockDevice device) => new(device, _settings.Loop, _settings.Writes, Self);

    private void GoOnFrom(ContainerSnapshot? handed)
    {
        _paused = handed is not null;
        _writer.Doubt(handed?.DoubtfulDisks ?? []);
        foreach (var update in handed?.Updates ?? [])
        {
            _waiting.Enqueue((new ApplyUpdate(update), ActorRefs.Nobody));
        }
    }

    private void Take<T>(T message)
        where T : notnull
    {
        _waiting.Enqueue((message, Sender));
        Turn();
    }

    /// <summary>Applies what is waiting, unless a commit is under way that nobody can rely on yet.</summary>
    private void Turn()
    {
        while (!_paused && _writer.MayBegin && _waiting.Count > 0)
        {
            ApplyWaiting();
            Answer();
        }

        GoOn();
        TellIfAtRest();

        // Behind the answers, on the same loop: whoever they let go comes first.
        if (_writer.TakeFinished() is { } finished)
        {
            _settings.Loop.Post(_tellFinished, finished);
        }
    }

    /// <summary>
    /// Commits what the model wants to follow it, when nothing else is to be done. A handoff waits for it only in the middle.
    /// </summary>
    private void GoOn()
    {
        while (_writer.IsFinished && (!_paused || (_pauseAskedBy is not null && _model.IsInterim))
            && _model.FollowedBy(onAllDisks: _writer.DoubtfulDisks.IsEmpty) is { } next)
        {
            var before = _model;
            _model = next.Model.NextGeneration();
            Events.Debug("metadata-follow-up", $"generation {_model.Generation}: {next.Reason}");
            _writer.Begin(before, _model);
        }
    }

    private void TellIfAtRest()
    {
        if (_pauseAskedBy is not { } asker || !_writer.IsFinished)
        {
            return;
        }

        _pauseAskedBy = null;
        asker.Tell(
            new MetadataPaused(
                _model.Generation, ContainerDigest.Of(_model, _writer.Devices), ContainerDigest.OfEach(_model, _writer.Devices), _writer.DoubtfulDisks,
                [.. _waiting.Select(waiting => waiting.Message).OfType<ApplyUpdate>().Select(update => update.Bytes.ToArray())]),
            Self);
    }

    /// <summary>All that is waiting goes into one commit, up to a flush.</summary>
    private void ApplyWaiting()
    {
        var before = _model;
        while (_waiting.TryDequeue(out var next))
        {
            if (next.Message is Flush)
            {
                _flushing.Add(next.Sender);
                break;
            }

            Apply(next.Message, next.Sender);
        }

        if (!ReferenceEquals(before, _model) && _writer.Needs(before, _model))
        {
            _model = _model.NextGeneration();
            _writer.Begin(before, _model);
        }
    }

    /// <summary>Answers what the disks have by now.</summary>
    private void Answer()
    {
        if (_writer.WantsRetry && !Timers.IsTimerActive("retry"))
        {
            Timers.StartSingleTimer("retry", new RetryFailedDisks(), RetryAfter);
        }

        if (!_writer.IsRecorded)
        {
            return;
        }

        // Before the answers: once the array's actor has its own the leg may be removed, and that told, at any moment.
        foreach (var leg in _lost)
        {
            Tell(leg);
        }

        _lost.Clear();
        foreach (var (to, answer, volume) in _answers)
        {
            // What was waiting together is recorded together: another's change may be what this volume is not whole by.
            to.Tell(volume < 0 ? answer : answer with { IsWhole = IsWhole(volume) }, Self);
        }

        _answers.Clear();
        foreach (var kind in _appliedUpdates)
        {
            Context.Parent.Tell(new UpdateApplied(kind), Self);
        }

        _appliedUpdates.Clear();
        if (_flushing.Count > 0 && _writer.IsFlushed)
        {
            foreach (var to in _flushing)
            {
                to.Tell(new Flushed(), Self);
            }

            _flushing.Clear();
        }
    }

    private void Apply(object message, IActorRef sender)
    {
        switch (message)
        {
            case Record record:
                ApplyChanges(record);
                break;
            case ApplyUpdate update:
                ApplyUpdate(update.Bytes);
                break;
            case PlanSpare plan:
                sender.Tell(new SparePlanned(_model.PlanSpare(plan.Volume, plan.Facts)), Self);
                break;
            case DescribeVolume describe:
                sender.Tell(new VolumeDescribed(describe.Volume >= 0 && describe.Volume < _model.Volumes.Length ? _model.Volumes[describe.Volume] : null), Self);
                break;
            case DiskArrived { FoundSince: { } loaded } found:
                Find(found, loaded);
                break;
            case DiskArrived arrived:
                _writer.Add(arrived.Source, Writable(arrived.Device));
                _model = _model.AddDisk(arrived.Source);
                if (_model.Disks.Any(disk => disk.Device == arrived.Source.Device && disk.IsFailed))
                {
                    Events.Warning(
                        "disk-foreign",
                        $"{arrived.Source.Name} was part of this container once, and was used without the others since, or they without it: "
                            + Strangers.Advice(_model, DiskStanding.Foreign),
                        disk: arrived.Source.Name);
                }

                break;
            case DiskLeft left:
                _writer.Remove(left.Device);
                _model = _model.RemoveDisk(left.Device);
                break;
        }
    }

    private void Find(DiskArrived found, uint loaded)
    {
        (_model, var verdict) = _model.FindDisk(found.Source, loaded);
        _writer.Add(found.Source, Writable(found.Device));
        if (verdict.Standing is DiskStanding.Member or DiskStanding.Spare)
        {
            Events.Info("disk-found", $"{verdict.Name}: {verdict.Reason}", disk: verdict.Name);
        }
        else
        {
            var isUnused = _model.Disks.Any(disk => disk.Device == verdict.Device && disk.IsFailed);
            Events.Verdict(
                isUnused && verdict.Standing is (DiskStanding.Stale or DiskStanding.Foreign)
                    ? verdict with { Reason = $"{verdict.Reason}; {Strangers.Advice(_model, verdict.Standing)}" }
                    : verdict);
        }
    }

    private void ApplyChanges(Record record)
    {
        var before = _model;
        var (clean, legsOf) = (false, -1);
        var refused = ImmutableArray<BadBlockFound>.Empty;
        foreach (var change in record.Changes)
        {
            switch (change)
            {
                case StateChange state when Knows(state.Volume):
                    var answer = _model.SetArrayState(state.Volume, state.Consistency, state.Facts);
                    _model = answer.Model;
                    clean = answer.Clean;
                    break;
                case LegChange leg when Knows(leg.Volume):
                    _model = _model.SetLeg(leg.Volume, leg.Slot, leg.State);
                    legsOf = leg.Volume;
                    break;
                case BadBlockFound bad when Knows(bad.Volume):
                    if (_model.RecordBadBlock(bad.Volume, bad.Slot, bad.Block.Sector, bad.Block.Length) is { } with)
                    {
                        _model = with;
                    }
                    else
                    {
                        refused = refused.Add(bad);
                    }

                    break;
                case BadBlocksNow now when Knows(now.Volume):
                    _model = _model.KeepBadBlocks(now.Volume, now.Slot, now.Listed);
                    break;
                case ReshapeCancelled cancelled when Knows(cancelled.Volume):
                    _model = _model.CancelReshape(cancelled.Volume);
                    break;
                case NewLegsPlaced placed when Knows(placed.Volume):
                    _model = _model.PlaceNewLegs(placed.Volume, placed.Legs);
                    break;
                case PreparedChange prepared:
                    _model = _model.Process(prepared.Update);
                    break;
            }
        }

        _answers.Add((
            record.ReplyTo,
            new Recorded(!ReferenceEquals(before, _model), clean, refused, record.For)
            {
                Generation = _model.Generation + 1, Ticket = record.Ticket,
            },
            legsOf));
        _lost.AddRange(record.Lost);
    }

    private bool IsWhole(int volume) => Knows(volume) && _model.Volumes[volume].Legs.All(leg => leg.InSync);

    private void Tell(LostLeg leg)
    {
        var left = leg.IsInContainer ? "" : "; its disk is not in the container any more";
        Events.Warning(
            "leg-failed", $"{leg.Disk} in slot {leg.Slot} of {leg.Array} is faulty, recorded{left}", leg.Array,
            leg.Disk,
            new EventDetail(
                "md marked it faulty: a request to it failed, or somebody said so",
                "metadata; -blocked, then remove, to its state", null,
                leg.WasRebuilding ? "spare" : "in_sync", "faulty"));
    }

    private bool Knows(int volume) => volume >= 0 && volume < _model.Volumes.Length;

    private void ApplyUpdate(ReadOnlyMemory<byte> bytes)
    {
        var prepared = _model.Prepare(bytes);
        if (prepared.Update is not { } update)
        {
            Events.Error("update-refused", $"an update of {bytes.Length} bytes was refused: {prepared.Refusal}");
            return;
        }

        if (_active.Any(update.Disturbs))
        {
            Events.Error("update-refused", $"{update.Kind} was refused: it concerns a volume that is running");
            return;
        }

        _model = _model.Process(update);
        if (update.ConcernsLegs)
        {
            _appliedUpdates.Add(update.Kind);
        }

        Events.Write(update.IsProgress ? EventLevel.Debug : EventLevel.Info, "update-applied", $"{update.Kind}", null, null, null);
    }

    private sealed record RetryFailedDisks;

    private sealed record LookForSlowDisks;
}
