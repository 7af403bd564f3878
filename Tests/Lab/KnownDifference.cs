using System.Text.RegularExpressions;

namespace ActorRaid.Tests.Lab;

/// <summary>Where the metadata after a change of shape may be otherwise than mdmon leaves it, and why ours is right. May, not must: some depend on mdmon's timing.</summary>
/// <param name="Run">The script and its variables.</param>
/// <param name="Line">A pattern for all of a line of <see cref="MdadmReport.Differences"/>.</param>
/// <param name="Why">What mdmon did, and why that is not to be copied.</param>
public sealed record KnownDifference(string Run, string Line, string Why)
{
    private const string LeftDirty =
        "md keeps a RAID 0 as RAID 4 while it is reshaped; mdmon drops it when it is RAID 0 again, whatever was recorded last: "
        + "dirty, if it was written to the last. A RAID 0 is never dirty: nothing of it can be synchronized";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<KnownDifference> All { get; } =
    [
        .. from run in (string[])["grow FROM=2 TO=3 VOLUMES=0", "grow FROM=2 TO=4 VOLUMES=0", "grow FROM=3 TO=4 VOLUMES=0", "grow FROM=3 TO=4 VOLUMES=0+5", "migrate WHAT=chunk0"]
           select new KnownDifference(run, Dirty("vol0"), LeftDirty),
        new("grow FROM=3 TO=4 VOLUMES=0+0", Dirty("vol[01]"), LeftDirty),
        new("grow FROM=3 TO=4 VOLUMES=5+0", Dirty("vol1"), LeftDirty),
    ];

    /// <summary>
    /// Runs after which the disks may have other places in the disk table (with the same slots). mdmon gives a volume all the spares
    /// that it needs in one update, the last slot's first, and new disks get the table's next places in that order. ActorRaid rebuilds
    /// one leg at a time, the first slot's first: a volume has one checkpoint only.
    /// </summary>
    public static IReadOnlySet<string> PlacesDiffer { get; } = new HashSet<string> { "migrate WHAT=0-10" };

    /// <summary>The differences that are not known of that run.</summary>
    public static IEnumerable<string> Without(string run, IEnumerable<string> differences)
    {
        var known = All.Where(difference => difference.Run == run).ToArray();
        return differences.Where(line => !known.Any(difference => Regex.IsMatch(line, difference.Line)));
    }

    private static string Dirty(string volume) =>
        $@"mdmon: \[{volume}\]: Dirty State = dirty; ActorRaid: \[{volume}\]: Dirty State = clean$";
}
