using System.Collections.Immutable;
using System.Globalization;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>A part of a status, and a status in one line: pure functions.</summary>
internal static class StatusView
{
    /// <summary>The worst of them; ok where there is none.</summary>
    internal static Health Worst(IEnumerable<Health> healths) => healths.DefaultIfEmpty(Health.Ok).Max();

    /// <summary>Only that container, array (by the kernel's name, or the volume's) or disk, and what belongs to it; null: there is no such thing.</summary>
    /// <param name="status">Everything.</param>
    /// <param name="about">md127, md126, vol0, sda, each also as below /dev; null: everything.</param>
    internal static HostStatus? About(HostStatus status, string? about)
    {
        if (about is null)
            return status;
        var name = Name(about);
        ImmutableArray<ContainerStatus> containers = [.. status.Containers.Select(container => Part(container, name)).OfType<ContainerStatus>()];
        return containers.IsEmpty
            ? null
            : status with { Containers = containers, Health = Worst(containers.Select(container => container.Health)), Summary = Summary(containers) };
    }

    /// <summary>An array by the kernel's name, its volume's, or a path below /dev; null: there is none.</summary>
    internal static (ContainerStatus Container, ArrayStatus Array)? Array(HostStatus status, string about)
    {
        var name = Name(about);
        foreach (var container in status.Containers)
        {
            if (container.Arrays.FirstOrDefault(array => array.Name == name || array.VolumeName == name) is { } array)
                return (container, array);
        }
        return null;
    }

    /// <summary>What there is to ask for.</summary>
    internal static string Names(HostStatus status) => string.Join(", ", status.Containers.SelectMany(container => new[] { container.Name }
        .Concat(container.Arrays.Select(array => array.VolumeName is "" ? array.Name : $"{array.Name} ({array.VolumeName})"))
        .Concat(container.Disks.Select(disk => disk.Name))).DefaultIfEmpty("nothing"));

    /// <summary>One line, the worst first: <c>REBUILDING md126 43 %, 12 min left; DEGRADED md124, 2 of 3 legs</c>.</summary>
    internal static string Summary(ImmutableArray<ContainerStatus> containers)
    {
        if (containers.IsEmpty)
            return "OK: nothing to supervise";
        var troubles = containers.SelectMany(Troubles).OrderByDescending(trouble => trouble.Health).ToList();
        var arrays = containers.Sum(container => container.Arrays.Length);
        return troubles.Count == 0
            ? string.Create(CultureInfo.InvariantCulture, $"OK: {Count(containers.Length, "container")}, {Count(arrays, "array")}")
            : string.Join("; ", troubles.Select(trouble => $"{Words.Of(trouble.Health)} {trouble.Text}"));
    }

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
        return array.Missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"{array.RaidDisks - array.Missing} of {array.RaidDisks} legs")
            : array.Conditions is { } pending && pending.Contains("pending") ? "its resync waits for the first write"
            : null;
    }

    private static IEnumerable<(Health Health, string Text)> Troubles(ContainerStatus container)
    {
        foreach (var array in container.Arrays.Where(array => array.Health != Health.Ok))
        {
            var detail = Detail(array);
            yield return (array.Health, array.Health == Health.Rebuilding ? $"{array.Name} {detail}" : array.Name + (detail is null ? "" : $", {detail}"));
        }
        if (container.WaitsFor is { } waits)
            yield return (container.Health is Health.Unknown or Health.Stalled ? container.Health : Health.Unknown, $"{container.Name}: {waits}");
    }

    private static ContainerStatus? Part(ContainerStatus container, string name)
    {
        if (container.Name == name)
            return container;
        if (container.Arrays.FirstOrDefault(array => array.Name == name || array.VolumeName == name) is { } array)
        {
            return container with
            {
                Health = container.WaitsFor is null ? array.Health : container.Health,
                Arrays = [array],
                Disks = [.. container.Disks.Where(disk => array.Legs.Any(leg => leg.Disk == disk.Name))],
            };
        }
        if (container.Disks.FirstOrDefault(disk => disk.Name == name) is not { } one)
            return null;
        ImmutableArray<ArrayStatus> arrays = [.. container.Arrays.Where(array => array.Legs.Any(leg => leg.Disk == name))];
        var failed = one.Role == "failed" || arrays.Any(array => array.Legs.Any(leg => leg.Disk == name && leg.State.Contains("faulty")));
        var disk = one.Hangs ? Health.Stalled : failed ? Health.Failed : Health.Ok;
        return container with { Health = Worst([disk, .. arrays.Select(array => array.Health)]), Arrays = arrays, Disks = [one] };
    }

    private static string Name(string about) => about.StartsWith("/dev/", StringComparison.Ordinal) ? about[(about.LastIndexOf('/') + 1)..] : about;

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
