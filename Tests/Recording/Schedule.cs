using System.Collections.Immutable;
using System.Text;
using ActorRaid.Actors;
using ActorRaid.Actors.Recording;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.Actors;
using ActorRaid.Tests.Commit;
using Xunit;

namespace ActorRaid.Tests.Recording;

/// <summary>
/// One random life of a <see cref="CommitWriter"/>: writes end well, with an error, late or never, disks fail, leave and return, the next
/// commit comes, writers are told again, the container is handed over or its actor starts again. After each step the rules are held against what
/// the disks really hold.
/// </summary>
internal sealed class Schedule
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(5);
    private static readonly (int Level, int Legs)[] Shapes = [(1, 2), (1, 3), (5, 3), (5, 4), (6, 4), (6, 5), (10, 4), (0, 2)];

    private readonly Random _random;
    private readonly ManualClock _clock = new();
    private readonly ContainerEvents _events = new(new EventList(), "md127");
    private readonly ImmutableArray<ScheduleDisk> _disks;
    private readonly List<Func<ScheduleModel, ScheduleModel>> _asked = [];
    private readonly List<ScheduleModel> _mayHold = [];
    private readonly HashSet<DeviceNumber> _there = [];
    private readonly HashSet<DeviceNumber> _failedInCommit = [];
    private readonly HashSet<DeviceNumber> _dead = [];
    private readonly StringBuilder _log = new();
    private WritesUnderWay _outside = new();
    private CommitWriter _writer;
    private ScheduleModel _model;
    private bool _wasRecorded = true;

    public Schedule(int seed)
    {
        Seed = seed;
        _random = new Random(seed);
        var (level, legs) = Shapes[_random.Next(Shapes.Length)];
        _model = ScheduleModel.Of(level, legs, spares: _random.Next(2));
        _disks = [.. _model.Disks.Select(disk => new ScheduleDisk(disk.Device))];
        foreach (var disk in _disks)
        {
            disk.Put(_model.Sectors(disk.Device)!);
            _there.Add(disk.Device);
        }

        _writer = NewWriter();
        Log($"seed {seed}: RAID {level}, {legs} legs, {_disks.Length} disks");
    }

    public int Seed { get; }

    /// <summary>Lives, and then lets everything answer: all disks must come to hold what was asked for last.</summary>
    public void Run()
    {
        try
        {
            for (var step = _random.Next(10, 60); step > 0; step--)
            {
                Step();
                Check();
            }

            Settle();
        }
        catch (Exception failure)
        {
            throw new InvalidOperationException($"{failure.Message}\n{_log}", failure);
        }
    }

    private void Step()
    {
        var pending = _disks.Where(disk => disk.Pending is not null).ToArray();
        switch (_random.Next(22))
        {
            case <= 7 when pending.Length > 0:
                End(pending[_random.Next(pending.Length)], well: true);
                break;
            case 8 when pending.Length > 0:
                End(pending[_random.Next(pending.Length)], well: false);
                break;
            case 9:
                _clock.Now += Slow + Slow;
                Log("time passes");
                _writer.LookAtClock();
                break;
            case 10 or 11:
                Ask("a small change", model => model with { Small = model.Small + 1 });
                break;
            case 12 or 13:
                Ask("a large change", model => model with { Extended = model.Extended + 1 });
                break;
            case 14:
                var failed = Any().Device;
                Ask($"{failed} fails", model => model.Fail(failed));
                break;
            case 15:
                Leave(Any());
                break;
            case 16:
                Return(Any());
                break;
            case 17:
                Ask("a spare is used", model => model.Activate());
                break;
            case 18:
                Ask("rebuilt", model => model.Rebuilt());
                break;
            case 19:
                Log("retry");
                _writer.Retry(_model);
                break;
            case 20:
                HandOver();
                break;
            case 21 when _random.Next(4) == 0:
                Restart();
                break;
        }

        Turn();
    }

    private ScheduleDisk Any() => _disks[_random.Next(_disks.Length)];

    private void Ask(string what, Func<ScheduleModel, ScheduleModel> change)
    {
        Log("asked: " + what);
        _asked.Add(change);
    }

    private void Leave(ScheduleDisk disk)
    {
        if (_there.Remove(disk.Device))
        {
            _dead.Remove(disk.Device);
            _writer.Remove(disk.Device);
            Ask($"{disk.Device} has left", model => model.Remove(disk.Device));
        }
    }

    private void Return(ScheduleDisk disk)
    {
        if (!_there.Add(disk.Device))
        {
            return;
        }

        if (disk.Writer is { } writer && writer != _writer && !_outside.Has(disk.Device))
        {
            End(disk, well: true); // Of the process before: nobody can know of it.
        }

        Ask($"{disk.Device} is back", model =>
        {
            if (_there.Contains(disk.Device))
            {
                _writer.Add(disk.Source, new Target(this, _writer, disk));
                disk.WasRead();
            }

            return model.Add(disk.Device);
        });
    }

    /// <summary>As <see cref="MetadataActor"/> does it: what is waiting goes into one commit as soon as one may begin.</summary>
    private void Turn()
    {
        if (_asked.Count == 0 || !_writer.MayBegin)
        {
            return;
        }

        CheckRecorded();
        var before = _model;
        foreach (var change in _asked.ToList())
        {
            _model = change(_model);
        }

        _asked.Clear();
        if (_writer.Needs(before, _model))
        {
            _model = (ScheduleModel)_model.NextGeneration();
            Log($"commit {_model.Generation} begins");
            _mayHold.Add(_model);
            _wasRecorded = false;
            _failedInCommit.Clear();
            _writer.Begin(before, _model);
        }
        else
        {
            _mayHold[0] = _model;
        }
    }

    private void End(ScheduleDisk disk, bool well)
    {
        var (flight, writer) = (disk.Flight!, disk.Writer);
        Log($"a write to {disk.Device} ends {(well ? "well" : "with an error")}{(writer == _writer ? "" : ", of the writer before")}");
        disk.End(well, _random.Next(4));
        if (!well)
        {
            _failedInCommit.Add(disk.Device);
        }

        _outside.End(disk.Device);
        if (writer == _writer)
        {
            _dead.Remove(disk.Device);
            _writer.Written(flight, well ? default(Nothing) : new KernelError(Errno.EIO, "disk", "write"));
            if (!well && _random.Next(2) == 0)
            {
                LookAt(disk, flight);
            }
        }
        else
        {
            _writer.LookAtClock();
        }
    }

    /// <summary>What could not be written is read, which may fail too.</summary>
    private void LookAt(ScheduleDisk disk, Flight flight)
    {
        var isDead = _random.Next(3) != 0;
        Log($"{disk.Device} is {(isDead ? "dead" : "read")}");
        var counts = _writer.DoubtfulDisks.Contains(disk.Source.Name) && isDead;
        if (counts)
        {
            _dead.Add(disk.Device);
        }

        _writer.LookedAt(flight, isDead);
    }

    /// <summary>Another process goes on, if this one is at rest: from what the disks hold.</summary>
    private void HandOver()
    {
        if (!_writer.IsFinished || _asked.Count > 0)
        {
            return;
        }

        Log("handed over");
        var doubtful = _writer.DoubtfulDisks;
        foreach (var disk in Members())
        {
            Assert.True(disk.Pending is null, $"handed over while {disk.Device} is written");
            Assert.True(doubtful.Contains(disk.Source.Name) || disk.Holds(_model.Sectors(disk.Device)!), $"{disk.Device} is not as it should be");
        }

        _outside = new WritesUnderWay();
        _writer = NewWriter();
        _writer.Doubt(doubtful);
    }

    /// <summary>The metadata's actor starts again, while writes of the one before are under way. It goes by the newest copy.</summary>
    private void Restart()
    {
        // Only where the newest copy is the newest model: what a container that is loaded in the middle of a commit goes by is another test's.
        if (!_writer.IsFlushed || _asked.Count > 0 || _writer.DoubtfulDisks.Length > 0)
        {
            return;
        }

        Log("starts again");
        _writer = NewWriter();
    }

    private CommitWriter NewWriter()
    {
        var writer = new CommitWriter(_model, _events, _outside, () => Slow, _clock);
        foreach (var disk in _disks.Where(disk => _there.Contains(disk.Device)))
        {
            writer.Add(disk.Source, new Target(this, writer, disk));
        }

        _mayHold.Clear();
        _mayHold.Add(_model);
        _dead.Clear();
        return writer;
    }

    private IEnumerable<ScheduleDisk> Members() => _disks.Where(disk => IsWaitedFor(disk));

    /// <summary>Those whose copies tell of the volume: a spare's does not, but where there is nothing else it is all that can be written.</summary>
    private ScheduleDisk[] Tellers()
    {
        ScheduleDisk[] telling = [.. Members().Where(disk => _model.Disks.Any(known => known.Device == disk.Device && !known.IsSpare))];
        return telling.Length > 0 ? telling : [.. Members()];
    }

    private ScheduleDisk Disk(DeviceNumber device) => _disks.Single(disk => disk.Device == device);

    private bool IsHung(ScheduleDisk disk) => _writer.Hanging.Contains(disk.Device);

    private void Check()
    {
        CheckRecorded();
        if (!_disks.Any(disk => disk.Pending is not null && IsKnown(disk) && !IsHung(disk) && IsWaitedFor(disk)))
        {
            Assert.True(_writer.MayBegin, "nothing is under way, but no commit may begin");
            Assert.True(_writer.IsRecorded || !KnowsEnough(device => Holds(device) && !Disk(device).HasFailed), "the disks that answer have it, but it does not count as recorded");
            Assert.True(
                _writer.IsRecorded || !Tellers().All(disk => _dead.Contains(disk.Device)) || Members().Any(disk => disk.Pending is not null),
                "all disks are dead, but writers are not let go");
        }

        if (_writer.IsFlushed && _asked.Count == 0)
        {
            foreach (var disk in Members().Where(disk => !IsHung(disk) && !_writer.DoubtfulDisks.Contains(disk.Source.Name)))
            {
                Assert.True(disk.Holds(_model.Sectors(disk.Device)!), $"flushed, but {disk.Device} has generation {ScheduleModel.GenerationOf(disk.Durable)}");
            }
        }
    }

    private bool IsWaitedFor(ScheduleDisk disk) => _writer.Devices.Contains(disk.Device) && _model.Has(disk.Device);

    /// <summary>The writer knows of the write that is under way there: it is its own, or one of an actor before in the same process.</summary>
    private bool IsKnown(ScheduleDisk disk) => disk.Writer == _writer || _outside.Has(disk.Device);

    private bool Holds(DeviceNumber device) => _model.Sectors(device) is { } image && Disk(device).Holds(image);

    /// <summary>What is let go is on every set of disks that could start the volume, but for those that could not be written.</summary>
    private void CheckRecorded()
    {
        if (_wasRecorded || !_writer.IsRecorded)
        {
            return;
        }

        _wasRecorded = true;
        Assert.True(
            KnowsEnough(device => Holds(device) || (_failedInCommit.Contains(device) && Tellers().Any(member => Holds(member.Device))))
                || Tellers().All(member => _dead.Contains(member.Device)),
            "let go, but not recorded");
        _mayHold.RemoveRange(0, _mayHold.Count - 1);
    }

    private bool KnowsEnough(Func<DeviceNumber, bool> has) => !Members().Any()
        || (Members().Any(member => has(member.Device))
            && _mayHold.SelectMany(model => model.Volumes).All(volume => Oracle.Knows(volume, has, device => Members().Any(member => member.Device == device))));

    private void CheckTearRule(ScheduleDisk started)
    {
        foreach (var volume in _mayHold.SelectMany(model => model.Volumes).Where(volume => volume.Legs.Any(leg => leg.InSync && leg.Device == started.Device)))
        {
            Assert.True(
                !IsExposed(started.Device) || Oracle.Survives(volume, IsExposed, IsGone), $"the tear rule is broken by {started.Device}");
        }
    }

    private bool IsExposed(DeviceNumber device) => !IsGone(device) && Disk(device).IsExposed;

    private bool IsGone(DeviceNumber device)
    {
        var disk = Disk(device);
        return IsHung(disk) || disk.HasFailed || !_writer.Devices.Contains(device) || _writer.DoubtfulDisks.Contains(disk.Source.Name)
            || (disk.Pending is not null && !_model.Has(device));
    }

    private void Settle()
    {
        for (var round = 0; round < 60; round++)
        {
            _clock.Now += Slow + Slow;
            _writer.LookAtClock();
            foreach (var disk in _disks.Where(disk => disk.Pending is not null).ToList())
            {
                End(disk, well: true);
            }

            // What is recorded by now is forgotten by a retry.
            CheckRecorded();
            _writer.Retry(_model);
            Turn();
            Check();
        }

        Assert.True(_writer.IsFinished && _writer.IsRecorded && _asked.Count == 0, "everything has answered, but the commit does not end");
        foreach (var disk in Members())
        {
            Assert.True(disk.Holds(_model.Sectors(disk.Device)!), $"in the end {disk.Device} has generation {ScheduleModel.GenerationOf(disk.Durable)}");
        }
    }

    private void Log(string text) => _log.Append("  ").AppendLine(text);

    private sealed class Target(Schedule schedule, CommitWriter writer, ScheduleDisk disk) : IWritableDisk
    {
        private bool _closed;

        public int AtomicWriteBytes => 512;

        public void Write(Flight flight, SectorWrite write)
        {
            Assert.False(_closed, $"disk {disk.Device} is written after it was closed");
            Assert.True(schedule._there.Contains(disk.Device) && schedule._model.Has(disk.Device), $"{disk.Device} is written, but is not ours");
            schedule.Log($"generation {flight.Generation} to {disk.Device}, write {flight.Next} of {flight.Writes.Length}");
            schedule._outside.Begin(disk.Device);
            disk.Begin(writer, flight, write);
            if (flight.Next == 1)
            {
                schedule.CheckTearRule(disk);
            }
        }

        public void Dispose() => _closed = true;
    }
}
