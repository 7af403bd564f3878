using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>A disk that could be read only after its container had been loaded from the others.</summary>
internal static class LateDisk
{
    /// <summary>
    /// One that the metadata lists is a member again, and gets the present copy with the next commit, unless its own copy is another family's or newer than
    /// one interrupted commit can make it: whoever wrote that knew more than the copies that were loaded.
    /// </summary>
    public static (ImsmContainer Container, DiskVerdict Verdict) Find(ImsmContainer container, DiskSource source, uint loaded)
    {
        if (container.Present.Any(disk => disk.Device == source.Device))
            return (container, new DiskVerdict(source.Device, source.Name, DiskStanding.Member, "known already"));
        var read = ReadDisk.From(source, 0);
        if (read.Copy is not { } copy)
            return (container, new DiskVerdict(source.Device, source.Name, read.Standing, read.Reason));
        var chosen = new DiskCopy(source with { Name = "the container" }, 0, "", container.Super, 0, -1);
        if (!copy.IsSpareRecord && copy.Lineage == chosen.Lineage && copy.Super.Generation > loaded + 1)
        {
            return (container, Foreign(
                copy, $"generation {copy.Super.Generation} is newer than {loaded}, which the container was loaded with while this disk could not be read: nothing is written to it"));
        }

        var (disk, verdict) = ImsmLoader.Place(copy, chosen, new Champion.Choice(chosen, Champion.Choose([copy]).Known, []));
        var sameFamily = copy.IsSpareRecord || copy.Lineage == chosen.Lineage;
        if (disk is null || (disk.Index >= 0 && (!sameFamily || container.Present.Any(present => present.Index == disk.Index))))
            return (container, disk is null ? verdict : Foreign(copy, sameFamily ? "another disk has its place" : "its copy is of another family"));
        if (disk.Index >= 0)
            verdict = verdict with { Standing = DiskStanding.Member, Reason = $"disk {disk.Index}, generation {copy.Super.Generation}, the container has {container.Super.Generation}" };
        var found = container with { Present = container.Present.Add(disk) };
        return source.Sectors >> 32 == 0
            ? (found, verdict)
            : (found with { Super = found.Super with { Attributes = found.Super.Attributes | ImsmAttributes.Disk2TB } }, verdict);
    }

    private static DiskVerdict Foreign(DiskCopy copy, string reason) => new(copy.Source.Device, copy.Source.Name, DiskStanding.Foreign, reason);
}
