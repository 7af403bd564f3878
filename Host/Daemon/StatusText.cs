using System.Globalization;
using ActorRaid.Actors;
using ActorRaid.Metadata;

namespace ActorRaid.Host.Daemon;

/// <summary>How things stand, in one line: <c>2 containers, 3 arrays; md126 recovery 43 %; md124 degraded, 2 of 3 legs</c>.</summary>
internal static class StatusText
{
    /// <summary>The line: how much there is, then what is not as it should be, the worst first, then what runs.</summary>
    internal static string Of(SystemReport report)
    {
        if (report.Containers.IsEmpty)
            return "nothing to supervise";
        var arrays = report.Containers.Sum(container => container.Arrays.Length);
        return string.Join("; ", new[] { $"{Count(report.Containers.Length, "container")}, {Count(arrays, "array")}" }
            .Concat(report.Containers.Select(Trouble).OfType<string>())
            .Concat(report.Containers.SelectMany(container => container.Disks).Where(disk => disk.Hangs || !disk.Answers || disk.Unreadable is not null).Select(Trouble))
            .Concat(report.Containers.SelectMany(container => container.Arrays).Select(Standing).OfType<string>()));
    }

    /// <summary>What is wrong with a container's answering; null: nothing.</summary>
    internal static string? Trouble(ContainerReport container) => container.Health switch
    {
        ContainerHealth.Answers => null,
        ContainerHealth.Starting => $"{container.Name} is being taken up",
        ContainerHealth.Silent => $"{container.Name} does not answer ({string.Join(", ", container.Silent)})",
        ContainerHealth.Refused or ContainerHealth.Lost => $"{container.Name} is not supervised",
        ContainerHealth.WaitsInKernel => $"{container.Name} is stuck, waiting in the kernel",
        _ => $"{container.Name} is stuck",
    };

    /// <summary>Whether anything goes on whose progress is shown.</summary>
    internal static bool Moves(SystemReport report) =>
        report.Containers.Any(container => container.Health != ContainerHealth.Answers || container.Arrays.Any(array => array.Done is not null));

    private static string Trouble(DiskReport disk) =>
        disk.Unreadable is not null ? $"{disk.Name} cannot be read" : disk.Hangs ? $"{disk.Name} has not answered a metadata write" : $"{disk.Name} is waited for in the kernel";

    private static string? Standing(ArrayReport array)
    {
        var action = array.Action switch
        {
            SyncAction.Idle or SyncAction.Unknown => null,
            SyncAction.Recover => "recovery",
            SyncAction.Frozen => "frozen",
            _ => array.Action.ToWord(),
        };
        if (action is not null)
            return string.Create(CultureInfo.InvariantCulture, $"{array.Name} {action}{(array.Done is { } done ? $" {Math.Floor(done * 100)} %" : "")}");
        return array.Missing > 0 ? $"{array.Name} degraded, {array.RaidDisks - array.Missing} of {array.RaidDisks} legs" : null;
    }

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number} {what}{(number == 1 ? "" : "s")}");
}
