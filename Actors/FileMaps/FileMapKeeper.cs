using System.Collections.Immutable;
using ActorRaid.SysfsIo;
using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>How the regions are after they were made to follow the file.</summary>
/// <param name="End">Why the file map has ended; null: it goes on.</param>
/// <param name="Problem">What the kernel has refused; what is left to do is tried again some time.</param>
/// <param name="Created">How many regions were created.</param>
/// <param name="Deleted">How many were deleted.</param>
internal sealed record FileMapOutcome(EndMap? End, KernelError? Problem, int Created, int Deleted);

/// <summary>
/// Makes a group's regions follow a file's sectors: takes the steps of <see cref="FileMapDecision"/> until there are
/// none. It remembers nothing that a fresh one would need. For one thread.
/// </summary>
/// <param name="device">Where the regions are.</param>
/// <param name="mark">Which file map it is.</param>
/// <param name="mostRegions">From how many regions on those that touch are made one.</param>
internal sealed class FileMapKeeper(IStatsDevice device, FileMapMark mark, int mostRegions = FileMapView.UsualMost)
{
    /// <summary>
    /// A change takes less than ten; more are needed only while somebody else changes the group as well.
    /// </summary>
    private const int MostSteps = 100;

    private ImmutableDictionary<ulong, SectorRange> _known = ImmutableDictionary<ulong, SectorRange>.Empty;

    /// <summary>
    /// What regions had counted when they left, as far as the group's text has no place for it; the process ends with
    /// it.
    /// </summary>
    public StatsCounters CarriedHere { get; private set; }

    /// <summary>Takes all steps.</summary>
    /// <param name="extents">The file's sectors.</param>
    /// <param name="isOver">It is not expected to have any: the group is to go.</param>
    public FileMapOutcome Follow(ImmutableArray<SectorRange> extents, bool isOver = false)
    {
        var (created, deleted) = (0, 0);
        for (var taken = 0; taken < MostSteps; taken++)
        {
            var listed = device.List();
            if (!listed.Ok)
            {
                return new FileMapOutcome(null, listed.Error, created, deleted);
            }

            var view = new FileMapView(mark, listed.Value, extents, isOver, _known, mostRegions)
            {
                IsUntouched = id => device.Counters(id) is { Ok: true, Value: var counters } && counters == default,
            };
            var step = FileMapDecision.Next(view);
            if (step is NothingToDo)
            {
                Remember(listed.Value);
                return new FileMapOutcome(null, null, created, deleted);
            }

            var done = Take(step, ref created, ref deleted);
            // Gone: somebody else has deleted it. What follows from that is seen in the next list.
            if (!done.Ok && !done.Error.MeansGone)
            {
                return new FileMapOutcome(step as EndMap, done.Error, created, deleted);
            }

            if (step is EndMap end)
            {
                return new FileMapOutcome(end, null, created, deleted);
            }
        }

        var endless = new KernelError(Errno.EBUSY, $"group {mark.Group} of {device.Name}", "follow");
        return new FileMapOutcome(null, endless, created, deleted);
    }

    private Result<Nothing> Take(FileMapStep step, ref int created, ref int deleted)
    {
        switch (step)
        {
            case CreateRegions create:
                foreach (var range in create.Ranges)
                {
                    var region = device.Create(range, create.Like.Options, create.Like.ProgramId, mark.Part);
                    if (!region.Ok)
                    {
                        return region.Error;
                    }

                    created++;
                }

                return default(Nothing);
            case MarkRegions regions:
                return ForAll(regions.Regions, id => device.SetAux(id, regions.Aux));
            case WriteTag write:
                return Carry(write.Tag, write.Leaving, write.Replacing, (tag, text) => device.SetAux(tag.Members[0], text));
            case KeepTag keep:
                return Carry(keep.Tag, [keep.Tag.Members[0]], [], (tag, _) => device.SetAux(keep.Region, mark.Keeping(tag)));
            case DeleteRegions regions:
                deleted += regions.Regions.Length;
                return ForAll(regions.Regions, device.Delete);
            case EndMap end:
                deleted += end.Cleanup.Length;
                return ForAll(end.Cleanup, device.Delete);
            default:
                throw new InvalidOperationException($"no such step: {step}");
        }
    }

    /// <summary>Writes a group's text with the counts of those regions added to what it carries.</summary>
    private Result<Nothing> Carry(
        GroupTag tag, ImmutableArray<ulong> leaving, ImmutableArray<ulong> replacing,
        Func<GroupTag, string, Result<Nothing>> write)
    {
        var gone = Counted(leaving);
        var again = Counted(replacing);
        if (!gone.Ok || !again.Ok)
        {
            return gone.Ok ? again.Error : gone.Error;
        }

        var more = gone.Value - again.Value;
        var carried = CarriedCounts.In(tag) + more;
        var with = CarriedCounts.Put(tag, carried);
        var text = with.Build();
        var written = text.Ok ? write(with, text.Value) : text.Error;
        if (written.Ok && CarriedCounts.In(with) != carried)
        {
            // Once only: a tag that had counts has none now.
            CarriedHere += carried;
        }

        return written;
    }

    private Result<StatsCounters> Counted(ImmutableArray<ulong> regions)
    {
        var sum = default(StatsCounters);
        foreach (var id in regions)
        {
            var counted = device.Counters(id);
            if (!counted.Ok)
            {
                return counted.Error;
            }

            // What is under way there ends unseen.
            sum += counted.Value with { InFlight = 0 };
        }

        return sum;
    }

    private static Result<Nothing> ForAll(ImmutableArray<ulong> regions, Func<ulong, Result<Nothing>> act)
    {
        foreach (var id in regions)
        {
            var done = act(id);
            if (!done.Ok && !done.Error.MeansGone)
            {
                return done;
            }
        }

        return default(Nothing);
    }

    private void Remember(ImmutableArray<StatsRegion> regions)
    {
        var leader = regions.First(region => region.Id == mark.Group);
        var members = GroupTag.Parse(leader.Id, leader.Aux).Value!.Members;
        _known = regions.Where(region => members.Contains(region.Id))
            .ToImmutableDictionary(region => region.Id, region => region.Range);
    }
}
