using ActorRaid.Metadata;

namespace ActorRaid.Actors;

/// <summary>
/// Disks that a container has without using them: what a person may be told to do with one. While a volume cannot be
/// started from the disks that are used, its data may be what any other disk holds: then nothing that takes such a disk
/// out or writes to it.
/// </summary>
internal static class Strangers
{
    /// <summary>
    /// Of a disk that the container does not use: one whose copy is old holds nothing that the others do not hold; what
    /// one holds that was used without them since, or they without it, nobody else does.
    /// </summary>
    public static string Advice(IContainerModel model, DiskStanding standing) =>
        IsNeeded(model) ?? (standing == DiskStanding.Stale
            ? "it is not used. To use it again, without what it holds: mdadm --remove, --zero-superblock, --add"
            : "it is left alone. To keep its data, remove it (mdadm --remove) and make a container of it (mdadm --assemble --update=uuid); zero and add it "
                + "only if that data is not wanted");

    private static string? IsNeeded(IContainerModel model)
    {
        var failed = string.Join(", ", from volume in model.Volumes
                                       where !volume.CanStart([.. volume.Legs.Select(leg => leg.InSync)])
                                       select volume.Name);
        return failed.Length == 0 ? null
            : $"it is left alone: {failed} cannot be started from the disks that are used, and what this one holds may be what the data can be saved from. "
                + "Copy it before anything else is done with it";
    }
}
