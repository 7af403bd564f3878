using System.Collections.Immutable;

namespace ActorRaid.Metadata.Commit;

/// <summary>
/// A new model on its way to the disks, as a value: which disk may be written now, and whether the arrays may be let go.
/// <para>
/// <b>Tear rule.</b> The disks being written at one moment in a way that can tear are never more than every array, by the
/// models before and after, could lose and still start (RAID 5: one; RAID 10: one of each pair; legs that are not in sync,
/// missing, failed or hung count as lost already). Where an array can lose nothing, its disks are still written, one at a
/// time: there is no other way, and until each write ends that array is at risk. Spares and disks of no volume matter to no
/// array and are always startable.
/// </para>
/// <para>
/// <b>Quorum rule.</b> The commit is recorded as soon as every set of disks that could start an array, by the models before
/// or after, has a disk in it that has the commit. A disk that the commit records as failed may come back with its old
/// copy, so its leg counts among those that do not have it, but a set of nothing but such disks is not waited for, as
/// nobody could tell them. Where no array can start, one disk is enough; without volumes it is all disks that can be
/// written, as nothing waits for it.
/// </para>
/// <para>
/// <b>Turns.</b> A spare that becomes a member gets the commit before all others, and a member that becomes a spare once it is
/// recorded: mdadm accepts no copy that lists a disk as a member whose own copy is of another family, and a spare's
/// is. Otherwise a power cut in between would leave a container that cannot be loaded. A disk that fails or hangs loses its turn.
/// </para>
/// The transitions throw <see cref="InvalidOperationException"/> when a disk is not in the state that they start from.
/// </summary>
public sealed record Commit
{
    private readonly ImmutableArray<IContainerModel> _models;
    private readonly ImmutableArray<ArrayRule> _rules;
    private readonly ImmutableArray<DiskEntry> _disks;

    private Commit(ImmutableArray<IContainerModel> models, ImmutableArray<ArrayRule> rules, ImmutableArray<DiskEntry> disks)
    {
        _models = models;
        _rules = rules;
        _disks = disks;
    }

    /// <summary>Begins a commit; nothing is in flight.</summary>
    /// <param name="before">The model recorded last.</param>
    /// <param name="after">The model to be recorded.</param>
    /// <param name="targets">
    /// One for each disk that the new model has an image for, those with nothing to write included: they have it already.
    /// A disk that is left out counts as one that can neither have it nor be told.
    /// </param>
    public static Commit Begin(IContainerModel before, IContainerModel after, ImmutableArray<CommitTarget> targets) =>
        Begin([before, after], targets, [], []);

    /// <summary>Begins a commit while earlier writes are still under way, or earlier commits were not recorded.</summary>
    /// <param name="models">What a disk may hold: <see cref="MayHold"/> of the commit before, and at the end the model to be recorded.</param>
    /// <param name="targets">
    /// As for <see cref="Begin(IContainerModel, IContainerModel, ImmutableArray{CommitTarget})"/>. What a busy disk holds is
    /// only known once its write has ended; see <see cref="Free(DeviceNumber, CommitTarget)"/>.
    /// </param>
    /// <param name="underWay">Every write that has not ended, whether this commit goes to its disk or not.</param>
    /// <param name="doubtful">The disks that are not known to hold a whole copy; see <see cref="Doubtful"/>.</param>
    public static Commit Begin(
        ImmutableArray<IContainerModel> models, ImmutableArray<CommitTarget> targets,
        ImmutableArray<WriteUnderWay> underWay, ImmutableArray<DeviceNumber> doubtful)
    {
        var table = new DiskTable();
        foreach (var target in targets)
        {
            table.Add(target, models);
        }

        var rules = ImmutableArray.CreateBuilder<ArrayRule>();
        foreach (var model in models)
        {
            foreach (var volume in model.Volumes)
            {
                var rule = table.Rule(volume);
                if (!rules.Any(rule.SaysTheSameAs))
                {
                    rules.Add(rule);
                }
            }
        }

        var commit = new Commit(models, rules.DrainToImmutable(), table.Disks);
        foreach (var write in underWay)
        {
            commit = commit.Busy(write.Device, write.CanTear);
            commit = write.IsHung ? commit.Hung(write.Device) : commit;
        }

        return doubtful.Aggregate(commit, (known, device) => known.Doubtful(device));
    }

    /// <summary>
    /// The models that a disk may hold from now on: the one to be recorded and, as long as it is not, those before it. What the
    /// next commit begins with.
    /// </summary>
    public ImmutableArray<IContainerModel> MayHold => IsRecorded ? [_models[^1]] : _models;

    /// <summary>
    /// The disks that may be written now, all of them at once: those that the quorum needs first, the rest behind them.
    /// Empty while the tear rule wants what is in flight to end first.
    /// </summary>
    public ImmutableArray<CommitTarget> Startable
    {
        get
        {
            var startable = ImmutableArray.CreateBuilder<CommitTarget>();
            var exposed = Select(disk => disk.IsExposed);
            var gone = Select(disk => disk.IsGone);
            foreach (var place in Preference.Order(_rules, _disks, IsRecorded))
            {
                var target = _disks[place].Target!;
                exposed[place] = target.CanTear && !gone[place];
                if (!exposed[place] || Survives(exposed, gone))
                {
                    startable.Add(target);
                }
                else
                {
                    exposed[place] = false;
                }
            }

            return startable.DrainToImmutable();
        }
    }

