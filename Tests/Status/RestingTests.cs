using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>
/// What is told of what does not run, of what is not ours, and that the line never says other than the verdict.
/// </summary>
public sealed class RestingTests
{
    private const string NothingRuns = """
        Personalities :
        md127 : inactive sdc[2](S) sdb[1](S) sda[0](S)
              2210 blocks super external:imsm

        unused devices: <none>

        """;

    [Fact]
    public void A_volume_that_was_not_started_is_inactive_and_the_exit_status_says_so()
    {
        var status = Told(NothingRuns, Other(Sample.Recorded));
        Assert.Equal((Health.Inactive, "INACTIVE md127/0 (vol0), not running, 3 of 3 legs"), (status.Health, status.Summary));
        Assert.Equal(2, Words.ExitStatus(status.Health));
        var array = Assert.Single(Assert.Single(status.Containers).Arrays);
        Assert.Equal(("inactive", "raid5", 0, null), (array.State, array.Level, array.Missing, array.MissingDisks));
    }

    [Fact]
    public void A_volume_that_lacks_too_many_disks_has_failed_and_they_are_named()
    {
        var status = Told(NothingRuns, Other(Sample.Recorded with { Volumes = [Without(Sample.Volume, 1, 2)], Disks = [Sample.Info(0)] }));
        Assert.Equal((Health.Failed, "FAILED md127/0 (vol0), not running, 1 of 3 legs"), (status.Health, status.Summary));
        Assert.Contains("missing: serial SERIAL1, serial SERIAL2", StatusPage.Of(status), StringComparison.Ordinal);
        Assert.Equal("SERIAL1 SERIAL2", string.Join(" ", status.Containers[0].Arrays[0].MissingDisks!));
    }

    [Fact]
    public void A_volume_that_was_assembled_and_not_started_has_its_arrays_name()
    {
        var status = Told(NothingRuns.Replace("unused", "md126 : inactive sda[0]\n      20480 blocks super external:/md127/0\n\nunused", StringComparison.Ordinal), Other(Sample.Recorded));
        Assert.Equal("INACTIVE md126 (vol0), not running, 3 of 3 legs", status.Summary);
    }

    [Fact]
    public void The_second_volume_of_a_supervised_container_is_told_when_it_does_not_run()
    {
        var container = Sample.Container with { Volumes = [Sample.Volume, Sample.Volume with { Index = 1, Name = "vol1" }] };
        Assert.Equal((Health.Inactive, "INACTIVE md127/1 (vol1), not running, 3 of 3 legs"), Line(Sample.Map(container)));
        Assert.Equal(["md126", "md127/1"], Sample.Map(container).Containers[0].Arrays.Select(array => array.Name));
    }

    [Fact]
    public void What_cannot_be_read_is_not_taken_for_well()
    {
        var unknown = Told(NothingRuns, Other(RecordedContainer.Unknown("its disks are not known: EIO")));
        Assert.Equal(Health.Unknown, unknown.Health);
        Assert.Equal("UNKNOWN md127: whether it has volumes that do not run is unknown: its disks are not known: EIO", unknown.Summary);
        var blind = Map(HostObservation.None with { Problem = "which arrays run is unknown: ENFILE" });
        Assert.Equal((Health.Unknown, "UNKNOWN which arrays run is unknown: ENFILE"), Line(blind));
    }

