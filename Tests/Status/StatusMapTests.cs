using System.Collections.Immutable;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.ImsmFormat;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>From what actors know to what people are told.</summary>
public sealed class StatusMapTests
{
    [Fact]
    public void A_whole_container_is_ok_and_all_of_it_is_told()
    {
        var status = Sample.Map(Sample.Container);
        Assert.Equal((Health.Ok, "OK: 1 container, 1 array"), (status.Health, status.Summary));
        Assert.Equal(("host", "1.2.3", 4711, Sample.Then), (status.Host, status.Program, status.Process, status.At));
        var container = Assert.Single(status.Containers);
        Assert.Equal(("md127", "imsm", 18u, null), (container.Name, container.Format, container.Generation, container.WaitsFor));
        var array = Assert.Single(container.Arrays);
        Assert.Equal(("md126", 0, "vol0", "raid5", 81_920L * 512, 131_072), (array.Name, array.Volume, array.VolumeName, array.Level, array.SizeBytes, array.ChunkBytes));
        Assert.Equal(("clean", "idle", null, null, false, 3, 0), (array.State, array.Action, array.Progress, array.CheckpointSectors, array.IsDirty, array.RaidDisks, array.Missing));
        Assert.Equal("in_sync", Assert.Single(array.Legs[0].State));
        Assert.Equal(["member", "member", "member", "spare"], container.Disks.Select(disk => disk.Role));
        Assert.Equal(("sda", "8:0", "SERIAL0", 131_072L * 512), (container.Disks[0].Name, container.Disks[0].Device, container.Disks[0].Serial, container.Disks[0].SizeBytes));
    }

    [Fact]
    public void Health_is_that_of_the_legs_and_of_what_is_done_about_them()
    {
        var degraded = Sample.Array.WithLeg(1, LegFlags.Faulty);
        Assert.Equal((Health.Degraded, "DEGRADED md126, 2 of 3 legs"), Told(Sample.Map(degraded)));
        Assert.Equal(Health.Failed, Sample.Map(degraded.WithLeg(0, LegFlags.Faulty)).Health);
        var rebuilding = Sample.Array.WithLeg(1, LegFlags.Spare) with { Action = SyncAction.Recover, Recorded = Sample.Volume with { Activity = VolumeActivity.Recovery, Checkpoint = 2560 } };
        var status = Sample.Map(rebuilding, Sample.Seen(1024, new SyncPosition(4_300_000, 10_000_000)));
        Assert.Equal((Health.Rebuilding, "REBUILDING md126 43 %, 46 min left"), Told(status));
        Assert.Equal((2560ul, 1), (status.Containers[0].Arrays[0].CheckpointSectors, status.Containers[0].Arrays[0].Missing));
        Assert.Equal(Health.Rebuilding, Sample.Map(Sample.Array with { Action = SyncAction.Resync }).Health);
        Assert.Equal((Health.Ok, "OK: 1 container, 1 array"), Told(Sample.Map(Sample.Array with { Action = SyncAction.Check })));
        Assert.Equal(Health.Degraded, Sample.Map(degraded with { Action = SyncAction.Resync }).Health);
        Assert.Equal((Health.Degraded, "DEGRADED md126, its resync waits for the first write"), Told(Sample.Map(Sample.Array with { State = ArrayState.ReadAuto }, Sample.Seen(pending: true))));
        Assert.Equal(Health.Unknown, Sample.Map(Sample.Array with { State = ArrayState.Unknown }).Health);
        Assert.Equal(Health.Failed, Sample.Map(Sample.Array with { State = ArrayState.Broken }).Health);
    }

    [Theory]
    [InlineData(1, 2, new[] { 0 }, Health.Degraded)]
    [InlineData(10, 4, new[] { 0, 2 }, Health.Degraded)]
    [InlineData(10, 4, new[] { 0, 1 }, Health.Failed)]
    [InlineData(0, 2, new[] { 1 }, Health.Failed)]
    public void Each_level_bears_what_it_bears(int level, int legs, int[] failed, Health health)
    {
        var volume = Sample.Volume with
        {
            Level = level, Layout = 0x102, Legs = [.. Enumerable.Range(0, legs).Select(slot => new LegInfo(slot, Sample.Device(slot), true, 0))],
        };
        var reports = Enumerable.Range(0, legs).Select(slot => new LegReport(slot, $"sd{slot}", failed.Contains(slot) ? LegFlags.Faulty : LegFlags.InSync)).ToImmutableArray();
        // Of a RAID 0 no actor knows the legs.
        var array = Sample.Array with { Level = level, RaidDisks = level == 0 ? 0 : legs, Legs = level == 0 ? [] : reports, Recorded = volume };
        Assert.Equal(health, Sample.Map(array, Sample.Seen() with { Legs = reports }).Health);
    }