    /// <summary>The disks being written for this commit.</summary>
    public ImmutableArray<DeviceNumber> InFlight => Devices(disk => disk.Progress == Progress.InFlight);

    /// <summary>The disks that could not be written. They do not have the commit, and their copies are taken for lost.</summary>
    public ImmutableArray<DeviceNumber> FailedDisks => Devices(disk => disk.Progress == Progress.Failed);

    /// <summary>Every array is sure to learn of the commit, whichever disks come back: the kernel may be let go.</summary>
    public bool IsRecorded =>
        !_disks.Any(disk => disk is { Turn: Turn.Joins, IsPending: true })
        && Unaware(Select(disk => disk.Progress == Progress.Written)) is null;

    /// <summary>No disk is waiting or being written.</summary>
    public bool IsFinished => !_disks.Any(disk => disk.Progress is Progress.Waiting or Progress.InFlight);

    /// <summary>
    /// Nothing more happens by itself: no disk may be written now, and no write is under way but those that hang. Whether it is recorded
    /// is another question.
    /// </summary>
    public bool IsAtRest =>
        !_disks.Any(disk => !disk.IsHung && (disk.Progress == Progress.InFlight || disk is { Progress: Progress.Waiting, Earlier: not EarlierWrite.None }))
        && Startable.IsEmpty;

    /// <summary>
    /// The disks that the commit goes to, and whose copies tell of the volumes. Where there are volumes a spare's does not; where the commit goes
    /// to nothing but spares, all count.
    /// </summary>
    public ImmutableArray<DeviceNumber> Tellers => [.. Telling.Select(disk => disk.Device)];

    /// <summary>How many of the <see cref="Tellers"/> have it.</summary>
    public int WrittenDisks => Telling.Count(disk => disk.Progress == Progress.Written);

    private IEnumerable<DiskEntry> Telling
    {
        get
        {
            var targets = _disks.Where(disk => disk.Target is not null);
            return targets.Any(disk => disk.Tells) ? targets.Where(disk => disk.Tells) : targets;
        }
    }

    /// <summary>Whether the disk is being written for this commit.</summary>
    public bool IsWriting(DeviceNumber device) => Find(device) is { Progress: Progress.InFlight };

    /// <summary>Whether an earlier commit's write to the disk is still under way.</summary>
    public bool IsBusy(DeviceNumber device) => Find(device) is { Earlier: not EarlierWrite.None };

    /// <summary>Too many disks failed: the commit can no longer be recorded, whatever the others do.</summary>
    public bool IsHopeless => Unaware(MayYetHave()) is not null;

    /// <summary>
    /// The arrays that could be started by disks none of which would know of the commit, though everything that may still be
    /// written were; empty as long as there is hope. In a container where no array can start, or without volumes, it
    /// stays empty even when every disk failed; <see cref="IsHopeless"/> does not.
    /// </summary>
    public ImmutableArray<VolumeInfo> CannotRecord => Unaware(MayYetHave()) ?? [];

    /// <summary>A disk is still being written for an earlier commit: it cannot be started until it is free.</summary>
    /// <param name="device">The disk, whether this commit goes there or not.</param>
    /// <param name="canTear">Whether that write can tear.</param>
    public Commit Busy(DeviceNumber device, bool canTear)
    {
        var disk = Find(device) ?? DiskTable.Entry(device, null);
        Require(disk, disk.Progress != Progress.InFlight, "is being written for this commit");
        var progress = disk.Target is null ? disk.Progress : Progress.Waiting;
        return With(disk with { Earlier = canTear ? EarlierWrite.CanTear : EarlierWrite.Atomic, Progress = progress });
    }

    /// <summary>The earlier commit's write has ended, and what was to be written here is still right.</summary>
    public Commit Free(DeviceNumber device)
    {
        var disk = Existing(device);
        return Free(device, disk.Target);
    }

    /// <summary>
    /// The earlier commit's write has ended, well: the disk holds a whole copy. After a failed write it is <see cref="Doubtful"/> besides.
    /// </summary>
    /// <param name="device">The disk.</param>
    /// <param name="now">
    /// What is to be written now that it is known what the disk holds; null for a disk that this commit does not go to.
    /// After a failed write it is everything.
    /// </param>
    public Commit Free(DeviceNumber device, CommitTarget? now)
    {
        var disk = Existing(device);
        Require(disk, disk.Earlier != EarlierWrite.None, "is not busy");
        return With(DiskTable.Entry(device, now) with { Turn = disk.Turn, Tells = disk.Tells });
    }

    /// <summary>A disk's write has been handed out.</summary>
    public Commit Started(DeviceNumber device)
    {
        var disk = Existing(device);
        Require(disk, disk.IsReady, "is not waiting to be written");
        return With(disk with { Progress = Progress.InFlight });
    }

