using System.Diagnostics;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

// What a supervised array's actor is told beside what it waits for.
public sealed partial class MemberArrayActor
{
    private void Common()
    {
        Receive<Pause>(_ => BeginPause(Sender));
        Receive<Resume>(_ =>
        {
            _pauseAskedBy = null;
            _owesLook = false;
        });
        Receive<Recorded>(_ => SpareRecorded(), recorded => recorded.For == RecordFor.Spare);
        Receive<Recorded>(
            recorded =>
            {
                _reshape.Recorded(recorded.Changed, _attributes!, _disks.InContainer, Self);
                _settings.Metadata.Tell(new DescribeVolume(_settings.Volume), Self);
                PauseIfAtRest();
            },
            recorded => recorded.For == RecordFor.Reshape);
        Receive<ReshapeLook>(_ => _reshape.Look(_attributes!.Look(), _attributes, Timers, Self));
        Receive<NeedsNobody>(_ =>
        {
            Events.Info("array-needs-nobody", $"{Name} has become RAID 0: nothing of it is to be recorded", Name);
            Leave();
        });
        Receive<Look>(look =>
        {
            _askedToLook.Add(look.ReplyTo);
            PostChange(Self);
        });
        Receive<DisksAre>(disks => DisksAre(disks.Disks));
        Receive<DiskRestarted>(disk =>
        {
            foreach (var leg in _attributes!.Legs.Where(leg => leg.Device == disk.Device))
            {
                IntroduceAgain(leg);
            }

            PostChange(Self);
        });
        Receive<LookOnceMore>(_ =>
        {
            MeasureArray();
            ScanLegs();
            PostChange(Self);
        });
        Receive<LegsMayHaveChanged>(changed =>
        {
            MeasureArray();
            ScanLegs();
            _spare.Wanted |= changed.DisksChanged;
            if (changed.DisksChanged)
            {
                _settings.Metadata.Tell(new DescribeVolume(_settings.Volume), Self);
            }

            PostChange(Self);
        });
        Receive<LegRemoved>(removed =>
        {
            _dropping.Removed(removed);
            _attributes!.Forget(removed.Slot, Forgotten);
            _spare.Wanted = true;
            PostChange(Self);
        });
        Receive<SparePlanned>(planned =>
        {
            _spare.Planned(planned.Plan, Self, _disks.InContainer);
            PauseIfAtRest();
        });
        Receive<LegJoined>(joined =>
        {
            if (_spare.Joined(joined, Self))
            {
                ScanLegs();
            }

            PauseIfAtRest();
        });
        Receive<RecoveryStarted>(started =>
        {
            _spare.Started(started, _attributes!);
            if (started.Error is null)
            {
                // What is being recorded was seen before it began; a short one is over before the next look.
                _memory = _memory.WithRecoveryStarted();
                _actions = _actions is { } seen ? seen with { Next = seen.Next.WithRecoveryStarted() } : null;
            }

            PostChange(Self);
            PauseIfAtRest();
        });
        Receive<SpareAgain>(_ => PostChange(Self));
        Receive<SyncLook>(_ => PostChange(Self));
        Receive<MakeSafe>(_ => _safeMode.MakeShort());
        Receive<TellWhenSafe>(tell =>
        {
            _tellWhenSafe = tell.ReplyTo;
            PostChange(Self);
        });
        Receive<DescribeYourself>(_ => Sender.Tell(
            new ArrayStanding(
                Name, _settings.Volume, (_actions?.Next ?? _memory).State, (_actions?.Next ?? _memory).Action, _attributes!.SyncDone(), _raidDisks,
                [.. _attributes.Legs.Select(leg => new LegReport(leg.Slot, leg.Disk, leg.LastFlags))],
                _actions is null ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_actedAt)),
            Self));
        Receive<NotListed>(_ =>
        {
            // It never became more than inactive while we watched: nothing was written, nothing is to be recorded.
            if (_memory.State <= ArrayState.Inactive && _attributes!.ReadState() is ArrayState.Unknown or <= ArrayState.Inactive)
            {
                Leave();
                return;
            }

            PostChange(Self);
        });
    }
}
