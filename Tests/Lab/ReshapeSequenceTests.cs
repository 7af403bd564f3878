using System.Globalization;
using System.Text.RegularExpressions;
using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>
/// A growth step by step and message by message: what mdadm writes to sysfs and says to the supervisor, as strace saw it, and what the
/// supervisor logged, in one order by time. What happens when a step fails is tested by
/// <see cref="ReshapeTests.A_reshape_that_was_recorded_but_does_not_begin_is_undone"/>.
/// </summary>
[Collection("lab")]
public sealed partial class ReshapeSequenceTests(GuestLab lab)
{
    private const string Start = @"\245\245ZZ";
    private const string End = @"ZZ\245\245";

    /// <summary>Supervisor, and the levels of the volumes. The order of mdadm's own steps under mdmon shows that the expectations are right.</summary>
    public static TheoryData<string, string> Growths => new()
    {
        { "actorraid", "5" }, { "actorraid", "0+5" }, { "mdmon", "5" }, { "mdmon", "0+5" },
    };

    /// <summary>From freezing the container to letting go of it.</summary>
    [SoakTheory]
    [MemberData(nameof(Growths))]
    public void Each_step_of_a_growth_happens_and_after_the_one_before_it(string supervisor, string volumes)
    {
        var run = lab.PassesOnce(supervisor, "reshape-sequence", 300, $"VOLUMES={volumes}");
        var names = run.Read("volumes").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ')[1]).ToArray();
        var levels = volumes.Split('+');
        Assert.Equal(levels.Length, names.Length);
        var seen = MdadmsSteps(run.Read("trace")).Concat(SupervisorsSteps(run.Read("actorraid.log")))
            .OrderBy(step => step.Millisecond).Select(step => step.Text).ToArray();

        var expected = new List<string>();
        expected.AddRange(names.Reverse().Select(name => $"mdadm: {name}/metadata_version = external:-.*"));
        expected.AddRange(["mdadm: update 5", "mdadm: ping", "supervisor: update-applied .*reshape container"]);
        for (var volume = 0; volume < names.Length; volume++)
        {
            expected.AddRange(Growth(names[volume], striped: levels[volume] == "0", first: volume == 0));
        }

        expected.AddRange(names.Reverse().Select(name => $"mdadm: {name}/metadata_version = external:/.*"));
        MustFollow(seen, expected, supervisor, run);

        // Beside mdadm's next steps, so in no order with most of them.
        for (var volume = 0; volume < names.Length; volume++)
        {
            MustFollow(seen, Beside(names[volume], levels[volume] == "0"), supervisor, run);
        }
    }

    private static IEnumerable<string> Beside(string name, bool striped)
    {
        if (striped)
        {
            yield return $"mdadm: {name}/level = raid4";
            yield return $"supervisor: array-supervised .*{name} is supervised: RAID 4 .*";
        }

        yield return $"mdadm: {name}/sync_action = reshape";
        yield return $"supervisor: sync-action .*{name}: frozen -> reshape";
        yield return $"supervisor: legs-verified .*{name}: .*";
        yield return $"supervisor: sync-action .*{name}: reshape -> idle";
        yield return $"supervisor: reshape-ended .*{name}: .*";
        yield return $"supervisor: array-size .*{name}: .*";
        if (striped)
        {
            yield return $"supervisor: array-needs-nobody .*{name} .*";
        }

        yield return $"mdadm: {name}/metadata_version = external:/.*";
    }

    /// <summary>One volume's part: given the disk, started at a standstill, let go unit by unit, ended.</summary>
    private static IEnumerable<string> Growth(string name, bool striped, bool first)
    {
        if (striped)
        {
            yield return $"mdadm: {name}/level = raid4";
            yield return $"mdadm: {name}/sync_action = frozen";
        }

        yield return $"mdadm: {name}/raid_disks = {(striped ? 5 : 4)}";
        yield return $"mdadm: {name}/new_dev = 7:3";
        yield return $"mdadm: {name}/dev-loop3/slot = 3";
        yield return $"mdadm: {name}/sync_max = 0";
        yield return $"mdadm: {name}/sync_action = reshape";

        // 8 MiB of each leg in units of 1 MiB: the checkpoint is recorded before the kernel may go so far. mdadm sends the monitor
        // those of the first volume and writes the record itself for the others, whoever the monitor is.
        for (var unit = 0; unit < 8; unit++)
        {
            if (first)
            {
                yield return $"mdadm: update 8, unit {unit}";
                yield return "supervisor: update-applied .*migration checkpoint";
            }

            yield return $"mdadm: {name}/sync_max = {(unit + 1) * 2048}";
        }

        yield return $"supervisor: sync-action .*{name}: reshape -> idle";
        if (striped)
        {
            yield return $"mdadm: {name}/level = raid0";
        }
    }

