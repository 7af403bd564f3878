using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>To the metadata, from the loop: a write to a disk has ended.</summary>
/// <param name="Device">The disk.</param>
/// <param name="Slot">The writer's own record of it: another one may have the number by now.</param>
/// <param name="Result">How it ended.</param>
internal sealed record DiskWritten(DeviceNumber Device, object Slot, Result<Nothing> Result);

/// <summary>How many metadata writes of a container are under way; outlives its actors.</summary>
public sealed class WritesUnderWay
{
    private int _count;

    /// <summary>One more.</summary>
    public void Begin() => Interlocked.Increment(ref _count);

    /// <summary>One less.</summary>
    public void End() => Interlocked.Decrement(ref _count);

    /// <summary>Waits until there is none. False when the limit is over.</summary>
    public bool WaitForNone(TimeSpan limit) => SpinWait.SpinUntil(() => Volatile.Read(ref _count) == 0, limit);
}

/// <summary>A commit that is on all disks that can be written.</summary>
/// <param name="Generation">Of the metadata.</param>
/// <param name="Disks">Where it was written.</param>
/// <param name="Took">From its beginning to the end of the last write.</param>
internal sealed record FinishedCommit(uint Generation, ImmutableArray<WrittenDisk> Disks, TimeSpan Took)
{
    /// <summary>What was written where, and how long each write took.</summary>
    public EventDetail Detail => new(
        null,
        string.Join(", ", Disks.Select(disk => string.Create(CultureInfo.InvariantCulture, $"generation {disk.Generation} to {disk.Name} ({disk.Took.TotalMicroseconds:0} us)"))),
        (long)Took.TotalMicroseconds);
}

/// <summary>One disk's last write: the kernel's name of the disk, which generation, how long.</summary>
internal readonly record struct WrittenDisk(string Name, uint Generation, TimeSpan Took);

/// <summary>
/// Brings commits to the disks as <see cref="Commit"/> allows: which disks may be written at one moment, when the quorum has
/// it, and the rest behind it. Part of <see cref="MetadataActor"/>, on its thread.
/// </summary>
internal sealed class CommitWriter
{
    private readonly MetadataSettings _settings;
    private readonly IActorRef _self;
    private readonly Dictionary<DeviceNumber, Disk> _disks = [];
    private Commit? _commit;
    private IContainerModel _target;
    private bool _toldHopeless;
    private long _begun;
    private FinishedCommit? _finished;

    /// <summary>Nothing is being written yet.</summary>
    public CommitWriter(MetadataSettings settings, IActorRef self)
    {
        _settings = settings;
        _self = self;
        _target = settings.Model;
        foreach (var disk in settings.Disks)
        {
            Add(disk.Source, disk.Device);
        }
    }

    /// <summary>Everything that was begun can be relied on: the next commit may begin.</summary>
    public bool MayBegin => _commit is null || _commit.IsRecorded;

    /// <summary>Nothing is being written or left to be.</summary>
    public bool IsFinished => _commit is null;

    /// <summary>Some disk's copy is not what it should be.</summary>
    public bool HasFailedDisks => _disks.Values.Any(disk => disk.Failed);

    /// <summary>Disks on whose answer we have been waiting for long.</summary>
    public ImmutableArray<DeviceNumber> Hanging => [.. from disk in _disks where disk.Value is { InFlight: true, ToldSlow: true } select disk.Key];

    /// <summary>The disks whose copy is not what it should be, by the kernel's name.</summary>
    public ImmutableArray<string> DoubtfulDisks => [.. _disks.Values.Where(disk => disk.Failed).Select(disk => disk.Source.Name)];

    /// <summary>The disks.</summary>
    public IEnumerable<DeviceNumber> Devices => _disks.Keys;

    /// <summary>The last write to these disks failed, as the supervisor before knew.</summary>
    public void Doubt(ImmutableArray<string> names)
    {
        foreach (var disk in _disks.Values)
        {
            disk.Failed |= names.Contains(disk.Source.Name);
        }
    }

    /// <summary>A disk that can be written from now on; its copy is taken to be what was read.</summary>
    public void Add(DiskSource source, BlockDevice device) => _disks[source.Device] = new Disk(source, device);

    /// <summary>A disk that is gone. A write that is under way keeps its device open until it ends.</summary>
    public void Remove(DeviceNumber device)
    {
        if (_disks.TryGetValue(device, out var disk))
        {
            disk.Leaving = true;
            StartWhatMay();
            Sweep();
        }
    }

