using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Load;
using Xunit;
using Imsm = ActorRaid.Metadata.Imsm.Load.ImsmFormat;

namespace ActorRaid.Tests.Commit;

/// <summary>
/// What has to hold whenever the power goes, checked by loading what is left on the disks: on all of them, and on subsets, as some
/// may stay away. Sets of disks are bit masks.
/// </summary>
internal sealed class CrashChecks
{
    private readonly CrashRig _rig;
    private readonly Imsm _format = new();
    private readonly Dictionary<int, ImmutableHashSet<string>> _before = [];
    private readonly Dictionary<int, ImmutableHashSet<string>> _after = [];
    private readonly Random _random = new(1);
    private uint _recorded;
    private uint _recordedContent;
    private string _step = "";

    public CrashChecks(CrashRig rig)
    {
        _rig = rig;
        _recorded = _recordedContent = rig.Model.Generation;
        rig.Moment = Check;
    }

    /// <summary>How many states were loaded.</summary>
    public int States { get; private set; }

    /// <summary>How many of them had a disk torn that its array could not do without.</summary>
    public int Unavoidable { get; private set; }

    /// <summary>Volumes whose writers were let go: they must be seen dirty.</summary>
    public HashSet<string> LetGo { get; } = [];

    /// <summary>How many states were loaded of which mdadm needs the one disk that is not there.</summary>
    public int WithoutKeeper { get; private set; }

    private int All => (1 << _rig.Disks.Length) - 1;

    /// <summary>Commits a model, looking at every moment.</summary>
    public void Commit(string step, IContainerModel after, bool completely)
    {
        _step = step;
        _before.Clear();
        _after.Clear();
        var old = _rig.Disks.Select(disk => disk.Durable).ToImmutableArray();
        var now = _rig.Disks.Select((disk, place) => Written(disk, old[place], after)).ToImmutableArray();
        for (var set = 1; set <= All; set++)
        {
            _before[set] = Started(old, set);
            _after[set] = Started(now, set);
        }

        Check(recorded: false);
        _rig.Commit(after, completely);
        Check(recorded: true);
    }

    /// <summary>
    /// What is left of the last commit is written, and what the model wants to follow it is committed. False: it wants nothing.
    /// </summary>
    public bool FollowUp(bool completely)
    {
        _rig.Finish();
        if (_rig.Model.FollowedBy(onAllDisks: true) is not { } next)
        {
            return false;
        }

        Commit(next.Reason, next.Model, completely);
        return true;
    }

    private static byte[] Written(CrashDisk disk, byte[] old, IContainerModel after)
    {
        if (disk.IsDead || after.NextGeneration().Sectors(disk.Device) is not { } image)
        {
            return old;
        }

        var whole = new CrashDisk(disk.With(old));
        whole.Put(image);
        return whole.Durable;
    }

    private void Check(bool recorded)
    {
        _recorded = recorded ? _rig.Model.Generation : _recorded;

        // Copies that take no side add nothing to what mdadm sees in the others.
        _recordedContent = recorded && !_rig.Model.IsInterim ? _recorded : _recordedContent;
        foreach (var state in _rig.Outcomes(atMost: 40))
        {
            States++;
            var torn = Torn(state);
            foreach (var set in Sets())
            {
                Check(state, set, torn);
            }

            CheckMdadm(state, All & ~torn, torn);
            CheckMdadm(state, All & ~torn & ~(1 << _random.Next(_rig.Disks.Length)), torn);

            if (torn != 0)
            {
                CheckTorn(state, torn);
            }
        }
    }

    /// <summary>What starts without the torn disks, before the commit as well as after it, starts.</summary>
    private void Check(ImmutableArray<byte[]> state, int set, int torn)
    {
        var loaded = Load(state, set);
        var whole = set & ~torn;
        var started = loaded is null ? [] : Started(loaded);
        if (whole != 0)
        {
            Assert.True(loaded is not null, $"does not load\n{Text(state, set, torn)}");
            foreach (var volume in _before[whole].Intersect(_after[whole]))
            {
                Assert.True(started.Contains(volume), $"{volume} does not start\n{Text(state, set, torn)}");
            }
        }

        foreach (var volume in loaded?.Volumes.Where(volume => started.Contains(volume.Name) && IsReached(volume)) ?? [])
        {
            var knows = loaded!.Generation >= _recorded;
            Assert.True(
                knows, $"{volume.Name} starts at generation {loaded.Generation}, {_recorded} is recorded\n{Text(state, set, torn)}");
            Assert.True(volume.Dirty || !LetGo.Contains(volume.Name), $"{volume.Name} was let go and is clean\n{Text(state, set, torn)}");
        }
    }

    /// <summary>
    /// mdadm finds a container as well, and sees in it what was let go. Only if not one copy is there that takes a side can it not: where
    /// the one disk that has it is missing or torn while the family changes. Then it finds none, or the one of a disk that failed
    /// earlier; a repair before that helps.
    /// </summary>
    private void CheckMdadm(ImmutableArray<byte[]> state, int set, int torn)
    {
        if (set == 0)
        {
            return;
        }

        var sources = Sources(state, set);
        if (set != All && sources.All(disk => IsDead(disk) || TakesNoSide(disk)) && sources.Any(IsVeiled))
        {
            WithoutKeeper++;
            sources = Repaired(sources);
        }

        var choice = MdadmChoice.Of(sources);
        Assert.True(choice.Super is not null, $"mdadm finds no container\n{Text(state, set, torn)}");

        // With a mirror's last half missing, the half that failed before and the one that is being filled exclude each other no more.
        Assert.True(choice.Conflicts.IsEmpty || set != All, $"mdadm finds two containers\n{Text(state, set, torn)}");
        var container = MdadmChoice.Container(sources)!;
        var started = Started(container);
        Assert.True(
            !choice.Conflicts.IsEmpty || started.IsSupersetOf(_before[set].Intersect(_after[set])),
            $"mdadm starts only {string.Join(' ', started)}\n{Text(state, set, torn)}");
        foreach (var volume in container.Volumes.Where(volume => started.Contains(volume.Name) && IsReached(volume)))
        {
            var isNew = container.Generation >= _recordedContent;
            Assert.True(isNew, $"mdadm starts {volume.Name} at generation {container.Generation}, {_recordedContent} is recorded\n{Text(state, set, torn)}");
            Assert.True(volume.Dirty || !LetGo.Contains(volume.Name), $"{volume.Name} was let go and is clean to mdadm\n{Text(state, set, torn)}");
        }
    }

