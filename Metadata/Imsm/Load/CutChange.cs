using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Metadata.Imsm.Rules;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// A change of family (<see cref="FamilyChange"/>, or mdmon's) that did not reach all disks: which copies were left behind. To the
/// loader they count as older ones of the new family.
/// </summary>
public static class CutChange
{
    /// <summary>The copies; of those that take no side and whose new family is on another disk, the family is that.</summary>
    internal static ImmutableArray<DiskCopy> Veiled(ImmutableArray<DiskCopy> copies) =>
        [.. copies.Select(copy => copy.IsVeiled && copies.FirstOrDefault(other => IsNextOfVeiled(other, copy)) is { } next
            ? Behind(copy, next.Super.FamilyNumber)
            : copy)];

    /// <summary>
    /// The same for copies of two families that exclude each other, where one was made of the other by a single commit: same
    /// original family, the next generation, and both list the same healthy disks, but for one that the newer adds. A disk that
    /// was used elsewhere since then says of the others that they are missing there, and one that was replaced is not listed.
    /// </summary>
    internal static ImmutableArray<DiskCopy> Plain(ImmutableArray<DiskCopy> copies) =>
        [.. copies.Select(copy => copies.FirstOrDefault(other => IsNext(other, copy)) is { } next
            ? Behind(copy, next.Super.FamilyNumber)
            : copy)];

    /// <summary>The disks that a change of family left behind, among disks of one container.</summary>
    public static ImmutableArray<DeviceNumber> Disks(ImmutableArray<DiskSource> disks)
    {
        var copies = disks.Select(ReadDisk.From).Select(disk => disk.Copy).OfType<DiskCopy>().ToImmutableArray();
        return [.. Champion.Choose(copies).Copies.Where(copy => copy.IsVeiled || copy.IsLeftBehind).Select(copy => copy.Source.Device)];
    }

    private static DiskCopy Behind(DiskCopy copy, uint family) =>
        copy with { Super = copy.Super with { FamilyNumber = family }, IsLeftBehind = true };

    private static bool IsNextOfVeiled(DiskCopy other, DiskCopy copy) =>
        !other.IsVeiled && other.Lineage == copy.Lineage && other.Super.FamilyNumber == FamilyChange.FamilyOf(copy.Super)
        && other.Super.Generation > copy.Super.Generation && Healthy(other.Super).Contains(copy.Serial);

    private static bool IsNext(DiskCopy other, DiskCopy copy)
    {
        if (other.Super.FamilyNumber == copy.Super.FamilyNumber || other.Lineage != copy.Lineage
            || other.IsSpareRecord || copy.IsSpareRecord || other.Super.Generation != copy.Super.Generation + 1)
            return false;
        var now = Healthy(other.Super);
        return now.Contains(copy.Serial) && now.Contains(other.Serial) && now.Except(Healthy(copy.Super)).Count <= 1;
    }

    /// <summary>The serial numbers of the members that have not failed.</summary>
    internal static ImmutableHashSet<string> Healthy(ImsmSuper super) =>
        [.. super.Disks.Where(disk => (disk.Status & (ImsmDiskStatus.Configured | ImsmDiskStatus.Failed)) == ImsmDiskStatus.Configured)
            .Select(disk => disk.Serial.Exact)];
}
