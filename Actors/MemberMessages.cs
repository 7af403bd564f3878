using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using Akka.Actor;

namespace ActorRaid.Actors;

// What a supervised array's actor receives beside what it waits for.
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
        Receive<Recorded>(
            recorded =>
            {
                _reshape.Recorded(recorded.Changed, _attributes!);
                _settings.Metadata.Tell(new DescribeVolume(_settings.Volume), Self);
                PauseIfAtRest();
            },
            recorded => recorded.For == RecordFor.Reshape);
        Receive<ReshapeLook>(_ => _reshape.Look(_attributes!.Look(), _attributes, Timers, Self));
        Receive<NeedsNobody>(_ =>
        {
            Events.Info("array-needs-nobody", $"{Name} has become RAID 0: nothing of it is to be recorded", Name);
            Leave(isGone: false);
        });
        Receive<Look>(look =>
        {
            _askedToLook.Add(look.ReplyTo);
            PostChange(Self);
        });
        Receive<DisksAre>(disks =>
        {
            _disks = disks.Disks;
            _spare.DisksChanged();
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
        Sparing();
        Receive<SyncLook>(_ => PostChange(Self));
        Receive<MakeSafe>(_ =>
        {
            _spare.HoldBack();
            _safeMode.MakeShort();
        });
        Receive<TellWhenSafe>(tell =>
        {
            _tellWhenSafe = tell.ReplyTo;
            PostChange(Self);
        });
        Receive<DescribeYourself>(_ =>
        {
            var seen = _actions?.Next ?? _memory;
            Sender.Tell(
                new ArrayStanding(
                    Name, _settings.Volume, seen.State, ActionNow(seen.Action), _attributes!.SyncDone(), _raidDisks,
                    [.. _attributes.Legs.Select(leg => new LegReport(leg.Slot, leg.Disk, leg.LastFlags))],
                    _actions is null ? TimeSpan.Zero : Clock - _actedAt)
                {
                    Writers = _settings.Waits.Now(),
                },
                Self);
        });
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

    /// <summary>
    /// What sync_action says now, if it said idle or frozen when it was read last: not every kernel notifies anybody of
    /// such a change (7.2 does not). It is opened anew, as reading the watched file would use up a notification.
    /// </summary>
    private SyncAction ActionNow(SyncAction seen)
    {
        if (seen is not (SyncAction.Idle or SyncAction.Frozen) || _attributes!.ReadOnce("sync_action") is not { Ok: true } read)
        {
            return seen;
        }

        var now = KernelWords.ParseAction(read.Value);
        if (now != seen)
        {
            PostChange(Self);
        }

        return now;
    }
}
