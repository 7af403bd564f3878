using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>
/// Arrays change their shape under mdadm --grow, with ActorRaid in mdmon's place. An ordinary run takes a row of each kind,
/// ACTORRAID_SOAK=1 all of them.
/// </summary>
[Collection("lab")]
public sealed class ReshapeTests(GuestLab lab)
{
    private const int PowerCut = 122;
    private const long DiskBytes = 48 << 20;

    /// <summary>Disks before and after, and the levels of the container's volumes.</summary>
    public static TheoryData<int, int, string> Growths => GuestLab.Soak
        ? new() { { 2, 3, "0" }, { 2, 4, "0" }, { 3, 4, "0" }, { 3, 4, "5" }, { 3, 5, "5" }, { 3, 4, "0+0" }, { 3, 4, "0+5" }, { 3, 4, "5+0" } }
        : new() { { 3, 4, "0+5" } };

    /// <summary>As migrate.sh has them.</summary>
    public static TheoryData<string> Migrations => GuestLab.Soak
        ? new("0-5", "0-5-inside", "0-10", "10-0", "1-0", "chunk0", "chunk5")
        : new("0-10");

    /// <summary>What is under way, and how it is interrupted.</summary>
    public static TheoryData<string, string> Interruptions => GuestLab.Soak
        ? new() { { "grow", "stop" }, { "grow", "kill" }, { "grow", "mdadm" }, { "chunk", "stop" }, { "chunk", "kill" }, { "chunk", "mdadm" }, { "grow0", "stop" }, { "grow0", "kill" } }
        : new() { { "chunk", "kill" } };

    /// <summary>The same for power cuts.</summary>
    public static TheoryData<string> CutReshapes => GuestLab.Soak ? new("grow", "chunk") : new("grow");

    /// <summary>What is recorded against the write hole.</summary>
    public static TheoryData<string> Policies => new("ppl", "bitmap");

    /// <summary>Capacity expansion.</summary>
    [Theory]
    [MemberData(nameof(Growths))]
    public void A_container_grows_by_its_spares_and_its_volumes_with_it_one_after_the_other(int from, int to, string volumes) =>
        lab.PassesOnce("actorraid", "grow", 400, $"FROM={from}", $"TO={to}", $"VOLUMES={volumes}");

    /// <summary>Level and chunk.</summary>
    [Theory]
    [MemberData(nameof(Migrations))]
    public void A_volume_changes_its_level_or_its_chunk_and_keeps_its_data(string what) => lab.PassesOnce("actorraid", "migrate", 400, $"WHAT={what}");

    /// <summary>Size in place.</summary>
    [SoakFact]
    public void A_volume_grows_to_what_its_disks_have_left() => lab.PassesOnce("actorraid", "resize", 300, "LEVEL=5");

    /// <summary>PPL and bitmap.</summary>
    [SoakTheory]
    [MemberData(nameof(Policies))]
    public void What_a_volume_does_about_a_crash_is_changed_and_changed_back(string policy) =>
        lab.PassesOnce("actorraid", "policy", 300, $"POLICY={policy}");

    /// <summary>Kill, rename, create; spares.</summary>
    [SoakFact]
    public void Volumes_are_deleted_renamed_and_created_while_another_one_is_written() => lab.PassesOnce("actorraid", "volumes", 300);

    /// <summary>Scripts whose metadata is compared with what mdmon leaves.</summary>
    public static TheoryData<string, string> Compared => new()
    {
        { "grow", "FROM=2 TO=3 VOLUMES=0" }, { "grow", "FROM=2 TO=4 VOLUMES=0" }, { "grow", "FROM=3 TO=4 VOLUMES=0" },
        { "grow", "FROM=3 TO=4 VOLUMES=5" }, { "grow", "FROM=3 TO=5 VOLUMES=5" }, { "grow", "FROM=3 TO=4 VOLUMES=0+0" },
        { "grow", "FROM=3 TO=4 VOLUMES=0+5" }, { "grow", "FROM=3 TO=4 VOLUMES=5+0" },
        { "migrate", "WHAT=0-5" }, { "migrate", "WHAT=0-5-inside" }, { "migrate", "WHAT=0-10" }, { "migrate", "WHAT=10-0" },
        { "migrate", "WHAT=1-0" }, { "migrate", "WHAT=chunk0" }, { "migrate", "WHAT=chunk5" },
        { "resize", "LEVEL=5" }, { "policy", "POLICY=ppl" }, { "policy", "POLICY=bitmap" }, { "volumes", "" },
    };

