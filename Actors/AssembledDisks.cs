using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>
/// Disks that a container has without using them, since their copies are old: their link had dropped, say. One that comes
/// by mdadm -I when the container is supervised already is taken back. One that was there before is treated the same: it
/// must not depend on which disk was found first.
/// </summary>
internal static class AssembledDisks
{
    private const string IsBack = "it is taken back, and what it holds is not believed";

    /// <summary>
    /// The container with such disks taken back, if it has just been assembled; what became of each is in its verdict.
    /// </summary>
    public static LoadedContainer TakenBack(RaidSettings settings, string container, LoadedContainer loaded)
    {
        var isNew = IsJustAssembled(settings, container);
        var model = loaded.Model!;
        var unused = loaded.Verdicts.Where(
            verdict => verdict.Standing is DiskStanding.Stale or DiskStanding.Foreign && IsUnused(model, verdict.Device)).ToList();
        foreach (var verdict in unused.Where(verdict => isNew && verdict is { Standing: DiskStanding.Stale, HasReturned: true }))
        {
            if (loaded.Disks.FirstOrDefault(disk => disk.Source.Device == verdict.Device) is { } disk)
            {
                model = model.RemoveDisk(verdict.Device).AddDisk(disk.Source);
            }
        }

        // Only now it is known which volumes have their data.
        var verdicts = loaded.Verdicts.Select(verdict => unused.Contains(verdict)
            ? verdict with { Reason = $"{verdict.Reason}; {(IsUnused(model, verdict.Device) ? Strangers.Advice(model, verdict.Standing) : IsBack)}" }
            : verdict);
        return loaded with { Model = model, Verdicts = [.. verdicts] };
    }

    private static bool IsUnused(IContainerModel model, DeviceNumber device) =>
        model.Disks.Any(disk => disk.Device == device && disk.IsFailed);

    /// <summary>
    /// mdadm starts a supervisor before any volume of a container may be written. Where one has been, a failed disk may
    /// have failed there.
    /// </summary>
    private static bool IsJustAssembled(RaidSettings settings, string container)
    {
        var mdstat = SysfsAttribute.ReadOnce(settings.MdStatPath);
        return mdstat.Ok && MdStat.Parse(mdstat.Value).Arrays.Where(array => array.Container == container).All(array =>
            SysfsAttribute.ReadOnce($"{settings.SysRoot}/block/{array.Name}/md/array_state")
                is { Ok: true, Value: "clear" or "inactive" or "readonly" });
    }
}
