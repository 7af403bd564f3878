using System.Globalization;

namespace ActorRaid.Reporting;

/// <summary>A part of a status, and a status in one line: pure functions.</summary>
public static class StatusView
{
    /// <summary>The worst of them; ok where there is none.</summary>
    public static Health Worst(IEnumerable<Health> healths) => healths.DefaultIfEmpty(Health.Ok).Max();

    /// <summary>Only that container, array or disk, and what belongs to it.</summary>
    /// <param name="status">Everything.</param>
    /// <param name="thing">What of it.</param>
    public static HostStatus About(HostStatus status, NamedThing thing)
    {
        if (thing.Container is not { } container)
            return Judged(status with { Containers = [], NativeArrays = thing.Array is { } array ? [array] : [] });
        var part = status with { Containers = [Part(container, thing)], NativeArrays = null };
        return thing.Disk is { } disk ? OfDisk(part, part.Containers[0], disk) : Judged(part);
    }

    /// <summary>The status with the health and the line that follow from its containers and native arrays.</summary>
    public static HostStatus Judged(HostStatus status)
    {
        var findings = Findings(status).ToList();
        return status with { Health = Worst(findings.Select(finding => finding.Health)),
            Summary = Summary(status, findings) };
    }

    /// <summary>The health of a container: that of the worst thing that there is to say of it.</summary>
    public static Health HealthOf(ContainerStatus container) =>
        Worst(Findings(container).Select(finding => finding.Health));

    /// <summary>What is said of an array after its health: <c>43 %, 12 min left</c>; null: nothing.</summary>
    public static string? Detail(ArrayStatus array)
    {
        if (array.Conditions is { } lacks && lacks.Contains("unsupervised"))
            return "not supervised yet";
        if (array.Conditions is { } pending && pending.Contains("pending"))
            return array.Action == "frozen" ? "its resync is frozen"
                : array.State == "readonly" ? "its resync waits until it can be written"
                : "its resync waits for the first write";
        var doing = Words.Action(array.Action) switch
        {
            null => null,
            "recovery" => "",
            var other => other + " ",
        };
        if (doing is not null)
        {
            var rate = array.Progress is { } progress
                ? Words.Percent(progress) + (progress.SecondsLeft is { } left ? $", {Words.Duration(left)} left" : "")
                : array.Conditions is { } conditions && conditions.Contains("delayed") ? "waits for its turn"
                : array.Conditions is { } others && others.Contains("remote") ? "is done by another node"
                : "begins";
            return doing + rate;
        }
        if (array.State is "inactive" or "clear")
            return "not running" + (array.RaidDisks == 0 ? "" : $", {Legs(array)}");
        if (array.Conditions is { } known && known.Contains("unrecorded"))
            return "the metadata does not have it";
        if (array.Conditions is { } all && all.Contains("not-whole"))
            return "not all of its legs are recorded";
        var bad = BadSectors(array);
        return array.Missing > 0 ? Legs(array) + (bad is null ? "" : $", {bad}") : bad;
    }

    private static string? BadSectors(ArrayStatus array) => string.Join(", ",
        array.Legs.Where(leg => leg.BadSectors > 0).Select(leg =>
            string.Create(CultureInfo.InvariantCulture, $"{leg.BadSectors} bad sectors on {leg.Disk}")))
        is { Length: > 0 } text ? text : null;

    private static string Legs(ArrayStatus array) =>
        string.Create(CultureInfo.InvariantCulture, $"{array.RaidDisks - array.Missing} of {array.RaidDisks} legs");

    /// <summary>
    /// One line, the worst first: <c>REBUILDING md126 43 %, 12 min left; DEGRADED md124, 2 of 3 legs</c>.
    /// </summary>
    private static string Summary(HostStatus status, List<Finding> findings)
    {
        var health = Worst(findings.Select(finding => finding.Health));
        var told = findings.OrderByDescending(finding => finding.Health)
            .Select(finding => finding.Health == Health.Ok ? finding.Text
                : $"{Words.Of(finding.Health)} {finding.Text}");
        return string.Join("; ", health == Health.Ok ? told.Prepend($"OK: {Contents(status)}") : told);
    }

    private static string Contents(HostStatus status)
    {
        var native = status.NativeArrays?.Length ?? 0;
        if (status.Containers.IsEmpty)
            return native == 0 ? "nothing to supervise" : $"{Count(native, "native array")}, nothing to supervise";
        var arrays = status.Containers.Sum(container => container.Arrays.Length);
        return $"{Count(status.Containers.Length, "container")}, "
            + $"{Count(arrays, "array")}{(native == 0 ? "" : $", {Count(native, "native array")}")}";
    }

    private static IEnumerable<Finding> Findings(HostStatus status)
    {
        if (status.Problem is { } problem)
            yield return new Finding(Health.Unknown, problem);
        foreach (var finding in status.Containers.SelectMany(Findings))
            yield return finding;
        foreach (var array in (status.NativeArrays ?? []).Where(array => array.Health != Health.Ok))
            yield return new Finding(array.Health, $"{Told(array)} (not ours)");
    }

