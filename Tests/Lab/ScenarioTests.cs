using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>The scenarios of a container's life, on a real kernel, with mdadm of the distribution and ActorRaid in mdmon's place.</summary>
[Collection("lab")]
public sealed class ScenarioTests(GuestLab lab)
{
    /// <summary>Some of the rows; all of them in a soak run, as an ordinary one has half an hour.</summary>
    public static TheoryData<string> ScriptsFor4096 => new("levels", "story");

    /// <summary>RAID levels.</summary>
    public static TheoryData<int> Levels => new(0, 1, 5, 10);

    /// <summary>By a refused write, by an unreadable source of a rebuild.</summary>
    public static TheoryData<string> BadBlocks => GuestLab.Soak ? new("write", "rebuild") : new("write");

    /// <summary>What ends its joining.</summary>
    public static TheoryData<string> HungSpares => new("pull", "limit");

    /// <summary>consistency_policy.</summary>
    public static TheoryData<string> Policies => GuestLab.Soak ? new("ppl", "bitmap") : new("bitmap");

    /// <summary>Way and number of spares.</summary>
    public static TheoryData<string, int> Interruptions => GuestLab.Soak
        ? new() { { "stop", 1 }, { "kill", 1 }, { "stop", 2 }, { "kill", 2 } }
        : new() { { "kill", 2 } };

    /// <summary>A replaced disk that was used elsewhere: without another disk, or with a spare of its own.</summary>
    public static TheoryData<string> Halves => new("alone", "spare");

    /// <summary>The story that deploy/try tells.</summary>
    [Fact]
    public void A_raid5_volume_is_written_loses_a_disk_is_rebuilt_onto_a_spare_and_is_stopped_and_assembled_again() =>
        lab.Passes("story", 300);

    /// <summary>Each level keeps its data over stop and assemble.</summary>
    [SoakTheory]
    [MemberData(nameof(Levels))]
    public void A_volume_keeps_its_data_over_stop_and_assemble_whole_and_disk_by_disk(int level) =>
        lab.Passes("levels", 300, $"LEVEL={level}");

    /// <summary>Disks with sectors of 4096 bytes: the metadata's offsets and its own block counts are others.</summary>
    [SoakTheory]
    [MemberData(nameof(ScriptsFor4096))]
    public void On_disks_with_4096_byte_sectors_all_is_the_same(string script) => lab.Passes(script, 300, "LEVEL=5", "SECTOR=4096");

    /// <summary>Bad blocks, by a refused write and by an unreadable source of a rebuild.</summary>
    [Theory]
    [MemberData(nameof(BadBlocks))]
    public void Bad_blocks_are_recorded_before_md_goes_on_survive_stop_and_assemble_and_are_forgotten_as_they_are_overwritten(string way) =>
        lab.Passes("bad-blocks", 300, $"WAY={way}");

    /// <summary>The daemon as a service: its configuration, and what systemd hears of it.</summary>
    [SoakFact]
    public void Systemd_hears_how_things_stand_and_a_container_that_is_stuck_shows() => lab.Passes("service", 200);

    /// <summary>The one question, in every way, at each stage of a failure; and those who ask it wrong.</summary>
    [Fact]
    public void Status_events_explain_and_hooks_tell_a_failure_and_a_rebuild_right_and_nobody_who_asks_disturbs() => lab.Passes("status", 300);

    /// <summary>An admin who reads OK must have his data.</summary>
    [Fact]
    public void What_does_not_run_and_what_is_not_ours_is_told_as_that() => lab.Passes("resting", 200);

    /// <summary>Parts of the table of states; the first takes a minute and a half.</summary>
    [Fact]
    public void What_is_told_in_each_state_is_what_the_table_of_states_has() =>
        lab.Passes("states", 300, $"PARTS={(GuestLab.Soak ? "running resting native rare" : "resting native")}");

    /// <summary>States that last only where something is slow: a write, the metadata, another resync.</summary>
    [SoakFact]
    public void What_is_over_in_a_moment_is_shown_as_the_table_of_states_has_it() => lab.Passes("states-moments", 400);

