using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.ImsmRules;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// Rebuilds and resyncs in random schedules of md, of writers and of supervisors who die, start again, hand over and
/// look at odd moments: what the IMSM metadata has recorded is never more than what is on the legs, does not go back
/// while the same legs are being rebuilt, and is exact after a stop.
/// </summary>
public sealed class CheckpointProperties
{
    private const int Schedules = 2000, Steps = 80;

    [Theory]
    [InlineData(1, 2, false)]
    [InlineData(5, 3, false)]
    [InlineData(10, 4, false)]
    [InlineData(1, 2, true)]
    [InlineData(5, 4, true)]
    [InlineData(10, 4, true)]
    public void What_is_recorded_is_on_the_legs_and_does_not_go_back(int level, int legs, bool resync)
    {
        for (var seed = 0; seed < Schedules; seed++)
        {
            try
            {
                new Schedule(seed, level, legs, resync).Run();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    private sealed class Schedule
    {
        private const ulong Component = 204_800;
        private readonly Random _random;
        private readonly MdRebuild _md;
        private readonly ulong _unit;
        private readonly int _legs;
        private readonly bool _resync;
        private ImsmContainer _model;
        private MemberMemory _memory;
        private ulong _least;
        private ulong _last;

        public Schedule(int seed, int level, int legs, bool resync)
        {
            _random = new Random(seed);
            _resync = resync;
            _legs = legs;
            _md = new MdRebuild(legs, resync && level == 10 ? Component * (ulong)legs / 2 : Component, resync);
            _model = Build.Container(legs, spares: 1).Volume(level, legs);
            _md.Lose(1);
            _model = resync
                ? _model.State(Consistency.Dirty, Build.Facts(resyncStart: 0))
                : _model.Fail(0, 1).Rebuild();
            _unit = _model.Dev().SectorsPerUnit(null);
            _memory = Fresh();
        }

        private ulong Recorded => _model.Volumes[0].Checkpoint;

        private bool IsUnderWay => _model.Dev().MigrationState != 0;

        public void Run()
        {
            for (var step = 0; step < Steps && IsUnderWay; step++)
            {
                Step();
                var (says, truth) = ($"step {step}: {Recorded} is recorded", _md.Truth);
                Assert.True(!IsUnderWay || Recorded <= truth, $"{says}, but only {truth} is on the legs");
                Assert.True(!IsUnderWay || Recorded >= _least, $"{says}, and it was {_least}");
                (_least, _last) = !IsUnderWay ? (0, 0) : Recorded == _last ? (_least, _last) : (Recorded, Recorded);
            }
        }

        private void Step()
        {
            switch (_random.Next(16))
            {
                case 0 or 1:
                    _md.Start();
                    break;
                case 2 or 3 or 4:
                    _md.Advance((ulong)_random.Next(1, 40_000));
                    break;
                case 5 or 6:
                    _md.Publish();
                    break;
                case 7:
                    _md.Follow();
                    break;
                case 8:
                    _md.Interrupt(freeze: _random.Next(2) == 0);
                    break;
                case 9:
                    _md.Thaw();
                    break;
                case 10:
                    _md.State = (ArrayState)_random.Next((int)ArrayState.Clean, (int)ArrayState.Broken);
                    break;
                case 11: // killed, and started again
                    _memory = Fresh();
                    break;
                case 12 when _random.Next(4) == 0:
                    StopAndAssemble();
                    break;
                case 13 when !_resync && _legs == 4 && _random.Next(6) == 0 && _memory.Action == SyncAction.Recover:
                    // A second leg is given to md meanwhile, as mdmon does.
                    _md.Interrupt(freeze: false);
                    _md.Lose(2);
                    _least = 0;
                    Look();
                    break;
                case 14 when _random.Next(20) == 0:
                    _md.Finish();
                    break;
                default:
                    Look();
                    break;
            }
        }

        private void StopAndAssemble()
        {
            Look();
            var followed = _memory.Action;
            _md.Interrupt(freeze: false);
            _md.State = ArrayState.Inactive;
            Look();
            if (followed is SyncAction.Recover or SyncAction.Resync && IsUnderWay)
            {
                Assert.Equal(_md.Known / _unit * _unit, Recorded);
            }

            _md.Assemble(Recorded);
            _memory = Fresh();
            // Of two legs mdadm tells no place: they are rebuilt from the beginning.
            (_least, _last) = (Math.Min(Recorded, _md.Known), Recorded);
        }

        private MemberMemory Fresh() => MemberMemory.New with { LastCheckpoint = Recorded };

        private void Look()
        {
            var actions = MemberDecision.Decide(0, _memory, _md.Look(), _legs, Component);
            foreach (var change in actions.Changes)
            {
                _model = change switch
                {
                    StateChange state => _model.State(state.Consistency, state.Facts),
                    LegChange leg => _model.SetLeg(0, leg.Slot, leg.State),
                    _ => _model,
                };
            }

            _memory = actions.Next;
            _md.State = actions.WriteState ?? actions.WriteFirst ?? _md.State;
        }
    }
}