    /// <summary>Each of the expected steps must be found behind the one before it; mdmon says nothing of its own steps.</summary>
    private void MustFollow(string[] seen, IEnumerable<string> expected, string supervisor, LabRun run)
    {
        var from = 0;
        var last = "(the beginning)";
        foreach (var step in expected.Where(step => supervisor == "actorraid" || !step.StartsWith("supervisor", StringComparison.Ordinal)))
        {
            var found = Array.FindIndex(seen, from, text => Regex.IsMatch(text, $"^(?:{step})$"));
            if (found < 0)
            {
                lab.Fail(
                    $"after \"{last}\" there is no \"{step}\"{(seen.Any(text => Regex.IsMatch(text, $"^(?:{step})$")) ? " (there is one before)" : "")}; what followed:\n"
                    + string.Join('\n', seen.Skip(from).Take(80)), run, "reshape-sequence under " + supervisor);
            }

            from = found + 1;
            last = seen[found];
        }
    }

    private static IEnumerable<(long Millisecond, string Text)> MdadmsSteps(string trace)
    {
        var length = "";
        foreach (var line in trace.Split('\n'))
        {
            if (Call().Match(line) is not { Success: true } call)
            {
                continue;
            }

            var when = (long)(double.Parse(call.Groups["time"].Value, CultureInfo.InvariantCulture) * 1000);
            var (path, data) = (call.Groups["path"].Value, call.Groups["data"].Value);
            if (path.StartsWith("/sys/", StringComparison.Ordinal))
            {
                var attribute = path[(path.IndexOf("/block/", StringComparison.Ordinal) + "/block/".Length)..].Replace("/md/", "/", StringComparison.Ordinal);
                yield return (when, $"mdadm: {attribute} = {data.Replace(@"\n", "", StringComparison.Ordinal)}");
            }
            else if (path.StartsWith("socket:", StringComparison.Ordinal) && Message(data, ref length) is { } message)
            {
                yield return (when, "mdadm: " + message);
            }
        }
    }

    // A message is written in three or four pieces: magic, length, what it says if the length is not 0 or less, magic.
    private static string? Message(string data, ref string length)
    {
        switch (data)
        {
            case Start:
                length = "";
                return null;
            case End:
                return null;
            case @"\0\0\0\0" when length.Length == 0:
                return "ping";
            case @"\377\377\377\377" when length.Length == 0:
                return "ping the manager";
            case var _ when length.Length == 0:
                length = data;
                return null;
            default:
                // Type, and for a checkpoint the low bytes of its unit 8 bytes on; strace prints them in octal.
                var bytes = Octal().Matches(data).Select(part => Convert.ToInt32(part.Groups[1].Value, 8)).ToArray();
                return bytes is [8, _, _, _, _, _, _, _, var unit, ..] ? $"update 8, unit {unit}" : $"update {bytes[0]}";
        }
    }

    private static IEnumerable<(long Millisecond, string Text)> SupervisorsSteps(string log)
    {
        foreach (var line in log.Split('\n'))
        {
            // 2026-01-01T00:00:00.000+00:00 info kind what it says
            var words = line.Split(' ', 3);
            if (words.Length == 3 && DateTimeOffset.TryParse(words[0], CultureInfo.InvariantCulture, out var when))
            {
                yield return (when.ToUnixTimeMilliseconds(), "supervisor: " + words[2]);
            }
        }
    }

    [GeneratedRegex(@"^\d+ +(?<time>[\d.]+) write\(\d+<(?<path>[^>]*)>, ""(?<data>.*?)"", \d+")]
    private static partial Regex Call();

    [GeneratedRegex(@"\\([0-7]{1,3})")]
    private static partial Regex Octal();
}
