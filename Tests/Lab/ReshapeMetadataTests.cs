using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>
/// The metadata that changes of shape leave is what mdmon leaves, in every field but the volatile ones, of every disk, before and after
/// (in the middle of it the two are never at the same point); the exceptions are in <see cref="KnownDifference"/>.
/// </summary>
[Collection("lab")]
public sealed class ReshapeMetadataTests(GuestLab lab)
{
    /// <summary>Scripts and their variables.</summary>
    public static TheoryData<string> Compared => new(
        "grow FROM=2 TO=3 VOLUMES=0", "grow FROM=2 TO=4 VOLUMES=0", "grow FROM=3 TO=4 VOLUMES=0",
        "grow FROM=3 TO=4 VOLUMES=5", "grow FROM=3 TO=5 VOLUMES=5", "grow FROM=3 TO=4 VOLUMES=0+0",
        "grow FROM=3 TO=4 VOLUMES=0+5", "grow FROM=3 TO=4 VOLUMES=5+0",
        "migrate WHAT=0-5", "migrate WHAT=0-5-inside", "migrate WHAT=0-10", "migrate WHAT=10-0",
        "migrate WHAT=1-0", "migrate WHAT=chunk0", "migrate WHAT=chunk5",
        "resize LEVEL=5", "resize LEVEL=10", "policy POLICY=ppl", "policy POLICY=bitmap", "volumes",
        "interrupted-reshape WHAT=grow WAY=stop", "interrupted-reshape WHAT=grow WAY=kill",
        "interrupted-reshape WHAT=chunk WAY=stop", "interrupted-reshape WHAT=chunk WAY=kill");

    /// <summary>What is under way when the power goes.</summary>
    public static TheoryData<string> Cut => new("grow", "chunk");

    /// <summary>Growth, migration, size, policy; and reshapes that were interrupted three times.</summary>
    [SoakTheory]
    [MemberData(nameof(Compared))]
    public void The_metadata_equals_what_mdmon_leaves_after_the_same_changes(string script)
    {
        var words = script.Split(' ');
        Compare(script, lab.PassesOnce("mdmon", words[0], 500, words[1..]), lab.PassesOnce("actorraid", words[0], 500, words[1..]));
    }

    /// <summary>The power went three times in the reshape.</summary>
    [SoakTheory]
    [MemberData(nameof(Cut))]
    public void The_metadata_equals_what_mdmon_leaves_after_a_reshape_with_power_cuts(string what) =>
        Compare("interrupted-reshape cut " + what, CutReshape.Run(lab, "mdmon", what), CutReshape.Run(lab, "actorraid", what));

    private void Compare(string script, LabRun mdmon, LabRun ours)
    {
        var dumps = from folder in Directory.GetDirectories(Path.Combine(mdmon.Output, "metadata/mdmon"))
                    where !Path.GetFileName(folder).StartsWith("during", StringComparison.Ordinal)
                    from disk in Directory.GetFiles(folder)
                    orderby disk
                    select (Path.GetFileName(folder), Path.GetFileName(disk));
        var (compared, all) = MdadmReport.Compare(mdmon, ours, dumps, KnownDifference.PlacesDiffer.Contains(script));
        Assert.True(compared > 50, $"only {compared} fields were compared: the dumps are not what mdadm -E prints");
        var differences = KnownDifference.Without(script, all).ToArray();
        if (differences.Length > 0)
        {
            lab.Fail($"{differences.Length} differences:\n{string.Join('\n', differences.Take(60))}", ours, script + " under ActorRaid");
        }
    }
}
