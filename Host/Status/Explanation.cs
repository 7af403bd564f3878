using System.Globalization;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>
/// Why a container, an array or a disk is in the state that it is in, and what would change it, in sentences: a pure
/// function. What may be advised is decided by <see cref="Advice"/>.
/// </summary>
internal static partial class Explanation
{
    /// <summary>So many of the latest events say how it came about.</summary>
    private const int MostEvents = 5;

    /// <summary>The sentences, in order: what it is, why, what would change it, what has led here.</summary>
    internal static IEnumerable<string> Of(HostStatus status, NamedThing thing, IReadOnlyList<EventStatus> events)
    {
        if (thing is not { Container: { } container })
            return thing.Array is { } native ? [.. Native(native, Looked(status))] : [];
        var (_, array, disk) = thing;
        var now = Looked(status);
        return
        [
            array is not null ? Headline(array, now) : disk is not null ? Headline(container, disk, now)
                : Headline(container),
            .. status.Problem is { } problem ? [$"Not everything is known: {problem}. It is tried again."]
                : Array.Empty<string>(),
            .. Supervision(container),
            .. array is not null ? Of(container, array, events)
                : disk is not null ? Uses(container, disk)
                : container.Arrays.SelectMany(one => Part(container, one, now, events)),
            .. (disk is null ? container.Disks : [disk]).SelectMany(one => Disk(container, one)),
            .. Story(container, thing, events),
        ];
    }

    /// <summary>When a daemon has looked, which knows since when things are so; null: none runs.</summary>
    private static DateTimeOffset? Looked(HostStatus status) => status.Process == 0 ? null : status.At;

    private static string Headline(ContainerStatus container)
    {
        var format = container.Format is "" ? ""
            : container.Generation == 0 ? $" ({container.Format})"
            : Text($" ({container.Format}, generation {container.Generation})");
        var disks = container is { Disks.IsEmpty: true, WaitsHealth: Health.Unknown } ? "disks unknown"
            : StatusView.Count(container.Disks.Length, "disk");
        return $"{container.Name} is a container{format} and {Words.Of(container.Health)}: "
            + $"{StatusView.Count(container.Arrays.Length, "array")}, {disks}.";
    }

    private static string Headline(ContainerStatus container, DiskStatus disk, DateTimeOffset? now)
    {
        var serial = disk.Serial is "" ? "" : $" (serial {disk.Serial})";
        var role = disk switch
        {
            { Unreadable: not null } => "whose metadata is not known",
            { Role: "unknown" } => "of which the metadata does not know anything",
            { Role: "failed" } => "failed by its metadata",
            _ => $"a {disk.Role} by its metadata",
        };
        return $"{disk.Name}{serial} is a disk of {container.Name}, "
            + $"{role}{(disk.Hangs ? ", and does not answer" : "")}{Since(disk.Since, now)}.";
    }

    private static string Headline(ArrayStatus array, DateTimeOffset? now)
    {
        var detail = StatusView.Detail(array);
        return $"{Name(array)} is "
            + $"{Words.Of(array.Health)}{(detail is null ? "" : ", " + detail)}{Since(array.Since, now)}.";
    }

    /// <summary>Nothing where nobody has looked before (null).</summary>
    private static string Since(DateTimeOffset since, DateTimeOffset? now) =>
        now is { } then ? $", for {Words.Duration((long)(then - since).TotalSeconds)} as far as this daemon knows" : "";

    private static IEnumerable<string> Of(ContainerStatus container, ArrayStatus array,
        IReadOnlyList<EventStatus> events)
    {
        foreach (var sentence in Redundancy(container, array, events))
            yield return sentence;
        if (State(container, array) is { } state)
            yield return state;
        if (array.Health == Health.Stalled)
            yield return "Whoever writes to it waits. The kernel's log (dmesg) and actorraid events tell for what; "
                + "what is pulled now fails for all that wait for it.";
        foreach (var sentence in Action(container, array))
            yield return sentence;
        if (array.MismatchSectors > 0)
        {
            yield return Text($"The last check or repair counted {array.MismatchSectors} sectors where copies or ")
                + "parity disagree."
                + " Which is right md cannot know, and a repair overwrites one with the other: compare the files "
                    + "with a backup before anything makes them agree.";
        }
    }

    /// <summary>An array in the explanation of its container.</summary>
    private static IEnumerable<string> Part(
        ContainerStatus container, ArrayStatus array, DateTimeOffset? now, IReadOnlyList<EventStatus> events) =>
        [
            Headline(array, now), .. Redundancy(container, array, events),
            // What runs is not told in full here; why something does not is.
            .. (array.State is "inactive" or "" || array.Health == Health.Stalled)
                && State(container, array) is { } state ? [state] : Array.Empty<string>(),
            .. Action(container, array),
        ];

