using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>What `mdadm -E` prints for one disk, as a list of named fields: the name is made of the section and the label.</summary>
public static class MdadmReport
{
    /// <summary>
    /// Labels whose values differ from run to run: they count commits, or are made of the clock and random numbers when a
    /// container is created (families, and the UUIDs that mdadm derives from them). Of a family it is compared whether it is the original one.
    /// </summary>
    private static readonly string[] Volatile =
        ["Generation", "Checksum", "Creation Time", "Orig Family", "Family", "UUID"];

    /// <summary>
    /// In a record without volumes (a spare's), mdadm 4.5 and later write another version and other attributes than
    /// mdadm before: nobody reads either.
    /// </summary>
    private static readonly string[] OfVolumes = ["Version", "Attributes"];

    /// <summary>The fields of a report that must not differ between two supervisors, in the report's order.</summary>
    /// <param name="report">What mdadm printed.</param>
    /// <param name="placesDiffer">Disks are named by their serial, not by their place in the disk table, and the fields are in their names' order.</param>
    public static IReadOnlyList<KeyValuePair<string, string>> Fields(string report, bool placesDiffer = false)
    {
        var fields = new List<KeyValuePair<string, string>>();
        var section = "";
        var original = "";
        var isSpare = !report.Contains("\n[", StringComparison.Ordinal);
        foreach (var raw in report.Split('\n'))
        {
            var line = raw.Trim();
            if (line.StartsWith('['))
            {
                section = line;
                fields.Add(new("section", line));
            }
            else if (line.IndexOf(" : ", StringComparison.Ordinal) is > 0 and var colon)
            {
                var label = line[..colon].Trim();
                if (label.StartsWith("Disk", StringComparison.Ordinal) && label.EndsWith("Serial", StringComparison.Ordinal))
                {
                    section = placesDiffer ? line[(colon + 3)..].Trim() : label.Split(' ')[0];
                    label = placesDiffer ? "Serial" : label;
                }

                if (isSpare && OfVolumes.Contains(label))
                {
                    continue;
                }

                if (!Volatile.Contains(label))
                {
                    fields.Add(new($"{section} {label}", line[(colon + 3)..].Trim()));
                }
                else if (label == "Orig Family")
                {
                    original = line[(colon + 3)..].Trim();
                }
                else if (label == "Family")
                {
                    fields.Add(new($"{section} {label}", line[(colon + 3)..].Trim() == original ? "the original one" : "another"));
                }
                else if (label == "Checksum")
                {
                    fields.Add(new($"{section} {label}", line.EndsWith("correct", StringComparison.Ordinal) ? "correct" : "wrong"));
                }
            }
            else if (line.Length > 0)
            {
                fields.Add(new("text", line));
            }
        }

        return placesDiffer ? [.. fields.OrderBy(field => field.Key, StringComparer.Ordinal)] : fields;
    }

    /// <summary>Compares what two runs of a script dumped, one under mdmon and one under ActorRaid.</summary>
    /// <param name="mdmon">The one.</param>
    /// <param name="ours">The other.</param>
    /// <param name="dumps">Which dumps: the moment and the disk of each.</param>
    /// <param name="placesDiffer">Disks may have other places in the disk table.</param>
    /// <returns>How many fields were compared, and the differences.</returns>
    public static (int Compared, IReadOnlyList<string> Differences) Compare(
        LabRun mdmon, LabRun ours, IEnumerable<(string Moment, string Disk)> dumps, bool placesDiffer = false)
    {
        var differences = new List<string>();
        var compared = 0;
        foreach (var (moment, disk) in dumps)
        {
            var theirs = mdmon.Read($"metadata/mdmon/{moment}/{disk}");
            Assert.False(theirs.Length == 0, $"mdmon's run left no dump {moment}/{disk}");
            compared += Fields(theirs).Count;
            differences.AddRange(Differences(theirs, ours.Read($"metadata/actorraid/{moment}/{disk}"), placesDiffer)
                .Select(difference => $"{moment} {disk}: {difference}"));
        }

        return (compared, differences);
    }

    /// <summary>The differences between two reports, one line each; none if they are equal but for what is volatile.</summary>
    public static IEnumerable<string> Differences(string mdmon, string actorraid, bool placesDiffer = false)
    {
        var left = Fields(mdmon, placesDiffer);
        var right = Fields(actorraid, placesDiffer);
        for (var i = 0; i < Math.Max(left.Count, right.Count); i++)
        {
            var a = i < left.Count ? $"{left[i].Key} = {left[i].Value}" : "(nothing)";
            var b = i < right.Count ? $"{right[i].Key} = {right[i].Value}" : "(nothing)";
            if (a != b)
            {
                yield return $"mdmon: {a}; ActorRaid: {b}";
            }
        }
    }
}