    /// <summary>Threads that stand still, files and disks that cannot be read, no descriptors.</summary>
    [SoakFact]
    public void What_only_a_fault_makes_is_shown_as_the_table_of_states_has_it() => lab.Passes("states-faults", 400);

    /// <summary>What is not supported is left to whoever can do it.</summary>
    [SoakFact]
    public void A_DDF_container_is_left_to_mdadms_own_mdmon() => lab.Passes("ddf", 200);

    /// <summary>Two containers have a volume of the same name; what is advised is done.</summary>
    [SoakFact]
    public void Each_thing_is_explained_by_every_name_that_it_has_and_what_is_advised_costs_no_data() => lab.Passes("explain", 200);

    /// <summary>Since when, how far a growth is, and what is no failure.</summary>
    [SoakFact]
    public void A_failure_and_growths_are_told_as_they_are_and_since_they_happened() => lab.Passes("as-it-happened", 300);

    /// <summary>The rest of what can run: a resync, a check, a reshape.</summary>
    [SoakFact]
    public void Status_tells_a_resync_a_check_and_a_reshape_with_progress_and_estimate() => lab.Passes("status-sync", 300);

    /// <summary>What systemd makes of it.</summary>
    [SoakFact]
    public void Systemd_reloads_the_service_and_replaces_one_whose_container_is_stuck_which_frees_the_writer() => lab.Passes("watchdog", 200);

    /// <summary>The journal, and one that takes nothing any more.</summary>
    [SoakFact]
    public void Events_arrive_in_the_journal_with_their_fields_and_a_journald_that_hangs_delays_no_write() => lab.Passes("journal", 300);

    /// <summary>The failure chain reaches the disk's other volume.</summary>
    [SoakFact]
    public void A_disk_that_fails_in_one_of_two_volumes_is_failed_in_both_and_both_are_rebuilt_in_turn_onto_the_same_spare() =>
        lab.Passes("two-volumes", 400);

    /// <summary>How the hung write comes back.</summary>
    public static TheoryData<string> LateWrites => GuestLab.Soak ? ["ok", "error"] : ["ok"];

    /// <summary>Checkpoints.</summary>
    [Theory]
    [MemberData(nameof(Interruptions))]
    public void An_interrupted_rebuild_goes_on_from_its_checkpoint(string way, int spares) =>
        lab.Passes("interrupted-rebuild", 400, $"WAY={way}", $"SPARES={spares}");

    /// <summary>What is durable wins over what a fresh supervisor remembers.</summary>
    [Fact]
    public void The_checkpoint_of_a_rebuild_follows_md_and_does_not_go_back_whatever_happens_to_its_supervisor() =>
        lab.Passes("checkpoint-kept", 200);

    /// <summary>Two events of the kernel in the other order.</summary>
    [Fact]
    public void A_leg_that_is_faulty_after_its_disk_left_the_container_is_let_go_and_removed() =>
        lab.Passes("faulty-after-leave", 200);

    /// <summary>No cycle of events without an outside cause.</summary>
    [Fact]
    public void A_running_volume_that_the_metadata_does_not_know_is_told_once_and_disturbs_nobody() =>
        lab.Passes("unknown-volume", 200);

    /// <summary>What an admin has set is not ours to change.</summary>
    [Fact]
    public void The_safe_mode_delay_that_was_set_stays_whoever_starts_ends_dies_or_takes_over() =>
        lab.Passes("safe-mode-delay", 200);

    /// <summary>Beyond what 32 bits count in sectors.</summary>
    [SoakFact]
    public void A_resync_beyond_2_TiB_is_recorded_and_goes_on_there() => lab.Passes("checkpoint-large", 200);

    /// <summary>As mdmon leaves it: two legs that are rebuilt at once.</summary>
    [SoakFact]
    public void A_checkpoint_that_mdadm_has_no_place_for_is_told_as_lost() => lab.Passes("checkpoint-lost", 300);

