using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;

namespace ActorRaid.Tests.Statuses;

/// <summary>What the actors report and what is read beside it, in each state of the table: md127 with md126 ("vol0") on
/// sda, sdb, sdc, or md0.</summary>
/// <param name="Report">What the actors know; null: they do not answer.</param>
/// <param name="Seen">What was read beside it.</param>
internal sealed record Situation(SystemReport? Report, HostObservation Seen)
{
    private const string Clean = "clean";

    /// <summary>What has led here.</summary>
    public ImmutableArray<RaidEvent> Happened { get; init; } = [];

    /// <summary>It has been so for three seconds.</summary>
    public bool Lasts { get; init; }

    /// <summary>The status that follows from it.</summary>
    public HostStatus Status()
    {
        var (status, memory) = StatusMap.Of(Sample.Teller, Report, Seen, StatusMemory.Empty, Sample.Then);
        return Lasts ? StatusMap.Of(Sample.Teller, Report, Seen, memory, Sample.Then.AddSeconds(3)).Status : status;
    }

    /// <summary>By the rows' names.</summary>
    public static ImmutableDictionary<string, Func<Situation>> All { get; } = Build().ToImmutableDictionary(pair =>
        pair.Name, pair => pair.Make);

    private static IEnumerable<(string Name, Func<Situation> Make)> Build()
    {
        var whole = Sample.Container with { Volumes = [Sample.Volume], Disks = [Sample.Disk(0), Sample.Disk(1),
            Sample.Disk(2)] };
        var spare = whole with { Disks = whole.Disks.Add(Sample.Disk(3) with { IsSpare = true }) };
        ContainerReport With(ContainerReport container, Func<ArrayReport, ArrayReport> change) => container
            with { Arrays = [change(container.Arrays[0])] };
        ContainerReport WithDisk(ContainerReport container, int number, Func<DiskReport, DiskReport> change) =>
            container with { Disks = container.Disks.SetItem(number, change(container.Disks[number])) };
        ArrayReport Without(ArrayReport array, params int[] slots) => array with { Legs = [.. array.Legs.Where(leg =>
            !slots.Contains(leg.Slot))] };
        ArrayReport Activity(ArrayReport array, VolumeActivity activity, ulong checkpoint = 0) =>
            array with { Recorded = array.Recorded! with { Activity = activity, Checkpoint = checkpoint } };
        var lost = WithDisk(With(whole, array => Without(array, 1)), 1, disk => disk with { IsFailed = true });
        var lostWithSpare = WithDisk(With(spare, array => Without(array, 1)), 1, disk => disk with { IsFailed = true });
        ImmutableArray<RaidEvent> failed = [Event("leg-failed", "sdb", new(From: "in_sync")), Event("leg-removed",
            "sdb")];

        // ---- containers
        yield return ("nothing", () => Nothing(""));
        yield return ("container-of-spares", () => Nobody(Resting, Sample.Recorded with { Volumes = [] }));
        var dumb = whole with { Arrays = [], Disks = [], Volumes = [], Format = "" };
        yield return ("container-starting", () => Shown(dumb with { Health = ContainerHealth.Starting }));
        yield return ("container-silent", () => Shown(dumb with { Health = ContainerHealth.Silent,
            Silent = ["container"] }));
        Situation Behind(ContainerHealth thread) => Of(whole with
        {
            // Its actors are on that thread.
            Health = thread, Format = "", Generation = 0, Volumes = [],
            Arrays = [new ArrayReport("md126", -1, "", null, ArrayState.Unknown, SyncAction.Unknown, null, 0, [])],
            Disks = [.. whole.Disks.Select(disk => disk with { Serial = "", Sectors = 0, Answers = false })],
        }, Look(Sample.Seen() with { Legs = Sample.Array.Legs }))
            with { Happened = [Event("container-stuck")], Lasts = true };
        yield return ("container-waits-in-kernel", () => Behind(ContainerHealth.WaitsInKernel));
        yield return ("container-stuck", () => Behind(ContainerHealth.Stuck));
        yield return ("container-refused", () => Refused(ContainerHealth.Refused,
            $"md127: no disk has a valid copy of IMSM metadata; sda: {Torn}", NothingReadable));
        yield return ("container-lost", () => Refused(ContainerHealth.Lost,
            "md127: its supervision has ended by a fault", Sample.Recorded));
        yield return ("container-unmonitored", () => Nobody(Running(), Sample.Recorded));
        yield return ("container-monitored-by-another", () => Nobody(Running(), Sample.Recorded, monitor: 17));
        yield return ("container-monitor-unknown", () => Nobody(Running(), Sample.Recorded,
            monitor: new KernelError(Errno.EIO, "/run/mdadm/md127.pid", "read")));
        yield return ("container-of-other-format", () => Nobody(Running("external:ddf"), Ddf, monitor: 17,
            format: "ddf"));
        yield return ("container-of-other-format-unmonitored", () => Nobody(Running("external:ddf"), Ddf,
            format: "ddf"));
        yield return ("container-not-readable", () => Nobody(Resting,
            RecordedContainer.Unknown("its disks are not known: read /sys/block/md127/md/dev-sda/block/dev: "
                + "EIO (Input/output error)")));
        yield return ("actors-silent", () => new Situation(null, HostObservation.None));
        yield return ("mdstat-unreadable", () => Of(whole) with { Seen = Look()
            with { Problem = "which arrays run is unknown: read /proc/mdstat: EIO (Input/output error)" } });

        // ---- volumes that run
        yield return ("volume-whole", () => Of(spare) with { Happened = [Event("array-supervised")] });
        yield return ("volume-active", () => Of(With(whole, array => array with { State = ArrayState.Active,
            Recorded = Sample.Volume with { Dirty = true } })));
        yield return ("volume-active-idle", () => Of(With(whole, array => array with { State = ArrayState.ActiveIdle,
            Recorded = Sample.Volume with { Dirty = true } })));
        yield return ("volume-readonly", () => Of(With(whole, array => array with { State = ArrayState.ReadOnly }),
            Look(Sample.Seen(frozen: true))));
        yield return ("volume-read-auto", () => Of(With(whole, array => array with { State = ArrayState.ReadAuto })));
        yield return ("volume-suspended", () => Of(With(whole, array => array with { State = ArrayState.Suspended })));
        yield return ("volume-frozen", () => Of(With(whole, array => array with { Action = SyncAction.Frozen })));
        yield return ("volume-degraded-no-spare", () => Of(lost) with { Happened = failed });
        yield return ("volume-degraded-with-spare", () => Of(lostWithSpare) with { Happened = failed });
        yield return ("volume-degraded-frozen", () => Of(lostWithSpare, Look(Sample.Seen(frozen: true)))
            with { Happened = failed });
        yield return ("volume-rebuilding", () => Of(
            With(lostWithSpare with { Disks = lostWithSpare.Disks.SetItem(3, Sample.Disk(3)) }, array => array with
            {
                Action = SyncAction.Recover, State = ArrayState.Active, Legs = array.Legs.Add(new LegReport(1, "sdd",
                    LegFlags.Spare)),
                Recorded = Sample.Volume with { Activity = VolumeActivity.Recovery, Checkpoint = 4096, Dirty = true },
            }),
            Look(Sample.Seen(1024, new SyncPosition(12_288, 40_960)))) with
        {
            Happened = [.. failed, Event("recovery-started"), Event("sync-action", null, new(From: "idle",
                To: "recover")), Event("sync-progress", null, new(Sync: new(12_288, 40_960)))],
        });
        yield return ("volume-resync", () => Of(
            With(whole, array => Activity(array, VolumeActivity.Resync, 4096) with { Action = SyncAction.Resync,
                State = ArrayState.Active }),
            Look(Sample.Seen(1024, new SyncPosition(12_288, 40_960)))) with { Happened = [Event("sync-action", null,
                new(From: "idle", To: "resync"))] });
        yield return ("volume-resync-pending", () => Of(
            With(whole, array => Activity(array, VolumeActivity.Resync) with { State = ArrayState.ReadAuto }),
                Look(Sample.Seen(pending: true))));
        var resynced = Activity(whole.Arrays[0], VolumeActivity.Resync, 4096) with { Action = SyncAction.Resync };
        var second = resynced with { Name = "md125", Volume = 1, VolumeName = "vol1", Recorded = Sample.Volume with
            { Index = 1, Name = "vol1", Activity = VolumeActivity.Resync } };
        yield return ("volume-readonly-resync-pending", () => Of(
            With(whole, array => Activity(array, VolumeActivity.Resync) with { State = ArrayState.ReadOnly }),
                Look(Sample.Seen(pending: true, frozen: true))));
        yield return ("volume-resync-delayed", () =>
        {
            var running = Look(Sample.Seen(1024, new SyncPosition(12_288, 40_960)));
            return Of(whole with { Arrays = [resynced, second], Volumes = [Sample.Volume, second.Recorded!] },
                running with { Arrays = running.Arrays.Add("md125", Sample.Seen(delayed: true)) });
        });
        yield return ("volume-check", () => Of(With(whole, array => array with { Action = SyncAction.Check }),
            Look(Sample.Seen(1024, new SyncPosition(12_288, 40_960))))
            with { Happened = [Event("sync-action", null, new(From: "idle", To: "check"))] });
        yield return ("volume-repair", () => Of(With(whole, array => array with { Action = SyncAction.Repair,
            State = ArrayState.Active }), Look(Sample.Seen(1024, new SyncPosition(12_288, 40_960)))));
        yield return ("volume-resync-frozen", () => Of(With(whole, array => Activity(array, VolumeActivity.Resync)
            with { Action = SyncAction.Frozen }), Look(Sample.Seen(pending: true))));
        yield return ("volume-bad-sectors", () => Of(With(whole, array => array with
        {
            Recorded = Sample.Volume with
            {
                Legs = Sample.Volume.Legs.SetItem(1, Sample.Volume.Legs[1] with { BadSectors = 16 }),
            },
        })) with { Happened = [Event("bad-block", "sdb")] });
        yield return ("volume-not-as-recorded", () => Of(With(spare, array => array with
        {
            Legs = array.Legs.SetItem(1, new LegReport(1, "sdd", LegFlags.InSync)),
        })) with { Lasts = true });
        yield return ("native-bad-sectors", () =>
        {
            var whole = Nothing(Native("active raid1 sdb[1] sda[0]", "[2/2] [UU]"), (0, "sda", LegFlags.InSync), (1,
                "sdb", LegFlags.InSync));
            var array = whole.Seen.Arrays["md0"];
            var bad = array with { Legs = array.Legs.SetItem(1, array.Legs[1] with { BadSectors = 16 }) };
            return whole with { Seen = whole.Seen with { Arrays = whole.Seen.Arrays.SetItem("md0", bad) } };
        });
        yield return ("volume-mismatched", () => Of(whole, Look(Sample.Seen() with { MismatchSectors = 24 })));
        yield return ("volume-reshape", () => Of(
            With(whole, array => Activity(array, VolumeActivity.Reshape) with
            {
                Action = SyncAction.Reshape, State = ArrayState.Active, RaidDisks = 4,
                    Legs = array.Legs.Add(new LegReport(3, "sdd", LegFlags.InSync)),
            }) with { Disks = whole.Disks.Add(Sample.Disk(3)) },
            Look(Sample.Seen(1024, new SyncPosition(12_288, 40_960)) with { ReshapeCheckpoint = 8192 })) with
        {
            Happened = [Event("sync-action", null, new(From: "idle", To: "reshape"))],
        });
        yield return ("volume-raid0-grows", () => Of(With(whole, array => Grown(array)), Look(Sample.Seen(1024,
            new SyncPosition(12_288, 40_960)))));
        yield return ("volume-writers-wait", () => Of(With(whole, array => array
            with { State = ArrayState.WritePending, Waiting = TimeSpan.FromSeconds(5) })
            with { Disks = [.. whole.Disks.Select(disk => disk with { IsDoubtful = true })] })
                with { Happened = [Event("recorded-on-fewer")] });
        yield return ("volume-write-pending-long", () => Of(With(whole, array => array
            with { State = ArrayState.WritePending })) with { Lasts = true });
        Situation Unrecorded(LegFlags leg) => Of(With(whole, array => array.WithLeg(1, leg) with
        {
            State = ArrayState.WritePending, Action = SyncAction.Recover, Waiting = TimeSpan.FromSeconds(5),
        }) with
        {
            Disks = [.. whole.Disks.Select((disk, number) => number == 1 ? disk with { IsFailed = true }
                : disk with { IsDoubtful = true })],
        }) with { Happened = [Event("recorded-on-fewer")] };
        yield return ("volume-leg-blocked", () => Unrecorded(LegFlags.Faulty | LegFlags.Blocked));
        yield return ("volume-leg-vanished", () => Unrecorded(LegFlags.Vanished));
        yield return ("volume-leg-faulty", () => Of(WithDisk(With(whole, array => array.WithLeg(1, LegFlags.Faulty)),
            1, disk => disk with { IsFailed = true })) with { Happened = [failed[0]] });
        yield return ("volume-failed", () => Of(
            WithDisk(With(lost, array => array.WithLeg(0, LegFlags.Faulty)
                with { State = ArrayState.Broken }), 0, disk => disk with { IsFailed = true }))
                with { Happened = [.. failed, Event("leg-failed", "sda", new(From: "in_sync"))] });
        yield return ("volume-broken", () =>
        {
            // A RAID 0 whose disk was pulled, and a mirror of the same disks, which keeps bad blocks for now.
            VolumeInfo stripe = Striped with { Legs = [.. Striped.Legs.Take(2)] },
                mirror = stripe with { Index = 1, Name = "vol1", Level = 1,
                    Legs = stripe.Legs.SetItem(1, stripe.Legs[1] with { BadSectors = 1032 }) };
            ArrayReport broken = Sample.Array with
            {
                State = ArrayState.Broken, Level = 0, RaidDisks = 0, Recorded = stripe,
                    Legs = [.. Sample.Array.Legs.Take(2)],
            };
            return Of(whole with
            {
                Arrays = [broken, broken with { Name = "md125", Volume = 1, VolumeName = "vol1",
                    State = ArrayState.Clean,
                    Level = 1, RaidDisks = 2, Recorded = mirror }],
                Volumes = [stripe, mirror], Disks = [Sample.Disk(0), Sample.Disk(1) with { IsDoubtful = true }],
            }) with { Happened = [Event("bad-block", "sdb"), Event("metadata-write-failed", "sdb")] };
        });
        yield return ("volume-unknown-to-metadata", () => Of(whole with
        {
            Arrays =
            [
                Sample.Array,
                new ArrayReport("md125", 1, "", null, ArrayState.Unknown, SyncAction.Unknown, null, 0, []),
            ],
        }) with { Happened = [Event("array-unknown")] });
        yield return ("volume-unknown-to-metadata-written", () => Of(whole with
        {
            Arrays =
            [
                Sample.Array,
                new ArrayReport("md125", 1, "", null, ArrayState.WritePending, SyncAction.Unknown, null, 0, []),
            ],
        }) with { Happened = [Event("array-unknown")] });

        yield return ("volume-not-taken-up", () => new Situation(new SystemReport([whole with { Arrays = [],
            Volumes = [Sample.Volume] }]), Nobody(Running(), Sample.Recorded).Seen with { Others = [] })
            with { Happened = [Event("not-read")], Lasts = true });

        // ---- volumes that do not run
        yield return ("volume-stopped", () => Nobody(Resting, Sample.Recorded));
        yield return ("volume-stopped-beside-another", () => Of(spare with { Volumes = [Sample.Volume, Sample.Volume
            with { Index = 1, Name = "vol1" }] }));
        yield return ("volume-assembled-not-started", () => Nobody(Resting.Replace(
            "unused", "md126 : inactive sda[0]\n      20480 blocks super external:/md127/0\n\nunused",
                StringComparison.Ordinal), Sample.Recorded));
        yield return ("volume-clear", () => Of(With(whole, array => array with { State = ArrayState.Clear,
            Action = SyncAction.Unknown })));
        yield return ("volume-inactive", () => Of(With(whole, array => array with { State = ArrayState.Inactive,
            Action = SyncAction.Unknown })));
        yield return ("volume-stopped-degraded", () => Nobody(Resting, Sample.Recorded
            with { Volumes = [Lacking(Sample.Volume, 1)], Disks = [Sample.Info(0), Sample.Info(2)] }));
        yield return ("volume-disks-gone", () => Nobody(Resting, Sample.Recorded
            with { Volumes = [Lacking(Sample.Volume, 1, 2)], Disks = [Sample.Info(0)] }));

        // ---- disks
        yield return ("disk-spare", () => Of(spare));
        yield return ("disk-failed-still-there", () => Of(WithDisk(
            With(spare, array => array with { Legs = array.Legs.SetItem(1, new LegReport(1, "sdd", LegFlags.InSync)) })
                with { Disks = whole.Disks.Add(Sample.Disk(3)) },
            1, disk => disk with { IsFailed = true })));
        yield return ("disk-hangs", () => Of(WithDisk(whole, 1, disk => disk with { Hangs = true }))
            with { Happened = [Event("disk-hangs", "sdb")] });
        yield return ("disk-waits-in-kernel", () => Of(WithDisk(With(lostWithSpare, array => array
            with { Action = SyncAction.Frozen }), 3, disk => disk with { Answers = false })) with { Lasts = true });
        yield return ("disk-unreadable", () => Of(WithDisk(whole, 1, disk => disk
            with { Unreadable = "sdb cannot be read: read /dev/sdb: EIO (Input/output error)", Serial = "",
                Sectors = 0 }))
            with { Happened = [Event("disk-unreadable", "sdb")] });
        yield return ("disk-unreadable-not-used", () => Of(spare with { Disks = whole.Disks.Add(Sample.Disk(3)
            with { Unreadable = "sdd cannot be read: read /dev/sdd: EIO (Input/output error)", Serial = "",
                Sectors = 0 }) }));
        yield return ("disk-doubtful", () => Of(WithDisk(whole, 1, disk => disk with { IsDoubtful = true }))
            with { Happened = [Event("metadata-write-failed", "sdb")] });
        yield return ("disk-torn", () => Of(WithDisk(whole, 1, disk => disk
            with { Unreadable = "sdb is not used: offset 0x20: checksum 8b96e8fe, computed 8b96e976", Serial = "",
                Sectors = 0 }))
            with { Happened = [Event("disk-broken", "sdb")] });
        yield return ("disk-foreign", () => Of(whole with { Disks = whole.Disks.Add(Sample.Disk(3)
            with { Unreadable = "sdd is not used: family 4094379e, the container's is e0b07e7a", Serial = "", Sectors = 0 }) })
            with { Happened = [Event("disk-foreign", "sdd")] });
        yield return ("disk-blank", () => Of(whole with { Disks = whole.Disks.Add(Sample.Disk(3) with { Serial = "",
            Sectors = 0 }) }));
        yield return ("disk-unreadable-no-daemon", () => Nobody(
            Running(), Sample.Recorded with { Disks = Sample.Recorded.Disks.RemoveAt(3).RemoveAt(1),
                Unreadable = Sample.Recorded.Unreadable.Add("sdb", "sdb cannot be read: it does not answer") }));

        // ---- native arrays
        yield return ("native-whole", () => Nothing(Native("active raid1 sdb[1] sda[0]", "[2/2] [UU]"), (0, "sda",
            LegFlags.InSync), (1, "sdb", LegFlags.InSync)));
        yield return ("native-degraded", () => Nothing(Native("active raid1 sdb[1](F) sda[0]", "[2/1] [U_]"), (0,
            "sda", LegFlags.InSync), (-1, "sdb", LegFlags.Faulty)));
        yield return ("native-rebuilding", () => Nothing(
            Native("active raid1 sdb[1] sda[0]", "[2/1] [U_]", "[====>................]  recovery = 20.0% "
                + "(8192/40960) finish=0.5min speed=1024K/sec"), (0, "sda", LegFlags.InSync), (1, "sdb",
                LegFlags.Spare)));
        yield return ("native-failed", () => Nothing(
            Native("active raid5 sdc[2](F) sdb[1](F) sda[0]", "level 5, 64k chunk, algorithm 2 [3/1] [U__]"),
            (0, "sda", LegFlags.InSync), (-1, "sdb", LegFlags.Faulty), (2, "sdc", LegFlags.Faulty | LegFlags.Blocked)));
        yield return ("native-raid0-failed", () =>
        {
            var active = Nothing(Native("broken raid0 sdb[1] sda[0]", "64k chunks"), (0, "sda", LegFlags.InSync),
                (1, "sdb", LegFlags.InSync));
            var broken = active.Seen.Arrays["md0"] with { State = "broken" };
            return active with { Seen = active.Seen with { Arrays = active.Seen.Arrays.SetItem("md0", broken) } };
        });
        yield return ("native-inactive", () => Nothing(Native("inactive sdb[1](S) sda[0](S)", "")));
        yield return ("native-pending", () => Nothing(Native("active (auto-read-only) raid1 sdb[1] sda[0]",
            "[2/2] [UU]", "resync=PENDING"), (0, "sda", LegFlags.InSync), (1, "sdb", LegFlags.InSync)));
        yield return ("native-delayed", () =>
        {
            var first = Nothing(Native("active raid1 sdb2[1] sda2[0]", "[2/2] [UU]",
                "resync=DELAYED\n\nmd1 : active raid1 sdb1[1] sda1[0]\n      40960 blocks super 1.2 [2/2] [UU]\n      "
                + "[====>................]  resync = 20.0% (8192/40960) finish=0.5min speed=1024K/sec"),
                (0, "sda2", LegFlags.InSync), (1, "sdb2", LegFlags.InSync));
            var arrays = first.Seen.Arrays;
            return first with { Seen = first.Seen with { Arrays = arrays.Add("md1", arrays["md0"]) } };
        });
        yield return ("native-remote", () => Nothing(Native("active raid1 sdb[1] sda[0]", "[2/2] [UU]",
            "resync=REMOTE"), (0, "sda", LegFlags.InSync), (1, "sdb", LegFlags.InSync)));
        yield return ("native-other-state", () => Nothing(Native("strange raid1 sdb[1] sda[0]", "[2/2] [UU]"), (0,
            "sda", LegFlags.InSync), (1, "sdb", LegFlags.InSync)));
    }

