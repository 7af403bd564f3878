using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>
/// Arrays change their shape under mdadm --grow, with ActorRaid in mdmon's place. An ordinary run takes a row of each kind,
/// ACTORRAID_SOAK=1 all of them.
/// </summary>
[Collection("lab")]
public sealed class ReshapeTests(GuestLab lab)
{
    /// <summary>Disks before and after, and the levels of the container's volumes.</summary>
    public static TheoryData<int, int, string> Growths => GuestLab.Soak
        ? new() { { 2, 3, "0" }, { 2, 4, "0" }, { 3, 4, "0" }, { 3, 4, "5" }, { 3, 5, "5" }, { 3, 4, "0+0" }, { 3, 4, "0+5" }, { 3, 4, "5+0" } }
        : new() { { 3, 4, "0+5" } };

    /// <summary>As migrate.sh has them.</summary>
    public static TheoryData<string> Migrations => GuestLab.Soak
        ? new("0-5", "0-5-inside", "0-10", "10-0", "1-0", "chunk0", "chunk5")
        : new("0-10");

    /// <summary>What is under way, and how it is interrupted.</summary>
    public static TheoryData<string, string> Interruptions => new()
    {
        { "grow", "stop" }, { "grow", "kill" }, { "grow", "mdadm" }, { "chunk", "stop" }, { "chunk", "kill" }, { "chunk", "mdadm" }, { "grow0", "stop" }, { "grow0", "kill" },
    };

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
    [SoakTheory]
    [InlineData(5)]
    [InlineData(10)]
    public void A_volume_grows_to_what_its_disks_have_left(int level) => lab.PassesOnce("actorraid", "resize", 300, $"LEVEL={level}");

    /// <summary>PPL and bitmap.</summary>
    [SoakTheory]
    [MemberData(nameof(Policies))]
    public void What_a_volume_does_about_a_crash_is_changed_and_changed_back(string policy) =>
        lab.PassesOnce("actorraid", "policy", 300, $"POLICY={policy}");

    /// <summary>Kill, rename, create; spares.</summary>
    [SoakFact]
    public void Volumes_are_deleted_renamed_and_created_while_another_one_is_written() => lab.PassesOnce("actorraid", "volumes", 300);

    /// <summary>What mdadm does not do.</summary>
    [SoakFact]
    public void What_mdadm_refuses_changes_nothing() => lab.Passes("refusals", 300);

    /// <summary>Stop and assemble, or the supervisor's death, three times in a reshape.</summary>
    [SoakTheory]
    [MemberData(nameof(Interruptions))]
    public void A_reshape_that_is_interrupted_goes_on_from_where_it_had_come_to(string what, string way) =>
        lab.PassesOnce("actorraid", "interrupted-reshape", 500, $"WHAT={what}", $"WAY={way}");

    /// <summary>The power goes three times in a reshape, in an ordinary run once.</summary>
    [Theory]
    [MemberData(nameof(CutReshapes))]
    public void A_reshape_goes_on_after_each_power_cut(string what) => CutReshape.Run(lab, "actorraid", what);

    /// <summary>As an initramfs assembles it.</summary>
    [SoakFact]
    public void A_reshape_that_a_crash_broke_off_is_assembled_frozen_and_continued_by_command() =>
        lab.Passes("continued-reshape", 400, "WHAT=grow5", "POINT=50");

    /// <summary>The way back.</summary>
    [SoakFact]
    public void A_reshape_that_was_recorded_but_does_not_begin_is_undone() => lab.Passes("reshape-not-begun", 300);
}