    /// <summary>The supervisor's death at any moment.</summary>
    [Fact]
    public void A_supervisor_killed_at_random_moments_of_a_write_load_with_failing_disks_takes_up_everything_when_started_again() =>
        lab.Passes("kill9", GuestLab.Soak ? 3600 : 600, $"KILLS={(GuestLab.Soak ? 300 : 5)}");

    /// <summary>Nothing that one container does delays another.</summary>
    [Fact]
    public void A_container_whose_disk_hangs_does_not_delay_another_containers_transitions() => lab.Passes("hung-disk", 300);

    /// <summary>A disk that cannot be written is no reason to wait for it, now or after the next attempt.</summary>
    [Fact]
    public void A_mirror_half_of_which_takes_no_metadata_goes_on_with_the_other_half() => lab.Passes("unwritable-metadata", 200);

    /// <summary>A write that comes back when nobody expects it any more.</summary>
    [Theory]
    [MemberData(nameof(LateWrites))]
    public void A_metadata_write_that_comes_back_after_its_disk_has_failed_is_noted_and_nothing_else(string late) =>
        lab.Passes("late-write", 200, $"LATE={late}");

    /// <summary>The normal state until somebody replaces the disk.</summary>
    [Theory]
    [InlineData("restart")]
    [InlineData("handoff")]
    public void A_dead_disk_that_is_still_in_its_container_keeps_nobody_from_supervising_it_or_from_handing_it_over(string way) =>
        lab.Passes("dead-disk", 200, $"WAY={way}");

    /// <summary>Nothing is left that could record anything, and nobody to be told wrong.</summary>
    [Fact]
    public void Writers_get_their_error_at_once_when_all_disks_of_their_mirror_are_pulled() => lab.Passes("all-gone", 200);

    /// <summary>mdmon leaves that to chance.</summary>
    [SoakFact]
    public void A_half_of_a_mirror_whose_link_had_dropped_is_rebuilt_in_whatever_order_the_disks_are_found() =>
        lab.Passes("link-drop", 300, "ORDERS=good-first,stale-first,together");

    /// <summary>A disk that has failed for one volume, and for the other is the only one.</summary>
    [SoakFact]
    public void A_RAID_0_volume_that_lost_a_leg_has_its_data_again_when_the_disk_is_back() => lab.Passes("raid0-lost-leg", 200);

    /// <summary>What is the matter with /run.</summary>
    public static TheoryData<string> RunDirectories => new("full", "ro");

    /// <summary>What cannot be done is told, and takes nothing down.</summary>
    [SoakTheory]
    [MemberData(nameof(RunDirectories))]
    public void A_run_directory_that_takes_nothing_takes_no_supervision_down(string way) =>
        lab.Passes("run-full", 300, $"WAYS={way}");

    /// <summary>EPERM for everything that is recorded.</summary>
    [Fact]
    public void Writers_go_on_beside_a_read_only_disk_and_wait_when_all_are_until_one_can_be_written() => lab.Passes("read-only-disks", 200);

    /// <summary>mdadm-grow-continue@.service.</summary>
    [SoakFact]
    public void A_reshape_whose_mdadm_was_killed_waits_is_told_and_goes_on_where_it_was() => lab.Passes("continue-killed", 300);

    /// <summary>Everything stops, and the clock jumps.</summary>
    [SoakFact]
    public void A_suspended_machine_loses_no_disk_and_raises_no_alarm() => lab.Passes("suspended", 300);

    /// <summary>As mdadm --monitor does it.</summary>
    [SoakFact]
    public void A_spare_that_moves_to_another_container_is_rebuilt_onto_there() => lab.Passes("spare-moves", 200);

    /// <summary>Sixteen times the same trouble.</summary>
    [SoakFact]
    public void Sixteen_containers_with_a_hung_disk_each_delay_nobody_else_and_use_no_more_than_their_own() => lab.Passes("many-hung", 300);

    /// <summary>Few descriptors left.</summary>
    [Fact]
    public void A_daemon_short_of_descriptors_refuses_what_is_new_and_goes_on_with_what_it_has() => lab.Passes("descriptors", 200);

