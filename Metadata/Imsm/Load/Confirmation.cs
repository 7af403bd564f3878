using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// Whether the valid copies may be believed over a disk's own, which is torn or older. They may not where that disk's
/// anchor tells that it went on without them: a mirror's half that was thrown out does not know it, and its copy is
/// valid.
/// <para>
/// <b>A copy as new as the anchor confirms.</b> Whatever threw a disk out was recorded on those that went on; so their
/// anchors are newer than its copy for ever.
/// </para>
/// <para>
/// <b>An anchor one generation ahead</b> is what one interrupted commit may leave. The quorum rule
/// (<see cref="ActorRaid.Metadata.Commit.Commit"/>) tells whether it was interrupted: a commit is recorded only when
/// each set of disks that could start an array, and that has a disk in it which can be told, has one that knows of it.
/// Where the disks with valid copies, and those that the commit was to throw out, are such a set, it was not recorded,
/// no writer was let go, and the valid copies are the latest. Where they are not, because the array cannot do without
/// the torn disk, or where the anchor is further ahead, nobody can tell: a person may decide, as the array may not
/// start otherwise.
/// </para>
/// <para><b>An anchor that has the disks with the valid copies as failed</b> is nothing to be written over.</para>
/// </summary>
internal static class Confirmation
{
    /// <summary>Why the disk's metadata is not to be written over by the container's; null when it may be.</summary>
    /// <param name="container">What the valid copies say.</param>
    /// <param name="disk">The disk.</param>
    /// <param name="automatic">Whether nobody is asked.</param>
    public static string? WhyNot(ImsmContainer container, DiskSource disk, bool automatic)
    {
        var anchor = Anchor.Of(disk)!;
        var (own, valid) = (anchor.Generation, container.Super.Generation);
        var thrownOut = ThrownOut(container, listing =>
            listing == Listing.Failed || (listing == Listing.NotThere && own > valid), anchor);
        var ahead = own > valid ? own - valid : 0;
        if (ahead == 1 && WasNotRecorded(container, anchor))
            return null;
        if (thrownOut is not null)
        {
            return $"its anchor, of generation {own}, has {thrownOut} as failed or replaced, the valid copies are of {valid}; "
                + $"it may be the only one with current data. Nothing is written; do not start an array from {thrownOut} "
                + "alone before this disk has been copied";
        }

        var why = ahead > 1 ? "more than one interrupted commit explains" : "and no array can do without it";
        return ahead > 0 && automatic
            ? $"its anchor is of generation {own}, the valid copies are of {valid}, {why}: what it recorded may be lost. "
                + "`actorraid repair` with all disks of the container and --yes takes the valid copies; then check the data"
            : null;
    }

    /// <summary>The disks that the valid copies have in sync and the anchor as failed or replaced; null for
    /// none.</summary>
    private static string? ThrownOut(ImsmContainer container, Func<Listing, bool> isOut, Anchor anchor)
    {
        var names = container.Present
            .Where(disk => disk.Index >= 0 && isOut(anchor.Of(disk.Disk.Serial))
                && container.Volumes.Any(volume => volume.Legs.Any(leg => leg.InSync && leg.Device == disk.Device)))
            .Select(disk => disk.Name).ToArray();
        return names.Length == 0 ? null : string.Join(", ", names);
    }

    private static bool WasNotRecorded(ImsmContainer container, Anchor anchor)
    {
        foreach (var volume in container.Volumes)
        {
            var dev = container.Super.Devs[volume.Index];
            var lacking = new bool[volume.Legs.Length];
            var canBeTold = false;
            foreach (var leg in volume.Legs)
            {
                var entry = container.Super.Disks[VolumeGeometry.DiskIndex(dev.Map.Order[leg.Slot])];
                var listing = anchor.Of(entry.Serial);
                lacking[leg.Slot] = leg.Device is not null
                    ? leg.InSync
                    : listing is Listing.Failed or Listing.NotThere && !Maps.IsFailed(entry) && !IsMarked(dev, leg.Slot);
                canBeTold |= leg.InSync && listing == Listing.Member;
            }

            if (canBeTold && volume.CanStart(lacking))
                return true;
        }

        return false;
    }

    private static bool IsMarked(ImsmDev dev, int slot) => Maps.IsMarked(dev.CurrentOrder(slot) ?? dev.Map.Order[slot]);
}
