using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using Xunit;
using Plan = ActorRaid.Metadata.Commit.Commit;

namespace ActorRaid.Tests.Commit;

/// <summary>
/// Drives one commit, keeping its own account of every disk, and holds the planner against the oracle at every step.
/// </summary>
internal sealed class Run
{
    private readonly Scenario _scenario;
    private readonly HashSet<DeviceNumber> _busy = [];
    private readonly HashSet<DeviceNumber> _waiting = [];
    private readonly HashSet<DeviceNumber> _inFlight = [];
    private readonly HashSet<DeviceNumber> _hung = [];
    private readonly HashSet<DeviceNumber> _has = [];
    private readonly HashSet<DeviceNumber> _failed = [];
    private readonly HashSet<DeviceNumber> _doubtful = [];
    private readonly Dictionary<DeviceNumber, bool> _canTear = [];

    public Run(Scenario scenario)
    {
        _scenario = scenario;
        Plan = Plan.Begin(scenario.Before, scenario.After, scenario.Targets);
        foreach (var target in scenario.Targets)
        {
            var role = scenario.Roles[target.Device.Minor];
            _canTear[target.Device] = target.CanTear;
            (role == Role.HasIt ? _has : _waiting).Add(target.Device);
            if (role is Role.BusyTearing or Role.BusyAtomic)
            {
                Plan = Plan.Busy(target.Device, role == Role.BusyTearing);
                _busy.Add(target.Device);
            }
            else if (role == Role.Doubtful)
            {
                Plan = Plan.Doubtful(target.Device);
                _doubtful.Add(target.Device);
            }
        }

        Check();
    }

    public Plan Plan { get; private set; }

    public bool IsRecordedByBruteForce => Recorded(_has.Contains) && !JoiningLeft();

    /// <summary>Takes steps as the numbers say, until the commit is finished or they run out.</summary>
    /// <param name="choices">Each chooses one of what can happen now.</param>
    /// <param name="mayFail">Whether writes fail and hang.</param>
    public void Go(IEnumerable<int> choices, bool mayFail)
    {
        foreach (var choice in choices)
        {
            var steps = Steps(mayFail).ToArray();
            if (steps.Length == 0)
            {
                Assert.True(Plan.IsFinished, "stuck");
                return;
            }

            steps[choice % steps.Length]();
            Check();
        }
    }

    /// <summary>Starts all that may be started.</summary>
    public void StartAll()
    {
        foreach (var target in Plan.Startable)
        {
            Start(target);
            Check();
        }
    }

    public void Finish(DeviceNumber disk)
    {
        Plan = Plan.Written(disk);
        _inFlight.Remove(disk);
        _hung.Remove(disk);
        _doubtful.Remove(disk);
        _has.Add(disk);
        Check();
    }

    public void Hang(DeviceNumber disk)
    {
        Plan = Plan.Hung(disk);
        _hung.Add(disk);
        Check();
    }

    private IEnumerable<Action> Steps(bool mayFail)
    {
        foreach (var target in Plan.Startable)
        {
            yield return () => Start(target);
            yield return StartAll;
        }

        foreach (var disk in _inFlight.Order(ByNumber.Instance))
        {
            yield return () => Finish(disk);
            yield return () => Finish(disk);
            if (mayFail)
            {
                yield return () => Fail(disk);
                yield return () => Hang(disk);
            }
        }

        foreach (var disk in _busy.Order(ByNumber.Instance))
        {
            yield return () => Free(disk);
            if (mayFail)
            {
                yield return () => Hang(disk);
            }
        }
    }

    private void Start(CommitTarget target)
    {
        Plan = Plan.Started(target.Device);
        Assert.True(_waiting.Remove(target.Device));
        Assert.DoesNotContain(target.Device, _busy);
        Assert.True(
            _scenario.Joining.Contains(target.Device) || !JoiningLeft(), $"disk {target.Device} goes before one that joins\n{this}");
        _inFlight.Add(target.Device);
        foreach (var volume in _scenario.Volumes.Where(_ => IsExposed(target.Device)).Where(volume => Has(volume, target.Device)))
        {
            Assert.True(Oracle.Survives(volume, IsExposed, IsGone), $"the tear rule is broken by disk {target.Device}\n{this}");
        }
    }

    private static bool Has(VolumeInfo volume, DeviceNumber disk) => volume.Legs.Any(leg => leg.InSync && leg.Device == disk);

    private void Fail(DeviceNumber disk)
    {
        Plan = Plan.Failed(disk);
        _inFlight.Remove(disk);
        _hung.Remove(disk);
        _failed.Add(disk);
    }

    private void Free(DeviceNumber disk)
    {
        Plan = Plan.Free(disk);
        _busy.Remove(disk);
        _hung.Remove(disk);
    }

    private void Check()
    {
        var recorded = Recorded(_has.Contains) && !JoiningLeft();
        Assert.True(recorded == Plan.IsRecorded, $"recorded should be {recorded}\n{this}");
        var hopeless = !Recorded(disk => !_failed.Contains(disk) && _scenario.IsTarget(disk));
        Assert.True(hopeless == Plan.IsHopeless, $"hopeless should be {hopeless}\n{this}");
        Assert.True(hopeless || Plan.CannotRecord.IsEmpty, $"some array cannot know, but there is hope\n{this}");
        Assert.True(Plan.IsFinished == (_waiting.Count + _inFlight.Count == 0), $"finished is wrong\n{this}");
        Assert.Equal(_failed, Plan.FailedDisks.ToHashSet());
        Assert.Equal(_inFlight, Plan.InFlight.ToHashSet());
        if (_waiting.Count > 0 && _busy.Count == 0 && _inFlight.IsSubsetOf(_hung))
        {
            Assert.True(Plan.Startable.Length > 0, $"deadlock\n{this}");
        }
    }

    private bool JoiningLeft() =>
        _scenario.Joining.Any(disk => !_has.Contains(disk) && !_failed.Contains(disk) && !_hung.Contains(disk));

    private bool IsExposed(DeviceNumber disk) => !IsGone(disk)
        && ((_inFlight.Contains(disk) && _canTear[disk]) || (_busy.Contains(disk) && _scenario.Roles[disk.Minor] == Role.BusyTearing));

    private bool IsGone(DeviceNumber disk) => _hung.Contains(disk) || _failed.Contains(disk) || _doubtful.Contains(disk);

    private bool Recorded(Func<DeviceNumber, bool> has)
    {
        var targets = _scenario.Targets;
        return targets.IsEmpty
            || (targets.Any(target => has(target.Device))
                && _scenario.Volumes.All(volume => Oracle.Knows(volume, has, _scenario.IsTarget)));
    }

    public override string ToString() =>
        $"{_scenario}\nhas {Text(_has)} in flight {Text(_inFlight)} waiting {Text(_waiting)} "
        + $"busy {Text(_busy)} hung {Text(_hung)} failed {Text(_failed)}";

    private static string Text(IEnumerable<DeviceNumber> disks) => $"[{string.Join(' ', disks.Select(disk => disk.Minor).Order())}]";

    private sealed class ByNumber : IComparer<DeviceNumber>
    {
        public static readonly ByNumber Instance = new();

        public int Compare(DeviceNumber x, DeviceNumber y) => x.Minor.CompareTo(y.Minor);
    }
}