    private static IEnumerable<string> Redundancy(ContainerStatus container, ArrayStatus array,
        IReadOnlyList<EventStatus> events)
    {
        var faulty = array.Legs.Where(leg => leg.State.Contains("faulty")).Select(leg => leg.Disk).ToList();
        if (faulty.Count > 0)
        {
            yield return $"md has marked {List(faulty)} faulty: it takes no part any more, and is removed as soon as "
                + "the array can be written and "
                + "requests under way have ended.";
        }
        var blocked = array.Legs.Where(leg => leg.State.Contains("blocked")).Select(leg => leg.Disk).ToList();
        if (blocked.Count > 0)
            yield return Text($"{List(blocked)} is blocked: md holds writes to it until its failure or its bad ")
                + "blocks are in the metadata.";
        foreach (var sentence in BadSectors(array))
            yield return sentence;
        if (array.Conditions is { } known && known.Contains("not-whole"))
        {
            yield return $"md has other legs in sync than the metadata of {container.Name}: started again, the array "
                + "would be without those, and have what others held before. Keep it running, copy what matters from "
                + "it, and look at both: mdadm --examine shows what each disk holds, and writes nothing.";
        }
        if (array.MissingDisks is { } lacks)
        {
            var disks = lacks.Select(serial => serial is "" ? "a disk without a serial number"
                : $"the disk with serial number {serial}");
            yield return $"What it lacks: {List([.. disks])}.";
        }
        if (array.Health == Health.Failed)
        {
            yield return Lost(array);
            yield return Rescue;
            yield break;
        }
        if (array.Missing == 0 || array.Health == Health.Inactive)
            yield break;
        if (array.Action == "recover")
        {
            var bears = array.Level is "raid10" or "raid1" ? "the loss of a disk whose copy is elsewhere"
                : "no further failure";
            yield return Text($"{Legs(array.Missing)} of its {array.RaidDisks} is being rebuilt; it is whole again ")
                + Text($"when the recovery ends. Until then it bears {bears}.");
            yield break;
        }
        yield return Text($"{Legs(array.Missing)} of its {array.RaidDisks} is missing: the data is there, but what ")
            + "else fails may cost it.";
        yield return Spare(container, array,
            events.LastOrDefault(e => e.Array == array.Name && e.Kind == "no-spare")?.Text);
    }

    private static IEnumerable<string> BadSectors(ArrayStatus array) =>
        from leg in array.Legs
        where leg.BadSectors > 0
        select Text($"{leg.BadSectors} sectors of {leg.Disk} are recorded as bad: what lies there the other ")
            + "legs have, if any does. Copy what matters from the array before another disk is taken out of it; "
            + "md forgets a bad sector when it is overwritten.";

    private static string Lost(ArrayStatus array) => array.Missing > 0
        ? Text($"{array.Missing} of {array.RaidDisks} legs are missing, more than {array.Level} can do without: its ")
        + "data cannot be read with what is there."
        : "Its data cannot be read with what is there.";

    private const string Rescue =
        "Whether it can be saved is decided by what is done next: write to none of these disks, take none out, add "
            + "none, force nothing. "
        + "Find out why each disk that is missing is missing (cable, power, controller), and bring it back as it is: "
        + "when it is assembled again, "
        + "as after a restart, md may start the array with it. If it does not, copy every disk before anything else "
        + "is tried.";

    private static string Spare(ContainerStatus container, ArrayStatus array, string? refused)
    {
        if (container.Monitor is not null)
            return Text($"What disks {container.Name} has its monitor knows: mdadm --detail /dev/{container.Name} ")
                + "shows them.";
        if (Advice.Unsettled(container) is { } other)
        {
            return other.Health is Health.Unknown or Health.Stalled
                ? Text($"{Name(other)} is {Words.Of(other.Health)}: take no disk out and add none before that is over.")
                : $"{Name(other)} in the same container has not its data: the disk that is missing may be what it "
                    + "can be saved from, and a new disk in "
                    + $"its place could cost it. Settle that first, and keep a backup of what {array.Name} holds.";
        }
        var spares = container.Disks.Where(disk => disk.Role == "spare" && array.Legs.All(leg => leg.Disk != disk.Name))
            .Select(disk => disk.Name).ToList();
        if (spares.Count == 0)
        {
            var none = Text($"There is no spare in {container.Name}{(refused is null ? "" : $" ({refused})")}");
            return Advice.MayAdd(container)
                ? $"{none}: {Advice.Add(container)} gives it one, and the rebuild begins when the array is writable, "
                    + "unless activateSpares is off in the "
                    + "configuration. Everything that is on that disk is overwritten."
                : none + ".";
        }
        return array.Action == "frozen"
            ? Text($"The spare {spares[0]} is being given to md, or somebody has frozen the array.")
            : Advice.IsFrozen(array)
                ? $"There is a spare ({List(spares)}), but the array is frozen by whoever set metadata_version to "
                + "external:-: "
                + "it is given none until that is undone."
            : array.State is "readonly" or "read-auto"
                ? Text($"There is a spare ({List(spares)}); it is put to use when the array is first written to.")
            : refused is not null ? Text($"There is a spare ({List(spares)}), but it could not be used: {refused}.")
            : $"There is a spare ({List(spares)}); it is put to use as soon as the failed leg is out of the array, "
                + "unless activateSpares is off in the "
                + "configuration.";
    }

