using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>A part of a status, and a status in one line: pure functions.</summary>
internal static class StatusView
{
    /// <summary>The worst of them; ok where there is none.</summary>
    internal static Health Worst(IEnumerable<Health> healths) => healths.DefaultIfEmpty(Health.Ok).Max();

    /// <summary>Only that container, array or disk, and what belongs to it.</summary>
    /// <param name="status">Everything.</param>
    /// <param name="thing">What of it.</param>
    internal static HostStatus About(HostStatus status, NamedThing thing)
    {
        var part = status with { Containers = [Part(thing)], NativeArrays = null };
        return thing.Disk is { } disk ? OfDisk(part, part.Containers[0], disk) : Judged(part);
    }

    /// <summary>The status with the health and the line that follow from its containers and native arrays.</summary>
    internal static HostStatus Judged(HostStatus status)
    {
        var findings = Findings(status).ToList();
        return status with { Health = Worst(findings.Select(finding => finding.Health)), Summary = Summary(status, findings) };
    }

    /// <summary>The health of a container: that of the worst thing that there is to say of it.</summary>
    internal static Health HealthOf(ContainerStatus container) => Worst(Findings(container).Select(finding => finding.Health));

    /// <summary>What is said of an array after its health: <c>43 %, 12 min left</c>; null: nothing.</summary>
    internal static string? Detail(ArrayStatus array)
    {
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
                : array.Conditions is { } conditions && conditions.Contains("delayed") ? "waits for its turn" : "begins";
            return doing + rate;
        }
        if (array.State is "inactive")
            return "not running" + (array.RaidDisks == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {array.RaidDisks - array.Missing} of {array.RaidDisks} legs"));
        return array.Missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"{array.RaidDisks - array.Missing} of {array.RaidDisks} legs")
            : array.Conditions is { } pending && pending.Contains("pending") ? "its resync waits for the first write"
            : null;
    }

    /// <summary>One line, the worst first: <c>REBUILDING md126 43 %, 12 min left; DEGRADED md124, 2 of 3 legs</c>.</summary>
    private static string Summary(HostStatus status, List<Finding> findings)
    {
        var health = Worst(findings.Select(finding => finding.Health));
        var told = findings.OrderByDescending(finding => finding.Health)
            .Select(finding => finding.Health == Health.Ok ? finding.Text : $"{Words.Of(finding.Health)} {finding.Text}");
        return string.Join("; ", health == Health.Ok ? told.Prepend($"OK: {Contents(status)}") : told);
    }

    private static string Contents(HostStatus status)
    {
        var native = status.NativeArrays?.Length ?? 0;
        if (status.Containers.IsEmpty)
            return native == 0 ? "nothing to supervise" : $"{Count(native, "native array")}, nothing to supervise";
        var arrays = status.Containers.Sum(container => container.Arrays.Length);
        return $"{Count(status.Containers.Length, "container")}, {Count(arrays, "array")}{(native == 0 ? "" : $", {Count(native, "native array")}")}";
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
            yield return new Finding(array.Health, Told(array) + (array.Health == Health.Degraded && array.Missing > 0 && !hasSpare ? ", no spare" : ""));
        if (container is { WaitsFor: { } waits, WaitsHealth: { } own })
            yield return new Finding(own, $"{container.Name}: {waits}");
        foreach (var disk in container.Disks)
        {
            var isUsed = container.Arrays.Any(array => array.Legs.Any(leg => leg.Disk == disk.Name && leg.State.Contains("in_sync")));
            if (disk.Unwritten)
                yield return new Finding(Health.Degraded, $"{container.Name}: the metadata of {disk.Name} cannot be written");
            else if (disk.Unreadable is not null)
                // md goes on with it, but what is recorded from now on it will not know.
                yield return new Finding(isUsed ? Health.Degraded : Health.Ok, $"{container.Name}: the metadata of {disk.Name} cannot be read");
            else if (disk.Role == "failed")
                yield return new Finding(Health.Ok, $"{container.Name}: {disk.Name} has failed{(hasSpare ? "" : ", no spare is left")}");
        }
    }

    private static string Told(ArrayStatus array)
    {
        var name = array.VolumeName is "" || array.State is not "inactive" ? array.Name : $"{array.Name} ({array.VolumeName})";
        return Detail(array) is { } detail ? $"{name}{(array.Health == Health.Rebuilding ? " " : ", ")}{detail}" : name;
    }

    private static ContainerStatus Part(NamedThing thing)
    {
        var container = thing.Container;
        if (thing.Array is { } array)
        {
            var part = container with { Arrays = [array], Disks = [.. container.Disks.Where(disk => array.Legs.Any(leg => leg.Disk == disk.Name))] };
            return part with { Health = HealthOf(part) };
        }
        return thing.Disk is { } disk
            ? container with { Arrays = [.. container.Arrays.Where(array => array.Legs.Any(leg => leg.Disk == disk.Name))], Disks = [disk] }
            : container;
    }

    /// <summary>A disk has a verdict of its own: that it has failed is worse for whoever asks for it than for its container.</summary>
    private static HostStatus OfDisk(HostStatus status, ContainerStatus container, DiskStatus disk)
    {
        var failed = disk.Role == "failed" || container.Arrays.Any(array => array.Legs.Any(leg => leg.Disk == disk.Name && leg.State.Contains("faulty")));
        var (health, detail) = disk.Hangs ? (Health.Stalled, ": no answer from the disk")
            : failed ? (Health.Failed, " has failed")
            : disk.Unwritten ? (Health.Degraded, ": its metadata cannot be written")
            : disk.Unreadable is { } unreadable ? (Health.Degraded, $": {unreadable}")
            : (Health.Ok, $" is a {disk.Role} of {container.Name}");
        var arrays = container.Arrays.Where(array => array.Health != Health.Ok).Select(array => new Finding(array.Health, Told(array))).ToList();
        status = status with { Containers = [container with { Health = Worst([health, .. arrays.Select(array => array.Health)]) }] };
        var findings = arrays.Prepend(new Finding(health, disk.Name + detail)).OrderByDescending(finding => finding.Health);
        return status with
        {
            Health = status.Containers[0].Health,
            Summary = string.Join("; ", findings.Select(finding => $"{Words.Of(finding.Health)} {finding.Text}")),
        };
    }

    /// <summary>Something that people are to know, and how bad it is.</summary>
    private readonly record struct Finding(Health Health, string Text);

    /// <summary>So many of them: <c>1 array</c>, <c>2 arrays</c>.</summary>
    internal static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
