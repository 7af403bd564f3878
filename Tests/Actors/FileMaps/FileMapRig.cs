using System.Collections.Immutable;
using ActorRaid.Actors.FileMaps;
using ActorRaid.SysfsIo.Dm;
using Xunit;

namespace ActorRaid.Tests.Actors.FileMaps;

/// <summary>A file on a device of the model, its group, and whoever keeps that in step with it.</summary>
internal sealed class FileMapRig
{
    private readonly int _most;
    private FileMapKeeper _keeper;
    private ImmutableArray<StatsRegion> _others;

    /// <summary>A file of those sectors, mapped as dmstats does, beside what others have there.</summary>
    public FileMapRig(IEnumerable<SectorRange> extents, bool othersFirst = false, int most = FileMapView.UsualMost)
    {
        _most = most;
        if (othersFirst)
        {
            Device.CreateGroup("other", StatsOptions.Usual, Piece(2000, 8), Piece(2010, 8), Piece(2020, 8));
        }

        Group = Device.CreateGroup("file", Options, extents);
        if (othersFirst)
        {
            Device.Delete(1);
        }
        else
        {
            Device.CreateGroup("other", StatsOptions.Usual, Piece(2000, 8), Piece(2010, 8));
        }

        Mark = new FileMapMark(Group, "i12");
        _keeper = new FileMapKeeper(Device, Mark, most);
        _others = Others();
    }

    public static StatsOptions Options { get; } = new(true, [10, 20]);

    public ModelDevice Device { get; } = new();

    public ulong Group { get; }

    public FileMapMark Mark { get; }

    /// <summary>What is counted of the file: by its regions, and what was carried.</summary>
    public ulong Counted => Device.Shown(Group) + (Device.Tag(Group) is { } tag ? CarriedCounts.In(tag).Reads : 0);

    public static SectorRange Piece(ulong start, ulong length) => new(start, length);

    public FileMapOutcome Follow(params SectorRange[] extents) => _keeper.Follow(SectorRanges.Join(extents));

    /// <summary>The process begins again, and does what there is to do.</summary>
    public FileMapOutcome FollowAfresh(IEnumerable<SectorRange> extents, bool isOver = false)
    {
        Device.CrashAfter = int.MaxValue;
        _keeper = new FileMapKeeper(Device, Mark, _most);
        return _keeper.Follow(SectorRanges.Join(extents), isOver);
    }

    /// <summary>The process dies after so many changes. Whether it did, before it was done.</summary>
    public bool Dies(int after, IEnumerable<SectorRange> extents, bool isOver = false)
    {
        try
        {
            Device.CrashAfter = after;
            _keeper.Follow(SectorRanges.Join(extents), isOver);
            return false;
        }
        catch (CrashException)
        {
            return true;
        }
    }

    /// <summary>From now on what others have is as it is now.</summary>
    public void OthersHaveChanged() => _others = Others();

    /// <summary>
    /// Each sector of the file is in one region of the group, nothing else is, nothing is left over, and others have
    /// what they had.
    /// </summary>
    public void IsInStep(IEnumerable<SectorRange> extents)
    {
        var members = Device.Members(Group);
        var file = SectorRanges.Join(extents);
        Assert.Equal<SectorRange>([.. file], [.. SectorRanges.Join(members.Select(region => region.Range))]);
        Assert.Equal(file.Sum(range => (long)range.Length), members.Sum(region => (long)region.Range.Length));
        Assert.All(members, region => Assert.Equal((Options, "dmstats"), (region.Options, region.ProgramId)));
        var tag = Device.Tag(Group)!;
        Assert.Equal(("file", false, Group), (tag.Alias, tag.IsQuoted, tag.Members[0]));
        Assert.Equal<ulong>([.. members.Select(region => region.Id)], [.. tag.Members]);
        Assert.DoesNotContain(Device.Regions, region => Mark.IsOurs(region.Aux) && !tag.Members.Contains(region.Id));
        Assert.DoesNotContain(members, region => Mark.Kept(region.Aux) is not null);
        OthersHaveWhatTheyHad();
    }

    public void OthersHaveWhatTheyHad() => Assert.Equal<StatsRegion>([.. _others], [.. Others()]);

    private ImmutableArray<StatsRegion> Others()
    {
        var members = Device.Tag(Group)?.Members ?? [];
        return [.. Device.Regions.Where(region => !members.Contains(region.Id) && !Mark.IsOurs(region.Aux))];
    }
}