    private static string? State(ContainerStatus container, ArrayStatus array) => array.State switch
    {
        _ when array.Conditions is { } conditions && conditions.Contains("unrecorded") =>
            $"md runs it, but the metadata of {container.Name} has no such volume: it is not supervised, and its "
                + "next write hangs. It can still be read: copy "
            + "what is wanted from it, as nothing assembles it again once it is stopped.",
        _ when array.Conditions is { } conditions && conditions.Contains("unsupervised") =>
            "The daemon could not take it up, and tries again: its next write hangs until it has. actorraid events "
            + "tells why.",
        "inactive" or "clear" when array.Health == Health.Failed => "It does not run.",
        not "broken" when array.Health == Health.Failed => null, // What the next write would do is not to be tried.
        "clean" => "It is clean: nothing is being written, and the metadata says so. The next write makes it active, "
            + "once that is recorded.",
        "active" => "It is active: it is being written, and the metadata says dirty; after a crash now it would be "
            + "resynced. "
            + "It becomes clean again when nothing was written for safe_mode_delay.",
        "active-idle" => "It is active, but nothing is written any more: it is about to become clean.",
        "write-pending" => "A writer waits for the metadata to say dirty.",
        "readonly" => Advice.MayWrite(container, array)
                ? $"It is read-only, as whoever made it so wants, and is left alone until mdadm --readwrite "
                    + $"/dev/{array.Name} lets it be written."
            : Advice.IsFrozen(array)
                ? "It is read-only, and whoever stopped writes wants it left alone (metadata_version external:-)."
            : "It is read-only, and better stays so for now.",
        "read-auto" =>
            "It is read-auto: nothing has been written since it was started. The first write makes it active; a "
            + "resync or a rebuild waits for that.",
        "suspended" => "It is suspended: md holds all requests, as whoever wrote suspend_lo and suspend_hi wants.",
        "inactive" or "clear" => Stopped(container, array),
        "broken" => "It is broken: md has given it up for its failed disks.",
        "" when array.Health is Health.Unknown => "Its actor does not answer, so its state is not known: it is asked "
            + "again, and actorraid events tells if that goes on.",
        _ => null,
    };

    private static string Stopped(ContainerStatus container, ArrayStatus array)
    {
        if (array.Missing > 0)
        {
            return "It does not run. It could be started without the disks that are missing, and what is written "
                + "then they do not have: "
                + "bring them back first, if that can be done.";
        }
        return container.Arrays.Any(other => other.Health == Health.Failed)
            ? "It does not run, though all its disks are there. Settle first what has failed in the same container: "
                + "starting it writes to its metadata."
            : $"It does not run, though all its disks are there: mdadm -I /dev/{container.Name} starts it.";
    }

    private static IEnumerable<string> Action(ContainerStatus? container, ArrayStatus array)
    {
        var checkpoint = array.CheckpointSectors is { } sectors
            ? Text($" The metadata knows the first {sectors} sectors of ")
                + (array.Action == "reshape" ? "the array" : "each leg")
                + " to be done: after a restart it goes on there."
            : "";
        var rate = array.Progress is { } progress
            ? $" {Words.Percent(progress)} are done, at {Words.Size(progress.KibPerSecond * 1024)} per second"
                + (progress.SecondsLeft is { } left ? $"; about {Words.Duration(left)} are left." : ".")
            : array.Conditions is not { } conditions ? ""
            : conditions.Contains("delayed") ? " It waits until another array's on the same disks is over."
            : conditions.Contains("remote") ? " Nothing is to be done here: another node of the cluster does it."
            : "";
        switch (array.Action)
        {
            case "resync":
                yield return "A resync makes parity or copies agree: the array is new, or was dirty when it was "
                    + "started." + rate + checkpoint;
                break;
            case "recover":
                yield return "A recovery fills a disk that has taken the place of another." + rate + checkpoint;
                break;
            case "reshape":
                yield return "A reshape moves the data into another shape; the array can be used meanwhile. An mdadm "
                    + "drives it." + rate + checkpoint
                    + (container is null ? ""
                        : Advice.IsSettled(container)
                        ? " Where it stands still and no mdadm --grow runs any more (pgrep -a mdadm), that was killed: "
                            + $"mdadm --grow --continue /dev/{array.Name} goes on where it is."
                        : " While a volume of the container is without its data, leave the reshape as it is.");
                break;
            case "check":
                yield return "A check reads everything and compares; it changes nothing." + rate;
                break;
            case "repair":
                yield return "A repair reads everything and rewrites what does not agree." + rate;
                break;
            case "frozen":
                yield return "sync_action is frozen: no resync, rebuild or reshape begins until whoever froze it, an "
                    + "mdadm or the daemon, is done and thaws it.";
                break;
        }
        if (array.Conditions is { } pending && pending.Contains("pending"))
        {
            yield return (array.Action == "frozen" ? "A resync is due; it goes on when the array is thawed."
                : array.State == "readonly" ? "A resync is due; it begins when the array can be written again."
                : "A resync is due; it begins with the first write to the array.") + checkpoint;
        }
    }

