using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors.Recording;

/// <summary>A commit that is on all disks that can be written.</summary>
/// <param name="Generation">Of the metadata.</param>
/// <param name="Disks">Where it was written.</param>
/// <param name="Took">From its beginning to the end of the last write.</param>
internal sealed record FinishedCommit(uint Generation, ImmutableArray<WrittenDisk> Disks, TimeSpan Took)
{
    /// <summary>What was written where, and how long each write took.</summary>
    public EventDetail Detail => new(
        null,
        string.Join(", ", Disks.Select(disk => string.Create(
            CultureInfo.InvariantCulture, $"generation {disk.Generation} to {disk.Name} ({disk.Took.TotalMicroseconds:0} us)"))),
        (long)Took.TotalMicroseconds);
}

/// <summary>One disk's last write: the kernel's name of the disk, which generation, how long.</summary>
internal readonly record struct WrittenDisk(string Name, uint Generation, TimeSpan Took);

/// <summary>
/// Brings commits to the disks as <see cref="Commit"/> allows: which disks may be written at one moment, when the quorum has
/// it, and the rest behind it. Part of <see cref="MetadataActor"/>, on its thread; knows neither kernel nor clock.
/// </summary>
/// <remarks>
/// Disks come and go, fail and return while their writes are under way, and a write may end at any time later, or never. So the
/// writes are kept apart from the disks, one for each device number at most, and each commit begins with all of them. How a write ended
/// counts for the commit only if that waits for it; otherwise it is noted, and nothing else.
/// </remarks>
internal sealed class CommitWriter
{
    private readonly ContainerEvents _events;
    private readonly WritesUnderWay _outside;
    private readonly Func<TimeSpan> _slowAfter;
    private readonly TimeProvider _clock;
    private readonly Dictionary<DeviceNumber, Disk> _disks = [];
    private readonly Dictionary<DeviceNumber, Flight> _flights = [];
    private readonly HashSet<DeviceNumber> _left = [];
    private Commit? _commit;
    private IContainerModel _target;
    private string? _toldFewer;
    private long _begun;
    private FinishedCommit? _finished;

    /// <summary>Nothing is being written yet, but for what an actor before left under way.</summary>
    /// <param name="model">What the disks hold.</param>
    /// <param name="events">Receives what happens to the disks.</param>
    /// <param name="outside">The container's writes under way; outlives this.</param>
    /// <param name="slowAfter">After how long a disk that does not answer counts as hung.</param>
    /// <param name="clock">Tells how long a write takes.</param>
    public CommitWriter(
        IContainerModel model, ContainerEvents events, WritesUnderWay outside, Func<TimeSpan> slowAfter, TimeProvider clock)
    {
        _target = model;
        _events = events;
        _outside = outside;
        _slowAfter = slowAfter;
        _clock = clock;
        foreach (var device in outside.Devices)
        {
            _flights[device] = new Flight(device, null, null, [], canTear: true, clock.GetTimestamp(), 0);
        }
    }

    /// <summary>
    /// The next commit may begin: everything that was begun can be relied on, or nothing more happens to it by itself (its disks failed
    /// or hang). What is asked for next, such as the record that a leg has failed, may be what it waits for.
    /// </summary>
    public bool MayBegin => _commit is null || _commit.IsRecorded || _commit.IsAtRest;

    /// <summary>Everything that was begun can be relied on: writers may be let go.</summary>
    public bool IsRecorded => _commit is null || _commit.IsRecorded;

    /// <summary>What was begun is on every disk that answers.</summary>
    public bool IsFlushed => _commit is null || (_commit.IsRecorded && _commit.IsAtRest);

    /// <summary>
    /// What was begun is on all disks, and nothing is being written that anybody may want to write to: another process may go on. A write
    /// to a disk that has failed or left may still be under way, as nobody writes there again.
    /// </summary>
    public bool IsFinished => _commit is null && !_flights.Values.Any(flight => _disks.GetValueOrDefault(flight.Device) is { Wanted: not null });

    /// <summary>Some disk's copy is not what it should be, and nothing is under way that would mend it.</summary>
    public bool WantsRetry => _disks.Any(disk => disk.Value.IsToBeMended && !_flights.ContainsKey(disk.Key)) && MayBegin;

    /// <summary>Disks on whose answer we have been waiting for long.</summary>
    public ImmutableArray<DeviceNumber> Hanging => [.. from flight in _flights.Values where flight.IsHung select flight.Device];

    /// <summary>The disks whose copy is not what it should be, by the kernel's name.</summary>
    public ImmutableArray<string> DoubtfulDisks => [.. from disk in _disks.Values where disk.IsToBeMended select disk.Name];

    /// <summary>The disks.</summary>
    public IEnumerable<DeviceNumber> Devices => _disks.Keys;

