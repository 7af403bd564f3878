using System.Collections.Immutable;
using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>What a file map looks like now: in the kernel, and on the file system.</summary>
/// <param name="Mark">Which file map it is.</param>
/// <param name="Regions">All regions of the device, everybody's.</param>
/// <param name="Extents">The file's sectors, as a set of <see cref="SectorRanges"/>.</param>
/// <param name="IsOver">The file has no sectors, and is not expected to get any: the group is to go.</param>
/// <param name="Known">
/// The regions that were in the group after the last steps. A number that has come to mean another region belongs to
/// somebody else.
/// </param>
/// <param name="MostRegions">From how many regions on those that touch are made one.</param>
internal sealed record FileMapView(
    FileMapMark Mark, ImmutableArray<StatsRegion> Regions, ImmutableArray<SectorRange> Extents, bool IsOver,
    ImmutableDictionary<ulong, SectorRange> Known, int MostRegions = FileMapView.UsualMost)
{
    /// <summary>The kernel compares each input and output of the device with each region.</summary>
    public const int UsualMost = 1024;

    /// <summary>Whether a region has counted nothing yet, and nothing is under way there.</summary>
    public Func<ulong, bool> IsUntouched { get; init; } = static _ => false;
}

/// <summary>
/// What is to be done next. After each step the kernel is asked anew: any of them may be the last before a crash.
/// </summary>
internal abstract record FileMapStep;

/// <summary>The regions are as the file is.</summary>
internal sealed record NothingToDo : FileMapStep;

/// <summary>Creates regions, which are not in the group's list yet.</summary>
/// <param name="Ranges">Their sectors.</param>
/// <param name="Like">Counts what this one counts, for the same program.</param>
internal sealed record CreateRegions(ImmutableArray<SectorRange> Ranges, StatsRegion Like) : FileMapStep;

/// <summary>Writes what regions are for.</summary>
/// <param name="Regions">Their numbers.</param>
/// <param name="Aux">One of <see cref="FileMapMark"/>'s texts.</param>
internal sealed record MarkRegions(ImmutableArray<ulong> Regions, string Aux) : FileMapStep;

/// <summary>Writes the group's list.</summary>
/// <param name="Tag">The group's text; the counts that it carries are still those of before.</param>
/// <param name="Leaving">Whose counts are carried from now on.</param>
/// <param name="Replacing">
/// Those that have counted together with some that leave: what they have counted is not carried too.
/// </param>
internal sealed record WriteTag(GroupTag Tag, ImmutableArray<ulong> Leaving, ImmutableArray<ulong> Replacing) : FileMapStep;

/// <summary>Has a region keep the group's text, with the leader's counts, while there is no leader.</summary>
/// <param name="Region">The region, which is not in that text's list.</param>
/// <param name="Tag">The text.</param>
internal sealed record KeepTag(ulong Region, GroupTag Tag) : FileMapStep;

/// <summary>Deletes regions that are in no list, or the leader whose text is kept elsewhere.</summary>
/// <param name="Regions">Their numbers.</param>
internal sealed record DeleteRegions(ImmutableArray<ulong> Regions) : FileMapStep;

/// <summary>The file map ends.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Cleanup">What is deleted before.</param>
/// <param name="Text">What else there is to say.</param>
internal sealed record EndMap(FileMapEnd Reason, ImmutableArray<ulong> Cleanup, string Text = "") : FileMapStep;

/// <summary>Why a file map ends.</summary>
public enum FileMapEnd
{
    /// <summary>The group was deleted.</summary>
    GroupGone,

    /// <summary>The file has no sectors any more.</summary>
    FileEmpty,

    /// <summary>By inode: the file was unlinked, and nobody else has it open.</summary>
    Unlinked,

    /// <summary>By path: there is no file any more.</summary>
    PathGone,

    /// <summary>The device is gone.</summary>
    DeviceGone,

    /// <summary>What is at the path now is no regular file on the same device.</summary>
    OtherKind,

    /// <summary>The group's text is not understood.</summary>
    BrokenGroup,

    /// <summary>The file lies in too many pieces for a group that dmstats can handle.</summary>
    TooManyPieces,

    /// <summary>The kernel or the file system cannot do what is needed.</summary>
    Unsupported,
}