    private const string Resting = """
        Personalities :
        md127 : inactive sdc[2](S) sdb[1](S) sda[0](S)
              2210 blocks super external:imsm

        unused devices: <none>

        """;

    private static readonly VolumeInfo Striped = Sample.Volume with { Level = 0, ArraySectors = 122_880 };

    private static readonly RecordedContainer Ddf =
        RecordedContainer.Unknown("metadata of the format \"ddf\" is not supported here")
            with { IsOfOtherFormat = true };

    private static string Running(string version = "external:imsm") => $"""
        Personalities : [raid6] [raid5] [raid4]
        md126 : active raid5 sdc[2] sdb[1] sda[0]
              40960 blocks super external:/md127/0 level 5, 64k chunk, algorithm 0 [3/3] [UUU]

        md127 : inactive sdc[2](S) sdb[1](S) sda[0](S)
              2210 blocks super {version}

        unused devices: <none>

        """;

    private static string Native(string line, string counts, string progress = "") => $"""
        Personalities : [raid1]
        md0 : {line}
              40960 blocks super 1.2 {counts}
              {progress}

        unused devices: <none>

        """;

    private static ArrayReport Grown(ArrayReport array) => array with
    {
        Level = 0, Action = SyncAction.Reshape, State = ArrayState.Active, RaidDisks = 4, Legs = array.Legs.SetItem(2,
            array.Legs[2] with { Flags = LegFlags.Spare }),
        Recorded = Striped with
        {
            Activity = VolumeActivity.Reshape,
            Reshape = new ReshapeInfo(new VolumeShape(0, 0, 131_072, 2), new VolumeShape(0, 0, 131_072, 3), true),
        },
    };