    /// <summary>The last write to these disks failed, as the supervisor before knew.</summary>
    public void Doubt(ImmutableArray<string> names)
    {
        foreach (var disk in _disks.Values.Where(disk => names.Contains(disk.Name)))
        {
            disk.Forget();
        }
    }

    /// <summary>
    /// A disk that can be written from now on; its copy is taken to be what was read. If a write from before it left is still under way
    /// there, it waits for the end of that, and its copy is not known until it is written. Nor is that of a disk that returns with
    /// anything else than it may hold: a write that failed before it left may have torn it.
    /// </summary>
    public void Add(DiskSource source, IWritableDisk target)
    {
        Remove(source.Device);
        var disk = _disks[source.Device] = new Disk(source, target) { Wanted = _target.Sectors(source.Device) };
        if (_flights.ContainsKey(source.Device) || (_left.Contains(source.Device) && !MayHold.Any(model => Disk.Holds(source, model))))
        {
            disk.Forget();
        }
    }

    /// <summary>A disk that is gone. A write that is under way keeps its device open until it ends; nobody waits for it.</summary>
    public void Remove(DeviceNumber device)
    {
        if (_disks.Remove(device, out var disk))
        {
            _left.Add(device);
            disk.Target.Dispose();
            _commit = _commit?.Left(device);
            StartWhatMay();
        }
    }

    /// <summary>Closes all disks. A write that is under way keeps its device open until it ends.</summary>
    public void Close()
    {
        foreach (var disk in _disks.Values)
        {
            disk.Target.Dispose();
        }
    }