    [Fact]
    public void A_mirror_has_no_chunk_and_others_have()
    {
        (int, bool) Chunk(int level)
        {
            var status = Sample.Map(Sample.Array with { Level = level, Recorded = Sample.Volume with { Level = level } });
            return (status.Containers[0].Arrays[0].ChunkBytes, StatusPage.Of(status).Contains("chunk", StringComparison.Ordinal));
        }

        Assert.Equal((0, false), Chunk(1));
        Assert.Equal((131_072, true), Chunk(5));
    }

    [Theory]
    // The reshape is recorded, md does not know of it yet; md has made it a RAID 4; moves data; has moved it; is RAID 0
    // again.
    [InlineData(4, 2, 0, 2, SyncAction.Idle, true, "OK", 0)]
    [InlineData(4, 2, 3, 2, SyncAction.Idle, true, "OK", 0)]
    [InlineData(4, 2, 4, 3, SyncAction.Reshape, true, "REBUILDING", 0)]
    [InlineData(0, 3, 4, 3, SyncAction.Idle, false, "OK", 0)]
    [InlineData(0, 3, 0, 3, SyncAction.Idle, false, "OK", 0)]
    [InlineData(4, 2, 4, 2, SyncAction.Reshape, true, "FAILED", 1)]
    [InlineData(0, 3, 4, 2, SyncAction.Idle, false, "FAILED", 1)]
    [InlineData(0, 3, 0, 2, SyncAction.Idle, false, "FAILED", 1)]
    // The leg that it gets is a spare to md until then.
    [InlineData(4, 2, 4, 3, SyncAction.Reshape, true, "REBUILDING", 0, LegFlags.Spare)]
    [InlineData(4, 2, 4, 3, SyncAction.Reshape, true, "FAILED", 1, LegFlags.Faulty)]
    public void A_RAID_0_that_grows_misses_no_parity(int level, int from, int raidDisks, int whole, SyncAction action, bool grows, string told, int missing, LegFlags last = LegFlags.InSync)
    {
        var reshape = new ReshapeInfo(new VolumeShape(0, 0, 65_536, from), new VolumeShape(0, 0, 65_536, 3), true);
        var volume = Sample.Volume with
        {
            Level = level, Reshape = grows ? reshape : null, Activity = grows ? VolumeActivity.Reshape : VolumeActivity.None,
        };
        var legs = Enumerable.Range(0, whole).Select(slot => new LegReport(slot, $"sd{slot}", slot == whole - 1 ? last : LegFlags.InSync)).ToImmutableArray();
        var array = Sample.Array with { Level = level, Action = action, RaidDisks = raidDisks, Legs = raidDisks == 0 ? [] : legs, Recorded = volume };
        var status = Sample.Map(array, Sample.Seen() with { Legs = legs });
        Assert.StartsWith(told, status.Summary, StringComparison.Ordinal);
        Assert.Equal((missing, last == LegFlags.Faulty ? whole : whole + missing), (status.Containers[0].Arrays[0].Missing, status.Containers[0].Arrays[0].RaidDisks));
    }

    [Fact]
    public void A_reshape_that_mdadm_tells_nobody_of_is_as_far_as_its_record_on_the_disk_says()
    {
        var tail = Fixtures.Disks("reshape-a").First(disk => MigrationRecordBytes.Read(disk.Tail.Span[^512..], 512) is { CurrentUnit: > 0 }).Tail;
        var record = MigrationRecordBytes.Read(tail.Span[^512..], 512)!;
        using var gate = new ManualResetEventSlim();
        var (asked, hangs) = (new List<string>(), false);
        var records = new MigrationRecords(
            disk =>
            {
                lock (asked)
                    asked.Add(disk);
                if (hangs)
                    gate.Wait();
                return (tail.Span[^512..].ToArray(), 512);
            },
            TimeSpan.FromSeconds(1));
        var array = Sample.Array.WithLeg(0, LegFlags.Faulty) with { Action = SyncAction.Reshape, Recorded = Sample.Volume with { Activity = VolumeActivity.Reshape, Checkpoint = 0 } };
        ulong? Checkpoint(string format, ArrayReport array) => records.Begin([(format, array)])() is { IsEmpty: false } found ? found["md126"] : null;
        Assert.Equal(6144 * record.CurrentUnit, Checkpoint("imsm", array));
        Assert.Equal(6144 * record.CurrentUnit, Sample.Map(array, Sample.Seen() with { ReshapeCheckpoint = 6144 * record.CurrentUnit }).Containers[0].Arrays[0].CheckpointSectors);
        Assert.Null(Checkpoint("ddf", array));
        Assert.Null(Checkpoint("imsm", array with { Action = SyncAction.Idle }));
        Assert.Equal(["sdb"], asked);

        // A disk that does not answer is asked once, however often somebody asks for it.
        hangs = true;
        for (var i = 0; i < 3; i++)
            Assert.Null(Checkpoint("imsm", array));
        Assert.Equal(["sdb", "sdb"], asked);
        gate.Set();
        Assert.True(SpinWait.SpinUntil(() => Checkpoint("imsm", array) is not null, TimeSpan.FromSeconds(20)));
    }

