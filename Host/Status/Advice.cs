using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>
/// What to advise a person: pure functions. A command is named only where it can cost no data; where that is unknown,
/// none is. The rule: while a volume of the container has failed, does not run, or is not known, what
/// its data can be saved from may be any disk of the container, as it is.
/// </summary>
internal static class Advice
{
    /// <summary>
    /// Every volume of the container runs, and has its data: nothing depends on a disk that no array uses.
    /// </summary>
    internal static bool IsSettled(ContainerStatus container) => container is { Monitor: null, Arrays.IsEmpty: false }
        && container.Arrays.All(HasItsData);

    /// <summary>The first volume that keeps it from being so; null: there is none, or none is known.</summary>
    internal static ArrayStatus? Unsettled(ContainerStatus container) => container.Arrays
        .FirstOrDefault(array => !HasItsData(array));

    /// <summary>A disk that no array uses may be taken out.</summary>
    internal static bool MayTakeOut(ContainerStatus container, DiskStatus disk) =>
        IsSettled(container) && !disk.Hangs
            && container.Arrays.All(array => array.Legs.All(leg => leg.Disk != disk.Name));

    /// <summary>A disk may be added: no volume needs one that it may replace, and no reshape is under way.</summary>
    internal static bool MayAdd(ContainerStatus container) => IsSettled(container) && !container.Arrays.Any(IsReshaped);

    /// <summary>
    /// A volume that is read-only may be made writable: that begins no reshape without an mdadm that saves what it
    /// overwrites, and takes it from no mdadm that has frozen it. (mdadm --readonly marks it as to be left alone too.)
    /// </summary>
    internal static bool MayWrite(ContainerStatus container, ArrayStatus array) =>
        IsSettled(container) && !IsReshaped(array) && array.Action == "idle";

    /// <summary>How a disk is taken out.</summary>
    internal static string TakeOut(ContainerStatus container, DiskStatus disk) =>
        $"mdadm --remove /dev/{container.Name} /dev/{disk.Name}";

    /// <summary>How a spare is added.</summary>
    internal static string Add(ContainerStatus container) => $"mdadm --add /dev/{container.Name} DISK";

    /// <summary>Whether somebody wants it left alone.</summary>
    internal static bool IsFrozen(ArrayStatus array) => array.Conditions is { } conditions
        && conditions.Contains("frozen");

    /// <summary>What a disk is to an array that would lose data without it; null: nothing.</summary>
    internal static string? Needed(ArrayStatus array, DiskStatus disk)
    {
        if (!array.Legs.Any(leg => leg.Disk == disk.Name && !leg.State.Contains("faulty")))
            return null;
        return array.Level == "raid0" ? $"{array.Name} has no redundancy: without {disk.Name} its data is gone"
            : array.Missing > 0 ? $"{array.Name} is short of a leg already: without {disk.Name} its data may be gone"
            : array.Legs.Any(leg => leg.Disk != disk.Name && leg.BadSectors > 0)
                ? $"{array.Name} has bad sectors on another leg: what lies there may be gone without {disk.Name}"
            : null;
    }

    private static bool HasItsData(ArrayStatus array) =>
        array is { Health: Health.Ok or Health.Rebuilding or Health.Degraded,
            State: not ("" or "inactive" or "clear" or "broken") };

    private static bool IsReshaped(ArrayStatus array) =>
        array.Action == "reshape" || (array.Conditions is { } conditions && conditions.Contains("reshape"));
}
