using System.Collections.Immutable;
using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>
/// What to do so that a group's regions are a file's sectors. A region whose sectors all are the file's is never
/// deleted (but to become one with others, or the leader, which then count on); new ones are created and listed before
/// old ones go; what those have counted goes into the group's text. There is no plan to be remembered: each step
/// follows from what is there, so that it makes no difference who did the one before.
/// <para>
/// The leader, the region of the lowest number, holds the group's text, and its number is the group's. When its sectors
/// leave the file it is replaced by another of the same number, the next one that the kernel gives; meanwhile another
/// region of the file keeps the text.
/// </para>
/// </summary>
internal static class FileMapDecision
{
    /// <summary>The next step.</summary>
    public static FileMapStep Next(FileMapView view)
    {
        var leader = view.Regions.FirstOrDefault(region => region.Id == view.Mark.Group);
        if (leader is null || leader.Aux == view.Mark.Part)
        {
            return Restore(view, leader);
        }

        var tag = GroupTag.Parse(leader.Id, leader.Aux);
        return !tag.Ok ? new EndMap(FileMapEnd.BrokenGroup, [], tag.Error.ToString())
            : tag.Value is null ? new EndMap(FileMapEnd.GroupGone, [])
            : view.IsOver ? Finish(view, leader, tag.Value)
            : Follow(view, leader, tag.Value);
    }

    /// <summary>There is no leader, or it has no text yet.</summary>
    private static FileMapStep Restore(FileMapView view, StatsRegion? leader)
    {
        var keeper = view.Regions.FirstOrDefault(region => view.Mark.Kept(region.Aux) is not null);
        return keeper is null ? new EndMap(FileMapEnd.GroupGone, [])
            // As often as it takes to be given the leader's number: lower ones may be free.
            : leader is null ? new CreateRegions([keeper.Range], keeper)
            : new WriteTag(view.Mark.Kept(keeper.Aux)!, [keeper.Id], []);
    }

    private static FileMapStep Finish(FileMapView view, StatsRegion leader, GroupTag tag)
    {
        return List(view, leader, tag, Members(view, tag), new PiecesOfFile([], []))
            ?? Clear(view, tag, [])
            ?? new EndMap(FileMapEnd.FileEmpty, [leader.Id]);
    }

    private static FileMapStep Follow(FileMapView view, StatsRegion leader, GroupTag tag)
    {
        var members = Members(view, tag);
        var owned = members.RemoveAll(region => !SectorRanges.Cover(view.Extents, region.Range));
        var pieces = Pieces(view, tag, leader, owned);
        var missing = SectorRanges.Without(view.Extents, SectorRanges.Join(pieces.All.Select(region => region.Range)));
        var count = pieces.All.Length + missing.Length;
        var joined = count > view.MostRegions ? Runs(pieces.All.Where(region => region.Id != leader.Id), missing) : [];
        if (joined.IsEmpty && count > view.MostRegions)
        {
            var text = $"{count} regions would be needed, {view.MostRegions} are allowed";
            return new EndMap(FileMapEnd.TooManyPieces, Unlisted(view, tag), text);
        }

        if (!(missing.IsEmpty && joined.IsEmpty))
        {
            var single = missing.Where(piece => !joined.Any(run => run.Contains(piece)));
            return new CreateRegions([.. joined, .. single.Select(piece => Grown(view, leader, pieces.All, piece))], leader);
        }

        return List(view, leader, tag, members, pieces)
            ?? Clear(view, tag, pieces.All)
            ?? (SectorRanges.Cover(view.Extents, leader.Range) ? Settle(view, owned) : Replace(view, leader, tag, owned));
    }

    /// <summary>The group's regions that are there, without those that have become somebody else's.</summary>
    private static ImmutableArray<StatsRegion> Members(FileMapView view, GroupTag tag) =>
    [
        .. from region in view.Regions
           where tag.Members.Contains(region.Id)
           where region.Id == view.Mark.Group || view.Mark.IsOurs(region.Aux) || !IsStranger(view, region)
           select region,
    ];

    private static bool IsStranger(FileMapView view, StatsRegion region) =>
        (view.Known.TryGetValue(region.Id, out var known) && known != region.Range)
        || GroupTag.Parse(region.Id, region.Aux) is not { Ok: true, Value: null };

    /// <summary>
    /// The regions that make up the file: those of the list, and those that were created and not listed yet, if they
    /// are where nothing is, in place of several that touch, or of one that has counted nothing.
    /// </summary>
    private static PiecesOfFile Pieces(FileMapView view, GroupTag tag, StatsRegion leader, ImmutableArray<StatsRegion> owned)
    {
        var listed = owned.Sort((one, other) => one.Range.CompareTo(other.Range));
        var taken = SectorRanges.Join(listed.Select(region => region.Range));
        HashSet<ulong> dropped = [];
        List<StatsRegion> added = [], replacing = [];
        var end = 0UL;
        foreach (var region in view.Regions
            .Where(region => region.Aux == view.Mark.Part && !tag.Members.Contains(region.Id) && region.Id > leader.Id)
            .Where(region => SectorRanges.Cover(view.Extents, region.Range))
            .OrderBy(region => region.Range.Start).ThenByDescending(region => region.Range.Length))
        {
            if (region.Range.Start < end)
            {
                continue;
            }

            if (SectorRanges.Without([region.Range], taken) is not [var free] || free != region.Range)
            {
                var within = listed.Where(other => other.Range.Overlaps(region.Range)).ToList();
                if (within.Contains(leader) || !within.TrueForAll(other => region.Range.Contains(other.Range))
                    || !(within.Count > 1 || view.IsUntouched(within[0].Id)))
                {
                    continue;
                }

                dropped.UnionWith(within.Select(other => other.Id));
                replacing.Add(region);
            }

            added.Add(region);
            end = region.Range.End;
        }

        return new PiecesOfFile(
            [.. listed.Where(region => !dropped.Contains(region.Id)), .. added], [.. replacing.Select(region => region.Id)]);
    }

