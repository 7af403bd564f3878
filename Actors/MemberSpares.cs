using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

// The member array's part of a spare's activation: what of it comes as messages, and whom it is to tell what.
public sealed partial class MemberArrayActor
{
    private void Sparing()
    {
        Receive<Recorded>(
            recorded =>
            {
                _spare.Recorded(recorded);
                ScanLegs();
                SpareStepped();
            },
            recorded => recorded.For == RecordFor.Spare);
        Receive<SpareAbandoned>(_spare.TakeOver);
        Receive<Recorded>(_spare.Settled, recorded => recorded.For == RecordFor.Thaw);
        Receive<SparePlanned>(planned =>
        {
            _spare.Planned(planned.Plan);
            SpareStepped();
        });
        Receive<ArrayFrozen>(frozen =>
        {
            _spare.Frozen(frozen);
            LookAgainIf(frozen.Error is { Errno: Errno.EBUSY });
            SpareStepped();
        });
        Receive<SpareAgain>(_ =>
        {
            _spare.Wanted = true;
            PostChange(Self);
        });
        Receive<LegJoined>(joined =>
        {
            if (joined.Error is null)
            {
                ScanLegs();
            }

            _spare.Joined(joined, joined.Error is null && IsGood(joined.Assignment));
            LookAgainIf(joined.Error is { MeansShortage: true });
            SpareStepped();
        });
        Receive<ArrayThawed>(thawed =>
        {
            ScanLegs();
            _spare.Thawed(thawed);
            SpareStepped();
        });
        Receive<SpareOverdue>(overdue =>
        {
            _spare.Overdue(overdue);
            SpareStepped();
        });
        Receive<RecoveryStarted>(started =>
        {
            _spare.Started(started);
            if (started.Error is null)
            {
                // What is being recorded was seen before it began; a short one is over before the next look.
                _memory = _memory.WithRecoveryStarted();
                _actions = _actions is { } seen ? seen with { Next = seen.Next.WithRecoveryStarted() } : null;
            }

            SpareStepped();
        });
    }

    private SparePorts SparePorts()
    {
        var self = Self;
        return new SparePorts(
            message => _settings.Writer.Tell(message, self),
            message => _settings.Metadata.Tell(message, self),
            (changes, answer, attempt) =>
                _settings.Metadata.Tell(new Record(self, changes, answer) { Ticket = attempt }, self),
            device => _disks.ContainsKey(device),
            join => _disks[join.Assignment.Device].Tell(join, self),
            overdue =>
            {
                if (overdue is null)
                {
                    Timers.Cancel("spare");
                }
                else
                {
                    Timers.StartSingleTimer("spare", overdue, SpareActivation.StepLimit);
                }
            });
    }

    private void LookForSpare()
    {
        if (_dropping.IsEmpty && _attributes!.LegsAreKnown && _spare.MayLook(_memory) && !_attributes.Frozen())
        {
            var good = _attributes.Legs.Where(leg => (leg.LastFlags & LegFlags.Faulty) == 0);
            _spare.LookFor([.. good.Select(leg => new LegFact(leg.Slot, leg.Device))], _componentSectors);
        }
    }

    /// <summary>The legs that are being filled, by md, but not by the metadata.</summary>
    private ImmutableArray<LegReport> Strangers(VolumeInfo recorded) =>
    [
        .. from leg in _attributes!.Legs
           where (leg.LastFlags & (LegFlags.InSync | LegFlags.Faulty)) == 0
           where leg.Slot >= recorded.Legs.Length || recorded.Legs[leg.Slot].Device != leg.Device
           select new LegReport(leg.Slot, leg.Disk, leg.LastFlags)
    ];

    /// <summary>md has the leg as it was assigned, and it has not failed.</summary>
    private bool IsGood(SpareAssignment assignment) =>
        _attributes!.Find(assignment.Slot) is { } leg && leg.Device == assignment.Device
        && SysfsAttribute.ReadOnce(leg.StatePath) is { Ok: true } state
        && (KernelWords.ParseLeg(state.Value) & LegFlags.Faulty) == 0;

    /// <summary>
    /// The array was busy, or this process short of something: neither lasts, and nobody tells when it ends.
    /// </summary>
    private void LookAgainIf(bool passes)
    {
        if (passes)
        {
            Timers.StartSingleTimer("spare-again", new SpareAgain(), LookAgainLast);
        }
    }

    /// <summary>Where that was the last step, what waited for it may go on.</summary>
    private void SpareStepped()
    {
        if (_spare.IsIdle && !PauseIfAtRest())
        {
            PostChange(Self);
        }
    }
}