    /// <summary>The socket.</summary>
    [Fact]
    public void Broken_clients_of_the_socket_harm_nobody_while_transitions_go_on() =>
        lab.Passes("protocol-abuse", 600, $"CLIENTS={(GuestLab.Soak ? 10000 : 1000)}");

    /// <summary>The disk's other leg is let go.</summary>
    [Fact]
    public void A_leg_that_md_does_not_let_go_of_holds_up_no_writer_of_the_disks_other_volume() =>
        lab.Passes("hung-removal", 200);

    /// <summary>And what is thawed again.</summary>
    [SoakTheory]
    [MemberData(nameof(HungSpares))]
    public void A_spare_that_hangs_while_it_is_joined_holds_up_no_writer_and_pulled_it_makes_room_for_another(string way) =>
        lab.Passes("spare-hangs", 300, $"WAY={way}");

    /// <summary>Its part of the log or of the bitmap.</summary>
    [Theory]
    [MemberData(nameof(Policies))]
    public void A_volume_keeps_its_consistency_policy_when_it_is_rebuilt_onto_a_spare(string policy) =>
        lab.Passes("spare-policy", 300, $"POLICY={policy}");

    /// <summary>readonly, read-auto, and the first write after them.</summary>
    [Fact]
    public void A_volume_that_is_only_read_stays_clean_and_the_first_write_is_recorded_before_it_goes_through() =>
        lab.Passes("readonly", 300);

    /// <summary>mdadm --add and --remove on the container.</summary>
    [SoakFact]
    public void Disks_added_become_spares_or_are_rebuilt_onto_and_disks_removed_are_gone() => lab.Passes("membership", 400);

    /// <summary>Volumes come and go.</summary>
    [SoakFact]
    public void Volumes_of_a_container_stop_and_start_without_disturbing_each_other() => lab.Passes("stop-start", 300);

    /// <summary>One process for all.</summary>
    [SoakFact]
    public void Several_containers_are_supervised_by_one_process_and_do_not_disturb_each_other() => lab.Passes("containers", 400);

    /// <summary>etcd is not on the path that arrays wait on.</summary>
    [SoakFact]
    public void An_etcd_that_answers_nothing_or_nonsense_or_without_end_does_not_delay_a_write() => lab.Passes("cluster-fault", 600);

    /// <summary>The case that stops mdadm.</summary>
    [Fact]
    public void A_torn_disk_that_mdadm_no_longer_knows_is_repaired_and_assembled_whole() => lab.Passes("repair", 300);

    /// <summary>Which half of the mirror goes on alone, and whether it was being written when the other was lost.</summary>
    public static TheoryData<int, string> LoneHalves => GuestLab.Soak
        ? new() { { 0, "yes" }, { 1, "yes" }, { 0, "no" }, { 1, "no" } }
        : new() { { 1, "yes" } };

    /// <summary>The case that destroys the only current copy.</summary>
    [Theory]
    [MemberData(nameof(LoneHalves))]
    public void A_torn_disk_that_went_on_alone_is_not_written_over_by_the_half_that_was_thrown_out(int slotOfGood, string dirty) =>
        lab.Passes("repair-stale", 300, $"SLOT_OF_GOOD={slotOfGood}", $"DIRTY={dirty}");

    /// <summary>The family protects what was rebuilt.</summary>
    [SoakTheory]
    [MemberData(nameof(Halves))]
    public void A_disk_that_was_replaced_and_used_elsewhere_is_not_taken_back_in_silence_and_becomes_a_container_of_its_own(string half) =>
        lab.Passes("family", 300, $"HALF={half}");

    /// <summary>Under mdmon as well, which does miss some: the script tests what it says.</summary>
    [SoakTheory]
    [InlineData("actorraid")]
    [InlineData("mdmon")]
    public void A_supervisor_that_is_slow_to_read_misses_nothing_of_what_md_does_in_between(string supervisor) =>
        lab.Passes(supervisor, "slow-reads", 300);
}
