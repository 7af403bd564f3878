using System.Globalization;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>Why an array is in the state that it is in, and what would change it, in sentences: a pure function.</summary>
internal static class Explanation
{
    /// <summary>So many of the latest events say how it came about.</summary>
    private const int MostEvents = 5;

    /// <summary>The sentences, in order: what it is, why, what would change it, what has led here.</summary>
    internal static IEnumerable<string> Of(HostStatus status, ContainerStatus container, ArrayStatus array, IReadOnlyList<EventStatus> events)
    {
        yield return Headline(array, status.At);
        foreach (var sentence in Supervision(container))
            yield return sentence;
        foreach (var sentence in Redundancy(container, array, events))
            yield return sentence;
        if (State(array) is { } state)
            yield return state;
        foreach (var sentence in Action(array))
            yield return sentence;
        foreach (var sentence in Disks(container))
            yield return sentence;
        if (array.MismatchSectors > 0)
            yield return Text($"The last check or repair counted {array.MismatchSectors} sectors where copies or parity disagree; echo repair into sync_action makes them agree (which copy is right, md cannot know).");
        var story = events.Where(e => e.Array == array.Name && e.Level != "debug" && e.Kind != "checkpoint").TakeLast(MostEvents).ToList();
        if (story.Count > 0)
            yield return "What has led here: " + string.Join("; ", story.Select(e => Text($"{e.Time.ToLocalTime():HH:mm:ss} {e.Text}{(e.Cause is null ? "" : $" ({e.Cause})")}"))) + ".";
    }

    private static string Headline(ArrayStatus array, DateTimeOffset now)
    {
        var detail = StatusView.Detail(array);
        return Text($"{array.Name}{(array.VolumeName is "" ? "" : $" (\"{array.VolumeName}\")")} is {Words.Of(array.Health)}{(detail is null ? "" : ", " + detail)}, for {Words.Duration((long)(now - array.Since).TotalSeconds)} as far as this daemon knows.");
    }

    private static IEnumerable<string> Supervision(ContainerStatus container)
    {
        if (container.Monitor == 0)
            yield return Text($"Nobody monitors {container.Name}: the array's next write that changes its state waits until somebody does; actorraid supervise {container.Name} takes it up.");
        else if (container.Monitor is { } process)
            yield return Text($"{container.Name} is monitored by process {process}, not by this daemon: mdmon, or it was handed over; actorraid supervise --takeover {container.Name} takes it over.");
        else if (container.WaitsFor is { } waits)
            yield return Text($"The daemon waits here: {waits}. Until that ends, writers whose write changes the array's state wait too.");
    }

    private static IEnumerable<string> Redundancy(ContainerStatus container, ArrayStatus array, IReadOnlyList<EventStatus> events)
    {
        var faulty = array.Legs.Where(leg => leg.State.Contains("faulty")).Select(leg => leg.Disk).ToList();
        if (faulty.Count > 0)
            yield return Text($"md has marked {List(faulty)} faulty: it takes no part any more, and is removed as soon as the array can be written and requests under way have ended.");
        var blocked = array.Legs.Where(leg => leg.State.Contains("blocked")).Select(leg => leg.Disk).ToList();
        if (blocked.Count > 0)
            yield return Text($"{List(blocked)} is blocked: md holds writes to it until its failure or its bad blocks are in the metadata.");
        if (array.Missing == 0)
            yield break;
        if (array.Health == Health.Failed)
        {
            yield return Text($"{array.Missing} of {array.RaidDisks} legs are missing, more than {array.Level} can do without: its data cannot be read. Bring a disk back that was in it, then stop and assemble the container again; write nothing before.");
            yield break;
        }
        if (array.Action == "recover")
        {
            yield return Text($"{Legs(array.Missing)} of its {array.RaidDisks} is being rebuilt; it is whole again when the recovery ends. Until then it bears {(array.Level is "raid10" or "raid1" ? "the loss of a disk whose copy is elsewhere" : "no further failure")}.");
            yield break;
        }
        var spares = container.Disks.Where(disk => disk.Role == "spare" && array.Legs.All(leg => leg.Disk != disk.Name)).Select(disk => disk.Name).ToList();
        var refused = events.LastOrDefault(e => e.Array == array.Name && e.Kind == "no-spare")?.Text;
        yield return Text($"{Legs(array.Missing)} of its {array.RaidDisks} is missing: the data is there, but what else fails may cost it.");
        yield return spares.Count == 0
            ? Text($"There is no spare in {container.Name}{(refused is null ? "" : $" ({refused})")}: mdadm --add /dev/{container.Name} DISK gives it one, and the rebuild begins by itself.")
            : array.Action == "frozen" ? Text($"The spare {spares[0]} is being given to md.")
            : Frozen(array) ? Text($"There is a spare ({List(spares)}), but the array is frozen by whoever set metadata_version to external:-: it is given none until that is undone.")
            : array.State is "readonly" or "read-auto" ? Text($"There is a spare ({List(spares)}); it is put to use when the array is first written to.")
            : refused is not null ? Text($"There is a spare ({List(spares)}), but it could not be used: {refused}.")
            : Text($"There is a spare ({List(spares)}); it is put to use as soon as the failed leg is out of the array, unless activateSpares is off in the configuration.");
    }

