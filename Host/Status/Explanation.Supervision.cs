using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

// Who looks after a container, or a native array, and what is to be done where that is the trouble.
internal static partial class Explanation
{
    private static IEnumerable<string> Supervision(ContainerStatus container)
    {
        var isSupported = SupportedFormats.All.Any(format => format.Name == container.Format);
        var runs = container.Arrays.Any(array => array.State is not "inactive");
        switch (container)
        {
            case { Monitor: null or 0, WaitsFor: null }:
                yield break; // This daemon monitors it, or nothing of it runs.
            case { Monitor: { } own, WaitsFor: null }:
                yield return Text($"{container.Name} is monitored by process {own}, mdadm's own mdmon: its metadata ")
                    + Text($"({container.Format}) is not supported here. ")
                    + "Which of its volumes do not run is not told here: mdadm --examine of its disks shows all that "
                    + "it has.";
                break;
            case { Monitor: 0, WaitsFor: { } unread } when !runs:
                yield return $"Nothing of it runs, and {unread}. mdadm --examine shows what each disk holds, and "
                    + "writes nothing.";
                break;
            case { Monitor: 0, WaitsFor: { } refused } when refused.StartsWith(StatusMap.NotTakenUp,
                StringComparison.Ordinal):
                yield return $"The daemon wants to monitor {container.Name}, and cannot: {refused}. What keeps it "
                    + "from that is to be mended; then it is taken up by itself. "
                    + "mdadm --examine shows what each disk holds, and writes nothing.";
                break;
            case { Monitor: 0 }:
                yield return $"Nobody monitors {container.Name}: the next write to an array of it that changes the "
                    + "array's state waits until somebody does; "
                    + (isSupported ? $"actorraid supervise {container.Name} takes it up."
                    : $"mdmon {container.Name} starts mdadm's own mdmon, as {container.Format} is not supported "
                    + "here.");
                break;
            case { Monitor: { } process }:
                yield return Text($"{container.Name} is monitored by process {process}, not by this daemon: mdmon, ")
                    + "or it was handed over; "
                    + $"actorraid supervise --takeover {container.Name} takes it over.";
                break;
            case { WaitsFor: StatusMap.Stuck }:
                yield return $"The daemon cannot look after it: {StatusMap.Stuck}. systemctl restart actorraid does "
                    + "that, as systemd's watchdog does by itself, and costs no data.";
                break;
            case { WaitsFor: { } waits, WaitsHealth: Health.Stalled }:
                yield return $"The daemon waits here: {waits}. Until that ends, writers may wait too. Another "
                    + "process would wait as well: the kernel's log (dmesg) tells what it "
                    + "knows of disks and of md. Nothing else is to be done here; what is pulled now fails for all "
                    + "that wait for it.";
                break;
            case { WaitsFor: { } unknown } when unknown.StartsWith(StatusMap.MonitorUnknown, StringComparison.Ordinal):
                yield return $"Its state is unknown: {unknown}. Once that file can be read, or is gone, it is known; "
                    + "nothing else is to be done before.";
                break;
            case { WaitsFor: { } waits }:
                yield return $"Its state is unknown: {waits}. Nothing is to be done yet: what is being "
                    + "taken up or restarted answers in a moment, and actorraid events "
                    + "tells if it does not.";
                break;
        }
    }

    private static IEnumerable<string> Native(ArrayStatus array, DateTimeOffset? now)
    {
        yield return Headline(array, now);
        var level = array.Level is "" ? "" : $" ({array.Level})";
        yield return $"It is a native array{level}: the kernel writes its metadata by itself. It is not supervised "
            + "here, and only what /proc/mdstat and sysfs show is known.";
        var faulty = array.Legs.Where(leg => leg.State.Contains("faulty")).Select(leg => leg.Disk).ToList();
        if (faulty.Count > 0)
            yield return $"md has marked {List(faulty)} faulty: it takes no part any more.";
        foreach (var sentence in BadSectors(array))
            yield return sentence;
        switch (array.Health)
        {
            case Health.Failed:
                yield return Lost(array);
                yield return Rescue;
                break;
            case Health.Inactive:
                yield return "It does not run: it was assembled and not started, or disks of it are missing. "
                    + $"mdadm --detail /dev/{array.Name} shows which it has, and mdadm --examine what each disk "
                    + "holds; both write nothing.";
                break;
            case Health.Degraded when array.Missing > 0:
                yield return Text($"{Legs(array.Missing)} of its {array.RaidDisks} is missing: the data is there, ")
                    + "but what else fails may cost it. "
                    + $"mdadm --detail /dev/{array.Name} shows what it has; mdadm(8) says how a disk is "
                    + "replaced, and nothing of that is done here.";
                break;
            case Health.Unknown:
                yield return $"What its state means is not known here: mdadm --detail /dev/{array.Name} shows what "
                    + "it has.";
                break;
            case Health.Degraded or Health.Rebuilding or Health.Ok:
                foreach (var sentence in Action(null, array))
                    yield return sentence;
                break;
        }
    }
}
