using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>What can go otherwise in a change of shape than it was meant to.</summary>
[Collection("lab")]
public sealed class ReshapeFaultTests(GuestLab lab)
{
    /// <summary>Whether there is a further spare, and the index of the disk that fails: one of the old legs, or the new one.</summary>
    public static TheoryData<int, int> Faults => new() { { 0, 1 }, { 1, 1 }, { 1, 3 } };

    /// <summary>
    /// Scripts at whose crucial point mdmon fails, which is then what they expect of it: it does not look which slots md gave to new legs
    /// (the volume is garbage when it is assembled again), does not notice a reshape that ended while it was not there (the metadata has it
    /// half way for ever; assembled, it would be reshaped once more from there), and does not record the failure of a new leg (the disk
    /// that failed is rebuilt onto itself).
    /// </summary>
    public static TheoryData<string> MdmonFails => new(
        "slots-differ", "unwatched-end WHAT=raid4", "unwatched-end WHAT=raid0", "reshape-fault SPARE=1 WHICH=3");

    /// <summary>md's slots count: the data is where they say.</summary>
    [SoakFact]
    public void New_legs_that_md_has_in_other_slots_than_was_recorded_are_recorded_in_these() => lab.Passes("slots-differ", 300);

    /// <summary>md still has it as RAID 4, or as RAID 0 already.</summary>
    [SoakTheory]
    [InlineData("raid4")]
    [InlineData("raid0")]
    public void A_growth_of_a_RAID_0_that_ends_while_nobody_watches_is_recorded_as_ended(string what) =>
        lab.Passes("unwatched-end", 300, $"WHAT={what}");

    /// <summary>It goes on, degraded.</summary>
    [SoakTheory]
    [MemberData(nameof(Faults))]
    public void A_disk_that_fails_in_the_middle_of_a_reshape_is_replaced_when_that_has_ended(int spare, int which) =>
        lab.Passes("reshape-fault", 400, $"SPARE={spare}", $"WHICH={which}");

    /// <summary>The scripts test what they say they test.</summary>
    [SoakTheory]
    [MemberData(nameof(MdmonFails))]
    public void Where_mdmon_fails_the_scripts_show_it(string script) => lab.Passes("mdmon", script.Split(' ')[0], 300, script.Split(' ')[1..]);

    /// <summary>64 MiB of 576.</summary>
    [SoakFact]
    public void After_a_crash_a_volume_with_a_bitmap_resyncs_what_was_being_written_and_no_more() => lab.Passes("bitmap-resync", 400);
}