    private static IEnumerable<string> Disk(ContainerStatus container, DiskStatus disk)
    {
        if (disk.Hangs)
        {
            yield return Text($"{disk.Name} ({disk.Serial}) has not answered since ")
                + Text($"{disk.Since.ToLocalTime():HH:mm:ss}: when it answers, or the kernel ")
                + "gives it up, things go on; disks that suffice without it are not held up.";
        }
        else if (disk.Unreadable is { } unreadable)
        {
            yield return $"{unreadable}. The container does without this disk's metadata until it can be used. "
                + $"{Unused(container, disk)}";
        }
        else if (disk.Unwritten)
        {
            var others = container.Disks.Any(other => other is { Role: "member", Unwritten: false, Hangs: false })
                ? "The arrays go on with the other disks' copies." : "No other member's copy can be written either.";
            yield return $"The last write of the metadata of {disk.Name} failed: its copy is old or torn, and is "
                + $"tried again every few seconds. {others} The kernel's log (dmesg) tells why it failed; a disk that "
                + "is read-only is made writable by blockdev --setrw.";
        }
        else if (disk.Role == "failed")
        {
            yield return $"{disk.Name} ({disk.Serial}) is recorded as failed, or came back with a copy that is not "
                + $"used. {Unused(container, disk)}";
        }
    }

    /// <summary>What may be done with a disk that the container does without.</summary>
    private static string Unused(ContainerStatus container, DiskStatus disk) =>
        Advice.MayTakeOut(container, disk)
            ? Text($"Every volume has its data without it: {Advice.TakeOut(container, disk)} takes it out, which ")
                + "erases nothing on it."
            : container.Arrays.Where(array => array.Legs.Any(leg => leg.Disk == disk.Name)).Select(array => array.Name)
                .ToList() is [_, ..] users
                ? Text($"{List(users)} still has it as a leg: leave it where it is.")
                : "Leave it where it is, and as it is: what it holds may be what data can be saved from.";

    private static IEnumerable<string> Uses(ContainerStatus container, DiskStatus disk)
    {
        var isUsed = false;
        foreach (var array in container.Arrays)
        {
            foreach (var leg in array.Legs.Where(leg => leg.Disk == disk.Name))
            {
                isUsed = true;
                var state = string.Join(" and ", leg.State.DefaultIfEmpty("being rebuilt"));
                yield return Text($"It is in slot {leg.Slot} of {Name(array)}, {state}; that is ")
                    + Text($"{Words.Of(array.Health)}.");
            }
            if (Advice.Needed(array, disk) is { } needed)
                yield return $"{needed}.";
        }
        if (!isUsed)
            yield return disk.Role == "spare" ? "No array uses it: it waits to replace one that fails."
                : "No array that runs uses it.";
    }

    private static IEnumerable<string> Story(ContainerStatus container, NamedThing thing,
        IReadOnlyList<EventStatus> events)
    {
        var (_, array, disk) = thing;
        bool Concerns(EventStatus e) => array is not null ? e.Array == array.Name : disk is not null
            ? e.Disk == disk.Name : e.Container == container.Name;
        var story = events.Where(e => Concerns(e) && e.Level != "debug" && e.Kind != "checkpoint").TakeLast(MostEvents)
            .ToList();
        if (story.Count > 0)
            yield return "What has led here: " + string.Join("; ", story.Select(Told)) + ".";
    }

    private static string Told(EventStatus e) =>
        Text($"{e.Time.ToLocalTime():HH:mm:ss} {e.Text}{(e.Cause is null ? "" : $" ({e.Cause})")}");

    private static string Name(ArrayStatus array) =>
        array.VolumeName is "" ? array.Name : $"{array.Name} (\"{array.VolumeName}\")";

    private static string Legs(int count) => count == 1 ? "One leg" : Text($"{count} legs");

    private static string List(List<string> names) => string.Join(", ", names);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
