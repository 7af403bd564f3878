using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>Supervisors that replace each other while arrays are written, on a real kernel.</summary>
[Collection("lab")]
public sealed class HandoffTests(GuestLab lab)
{
    /// <summary>What a write may wait longer with handoffs than without, in ms, is judged in a soak run alone: an ordinary one may share its machine.</summary>
    [Fact]
    public void Two_containers_are_handed_over_again_and_again_while_they_are_written_and_pinged() => lab.Passes(
        "handoff", GuestLab.Soak ? 1800 : 300, $"HANDOFFS={(GuestLab.Soak ? 50 : 3)}", $"QUIET={(GuestLab.Soak ? 30 : 3)}", GuestLab.Soak ? "LIMIT=250" : "LIMIT=");

    /// <summary>As upgrades do them, one behind the other; on a quiet machine and on a busy one.</summary>
    [SoakTheory]
    [InlineData(0)]
    [InlineData(2)]
    public void Ten_handoffs_in_a_row_under_a_load_of_first_writes_are_ten_handoffs(int busy) =>
        lab.Passes("handoffs-in-a-row", 1200, "RUNS=10", $"BUSY={busy}");

    /// <summary>Predecessor or successor die, stall, talk nonsense or are of another version, at each step.</summary>
    [SoakFact]
    public void Whoever_is_left_when_a_handoff_fails_goes_on_with_everything() =>
        lab.Passes("handoff-kills", GuestLab.Soak ? 1200 : 400, $"KILLS={(GuestLab.Soak ? 40 : 2)}");

    /// <summary>Creation, removal, growth.</summary>
    [SoakFact]
    public void Updates_that_come_during_handoffs_are_applied_once() => lab.Passes("handoff-updates", 400);

    /// <summary>Both ways, and on the way back while /run cannot be written yet.</summary>
    [SoakFact]
    public void All_containers_at_once_go_to_mdmon_and_back() => lab.Passes("take-all", 240);

    /// <summary>To the distribution's mdmon and back, twice.</summary>
    [Fact]
    public void A_container_that_is_being_rebuilt_goes_to_mdmon_and_back_and_its_checkpoint_never_does() => lab.Passes("with-mdmon", 300);

    /// <summary>As where the root file system lies on the array; then the end, as at shutdown.</summary>
    [SoakFact]
    public void With_its_own_files_on_the_array_and_memory_short_the_daemon_goes_on_and_at_the_end_all_is_clean() =>
        lab.Passes("root-like", 2400, "TRANSITIONS=10000");
}
