using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>When a file is looked at: at once when something happens to it, seldom when nothing does.</summary>
internal static class FileMapPace
{
    /// <summary>How long a path may lead nowhere, and a file be without sectors, until that is the end.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(0.9);

    /// <summary>How often it is looked meanwhile: the directory may not be there to be watched.</summary>
    public static readonly TimeSpan WhileAbsent = TimeSpan.FromSeconds(0.1);

    /// <summary>Between two looks because of events; longer while they find nothing.</summary>
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(5), Longest = TimeSpan.FromMilliseconds(100);

    /// <summary>
    /// For what no event tells: the group's end, and blocks that are moved or given to a file that is written in memory
    /// (mmap).
    /// </summary>
    private static readonly TimeSpan FirstSlow = TimeSpan.FromSeconds(1), LastSlow = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The kernel writes back what has no place yet after 5 s at the earliest, and after 30 s at the latest; or when
    /// somebody asks for it.
    /// </summary>
    private static readonly TimeSpan FirstPlacing = TimeSpan.FromMilliseconds(10), LastPlacing = TimeSpan.FromSeconds(2);

    /// <summary>Who closes a file is heard of just before the kernel has counted it.</summary>
    private static readonly TimeSpan FirstClosing = TimeSpan.FromMilliseconds(10);

    /// <summary>How long until the next look when nothing happens.</summary>
    /// <param name="look">The last one.</param>
    /// <param name="mode">What is followed.</param>
    /// <param name="quiet">How many looks have found nothing new since something last happened.</param>
    public static TimeSpan Next(FileLook look, FollowMode mode, int quiet) =>
        look.Extents.HasUnplaced ? Delays.After(quiet, FirstPlacing, LastPlacing)
        : mode == FollowMode.Inode && look.Links == 0 ? Delays.After(quiet, FirstClosing, LastSlow)
        : Delays.After(quiet, FirstSlow, LastSlow);

    /// <summary>How long until what the kernel has refused is tried again.</summary>
    public static TimeSpan Again(int tries) => Delays.After(tries, FirstSlow, LastSlow);

    /// <summary>How long from one look to the next that an event may cause.</summary>
    /// <param name="spacing">What it was before.</param>
    /// <param name="changed">Whether the look has found something new.</param>
    /// <param name="took">How long the look took.</param>
    public static TimeSpan Spacing(TimeSpan spacing, bool changed, TimeSpan took)
    {
        var next = changed ? Shortest : spacing * 2;
        next = next < took * 4 ? took * 4 : next;
        return next < Longest ? next : Longest;
    }
}