    /// <summary>Closes all disks. A write that is under way keeps its device open until it ends.</summary>
    public void Close()
    {
        foreach (var disk in _disks.Values)
        {
            disk.Device.Dispose();
        }
    }

    /// <summary>All writes of the commit have ended, and not one succeeded.</summary>
    public bool IsStuck => _commit is { IsFinished: true, IsRecorded: false };

    /// <summary>Whether any disk's copy would be another.</summary>
    public bool Differs(IContainerModel before, IContainerModel after)
    {
        foreach (var device in _disks.Keys)
        {
            var old = before.Sectors(device);
            var now = after.Sectors(device);
            if (now is not null && (old is null || old.Offset != now.Offset || !old.Bytes.Span.SequenceEqual(now.Bytes.Span)))
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
        _begun = Stopwatch.GetTimestamp();
        _toldHopeless = false;
        var targets = ImmutableArray.CreateBuilder<CommitTarget>();
        foreach (var (device, disk) in _disks)
        {
            disk.OfThisCommit = false;
            disk.Wanted = disk.Leaving ? null : after.Sectors(device);
            disk.Failed &= disk.Wanted is not null;
            if (Target(device, disk) is { } target)
            {
                targets.Add(target);
            }
        }

        _commit = _commit is { } superseded
            ? superseded.Then(after, targets.ToImmutable())
            : Commit.Begin(before, after, targets.ToImmutable());
        foreach (var (device, disk) in _disks)
        {
            if (disk.Failed)
            {
                _commit = _commit.Doubtful(device);
            }
        }

        StartWhatMay();
    }

    /// <summary>A write has ended.</summary>
    public void Written(DiskWritten written)
    {
        var disk = (Disk)written.Slot;
        if (written.Result.Ok && disk.NextWrite < disk.Writes.Length)
        {
            Write(written.Device, disk);
            return;
        }

        var ok = written.Result.Ok;
        disk.InFlight = false;
        disk.Failed = !ok;
        disk.Known = ok ? disk.Writing : null;
        disk.Took = ok ? Stopwatch.GetElapsedTime(disk.Since) : null;
        disk.Writing = null;
        if (!ok && !disk.Leaving)
        {
            _settings.Events.Error("metadata-write-failed", $"metadata of generation {_target.Generation} could not be written to {disk.Source.Name}: {written.Result.Error}", disk: disk.Source.Name);
        }

        if (_commit is { } commit && _disks.TryGetValue(written.Device, out var now) && ReferenceEquals(now, disk))
        {
            if (disk.OfThisCommit)
            {
                commit = ok ? commit.Written(written.Device) : commit.Failed(written.Device);
            }
            else
            {
                commit = commit.Free(written.Device, Target(written.Device, disk));
                commit = ok ? commit : commit.Doubtful(written.Device);
            }

            _commit = commit;
        }

        StartWhatMay();
        Sweep();
    }

    /// <summary>Writes once more to disks that could not be written.</summary>
    public void Retry(IContainerModel model)
    {
        if ((_commit is null || IsStuck) && HasFailedDisks)
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

    /// <summary>Tells of disks on whose answer we have been waiting for long.</summary>
    public void TellSlow()
    {
        var slow = _settings.Policy.Now.SlowDisk;
        foreach (var (device, disk) in _disks)
        {
            if (disk.InFlight && !disk.ToldSlow && Stopwatch.GetElapsedTime(disk.Since) > slow)
            {
                disk.ToldSlow = true;
                _commit = _commit?.Hung(device);
                _settings.Events.Warning("disk-hangs", $"{disk.Source.Name} has not answered a metadata write for {slow.TotalSeconds:0} s", disk: disk.Source.Name);
            }
        }

        StartWhatMay();
    }

    private void StartWhatMay()
    {
        if (_commit is not { } commit)
        {
            return;
        }

        foreach (var target in commit.Startable)
        {
            var disk = _disks[target.Device];
            if (disk.Leaving)
            {
                commit = commit.Failed(target.Device);
                continue;
            }

            disk.Writing = disk.Wanted;
            disk.Writes = target.Writes;
            disk.CanTear = target.CanTear;
            disk.NextWrite = 0;
            disk.InFlight = true;
            disk.OfThisCommit = true;
            disk.ToldSlow = false;
            disk.Since = Stopwatch.GetTimestamp();
            disk.Generation = _target.Generation;
            commit = commit.Started(target.Device);
            Write(target.Device, disk);
        }

        _commit = commit;
        if (commit.IsFinished && (commit.IsRecorded || IsAsGoodAsItGets(commit)))
        {
            _commit = null;
            Finish();
        }
    }

    private void Finish()
    {
        ImmutableArray<WrittenDisk> written =
            [.. from disk in _disks.Values where disk.Took is not null select new WrittenDisk(disk.Source.Name, disk.Generation, disk.Took!.Value)];
        foreach (var disk in _disks.Values)
        {
            disk.Took = null;
        }

        if (!written.IsEmpty)
        {
            _finished = new FinishedCommit(_target.Generation, written, Stopwatch.GetElapsedTime(_begun));
        }
    }

    /// <summary>
    /// Disks that could not be written cannot be waited for: they are about to fail, and that has to be recorded on the
    /// others. But as long as not a single disk has it, nothing is recorded and nobody is let go.
    /// </summary>
    private bool IsAsGoodAsItGets(Commit commit)
    {
        var have = _disks.Values.Count(disk => disk.Wanted is not null && ReferenceEquals(disk.Known, disk.Wanted));
        var wanted = _disks.Values.Count(disk => disk.Wanted is not null);
        if (!_toldHopeless)
        {
            _toldHopeless = true;
            var rest = have == 0 && wanted > 0 ? "writers stay blocked until a disk can be written" : "goes on with those";
            _settings.Events.Error("recorded-on-fewer", $"generation {_target.Generation} is on {have} of {wanted} disks, {string.Join(", ", commit.CannotRecord.Select(volume => volume.Name))}: {rest}");
        }

        return have > 0 || wanted == 0;
    }

    private void Write(DeviceNumber device, Disk disk)
    {
        var write = disk.Writes[disk.NextWrite++];
        _settings.Writes.Begin();
        _settings.Loop.Write(disk.Device, write.Offset, write.Bytes, result =>
        {
            _settings.Writes.End();
            _self.Tell(new DiskWritten(device, disk, result), ActorRefs.NoSender);
        });
    }

    private static CommitTarget? Target(DeviceNumber device, Disk disk) => disk.Wanted is { } wanted
        ? CommitTarget.For(device, disk.InFlight ? disk.Writing : disk.OnDisk(wanted), wanted, disk.Device.AtomicWriteBytes)
        : null;

    /// <summary>Lets go of disks that have left, once nothing is under way there.</summary>
    private void Sweep()
    {
        foreach (var (device, disk) in _disks)
        {
            if (disk is { Leaving: true, InFlight: false } && _commit is null)
            {
                disk.Device.Dispose();
                _disks.Remove(device);
            }
        }
    }

    private sealed class Disk(DiskSource source, BlockDevice device)
    {
        private ReadOnlyMemory<byte>? _tail = source.Tail;

        public DiskSource Source { get; } = source;

        public BlockDevice Device { get; } = device;

        /// <summary>What is known to be on the disk since we wrote it; null before, and after a write that failed.</summary>
        public DiskImage? Known { get; set; }

        public DiskImage? Wanted { get; set; }

        public DiskImage? Writing { get; set; }

        public ImmutableArray<SectorWrite> Writes { get; set; } = [];

        public int NextWrite { get; set; }

        public bool CanTear { get; set; }

        public bool InFlight { get; set; }

        public bool OfThisCommit { get; set; }

        public bool Failed { get; set; }

        public bool Leaving { get; set; }

        public bool ToldSlow { get; set; }

        public long Since { get; set; }

        /// <summary>Which generation was written last.</summary>
        public uint Generation { get; set; }

        /// <summary>How long its last write took, until that is told.</summary>
        public TimeSpan? Took { get; set; }

        /// <summary>What is on the disk where the wanted image goes: what was written last, or what was read at the start.</summary>
        public DiskImage? OnDisk(DiskImage wanted)
        {
            if (Known is not null || Failed || _tail is not { } tail)
            {
                return Known;
            }

            _tail = null;
            var first = ((long)Source.Sectors * 512) - tail.Length;
            return wanted.Offset >= first && wanted.Offset + wanted.Bytes.Length <= first + tail.Length
                ? wanted with { Bytes = tail.Slice((int)(wanted.Offset - first), wanted.Bytes.Length).ToArray() }
                : null;
        }
    }
}