    [Fact]
    public void Things_are_what_they_are_since_it_happened_whoever_asks_and_whichever_process_is_asked()
    {
        var degraded = Sample.Container with { Arrays = [Sample.Array.WithLeg(1, LegFlags.Faulty)], Disks = [Sample.Disk(0), Sample.Disk(1) with { IsFailed = true }] };
        RaidEvent Event(int second, string? array, string? disk = null) => new(Sample.Then.AddSeconds(second), EventLevel.Warning, "kind", "md127", array, disk, "");
        var (_, memory) = Sample.Map([Sample.Container], null, StatusMemory.Empty, Sample.Then);
        (HostStatus Status, StatusMemory Memory) Look(SystemReport? report, StatusMemory before, int second, params RaidEvent[] happened) => StatusMap.Of(
            Sample.Teller, report, HostObservation.None with { Arrays = HostObservation.None.Arrays.Add("md126", Sample.Seen()) }, before, Sample.Then.AddSeconds(second), happened);
        DateTimeOffset Since(HostStatus status) => status.Containers[0].Arrays[0].Since;

        var (status, after) = Look(new([degraded]), memory, 30, Event(10, "md125"), Event(20, "md126", "sdb"), Event(25, "md126"));
        Assert.Equal(Sample.Then.AddSeconds(20), Since(status));
        Assert.Equal([Sample.Then, Sample.Then.AddSeconds(20)], status.Containers[0].Disks.Select(disk => disk.Since));
        Assert.Equal(Sample.Then.AddSeconds(20), Since(Look(new([degraded]), after, 60, Event(50, "md126")).Status));

        // Another process goes on; at first it cannot tell.
        var handed = StatusMemory.Empty.With(after.ToList());
        (_, handed) = Look(new([Sample.Container with { Health = ContainerHealth.Starting, Arrays = [], Disks = [] }]), handed, 70);
        (_, handed) = Look(null, handed, 71);
        Assert.Equal(Sample.Then.AddSeconds(20), Since(Look(new([degraded]), handed, 72).Status));
        Assert.Equal(Sample.Then.AddSeconds(73), Since(Look(new([Sample.Container]), handed, 73).Status));
    }

    [Fact]
    public void What_waits_for_long_is_stalled_and_says_for_whom_and_since_when()
    {
        var (status, memory) = Sample.Map([Sample.Container with { Health = ContainerHealth.WaitsInKernel }], null, StatusMemory.Empty, Sample.Then);
        Assert.Equal((Health.Stalled, "STALLED md127: its thread waits in the kernel, for md or for a disk"), Told(status));
        var later = Sample.Map([Sample.Container with { Health = ContainerHealth.WaitsInKernel }], null, memory, Sample.Then.AddSeconds(9)).Status;
        Assert.Equal(Sample.Then, later.Containers[0].WaitsSince);
        Assert.Equal((Health.Stalled, "STALLED md127: sda: no answer from the disk"), Told(Sample.Map(Sample.Container with { Disks = [Sample.Disk(0) with { Hangs = true }] })));
        Assert.Equal(Health.Unknown, Sample.Map(Sample.Container with { Health = ContainerHealth.Silent, Silent = ["metadata"] }).Health);
        Assert.Equal(Health.Stalled, Sample.Map(Sample.Array with { Waiting = TimeSpan.FromSeconds(3) }).Health);
        Assert.Equal(Health.Stalled, StatusMap.Of(Sample.Teller, null, HostObservation.None, StatusMemory.Empty, Sample.Then).Status.Health);
    }