    private static string? State(ArrayStatus array) => array.State switch
    {
        "clean" => "It is clean: nothing is being written, and the metadata says so. The next write makes it active, once that is recorded.",
        "active" => "It is active: it is being written, and the metadata says dirty; after a crash now it would be resynced. It becomes clean again when nothing was written for safe_mode_delay.",
        "active-idle" => "It is active, but nothing is written any more: it is about to become clean.",
        "write-pending" => "A writer waits for the metadata to say dirty.",
        "readonly" => Frozen(array)
            ? "It is read-only, and whoever stopped writes wants it left alone (metadata_version external:-)."
            : "It is read-only: mdadm --readwrite lets it be written.",
        "read-auto" => "It is read-auto: nothing has been written since it was started. The first write makes it active; a resync or a rebuild waits for that.",
        "suspended" => "It is suspended: md holds all requests, as whoever wrote suspend_lo and suspend_hi wants.",
        "inactive" or "clear" => "It has stopped.",
        "broken" => "It is broken: md has given it up for its failed disks.",
        "" when array.Health == Health.Unknown => "Its actor does not answer, so its state is not known.",
        _ => null,
    };

    private static IEnumerable<string> Action(ArrayStatus array)
    {
        var checkpoint = array.CheckpointSectors is { } sectors
            ? Text($" The metadata knows the first {sectors} sectors of each leg to be done: after a restart it goes on there.")
            : "";
        var rate = array.Progress is { } progress
            ? Text($" {Words.Percent(progress)} are done, at {Words.Size(progress.KibPerSecond * 1024)} per second{(progress.SecondsLeft is { } left ? $"; about {Words.Duration(left)} are left" : "")}.")
            : array.Conditions is { } conditions && conditions.Contains("delayed") ? " It waits until another array's on the same disks is over." : "";
        switch (array.Action)
        {
            case "resync":
                yield return "A resync makes parity or copies agree: the array is new, or was dirty when it was started." + rate + checkpoint;
                break;
            case "recover":
                yield return "A recovery fills a disk that has taken the place of another." + rate + checkpoint;
                break;
            case "reshape":
                yield return "A reshape moves the data into another shape; the array can be used meanwhile. An mdadm "
                    + "drives it: where it stands still that was killed, and mdadm --grow --continue "
                    + $"/dev/{array.Name} goes on where it is." + rate + checkpoint;
                break;
            case "check":
                yield return "A check reads everything and compares; it changes nothing." + rate;
                break;
            case "repair":
                yield return "A repair reads everything and rewrites what does not agree." + rate;
                break;
            case "frozen":
                yield return "sync_action is frozen: no resync, rebuild or reshape begins until somebody writes idle there. The daemon does so itself when it has given md a spare.";
                break;
        }
        if (array.Conditions is { } pending && pending.Contains("pending"))
            yield return "A resync is due; it begins with the first write to the array (or with mdadm --readwrite)." + checkpoint;
    }

    private static IEnumerable<string> Disks(ContainerStatus container)
    {
        foreach (var disk in container.Disks)
        {
            if (disk.Hangs)
                yield return Text($"{disk.Name} ({disk.Serial}) has not answered since {disk.Since.ToLocalTime():HH:mm:ss}: when it answers, or the kernel gives it up, things go on; disks that suffice without it are not held up.");
            else if (disk.Unreadable is { } unreadable)
                yield return Text($"{unreadable}. The container does without this disk's metadata, and tries again to read it; if it is dead, mdadm --remove takes it out of the container, and it should be replaced.");
            else if (disk.Role == "failed")
                yield return Text($"{disk.Name} ({disk.Serial}) is recorded as failed: mdadm --remove takes it out of the container, and it should be replaced.");
        }
    }

    private static bool Frozen(ArrayStatus array) => array.Conditions is { } conditions && conditions.Contains("frozen");

    private static string Legs(int count) => count == 1 ? "One leg" : Text($"{count} legs");

    private static string List(List<string> names) => string.Join(", ", names);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