    /// <summary>A disk has the commit, durably.</summary>
    public Commit Written(DeviceNumber device)
    {
        var disk = Existing(device);
        Require(disk, disk.Progress == Progress.InFlight, "is not being written");
        return With(disk with { Progress = Progress.Written, IsHung = false, IsDoubtful = false });
    }

    /// <summary>A disk's write failed, or there is nobody left to do it.</summary>
    public Commit Failed(DeviceNumber device)
    {
        var disk = Existing(device);
        Require(disk, disk.Progress is Progress.InFlight or Progress.Waiting, "has nothing left to be written");
        return With(disk with { Progress = Progress.Failed, Earlier = EarlierWrite.None, IsHung = false });
    }

    /// <summary>
    /// A disk has left: nobody can be told there, so it is not waited for; and its copy is taken for lost, though it may come back with
    /// the commit if it has it. A write that is under way there is no part of this commit any more.
    /// </summary>
    public Commit Left(DeviceNumber device)
    {
        if (Find(device) is not { } disk)
        {
            return this;
        }

        var progress = disk.Progress == Progress.Written ? Progress.Written : Progress.NotATarget;
        return With(disk with { Target = null, Progress = progress, Earlier = EarlierWrite.None, IsHung = false, IsDoubtful = true });
    }

    /// <summary>
    /// A disk's write (this commit's or an earlier one's) does not come back. Until it does, its copy is taken for lost, as a
    /// missing leg's: the array it belongs to has that much less to lose, but other disks may be written again.
    /// </summary>
    public Commit Hung(DeviceNumber device)
    {
        var disk = Existing(device);
        Require(disk, disk.Progress == Progress.InFlight || disk.Earlier != EarlierWrite.None, "is not being written");
        return With(disk with { IsHung = true });
    }

    /// <summary>
    /// A disk is not known to hold a whole copy: a write failed there, or it was found torn. Its copy is taken for lost until
    /// it is written, so that writing it endangers nothing, and writing others all the more.
    /// </summary>
    /// <param name="device">The disk, whether this commit goes there or not.</param>
    public Commit Doubtful(DeviceNumber device)
    {
        var disk = Find(device) ?? DiskTable.Entry(device, null);
        Require(disk, disk.Progress != Progress.Written, "has the commit");
        return With(disk with { IsDoubtful = true });
    }

    private bool Survives(bool[] exposed, bool[] gone)
    {
        foreach (var rule in _rules)
        {
            if (!rule.Survives(exposed, gone))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The arrays that might not learn of a commit that these disks have; null when it counts as recorded.</summary>
    private ImmutableArray<VolumeInfo>? Unaware(bool[] has)
    {
        var isTarget = Select(disk => disk.Target is not null);
        if (!isTarget.Contains(true))
        {
            return null;
        }

        ImmutableArray<VolumeInfo> unaware = [.. _rules.Where(rule => !rule.Knows(has, isTarget)).Select(rule => rule.Volume)];
        var enough = unaware.IsEmpty && AnyTargetHas(has) && (!_rules.IsEmpty || EveryWritableHas(has));
        return enough ? null : [.. unaware.DistinctBy(volume => volume.Index)];
    }

    private bool AnyTargetHas(bool[] has)
    {
        for (var place = 0; place < has.Length; place++)
        {
            if (has[place] && _disks[place].Target is not null)
            {
                return true;
            }
        }

        return false;
    }

    private bool EveryWritableHas(bool[] has)
    {
        for (var place = 0; place < has.Length; place++)
        {
            if (!has[place] && _disks[place].Progress is (Progress.Waiting or Progress.InFlight))
            {
                return false;
            }
        }

        return true;
    }

    private bool[] MayYetHave() => Select(disk => disk.Progress is Progress.Waiting or Progress.InFlight or Progress.Written);

    private bool[] Select(Func<DiskEntry, bool> what)
    {
        var selected = new bool[_disks.Length];
        for (var place = 0; place < selected.Length; place++)
        {
            selected[place] = what(_disks[place]);
        }

        return selected;
    }

    private ImmutableArray<DeviceNumber> Devices(Func<DiskEntry, bool> what) =>
        [.. _disks.Where(what).Select(disk => disk.Device)];

    private DiskEntry? Find(DeviceNumber device) => _disks.FirstOrDefault(disk => disk.Device == device);

    private DiskEntry Existing(DeviceNumber device) =>
        Find(device) ?? throw new InvalidOperationException($"disk {device} is no part of this commit");

    private Commit With(DiskEntry disk)
    {
        for (var place = 0; place < _disks.Length; place++)
        {
            if (_disks[place].Device == disk.Device)
            {
                return new Commit(_models, _rules, _disks.SetItem(place, disk));
            }
        }

        return new Commit(_models, _rules, _disks.Add(disk));
    }

    private static void Require(DiskEntry disk, bool condition, string otherwise)
    {
        if (!condition)
        {
            throw new InvalidOperationException($"disk {disk.Device} {otherwise}");
        }
    }
}
