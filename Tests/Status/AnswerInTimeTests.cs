using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.Actors;
using ActorRaid.Tests.Host;
using ActorRaid.Tests.ImsmFormat;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit.Xunit2;
using Xunit;

namespace ActorRaid.Tests.Statuses;

/// <summary>
/// Who asks how things stand has an answer in time, whatever hangs. No clock of the wall is measured with.
/// </summary>
public sealed class AnswerInTimeTests() : TestKit(ConfigurationFactory.ParseString(
    VirtualTime.Configuration))
{
    private static readonly TimeSpan Limit = StatusBoard.AnswerLimit, Tick = TimeSpan.FromMilliseconds(1);

    [Fact]
    public void What_actors_and_disks_may_take_together_is_half_of_what_a_client_waits()
    {
        Assert.True(Limit + HostObserver.Limit < TimeSpan.FromSeconds(1.5));
        // Who asks just when others have begun to wait has the answer after theirs.
        Assert.True(Limit + HostObserver.Limit + StatusBoard.Between + StatusActor.Grace + HostObserver.Limit
            < ControlClient.AnswerLimit * 0.75);
    }

    [Fact]
    public void Whoever_was_silent_for_a_whole_limit_is_not_waited_for_so_long_again_and_others_are()
    {
        void Advance(TimeSpan by) => VirtualTime.Of(Sys).Advance(by);

        using var gate = new ManualResetEventSlim();
        using EventLoop stuck = new("stuck"), free = new("free");
        var (first, second, metadata) = (CreateTestProbe(), CreateTestProbe(), CreateTestProbe());
        var status = Sys.ActorOf(Props.Create(() => new StatusActor()));
        var parts = new ContainerParts(metadata.Ref, [], [], []);
        stuck.Post(gate.Wait);
        try
        {
            void Ask(params AskedContainer[] containers) =>
                status.Tell(new AskContainers([.. containers], [], TestActor, Limit));
            (string, ContainerHealth)[] Answer() =>
                [.. ExpectMsg<SystemReport>().Containers.Select(container => (container.Name, container.Health))];
            AskedContainer hangs = new("md1", first.Ref, stuck, true), goes = new("md2", second.Ref, free, true);

            // All that was sent has been taken, and the thread that is free has answered.
            void Settle()
            {
                using var turn = new ManualResetEventSlim();
                free.Post(turn.Set);
                Assert.True(turn.Wait(TimeSpan.FromSeconds(15)));
                Ask();
                Assert.Empty(ExpectMsg<SystemReport>().Containers);
            }

            Ask(hangs, goes);
            first.ExpectMsg<NameParts>();
            second.ExpectMsg<NameParts>();
            status.Tell(parts, second.Ref);
            metadata.ExpectMsg<DescribeYourself>();
            status.Tell(new MetadataStanding("imsm", 7, [], [], []), metadata.Ref);
            Settle();
            Advance(Limit - Tick);
            ExpectNoMsg(TimeSpan.FromMilliseconds(100));
            Advance(Tick);
            Assert.Equal([("md1", ContainerHealth.Stuck), ("md2", ContainerHealth.Answers)], Answer());

            // The thread and the container's actor owe an answer for a whole limit: the others' is what is waited for.
            Ask(hangs, goes);
            second.ExpectMsg<NameParts>();
            Advance(Limit / 2);
            ExpectNoMsg(TimeSpan.FromMilliseconds(100));
            status.Tell(parts, second.Ref);
            metadata.ExpectMsg<DescribeYourself>();
            status.Tell(new MetadataStanding("imsm", 7, [], [], []), metadata.Ref);
            Ask(hangs);
            Settle();
            Advance(StatusActor.Grace);
            Assert.Equal([("md1", ContainerHealth.Stuck), ("md2", ContainerHealth.Answers)], Answer());
            Assert.Equal([("md1", ContainerHealth.Stuck)], Answer());
            first.ExpectNoMsg(TimeSpan.FromMilliseconds(1));
        }
        finally
        {
            gate.Set();
        }
    }

    [Fact]
    public async Task A_disk_that_has_been_silent_for_a_whole_limit_is_not_waited_for_again()
    {
        var (clock, hangs) = (new ManualClock(), new TaskCompletionSource<int>());
        var readings = new DiskReadings<string, int>(
            disk => disk == "sda" ? hangs.Task : Task.FromResult(7), Limit, time: clock);
        readings.Begin(["sda"]);
        clock.Now += Limit;
        // The clock's delays do not end by themselves.
        var read = await Task.Run(() => readings.Read(["sda", "sdb"])).WaitAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(["sdb"], read.Keys);
    }

    [Fact]
    public void Of_several_reshapes_that_were_read_too_late_all_are_known_when_somebody_asks_next()
    {
        using var gate = new ManualResetEventSlim();
        using var read = new CountdownEvent(2);
        var records = new MigrationRecords(
            _ =>
            {
                gate.Wait();
                read.Signal();
                return (Record.Tail, 512);
            },
            TimeSpan.FromSeconds(30));
        (string, ArrayReport)[] arrays = [("imsm", Reshaped("md126", "sda")), ("imsm", Reshaped("md125", "sdb"))];
        // Whoever asks first does not wait for them.
        records.Begin(arrays);
        gate.Set();
        Assert.True(read.Wait(TimeSpan.FromSeconds(15)));
        read.Reset(2);
        Assert.Equal(["md125", "md126"], records.Begin(arrays)().Keys.Order());
        Assert.Equal(2, read.CurrentCount);
    }

    [Fact]
    public void Records_of_reshapes_and_disks_of_other_containers_are_all_asked_before_any_is_waited_for()
    {
        using var root = new TempDirectory();
        using var together = new Barrier(2);
        bool Meet() => together.SignalAndWait(TimeSpan.FromSeconds(15));
        Directory.CreateDirectory($"{root.Path}/block/md127/md/dev-sdc/block");
        File.WriteAllText($"{root.Path}/block/md127/md/dev-sdc/block/dev", "8:32\n");
        File.WriteAllText($"{root.Path}/mdstat", "md127 : inactive sdc[0](S)\n      2210 blocks super external:imsm\n");
        var settings = new RaidSettings(SupportedFormats.All, root.Path, root.Path, $"{root.Path}/mdstat")
        {
            LookAtDisk = (_, _, _) =>
            {
                Assert.True(Meet());
                return new KernelError(Errno.EIO, "sdc", "read");
            },
        };
        var records = new MigrationRecords(_ => Meet() ? (Record.Tail, 512) : null, TimeSpan.FromSeconds(30));
        var container = Sample.Container with { Name = "md1", Arrays = [Reshaped("md126", "sda")] };
        var seen = new HostObserver(settings, new ContainerReader(settings),
            records).Look(new SystemReport([container]));
        Assert.Equal(Record.Checkpoint, seen.Arrays["md126"].ReshapeCheckpoint);
        Assert.Contains("EIO", Assert.Single(seen.Others).Recorded.Unreadable["sdc"], StringComparison.Ordinal);
    }

    /// <summary>The last sector of a disk whose volume is reshaped, and how far that is.</summary>
    private static (byte[] Tail, ulong Checkpoint) Record { get; } = (
        from disk in Fixtures.Disks("reshape-a")
        let tail = disk.Tail.Span[^512..].ToArray()
        let record = MigrationRecordBytes.Read(tail, 512)
        where record is { CurrentUnit: > 0 }
        select (tail, record.BlocksPerUnit * record.CurrentUnit)).First();

    private static ArrayReport Reshaped(string name, string disk) => Sample.Array with
    {
        Name = name, Action = SyncAction.Reshape, Legs = [new LegReport(0, disk, LegFlags.InSync)],
        Recorded = Sample.Volume with { Activity = VolumeActivity.Reshape },
    };
}
