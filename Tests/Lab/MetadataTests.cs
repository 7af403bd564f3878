using System.Text.RegularExpressions;
using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>The metadata that ActorRaid leaves is the metadata that mdmon leaves.</summary>
[Collection("lab")]
public sealed class MetadataTests(GuestLab lab)
{
    private static readonly string[] Moments =
    [
        "01-create", "02-dirty", "03-clean", "04-fail", "05-rebuild", "06-remove-and-add-again", "07-second-volume", "08-stop",
        "09-assemble", "10-degraded-assemble",
    ];

    /// <summary>Bytes.</summary>
    public static TheoryData<int> SectorSizes => new(512, 4096);

    /// <summary>Ten moments, five disks, every field but the volatile ones; with both sizes of sectors. Two whole lives of a container: four minutes.</summary>
    [SoakTheory]
    [MemberData(nameof(SectorSizes))]
    public void At_ten_moments_the_metadata_equals_what_mdmon_leaves_in_every_field_but_the_volatile_ones(int sector)
    {
        var mdmon = lab.PassesOnce("mdmon", "metadata", 400, $"SECTOR={sector}");
        var ours = lab.PassesOnce("actorraid", "metadata", 400, $"SECTOR={sector}");
        var (compared, differences) = MdadmReport.Compare(
            mdmon, ours, from moment in Moments from number in Enumerable.Range(0, 5) select (moment, $"loop{number}"));
        Assert.True(compared > 1000, $"only {compared} fields were compared: the dumps are not what mdadm -E prints");
        if (differences.Count > 0)
        {
            lab.Fail($"{differences.Count} differences:\n{string.Join('\n', differences.Take(60))}", ours, "metadata under ActorRaid");
        }
    }

    /// <summary>The report of `actorraid examine`, line by line.</summary>
    [SoakTheory]
    [MemberData(nameof(SectorSizes))]
    public void At_the_same_moments_examine_shows_what_mdadm_shows_in_every_field(int sector)
    {
        var run = lab.PassesOnce("actorraid", "metadata", 400, $"SECTOR={sector}");
        var differences = new List<string>();
        foreach (var moment in Moments)
        {
            foreach (var disk in Enumerable.Range(0, 5).Select(i => $"loop{i}"))
            {
                var theirs = run.Read($"metadata/actorraid/{moment}/{disk}");
                if (!theirs.Contains("Intel Raid ISM", StringComparison.Ordinal))
                {
                    continue;
                }

                var ours = run.Read($"metadata/actorraid/{moment}/{disk}.examine");
                var missing = Lines(theirs).Except(Lines(ours)).Select(line => $"{moment} {disk}: only mdadm says: {line}");
                var extra = Lines(ours).Except(Lines(theirs)).Select(line => $"{moment} {disk}: only examine says: {line}");
                differences.AddRange(missing.Concat(extra));
            }
        }

        if (differences.Count > 0)
        {
            lab.Fail($"{differences.Count} differences:\n{string.Join('\n', differences.Take(60))}", run, "examine");
        }
    }

    /// <summary>mdadm since 4.5 adds the attributes' bits to the word that it had before.</summary>
    private static IEnumerable<string> Lines(string report) =>
        from line in report.Split('\n')
        where line.Trim().Length > 0
        select Regex.Replace(line.Trim(), "^Attributes : [0-9a-f]{8} \\(supported\\)$", "Attributes : All supported");
}