    /// <summary>
    /// A piece that is to get a region, together with the region before it if that has counted nothing: one region in
    /// place of two. A file that is only appended to, whose writes are over before they can be counted, does not get a
    /// region for each of them.
    /// </summary>
    private static SectorRange Grown(FileMapView view, StatsRegion leader, ImmutableArray<StatsRegion> pieces, SectorRange piece)
    {
        var before = pieces.FirstOrDefault(region =>
            region.Range.End == piece.Start && region != leader && region.Aux == view.Mark.Part);
        return before is not null && view.IsUntouched(before.Id)
            ? before.Range with { Length = before.Range.Length + piece.Length }
            : piece;
    }

    /// <summary>What touches on the device, where two regions or more do: each such run is to become one.</summary>
    private static ImmutableArray<SectorRange> Runs(IEnumerable<StatsRegion> regions, ImmutableArray<SectorRange> missing)
    {
        var all = regions.Select(region => (region.Range, Regions: 1))
            .Concat(missing.Select(range => (Range: range, Regions: 0)));
        List<(SectorRange Range, int Regions)> runs = [];
        foreach (var (range, count) in all.OrderBy(piece => piece.Range))
        {
            if (runs.Count > 0 && runs[^1].Range.End == range.Start)
            {
                var last = runs[^1];
                runs[^1] = (last.Range with { Length = last.Range.Length + range.Length }, last.Regions + count);
            }
            else
            {
                runs.Add((range, count));
            }
        }

        return [.. runs.Where(run => run.Regions > 1).Select(run => run.Range)];
    }

    /// <summary>Writes the list, if it is not as it is to be: without what leaves, which is marked before.</summary>
    private static FileMapStep? List(
        FileMapView view, StatsRegion leader, GroupTag tag, ImmutableArray<StatsRegion> members, PiecesOfFile pieces)
    {
        var wanted = pieces.All.Select(region => region.Id).Append(leader.Id).ToImmutableSortedSet();
        var leaving = members.RemoveAll(region => wanted.Contains(region.Id));
        var unmarked = leaving.RemoveAll(region => region.Aux == view.Mark.Gone);
        if (!unmarked.IsEmpty)
        {
            return new MarkRegions([.. unmarked.Select(region => region.Id)], view.Mark.Gone);
        }

        if (wanted.SetEquals(tag.Members))
        {
            return null;
        }

        var changed = tag with { Members = wanted };
        return CarriedCounts.Fits(CarriedCounts.Without(changed))
            ? new WriteTag(changed, [.. leaving.Select(region => region.Id)], pieces.Replacing)
            : new EndMap(
                FileMapEnd.TooManyPieces, Unlisted(view, tag),
                $"the list of its {wanted.Count} regions would be longer than dmstats can handle");
    }

    /// <summary>Deletes what was created or has left, and is in no list.</summary>
    private static FileMapStep? Clear(FileMapView view, GroupTag tag, ImmutableArray<StatsRegion> pieces)
    {
        var kept = pieces.Select(region => region.Id).ToHashSet();
        var rest = Unlisted(view, tag).RemoveAll(kept.Contains);
        return rest.IsEmpty ? null : new DeleteRegions(rest);
    }

    private static ImmutableArray<ulong> Unlisted(FileMapView view, GroupTag tag) =>
    [
        .. from region in view.Regions
           where view.Mark.IsOurs(region.Aux) && !tag.Members.Contains(region.Id)
           select region.Id,
    ];

    /// <summary>
    /// All is as it is to be: nobody keeps the group's text but its leader, and what was about to leave has stayed.
    /// </summary>
    private static FileMapStep Settle(FileMapView view, ImmutableArray<StatsRegion> owned)
    {
        var others = owned.RemoveAll(region => region.Aux == view.Mark.Part || !view.Mark.IsOurs(region.Aux));
        return others.IsEmpty ? new NothingToDo() : new MarkRegions([.. others.Select(region => region.Id)], view.Mark.Part);
    }

    /// <summary>
    /// The leader's sectors are not the file's: the region that was created last keeps the group's text, the leader is
    /// deleted, and <see cref="Restore"/> makes another one in that region's place. As long as the file has no sectors
    /// at all the leader stays as it is.
    /// </summary>
    private static FileMapStep Replace(FileMapView view, StatsRegion leader, GroupTag tag, ImmutableArray<StatsRegion> pieces)
    {
        if (pieces.IsEmpty)
        {
            return new NothingToDo();
        }

        var keeper = pieces.FirstOrDefault(region => view.Mark.Kept(region.Aux) is not null)
            ?? pieces.MaxBy(region => region.Id)!;
        var kept = tag with { Members = tag.Members.Remove(keeper.Id) };
        return view.Mark.Kept(keeper.Aux) is { } before && before.Members.SetEquals(kept.Members)
            ? new DeleteRegions([leader.Id])
            : new KeepTag(keeper.Id, kept);
    }

    /// <summary>The regions that make up the file, and those of them that stand for several of the list.</summary>
    private readonly record struct PiecesOfFile(ImmutableArray<StatsRegion> All, ImmutableArray<ulong> Replacing);
}