    private static IEnumerable<Finding> Findings(ContainerStatus container)
    {
        var hasSpare = container.Disks.IsEmpty || container.Disks.Any(disk => disk.Role == "spare");
        foreach (var array in container.Arrays.Where(array => array.Health != Health.Ok))
            yield return new Finding(array.Health, Told(array)
                + (array.Health == Health.Degraded && array.Missing > 0 && !hasSpare ? ", no spare" : ""));
        if (Waiting(container) is { } waiting)
            yield return waiting;
        else if (container.Monitor > 0)
            // mdadm's own mdmon has it, and nobody here can read its metadata.
            yield return new Finding(Health.Ok,
                $"{container.Name} ({container.Format}): whether it has volumes that do not run is not known here");
        foreach (var disk in container.Disks)
        {
            var isUsed = container.Arrays.Any(array => array.Legs
                .Any(leg => leg.Disk == disk.Name && leg.State.Contains("in_sync")));
            if (disk.Unwritten)
                yield return new Finding(Health.Degraded,
                    $"{container.Name}: the metadata of {disk.Name} cannot be written");
            else if (disk.Unreadable is { } unreadable)
                // md goes on with it, but what is recorded from now on it will not know.
                yield return new Finding(
                    isUsed ? Health.Degraded : Health.Ok, $"{container.Name}: {unreadable.Split(';')[0]}");
            else if (disk.Role == "failed")
                yield return new Finding(Health.Ok,
                    $"{container.Name}: {disk.Name} has failed{(hasSpare ? "" : ", no spare is left")}");
        }
    }

    private static Finding? Waiting(ContainerStatus container) =>
        container is { WaitsFor: { } waits, WaitsHealth: { } own } ? new Finding(own, $"{container.Name}: {waits}")
            : null;

    private static string Told(ArrayStatus array)
    {
        var name = array.VolumeName is "" || array.State is not "inactive" ? array.Name
            : $"{array.Name} ({array.VolumeName})";
        return Detail(array) is { } detail ? $"{name}{(array.Health == Health.Rebuilding ? " " : ", ")}{detail}" : name;
    }

    private static ContainerStatus Part(ContainerStatus container, NamedThing thing)
    {
        if (thing.Array is { } array)
        {
            var part = container with
            {
                Arrays = [array],
                // A spare is there for it, too.
                Disks = [.. container.Disks.Where(disk => disk.Role == "spare"
                    || array.Legs.Any(leg => leg.Disk == disk.Name))],
            };
            return part with { Health = HealthOf(part) };
        }
        return thing.Disk is { } disk
            ? container with { Arrays = [.. container.Arrays
                .Where(array => array.Legs.Any(leg => leg.Disk == disk.Name))], Disks = [disk] }
            : container;
    }

    /// <summary>
    /// A disk has a verdict of its own: that it has failed is worse for whoever asks for it than for its container.
    /// </summary>
    private static HostStatus OfDisk(HostStatus status, ContainerStatus container, DiskStatus disk)
    {
        var failed = disk.Role == "failed"
            || container.Arrays.Any(array => array.Legs
            .Any(leg => leg.Disk == disk.Name && leg.State.Contains("faulty")));
        var (health, detail) = disk.Hangs ? (Health.Stalled, ": no answer from the disk")
            : failed ? (Health.Failed, " has failed")
            : disk.Unwritten ? (Health.Degraded, ": its metadata cannot be written")
            : disk.Unreadable is { } unreadable
                ? (Health.Degraded, unreadable.Split(';')[0] is var why
                && why.StartsWith(disk.Name, StringComparison.Ordinal) ? why[disk.Name.Length..] : $": {why}")
            : disk.Role == "unknown" ? (Health.Ok, $" is a disk of {container.Name} that its metadata does not know")
            : (Health.Ok, $" is a {disk.Role} of {container.Name}");
        var others = container.Arrays.Where(array => array.Health != Health.Ok)
            .Select(array => new Finding(array.Health, Told(array))).ToList();
        // Of the disk that hangs that is said already.
        if (!disk.Hangs && Waiting(container) is { } waiting)
            others.Add(waiting);
        status = status with { Containers = [container
            with { Health = Worst([health, .. others.Select(other => other.Health)]) }] };
        var findings = others.Prepend(new Finding(health, disk.Name + detail)).OrderByDescending(finding =>
            finding.Health);
        return status with
        {
            Health = status.Containers[0].Health,
            Summary = string.Join("; ", findings.Select(finding => $"{Words.Of(finding.Health)} {finding.Text}")),
        };
    }

    /// <summary>Something that people are to know, and how bad it is.</summary>
    private readonly record struct Finding(Health Health, string Text);

    /// <summary>So many of them: <c>1 array</c>, <c>2 arrays</c>.</summary>
    public static string Count(int number, string what) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