    private static VolumeInfo Lacking(VolumeInfo volume, params int[] slots) => volume with
    {
        Legs = [.. volume.Legs.Select(leg => slots.Contains(leg.Slot) ? leg with { Device = null, InSync = false }
            : leg)],
    };

    private static HostObservation Look(ArrayObservation? array = null) =>
        HostObservation.None with { Arrays = HostObservation.None.Arrays.Add("md126", array ?? Sample.Seen()) };

    private static Situation Of(ContainerReport container, HostObservation? seen = null) =>
        new(new SystemReport([container]), seen ?? Look());

    private const string Torn = "offset 0x20: checksum 8b96e8fe, computed 8b96e976";

    private static readonly RecordedContainer NothingReadable = new(
        0, [], [], new[] { "sda", "sdb", "sdc" }.ToImmutableDictionary(name => name, name =>
            $"{name} is not used: {Torn}"),
        "no disk has a valid copy of IMSM metadata");

    private static Situation Refused(ContainerHealth health, string why, RecordedContainer recorded) =>
        Nobody(Running(), recorded) with
    {
        Report = new SystemReport([new ContainerReport("md127", health, [], "", 0, [], []) { Refusal = why }]),
        Happened = [Event("container-missing")],
    };

    /// <summary>A container of which nothing is known but what the kernel shows.</summary>
    private static Situation Shown(ContainerReport container)
    {
        var (_, seen) = Nobody(Running(), Sample.Recorded);
        return new Situation(new SystemReport([container]), seen with { Others = [] });
    }

