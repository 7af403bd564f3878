using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmRules;
using Akka.Actor;
using Xunit;
using Record = ActorRaid.Actors.Record;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// A spare's activation in every order of what may happen to it: the spare leaves, its leg fails, md takes it late or
/// never, the record is late, never made or refused, steps are overdue, the array's actor is restarted. md is never let
/// go with a leg in a slot that is not recorded, and in the end the array is thawed and the activation over.
/// </summary>
public class SpareActivationProperties
{
    private static int Schedules => Environment.GetEnvironmentVariable("ACTORRAID_SOAK") == "1" ? 2_000_000 : 30_000;

    [Fact]
    public void Whatever_happens_in_whichever_order_the_array_ends_thawed_and_no_unrecorded_leg_is_rebuilt_onto()
    {
        for (var seed = 0; seed < Schedules; seed++)
        {
            var world = new World(new Random(seed));
            try
            {
                world.Run();
            }
            catch (Exception e)
            {
                Assert.Fail($"seed {seed}: {e.Message}\n{string.Join("\n", world.Story)}");
            }
        }
    }

    private sealed class World
    {
        private readonly Random _random;
        private readonly MemberSettings _settings = new(
            "", "md126", 0, null!, null!, ImmutableDictionary<DeviceNumber, IActorRef>.Empty, null!, null!,
            new ContainerEvents(new EventList(), "md127"));
        private readonly Queue<object> _inbox = new(), _writer = new(), _metadata = new();
        private readonly Queue<JoinArray> _disk = new();
        private readonly bool _refuses;
        private readonly SpareAssignment _assignment = new(Build.Device(3), 1, 0, 100, 0) { Name = "sdd" };
        private SpareActivation _spare;
        private SpareOverdue? _limit;
        private int _restarts;
        private JoinArray? _writingSlot;
        private bool _metadataHangs, _diskHangs, _here = true, _frozen, _bound, _inSlot, _faulty, _recorded;

        public World(Random random)
        {
            _random = random;
            _refuses = random.Next(6) == 0;
            _spare = New();
        }

        public List<string> Story { get; } = [];

        public void Run()
        {
            _spare.Wanted = true;
            for (var left = _random.Next(10, 150); left > 0; left--)
            {
                Do(_random.Next(16));
            }

            // What hangs is not waited for: in the end only time helps. But an actor that was restarted begins with
            // asking the metadata.
            _metadataHangs &= !_metadata.OfType<DescribeVolume>().Any();
            for (var turn = 0; ; turn++)
            {
                Assert.True(turn < 1000, "it does not come to an end");
                if (_inbox.Count > 0 || _writer.Count > 0 || (_metadata.Count > 0 && !_metadataHangs)
                    || (!_diskHangs && (_disk.Count > 0 || _writingSlot is not null)))
                {
                    Do(_random.Next(4));
                }
                else if (!_spare.IsIdle)
                {
                    Time();
                }
                else
                {
                    break;
                }
            }

            Assert.False(_frozen, "the array stays frozen");
            Assert.True(!_inSlot || _recorded || _faulty, "a leg stays in its slot that is not recorded");
        }

        private void Do(int what)
        {
            switch (what)
            {
                case 0 when _inbox.TryDequeue(out var message):
                    Deliver(message);
                    break;
                case 1 when _writer.TryDequeue(out var message):
                    Write(message);
                    break;
                case 2 when !_metadataHangs && _metadata.TryDequeue(out var message):
                    Answer(message);
                    break;
                case 3 when !_diskHangs:
                    Join();
                    break;
                case 4 or 5 when _spare.IsIdle && _inbox.Count == 0 && !_frozen
                    && _spare.MayLook(MemberMemory.New with { State = ArrayState.Clean }):
                    Tell("looks");
                    _spare.LookFor([], 100);
                    break;
                case 7 when _random.Next(4) == 0:
                    Time();
                    break;
                case 8 when _inSlot:
                    Tell("the leg fails");
                    _faulty = true;
                    break;
                case 9 when _random.Next(4) == 0:
                    Tell(_here ? "the spare leaves" : "the spare is back");
                    _here = !_here;
                    _spare.DisksChanged();
                    break;
                case 10 when _faulty:
                    Tell("the failed leg is removed");
                    (_bound, _inSlot, _faulty, _recorded) = (false, false, false, false);
                    break;
                case 11 when _restarts < (_writingSlot is null ? 3 : 1) && _random.Next(3) == 0:
                    // Not twice while one slot is written.
                    Restart();
                    break;
                case 12 when _random.Next(8) == 0:
                    _metadataHangs = !_metadataHangs;
                    break;
                case 13 when _random.Next(8) == 0:
                    _diskHangs = !_diskHangs;
                    break;
            }

            Assert.True(_frozen || !_inSlot || _recorded || _faulty, "md rebuilds onto a leg that is not recorded");
        }