    private bool IsDead(DiskSource source) => _rig.Disks.Single(disk => disk.Device == source.Device).IsDead;

    private static bool IsVeiled(DiskSource disk) => !CutChange.Disks([disk]).IsEmpty;

    private static bool TakesNoSide(DiskSource disk) => MdadmChoice.Of([disk]).Super is not { Devs.IsEmpty: false };

    /// <summary>The disks as a repair leaves them.</summary>
    public static ImmutableArray<DiskSource> Repaired(ImmutableArray<DiskSource> disks) =>
        [.. disks.Zip(RepairPlan.For(disks).Steps).Select(pair =>
        {
            var disk = new CrashDisk(pair.First);
            if (pair.Second.Image is { } image)
            {
                disk.Put(image);
            }

            return disk.With(disk.Durable);
        })];

    /// <summary>
    /// With all disks there, a tear prevents no array from starting, except one that can spare no disk: of that only one is
    /// torn, and if there is another copy to repair it from, it starts then.
    /// </summary>
    private void CheckTorn(ImmutableArray<byte[]> state, int torn)
    {
        var started = Load(state, All) is { } loaded ? Started(loaded) : [];
        var missing = _before[All].Intersect(_after[All]).Except(started);
        if (missing.IsEmpty)
        {
            return;
        }

        Unavoidable++;
        var needed = Enumerable.Range(0, _rig.Disks.Length)
            .Count(place => ((torn >> place) & 1) != 0 && IsNeeded(_rig.Disks[place], missing));
        Assert.True(needed <= 1, $"more than one leg torn, and {string.Join(' ', missing)} does not start\n{Text(state, All, torn)}");
        Assert.True(
            missing.All(volume => !_before[All & ~torn].Contains(volume) || !_after[All & ~torn].Contains(volume)),
            $"{string.Join(' ', missing)} does not start\n{Text(state, All, torn)}");
        var repair = RepairPlan.For(Sources(state, All));
        if (repair.Refusal is null)
        {
            var again = _format.Load(Repaired(Sources(state, All))).Model;
            Assert.True(again is not null && missing.IsSubsetOf(Started(again)), $"does not start repaired\n{Text(state, All, torn)}\n{Text(repair)}");
        }
    }

    private bool IsNeeded(CrashDisk disk, ImmutableHashSet<string> volumes) => _rig.Model.Volumes.Any(volume =>
        volumes.Contains(volume.Name) && volume.Legs.Any(leg => leg.InSync && leg.Device == disk.Device));

    // A mirror's failed half on its own does not know, and cannot be told.
    private bool IsReached(VolumeInfo volume) =>
        volume.Legs.Any(leg => leg.InSync && leg.Device is { } device && _rig.Disks.Any(disk => disk.Device == device && !disk.IsDead));

    private int Torn(ImmutableArray<byte[]> state)
    {
        var torn = 0;
        for (var disk = 0; disk < state.Length; disk++)
        {
            var verdict = _format.Load([_rig.Disks[disk].With(state[disk])]).Verdicts[0];
            torn |= verdict.Standing == DiskStanding.Broken ? 1 << disk : 0;
        }

        return torn;
    }

    private IEnumerable<int> Sets()
    {
        yield return All;
        for (var first = 0; first < _rig.Disks.Length; first++)
        {
            for (var second = 0; second <= first; second++)
            {
                if ((All & ~(1 << first) & ~(1 << second)) is not 0 and var set && (first < 5 || _random.Next(2) == 0))
                {
                    yield return set;
                }
            }
        }

        for (var more = 0; more < 4; more++)
        {
            yield return _random.Next(1, All + 1);
        }
    }

    private ImmutableHashSet<string> Started(ImmutableArray<byte[]> state, int set) => Load(state, set) is { } model ? Started(model) : [];

    private static ImmutableHashSet<string> Started(IContainerModel model) =>
        [.. model.Volumes.Where(volume => Oracle.Starts(volume, leg => leg.Device is not null)).Select(volume => volume.Name)];

    private IContainerModel? Load(ImmutableArray<byte[]> state, int set) => _format.Load(Sources(state, set)).Model;

    private ImmutableArray<DiskSource> Sources(ImmutableArray<byte[]> state, int set) =>
        [.. _rig.Disks.Select((disk, place) => (disk, place)).Where(one => ((set >> one.place) & 1) != 0)
            .Select(one => one.disk.With(state[one.place]))];

    private static string Text(RepairPlan repair) =>
        string.Join('\n', repair.Steps.Select(step => $"  {step.Name} {step.Decision}: {step.Reason}"));

    private string Text(ImmutableArray<byte[]> state, int set, int torn) =>
        $"step: {_step}, recorded {_recorded}, torn {torn:b}\n" + string.Join(
            '\n', _format.Load(Sources(state, set)).Verdicts.Select(verdict => $"  {verdict.Name} {verdict.Standing}: {verdict.Reason}"));
}
