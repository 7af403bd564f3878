using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using Plan = ActorRaid.Metadata.Commit.Commit;

namespace ActorRaid.Tests.Commit;

/// <summary>Brings models to a set of disks by the planner, in a random order, and lets somebody look at every moment of it.</summary>
internal sealed class CrashRig
{
    private readonly Random _random;
    private readonly int _atomicBytes;
    private readonly Dictionary<DeviceNumber, bool> _canTear = [];
    private Plan? _plan;
    private Dictionary<DeviceNumber, DiskImage?> _images = [];
    private HashSet<CrashDisk> _earlier = [];

    public CrashRig(IContainerModel model, IEnumerable<DiskSource> disks, int atomicBytes, int seed)
    {
        Model = model;
        Disks = [.. disks.Select(disk => new CrashDisk(disk))];
        _atomicBytes = atomicBytes;
        _random = new Random(seed);
    }

    public IContainerModel Model { get; private set; }

    public ImmutableArray<CrashDisk> Disks { get; }

    /// <summary>Called whenever something about the disks has changed: the power may go now.</summary>
    public Action<bool> Moment { get; set; } = _ => { };

    /// <summary>Every disk gets its image, and nothing looks.</summary>
    public void Format()
    {
        foreach (var disk in Disks)
        {
            disk.Put(Model.Sectors(disk.Device)!);
        }
    }

    /// <summary>What the model would write is compared to what was read from the disks.</summary>
    public void Recognize()
    {
        foreach (var disk in Disks)
        {
            disk.Recognize(Model.Sectors(disk.Device));
        }
    }

    /// <summary>
    /// Commits a model; what an earlier one left in flight ends in between. Ends when it is recorded, with or without the rest.
    /// </summary>
    /// <param name="after">The model, its generation not advanced yet.</param>
    /// <param name="completely">Whether to stay until nothing is left.</param>
    public void Commit(IContainerModel after, bool completely)
    {
        after = after.NextGeneration();
        _images = Disks.Where(disk => !disk.IsDead).ToDictionary(disk => disk.Device, disk => after.Sectors(disk.Device));
        ImmutableArray<CommitTarget> targets = [.. Disks.Select(Target).OfType<CommitTarget>()];
        _earlier = [.. Disks.Where(disk => disk.IsInFlight)];
        ImmutableArray<WriteUnderWay> underWay =
            [.. _earlier.Select(disk => new WriteUnderWay(disk.Device, _canTear[disk.Device], IsHung: false))];
        _plan = Plan.Begin((_plan?.MayHold ?? [Model]).Add(after), targets, underWay, []);
        Model = after;
        GoOn(() => _plan.IsRecorded && (!completely || _plan.IsFinished));
    }

    /// <summary>What is left of the last commit is written.</summary>
    public void Finish() => GoOn(() => _plan?.IsFinished ?? true);

    private void GoOn(Func<bool> isEnough)
    {
        while (!isEnough())
        {
            var startable = _plan!.Startable;
            var inFlight = Disks.Where(disk => disk.IsInFlight).ToArray();
            var choice = _random.Next(startable.Length + inFlight.Length);
            if (choice < startable.Length)
            {
                var target = startable[choice];
                _canTear[target.Device] = target.CanTear;
                Disks.Single(disk => disk.Device == target.Device).Start(target.Writes, _images[target.Device]!);
                _plan = _plan.Started(target.Device);
            }
            else
            {
                Step(inFlight[choice - startable.Length]);
            }

            Moment(_plan.IsRecorded);
        }
    }

    private void Step(CrashDisk disk)
    {
        if (disk.Step())
        {
            _plan = _earlier.Remove(disk) ? _plan!.Free(disk.Device, Target(disk)) : _plan!.Written(disk.Device);
        }
    }

    private CommitTarget? Target(CrashDisk disk) =>
        _images.GetValueOrDefault(disk.Device) is { } image
            ? CommitTarget.For(disk.Device, disk.IsInFlight ? disk.Writing : disk.Known, image, _atomicBytes)
            : null;

    /// <summary>
    /// What the power may leave behind now: of each disk one of its outcomes. All combinations where they are few, else the
    /// plain ones and some at random.
    /// </summary>
    public IEnumerable<ImmutableArray<byte[]>> Outcomes(int atMost)
    {
        var each = Disks.Select(disk => disk.Outcomes(_atomicBytes).ToArray()).ToArray();
        var all = each.Aggregate(1L, (product, outcomes) => Math.Min(product * outcomes.Length, int.MaxValue));
        for (var number = 0L; number < Math.Min(all, atMost); number++)
        {
            var rest = all <= atMost ? number : _random.NextInt64(all);
            var state = ImmutableArray.CreateBuilder<byte[]>(each.Length);
            foreach (var outcomes in each)
            {
                state.Add(outcomes[rest % outcomes.Length]);
                rest /= outcomes.Length;
            }

            yield return state.DrainToImmutable();
        }
    }
}