        private void Deliver(object message)
        {
            Tell($"comes: {message.GetType().Name}");
            switch (message)
            {
                case SparePlanned planned:
                    _spare.Planned(planned.Plan);
                    break;
                case ArrayFrozen frozen:
                    _spare.Frozen(frozen);
                    break;
                case LegJoined joined:
                    _spare.Joined(joined, joined.Error is null && _inSlot && !_faulty);
                    break;
                case Recorded { For: RecordFor.Spare } recorded:
                    _spare.Recorded(recorded);
                    break;
                case Recorded settled:
                    _spare.Settled(settled);
                    break;
                case RecoveryStarted started:
                    _spare.Started(started);
                    break;
                case ArrayThawed thawed:
                    _spare.Thawed(thawed);
                    break;
                case SpareAbandoned abandoned:
                    _spare.TakeOver(abandoned);
                    break;
                case VolumeDescribed when _frozen:
                    _spare.Thaw(_inSlot && !_faulty && !_recorded ? [new LegReport(1, "sdd", LegFlags.Spare)] : []);
                    break;
            }
        }

        private void Write(object message)
        {
            Tell($"writes: {message}");
            switch (message)
            {
                case FreezeArray freeze:
                    _inbox.Enqueue(new ArrayFrozen(freeze.Attempt, _frozen ? Refused(Errno.EBUSY, "sync_action") : null));
                    _frozen = true;
                    break;
                case StartRecovery start:
                    _frozen = false;
                    _inbox.Enqueue(new RecoveryStarted(null, start.Attempt));
                    break;
                case ThawArray thaw:
                    if (!thaw.TakeOut.IsEmpty)
                    {
                        (_bound, _inSlot, _faulty) = (false, false, false);
                    }

                    _frozen = false;
                    _inbox.Enqueue(new ArrayThawed(thaw.Attempt));
                    break;
            }
        }

        private void Answer(object message)
        {
            Tell($"metadata: {message.GetType().Name}");
            switch (message)
            {
                case PlanSpare:
                    _inbox.Enqueue(new SparePlanned(
                        new SparePlan(_here ? [_assignment] : [], _here ? new Update() : null, null)));
                    break;
                case DescribeVolume:
                    _inbox.Enqueue(new VolumeDescribed(null));
                    break;
                case Record { For: RecordFor.Spare }:
                    var takes = _here && !_refuses;
                    _recorded |= takes;
                    _inbox.Enqueue(
                        new Recorded(takes, false, [], RecordFor.Spare) { Ticket = ((Record)message).Ticket });
                    break;
                case Record record:
                    _inbox.Enqueue(new Recorded(false, false, [], record.For) { Ticket = record.Ticket });
                    break;
            }
        }

        private void Join()
        {
            if (_writingSlot is { } join)
            {
                _writingSlot = null;
                Tell($"md {(_bound ? "takes" : "does not take")} the spare");
                _inSlot |= _bound;
                _inbox.Enqueue(
                    new LegJoined(join.Attempt, join.Assignment, _bound ? null : Refused(Errno.ENODEV, "slot")));
            }
            else if (_disk.TryDequeue(out var next))
            {
                // In the array already: new_dev is refused.
                var taken = !_bound && next.Permit.Take();
                Tell(taken ? "the slot is about to be written" : "no slot is written");
                if (taken)
                {
                    (_bound, _writingSlot) = (true, next);
                }
                else
                {
                    _inbox.Enqueue(new LegJoined(next.Attempt, next.Assignment, Refused(Errno.ETIMEDOUT, "slot")));
                }
            }
        }

        private void Time()
        {
            if (_limit is { } overdue)
            {
                Tell("overdue");
                _spare.Overdue(overdue);
            }
        }

        private void Restart()
        {
            _restarts++;
            Tell("the array's actor is restarted");
            if (_spare.Abandon() is { } abandoned)
            {
                _inbox.Enqueue(abandoned);
            }

            _limit = null;
            _spare = New();
            _metadata.Enqueue(new DescribeVolume(0));
        }

        private SpareActivation New() => new(
            _settings,
            new SparePorts(
                _writer.Enqueue, _metadata.Enqueue,
                (changes, answer, attempt) =>
                    _metadata.Enqueue(new Record(null!, changes, answer) { Ticket = attempt }),
                _ => _here, _disk.Enqueue, overdue => _limit = overdue));

        private void Tell(string what) => Story.Add(what);

        private static KernelError Refused(Errno errno, string attribute) => new(errno, attribute, "write");

        private sealed record Update() : PreparedUpdate("spare");
    }
}