    /// <summary>Every field but the volatile ones, of every disk, before and after.</summary>
    [SoakTheory]
    [MemberData(nameof(Compared))]
    public void The_metadata_equals_what_mdmon_leaves_after_the_same_changes(string script, string variables)
    {
        var given = variables.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var mdmon = lab.PassesOnce("mdmon", script, 400, given);
        var ours = lab.PassesOnce("actorraid", script, 400, given);
        // In the middle of it the two are never at the same point.
        var dumps = from folder in Directory.GetDirectories(Path.Combine(mdmon.Output, "metadata/mdmon"))
                    where !Path.GetFileName(folder).StartsWith("during", StringComparison.Ordinal)
                    from disk in Directory.GetFiles(folder)
                    orderby disk
                    select (Path.GetFileName(folder), Path.GetFileName(disk));
        var (compared, differences) = MdadmReport.Compare(mdmon, ours, dumps);
        Assert.True(compared > 50, $"only {compared} fields were compared: the dumps are not what mdadm -E prints");
        if (differences.Count > 0)
        {
            lab.Fail($"{differences.Count} differences:\n{string.Join('\n', differences.Take(60))}", ours, $"{script} {variables} under ActorRaid");
        }
    }

    /// <summary>What mdadm does not do.</summary>
    [SoakFact]
    public void What_mdadm_refuses_changes_nothing() => lab.Passes("refusals", 300);

    /// <summary>Stop and assemble, or the supervisor's death, three times in a reshape.</summary>
    [Theory]
    [MemberData(nameof(Interruptions))]
    public void A_reshape_that_is_interrupted_goes_on_from_where_it_had_come_to(string what, string way) =>
        lab.Passes("interrupted-reshape", 500, $"WHAT={what}", $"WAY={way}");

    /// <summary>The power goes three times in a reshape, in an ordinary run once.</summary>
    [Theory]
    [MemberData(nameof(CutReshapes))]
    public void A_reshape_goes_on_after_each_power_cut(string what)
    {
        var folder = lab.Folder("interrupted-reshape-cut-" + what);
        var disks = GuestLab.MakeDisks(folder, what == "grow" ? 4 : 3, DiskBytes);

        string[] points = GuestLab.Soak ? ["25", "50", "75", "end"] : ["50", "end"];
        foreach (var point in points)
        {
            var last = point == "end";
            var run = lab.Run(new LabOrder("actorraid", "interrupted-reshape", 300,
                [$"WHAT={what}", "WAY=cut", $"POINT={point}", $"FIRST={(point == points[0] ? 1 : 0)}"])
            {
                Disks = disks,
                CutAfter = last ? null : TimeSpan.Zero,
                Output = Path.Combine(folder, "out"),
            });
            if (run.Status != (last ? 0 : PowerCut))
            {
                lab.Fail($"the power was to go at {point} %", run, "interrupted-reshape cut " + what);
            }
        }
    }

    /// <summary>As an initramfs assembles it.</summary>
    [SoakFact]
    public void A_reshape_that_a_crash_broke_off_is_assembled_frozen_and_continued_by_command() =>
        lab.Passes("continued-reshape", 400, "WHAT=grow5", "POINT=50");

    /// <summary>The way back.</summary>
    [Fact]
    public void A_reshape_that_was_recorded_but_does_not_begin_is_undone() => lab.Passes("reshape-not-begun", 300);
}