    [Fact]
    public void What_is_over_in_a_moment_is_not_stalled()
    {
        var busy = Sample.Container with { Arrays = [Sample.Array with { State = ArrayState.WritePending }], Disks = [Sample.Disk(0) with { Answers = false }] };
        var (status, memory) = Sample.Map([busy], null, StatusMemory.Empty, Sample.Then);
        Assert.Equal(Health.Ok, status.Health);
        (status, memory) = Sample.Map([busy], null, memory, Sample.Then.AddSeconds(1));
        Assert.Equal(Health.Ok, status.Health);
        (status, memory) = Sample.Map([busy], null, memory, Sample.Then.AddSeconds(3));
        Assert.Equal(Health.Stalled, status.Health);
        Assert.True(status.Containers[0].Disks[0].Hangs);
        Assert.Equal(Health.Ok, Sample.Map([Sample.Container], null, memory, Sample.Then.AddSeconds(4)).Status.Health);
    }

    [Fact]
    public void A_container_that_others_monitor_is_shown_as_the_kernel_shows_it()
    {
        var mdstat = MdStat.Parse("""
            Personalities : [raid6] [raid5] [raid4]
            md126 : active raid5 sdc[2] sdb[1] sda[0]
                  40960 blocks super external:/md127/0 level 5, 64k chunk, algorithm 0 [3/2] [_UU]

            unused devices: <none>

            """);
        HostStatus Told(int monitor) => StatusMap.Of(
            Sample.Teller, new SystemReport([]), HostObservation.None with { Others = [new("md127", "imsm", monitor, mdstat.Arrays, Sample.Recorded)] }, StatusMemory.Empty, Sample.Then).Status;
        Assert.Equal((Health.Unknown, 17), (Told(17).Health, Told(17).Containers[0].Monitor));
        Assert.Equal((Health.Stalled, Health.Degraded, 1), (Told(0).Health, Told(0).Containers[0].Arrays[0].Health, Told(0).Containers[0].Arrays[0].Missing));
    }

    [Fact]
    public void One_may_ask_about_a_part_by_any_of_its_names()
    {
        var status = Sample.Map(Sample.Container with { Arrays = [Sample.Array.WithLeg(1, LegFlags.Faulty), Sample.Array with { Name = "md125", VolumeName = "vol1", Volume = 1, Recorded = Sample.Volume }] });
        foreach (var name in new[] { "md125", "vol1", "/dev/md125", "/dev/md/vol1" })
        {
            var part = About(status, name);
            Assert.Equal(("md125", Health.Ok), (Assert.Single(part.Containers[0].Arrays).Name, part.Health));
        }
        Assert.Equal((Health.Failed, "sdb"), (About(status, "sdb").Health, Assert.Single(About(status, "sdb").Containers[0].Disks).Name));
        Assert.Equal(Health.Degraded, About(status, "md127").Health);
        Assert.Equal("md127, md126 (vol0), md125 (vol1), sda, sdb, sdc, sdd", NameLookup.All(status));
    }

    [Fact]
    public void A_status_survives_its_line_and_the_page_has_it_all()
    {
        var rebuilding = Sample.Array.WithLeg(1, LegFlags.Spare) with { Action = SyncAction.Recover };
        var status = Sample.Map(rebuilding, Sample.Seen(2048, new SyncPosition(3, 10), delayed: true));
        var back = JsonSerializer.Deserialize(JsonSerializer.Serialize(status, StatusJson.Default.HostStatus), StatusJson.Default.HostStatus)!;
        Assert.Equal(StatusPage.Of(status, bars: true), StatusPage.Of(back, bars: true));
        var page = StatusPage.Of(status, bars: true);
        Assert.StartsWith("REBUILDING md126 30 %", page, StringComparison.Ordinal);
        Assert.Contains("recovery [#########.....................] 30 %, 2.00 MiB/s", page, StringComparison.Ordinal);
        Assert.Contains("legs: 0 sda in_sync, 1 sdb spare, 2 sdc in_sync", page, StringComparison.Ordinal);
        Assert.Contains("disk sdd  spare, 64.0 MiB, serial SERIAL3", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Health.Ok, 0)]
    [InlineData(Health.Rebuilding, 1)]
    [InlineData(Health.Degraded, 1)]
    [InlineData(Health.Unknown, 3)]
    [InlineData(Health.Stalled, 2)]
    [InlineData(Health.Failed, 2)]
    public void Scripts_get_an_exit_status(Health health, int status) => Assert.Equal(status, Words.ExitStatus(health));

    private static HostStatus About(HostStatus status, string name) => StatusView.About(status, Assert.Single(NameLookup.Find(status, name)));

    private static (Health, string) Told(HostStatus status) => (status.Health, status.Summary);
}