    /// <summary>A container that this daemon does not supervise.</summary>
    private static Situation Nobody(string mdstat, RecordedContainer recorded, Result<int>? monitor = null,
        string format = "imsm")
    {
        var listed = MdStat.Parse(mdstat).Arrays;
        var arrays = listed.Any(array => array is { Name: "md126", Level: not null })
            ? HostObservation.None.Arrays.Add("md126", Sample.Seen() with { State = Clean, Legs = Sample.Array.Legs })
            : HostObservation.None.Arrays;
        return new Situation(new SystemReport([]), HostObservation.None with
        {
            Listed = listed, Arrays = arrays,
            Others = [new OtherContainer("md127", format, monitor ?? 0, [.. listed.Where(array =>
                array.Container == "md127")], recorded)],
        });
    }

    /// <summary>No container, and what else mdstat has.</summary>
    private static Situation Nothing(string mdstat, params (int Slot, string Disk, LegFlags Flags)[] legs) =>
        new(new SystemReport([]), HostObservation.None with
    {
        Listed = MdStat.Parse(mdstat).Arrays,
        Arrays = legs.Length == 0 ? HostObservation.None.Arrays : HostObservation.None.Arrays.Add("md0",
            new ArrayObservation(0, 0, null, false, false, false, [.. legs.Select(leg => new LegReport(leg.Slot,
            leg.Disk, leg.Flags))])
        {
            State = Clean,
        }),
    });

    private static RaidEvent Event(string kind, string? disk = null, EventDetail? detail = null) =>
        new(Sample.Then, EventLevel.Info, kind, "md127", "md126", disk, kind) { Detail = detail };
}