    [Fact]
    public void A_container_of_spares_alone_is_well()
    {
        var status = Told(NothingRuns, Other(Sample.Recorded with { Volumes = [] }));
        Assert.Equal((Health.Ok, "OK: 1 container, 0 arrays"), Line(status));
        Assert.Contains("no volumes", StatusPage.Of(status), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_failed_is_told_though_every_array_is_whole()
    {
        var disks = Sample.Container.Disks;
        Assert.Equal(
            (Health.Ok, "OK: 1 container, 1 array; md127: sdd has failed, no spare is left"),
            Line(Sample.Map(Sample.Container with { Disks = disks.SetItem(3, disks[3] with { IsSpare = false, IsFailed = true }) })));
        Assert.Equal(
            (Health.Degraded, "DEGRADED md126, 2 of 3 legs, no spare"),
            Line(Sample.Map(Sample.Container with { Disks = disks.RemoveAt(3), Arrays = [Sample.Array.WithLeg(1, LegFlags.Faulty)] })));
    }

    [Fact]
    public void A_member_whose_metadata_cannot_be_written_is_told()
    {
        var disks = Sample.Container.Disks;
        var status = Sample.Map(Sample.Container with { Disks = disks.SetItem(1, disks[1] with { IsDoubtful = true }) });
        Assert.Equal((Health.Degraded, "DEGRADED md127: the metadata of sdb cannot be written"), Line(status));
        Assert.True(status.Containers[0].Disks[1].Unwritten);
    }

    [Theory]
    [InlineData("active raid1 sdb[1] sda[0]", "1.2", "[2/2] [UU]", Health.Ok)]
    [InlineData("active raid1 sdb[1](F) sda[0]", "1.2", "[2/1] [U_]", Health.Degraded)]
    [InlineData("active raid1 sdb[1](F) sda[0](F)", "1.2", "[2/0] [__]", Health.Failed)]
    [InlineData("active raid5 sdc[2] sda[0]", "1.2 level 5, 64k chunk, algorithm 2", "[3/2] [U_U]", Health.Degraded)]
    [InlineData("active raid5 sda[0]", "1.2 level 5, 64k chunk, algorithm 2", "[3/1] [U__]", Health.Failed)]
    [InlineData("active raid6 sdd[3] sda[0]", "1.2 level 6, 64k chunk, algorithm 2", "[4/2] [U__U]", Health.Degraded)]
    [InlineData("active raid6 sda[0]", "1.2 level 6, 64k chunk, algorithm 2", "[4/1] [U___]", Health.Failed)]
    [InlineData("active raid10 sdc[2] sda[0]", "1.2 512K chunks 2 near-copies", "[4/2] [U_U_]", Health.Degraded)]
    [InlineData("active raid10 sdc[2] sdd[3]", "1.2 512K chunks 2 near-copies", "[4/2] [__UU]", Health.Failed)]
    [InlineData("active raid10 sdc[2] sdb[1]", "1.2 512K chunks 2 near-copies", "[4/2] [_UU_]", Health.Degraded)]
    [InlineData("active raid10 sdc[2] sdb[1]", "1.2 512K chunks 2 far-copies", "[4/2] [_UU_]", Health.Failed)]
    [InlineData("active raid0 sdb[1] sda[0]", "1.2 512k chunks", "", Health.Ok)]
    [InlineData("active raid0 sdb[1](F) sda[0]", "1.2 512k chunks", "", Health.Failed)]
    [InlineData("broken raid0 sdb[1] sda[0]", "1.2 512k chunks", "", Health.Failed)]
    [InlineData("inactive sdb[1](S) sda[0](S)", "1.2", "", Health.Inactive)]
    public void A_native_array_is_named_as_not_ours_and_counts(string line, string version, string slots, Health health)
    {
        var status = Told($"""
            Personalities : [raid1]
            md0 : {line}
                  40960 blocks super {version} {slots}

            unused devices: <none>

            """);
        Assert.Equal(health, status.Health);
        var array = Assert.Single(status.NativeArrays!.Value);
        Assert.Equal(("md0", health), (array.Name, array.Health));
        Assert.Contains("native array md0", StatusPage.Of(status), StringComparison.Ordinal);
        Assert.Contains(health == Health.Ok ? "1 native array" : "(not ours)", status.Summary, StringComparison.Ordinal);
    }

    /// <summary>The groups of slots of which each needs one, as md counts them.</summary>
    [Theory]
    [InlineData(4, 2, 1, "01 23")]
    [InlineData(3, 2, 1, "01 20 12")]
    [InlineData(4, 1, 2, "01 12 23 30")]
    [InlineData(4, 2, 2, "0123 2301")]
    [InlineData(6, 4, 1, "0123 4501 2345")]
    public void Copies_lie_where_md_puts_them(int legs, int near, int far, string groups) =>
        Assert.Equal(groups, string.Join(' ', Redundancy.Of(10, legs, near, far).Groups.Select(group => string.Concat(group))));

    [Fact]
    public void A_RAID_0_that_md_has_given_up_has_failed_though_mdstat_calls_it_active()
    {
        var listed = MdStat.Parse("md0 : active raid0 sdb[1] sda[0]\n      40960 blocks super 1.2 512k chunks\n").Arrays;
        var seen = HostObservation.None with
        {
            Listed = listed,
            Arrays = HostObservation.None.Arrays.Add("md0", Sample.Seen() with { State = "broken" }),
        };
        Assert.Equal((Health.Failed, "FAILED md0 (not ours)"), Line(Map(seen)));
    }

    [Fact]
    public void A_native_resync_is_a_rebuild()
    {
        var status = Told("""
            Personalities : [raid1]
            md0 : active raid1 sdb[1] sda[0]
                  40960 blocks super 1.2 [2/2] [UU]
                  [====>................]  resync = 20.0% (8192/40960) finish=0.5min speed=1024K/sec

            unused devices: <none>

            """);
        Assert.Equal((Health.Rebuilding, "REBUILDING md0 resync 20 %, 32 s left (not ours)"), Line(status));
    }

    /// <summary>Whatever there is: the line begins with the verdict, which is the worst of all that is told.</summary>
    [Fact]
    public void The_line_never_says_other_than_the_verdict()
    {
        var seed = Random.Shared.Next();
        var random = new Random(seed);
        for (var round = 0; round < 5_000; round++)
        {
            var status = Map(Observation(random), [.. Enumerable.Range(0, random.Next(3)).Select(number => Container(random, $"md12{number}"))]);
            var word = status.Summary.Split(' ', ':')[0];
            Assert.True(word == Words.Of(status.Health), $"seed {seed}, round {round}: {status.Health}, but: {status.Summary}");
            var parts = status.Containers.Select(container => container.Health).Concat((status.NativeArrays ?? []).Select(array => array.Health));
            Assert.True(status.Problem is not null || status.Health == StatusView.Worst(parts), $"seed {seed}, round {round}: {status.Health}, but: {string.Join(' ', parts)}");
            Assert.All(status.Containers, container => Assert.True(container.Health >= StatusView.Worst(container.Arrays.Select(array => array.Health))));
            foreach (var thing in status.Containers.SelectMany(container => container.Arrays.Select(array => new NamedThing(container, array)).Append(new(container))))
            {
                var part = StatusView.About(status, thing);
                Assert.StartsWith(Words.Of(part.Health), part.Summary, StringComparison.Ordinal);
            }
        }
    }

    private static HostObservation Observation(Random random) => HostObservation.None with
    {
        Problem = random.Next(20) == 0 ? "no mdstat" : null,
        Listed = random.Next(2) == 0 ? [] : MdStat.Parse($"""
            md0 : {(random.Next(3) == 0 ? "inactive" : "active raid1")} sdb[1] sda[0]
                  40960 blocks super 1.2 [2/{random.Next(3)}] [UU]

            """).Arrays,
        Others = random.Next(2) == 0 ? [] :
        [
            new(
                "md119", "imsm", random.Next(3) switch { 0 => 0, 1 => 17, _ => new KernelError(Errno.EIO, "md119.pid", "read") },
                random.Next(2) == 0 ? [] : MdStat.Parse("md118 : active raid5 sda[0]\n      40960 blocks super external:/md119/0 level 5, 64k chunk, algorithm 0 [3/2] [U_U]\n").Arrays,
                random.Next(3) == 0 ? RecordedContainer.Unknown("it hangs")
                    : Sample.Recorded with { Volumes = [Without(Sample.Volume, [.. Enumerable.Range(0, 3).Where(_ => random.Next(3) == 0)])] }),
        ],
    };

    private static ContainerReport Container(Random random, string name)
    {
        LegFlags[] flags = [LegFlags.InSync, LegFlags.InSync, LegFlags.InSync, LegFlags.Faulty, LegFlags.Spare, LegFlags.InSync | LegFlags.Blocked];
        var array = Sample.Array with
        {
            Name = $"{name}-0", State = (ArrayState)random.Next(10), Action = (SyncAction)random.Next(7),
            Waiting = TimeSpan.FromSeconds(random.Next(4)),
            Legs = [.. Sample.Array.Legs.Select(leg => leg with { Flags = flags[random.Next(flags.Length)] })],
        };
        return Sample.Container with
        {
            Name = name, Health = (ContainerHealth)random.Next(5), Arrays = random.Next(4) == 0 ? [] : [array], Volumes = random.Next(4) == 0 ? [] : [Sample.Volume],
            Disks =
            [
                .. Sample.Container.Disks.Where(_ => random.Next(5) != 0).Select(disk => disk with
                {
                    Hangs = random.Next(20) == 0, IsDoubtful = random.Next(20) == 0, IsFailed = random.Next(9) == 0, Unreadable = random.Next(20) == 0 ? "EIO" : null,
                }),
            ],
        };
    }

    private static VolumeInfo Without(VolumeInfo volume, params int[] slots) => volume with
    {
        Legs = [.. volume.Legs.Select(leg => slots.Contains(leg.Slot) ? leg with { Device = null, InSync = false } : leg)],
    };

    private static Func<ImmutableArray<MdStatArray>, OtherContainer> Other(RecordedContainer recorded) =>
        listed => new OtherContainer("md127", "imsm", 0, [.. listed.Where(array => array.Container == "md127")], recorded);

    private static HostStatus Told(string mdstat, params Func<ImmutableArray<MdStatArray>, OtherContainer>[] others)
    {
        var listed = MdStat.Parse(mdstat).Arrays;
        return Map(HostObservation.None with { Listed = listed, Others = [.. others.Select(other => other(listed))] });
    }

    private static HostStatus Map(HostObservation seen, ImmutableArray<ContainerReport>? containers = null) =>
        StatusMap.Of(Sample.Teller, new SystemReport(containers ?? []), seen, StatusMemory.Empty, Sample.Then).Status;

    private static (Health Health, string Summary) Line(HostStatus status) => (status.Health, status.Summary);
}