    /// <summary>
    /// Whether a changed model is to be committed: some disk's copy would be another, or what is under way would be: it is not recorded but may
    /// be by this, as the disks that it waits for have failed or left; or it still goes to such a disk.
    /// </summary>
    public bool Needs(IContainerModel before, IContainerModel after)
    {
        if (!IsRecorded)
        {
            return true;
        }

        foreach (var device in _disks.Keys)
        {
            var old = before.Sectors(device);
            var now = after.Sectors(device);
            if (now is null ? old is not null && _commit is not null : (old is null || old.Offset != now.Offset || !old.Bytes.Span.SequenceEqual(now.Bytes.Span)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Begins to bring a model to the disks. What the previous commit has not written yet is superseded.</summary>
    public void Begin(IContainerModel before, IContainerModel after)
    {
        _target = after;
        _begun = _clock.GetTimestamp();
        var known = _commit?.MayHold ?? [before];
        var targets = ImmutableArray.CreateBuilder<CommitTarget>(_disks.Count);
        var doubtful = new HashSet<DeviceNumber>();
        foreach (var (device, disk) in _disks)
        {
            disk.Wanted = after.Sectors(device);
            if (TargetOf(device, disk) is { } target)
            {
                targets.Add(target);
            }

            if (disk.IsDoubtful)
            {
                doubtful.Add(device);
            }
        }

        var underWay = ImmutableArray.CreateBuilder<WriteUnderWay>(_flights.Count);
        foreach (var flight in _flights.Values)
        {
            underWay.Add(new WriteUnderWay(flight.Device, flight.CanTear, flight.IsHung));

            // Nobody is to wait for a disk that has failed or left: its copy is lost to its arrays already.
            if (_disks.GetValueOrDefault(flight.Device) is not { Wanted: not null })
            {
                doubtful.Add(flight.Device);
            }
        }

        // Nor does a disk that has left help to start an array that it was a member of.
        foreach (var model in known)
        {
            foreach (var volume in model.Volumes)
            {
                foreach (var leg in volume.Legs)
                {
                    if (leg.Device is { } device && !_disks.ContainsKey(device))
                    {
                        doubtful.Add(device);
                    }
                }
            }
        }

        _commit = Commit.Begin(
            ReferenceEquals(known[^1], after) ? known : known.Add(after), targets.DrainToImmutable(), underWay.DrainToImmutable(), [.. doubtful]);
        StartWhatMay();
    }

    /// <summary>One write of a flight has ended: the next one begins, or the flight has ended.</summary>
    public void Written(Flight flight, Result<Nothing> result)
    {
        if (!_flights.TryGetValue(flight.Device, out var known) || known != flight)
        {
            return;
        }

        // What is left of a sequence never goes to a disk that is not ours to write any more: somebody may have put it to another use.
        var disk = _disks.GetValueOrDefault(flight.Device) is { } there && there == flight.Disk ? there : null;
        var isOurs = disk is { Wanted: not null };
        if (result.Ok && isOurs && flight.Next < flight.Writes.Length)
        {
            Write(flight);
            return;
        }

        End(flight, disk, isWhole: disk is not null && result.Ok && flight.Next == flight.Writes.Length);
        if (disk is not null && isOurs)
        {
            Say(disk, flight, result);
        }
    }

    /// <summary>
    /// A disk that could not be written was read. One that cannot be read either is dead: nobody can start an array from
    /// its copy, so that nobody has to wait until it has the newest.
    /// </summary>
    public void LookedAt(Flight flight, bool isDead)
    {
        if (_disks.GetValueOrDefault(flight.Device) is { IsDoubtful: true } disk && disk == flight.Disk)
        {
            disk.IsDead = isDead;
            StartWhatMay();
        }
    }

    /// <summary>Writes once more to disks that could not be written.</summary>
    public void Retry(IContainerModel model)
    {
        if (WantsRetry)
        {
            Begin(model, model);
        }
    }

    /// <summary>The commit that was finished last, once; null: none since.</summary>
    public FinishedCommit? TakeFinished()
    {
        var finished = _finished;
        _finished = null;
        return finished;
    }

    /// <summary>
    /// Time has passed: disks that have not answered for long count as hung and are said to, and writes of an actor before may have ended.
    /// </summary>
    public void LookAtClock()
    {
        foreach (var flight in _flights.Values.Where(flight => flight.Disk is null && !_outside.Has(flight.Device)).ToList())
        {
            End(flight, null, isWhole: false);
        }

        var limit = _slowAfter();
        foreach (var flight in _flights.Values)
        {
            if (flight.IsHung || _clock.GetElapsedTime(flight.Since) <= limit)
            {
                continue;
            }

            flight.IsHung = true;
            if (_commit is { } commit && (commit.IsWriting(flight.Device) || commit.IsBusy(flight.Device)))
            {
                _commit = commit.Hung(flight.Device);
            }

            var name = _disks.TryGetValue(flight.Device, out var disk) ? disk.Name : flight.Device.ToString();
            _events.Warning("disk-hangs", $"{name} has not answered a metadata write for {limit.TotalSeconds:0} s", disk: name);
        }

        StartWhatMay();
    }

    /// <summary>The models that a disk may hold the copy of.</summary>
    private ImmutableArray<IContainerModel> MayHold => _commit?.MayHold ?? [_target];

    private void StartWhatMay()
    {
        if (_commit is not { } commit)
        {
            return;
        }

        foreach (var target in commit.Startable)
        {
            var disk = _disks[target.Device];
            var flight = new Flight(
                target.Device, disk, disk.Wanted, target.Writes, target.CanTear, _clock.GetTimestamp(), _target.Generation);
            _flights.Add(target.Device, flight);
            commit = commit.Started(target.Device);
            Write(flight);
        }

        _commit = commit;
        if (commit.IsFinished && (commit.IsRecorded || IsAsGoodAsItGets(commit)))
        {
            _commit = null;
            Finish();
        }
    }

    private void End(Flight flight, Disk? disk, bool isWhole)
    {
        var device = flight.Device;
        _flights.Remove(device);
        if (isWhole)
        {
            disk!.Has(flight.Image!, flight.Generation, _clock.GetElapsedTime(flight.Since));
        }
        else
        {
            // Of a disk that left and came back meanwhile, nobody knows what its own last write from before has made of its copy.
            disk ??= _disks.GetValueOrDefault(device);
            disk?.Forget();
        }

        if (_commit is { } commit)
        {
            if (commit.IsWriting(device))
            {
                commit = isWhole ? commit.Written(device) : commit.Failed(device);
            }
            else if (commit.IsBusy(device))
            {
                commit = commit.Free(device, disk is null ? null : TargetOf(device, disk));
                commit = isWhole ? commit : commit.Doubtful(device);
            }

            _commit = commit;
        }

        StartWhatMay();
    }

    private void Finish()
    {
        ImmutableArray<WrittenDisk> written =
            [.. from disk in _disks.Values where disk.Took is not null select new WrittenDisk(disk.Name, disk.Generation, disk.Took!.Value)];
        foreach (var disk in _disks.Values)
        {
            disk.Took = null;
        }

        if (!written.IsEmpty)
        {
            _finished = new FinishedCommit(_target.Generation, written, _clock.GetElapsedTime(_begun));
        }
    }

    /// <summary>
    /// Disks that could not be written cannot be waited for: they are about to fail, and that has to be recorded on the
    /// others. But as long as not a single member has it (what a spare has tells of no volume), nothing is recorded and nobody is
    /// let go; unless all of them are dead: then there is nothing to be told wrong, and md's own error is what the writers are waiting for.
    /// </summary>
    private bool IsAsGoodAsItGets(Commit commit)
    {
        ImmutableArray<Disk> tellers = [.. commit.Tellers.Select(device => _disks.GetValueOrDefault(device)).OfType<Disk>()];
        var (have, wanted) = (commit.WrittenDisks, tellers.Length);
        if (have == 0 && tellers.Any(disk => disk.IsDead is null))
        {
            return false; // LookedAt comes.
        }

        var allDead = wanted > 0 && tellers.All(disk => disk.IsDead == true);
        var rest = have > 0 || wanted == 0
            ? "goes on with those"
            : allDead
                ? "none of them can be read either, and writers get md's error"
                : "writers stay blocked until a disk can be written (a read-only one: blockdev --setrw)";
        var fewer = $"{have} of {wanted} disks, {string.Join(", ", commit.CannotRecord.Select(volume => volume.Name))}: {rest}";
        if (fewer != _toldFewer)
        {
            _toldFewer = fewer;
            _events.Error("recorded-on-fewer", $"generation {_target.Generation} is on {fewer}");
        }

        return have > 0 || wanted == 0 || allDead;
    }

    private void Say(Disk disk, Flight flight, Result<Nothing> result)
    {
        if (!result.Ok && !disk.ToldFailed)
        {
            disk.ToldFailed = true;
            _events.Error(
                "metadata-write-failed",
                $"metadata of generation {flight.Generation} could not be written to {disk.Name}: {result.Error}; it is tried again", disk: disk.Name);
        }
        else if (result.Ok && disk.ToldFailed)
        {
            disk.ToldFailed = false;
            _toldFewer = null;
            _events.Info("metadata-write-recovered", $"metadata of generation {flight.Generation} could be written to {disk.Name} again", disk: disk.Name);
        }
    }

    private void Write(Flight flight)
    {
        var write = flight.Writes[flight.Next++];
        flight.Disk!.Target.Write(flight, write);
    }

    private CommitTarget? TargetOf(DeviceNumber device, Disk disk) => disk.Wanted is { } wanted
        ? CommitTarget.For(
            device, _flights.TryGetValue(device, out var flight) && flight.Disk == disk ? flight.Image : disk.OnDisk, wanted, disk.Target.AtomicWriteBytes)
        : null;

    /// <summary>A disk of the container.</summary>
    internal sealed class Disk(DiskSource source, IWritableDisk target)
    {
        private ReadOnlyMemory<byte>? _tail = source.Tail;
        private DiskImage? _wanted;

        /// <summary>The kernel's name.</summary>
        public string Name => source.Name;

        /// <summary>Where its writes go.</summary>
        public IWritableDisk Target => target;

        /// <summary>What is on the disk where the wanted image goes; null where that is not known.</summary>
        public DiskImage? OnDisk { get; private set; }

        /// <summary>What it shall hold; null where nothing of ours belongs.</summary>
        public DiskImage? Wanted
        {
            get => _wanted;
            set
            {
                _wanted = value;
                if (value is not null && _tail is { } tail)
                {
                    _tail = null;
                    OnDisk = PartOf(source, tail, value);
                }
            }
        }

        /// <summary>It is not known to hold a whole copy.</summary>
        public bool IsDoubtful { get; private set; }

        /// <summary>Its copy is wanted, and not known to be whole.</summary>
        public bool IsToBeMended => IsDoubtful && _wanted is not null;

        /// <summary>
        /// It could be neither written nor read when that was tried last; null: it has not been read since.
        /// </summary>
        public bool? IsDead { get; set; }

        /// <summary>That it could not be written has been said.</summary>
        public bool ToldFailed { get; set; }

        /// <summary>Which generation was written last.</summary>
        public uint Generation { get; private set; }

        /// <summary>How long its last write took, until that is reported.</summary>
        public TimeSpan? Took { get; set; }

        /// <summary>It was written, and holds that.</summary>
        public void Has(DiskImage image, uint generation, TimeSpan took)
        {
            (OnDisk, IsDoubtful, IsDead, Generation, Took) = (image, false, null, generation, took);
        }

        /// <summary>What it holds is not known any more.</summary>
        public void Forget()
        {
            (OnDisk, IsDoubtful, IsDead, Took, _tail) = (null, true, null, null, null);
        }

        /// <summary>Whether what was read of a disk is a model's copy for it.</summary>
        public static bool Holds(DiskSource source, IContainerModel model) =>
            model.Sectors(source.Device) is { } image && PartOf(source, source.Tail, image) is { } held && held.Bytes.Span.SequenceEqual(image.Bytes.Span);

        private static DiskImage? PartOf(DiskSource source, ReadOnlyMemory<byte> tail, DiskImage wanted)
        {
            var first = ((long)source.Sectors * 512) - tail.Length;
            return wanted.Offset >= first && wanted.Offset + wanted.Bytes.Length <= first + tail.Length
                ? wanted with { Bytes = tail.Slice((int)(wanted.Offset - first), wanted.Bytes.Length).ToArray() }
                : null;
        }
    }
}
