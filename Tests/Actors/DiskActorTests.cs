using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using ActorRaid.Tests.ImsmRules;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// What a disk's actor writes when the disk joins an array, and in which order.
/// </summary>
public sealed class DiskActorTests : LoopKit
{
    private readonly FakeSysfs _sysfs = new();
    private readonly TestProbe _asker;
    private readonly LegWrites _writes;
    private readonly IActorRef _disk;

    public DiskActorTests()
    {
        _asker = CreateTestProbe();
        _writes = new LegWrites(Events);
        _disk = Pinned(() => new DiskActor(_sysfs.Root, "sdb", Build.Device(1), _writes));
    }

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        _writes.Dispose();
        _sysfs.Dispose();
    }

    [Fact]
    public void A_spare_joins_with_offset_size_and_slot()
    {
        Spare();
        _sysfs.Put("md126", "dev-sdb/slot", "none");
        _disk.Tell(Join(new JoinPermit()), _asker.Ref);

        Assert.Equal(new LegJoined(7, Assignment, null), _asker.ExpectMsg<LegJoined>());
        Assert.Equal("8:16", _sysfs.Text("md126", "new_dev"));
        Assert.Equal("4096", _sysfs.Text("md126", "dev-sdb/offset"));
        Assert.Equal("51200", _sysfs.Text("md126", "dev-sdb/size"));
        Assert.Equal(FakeSysfs.Written("none", "2"), _sysfs.Text("md126", "dev-sdb/slot"));
    }

    [Fact]
    public void A_spare_that_md_does_not_take_is_removed_from_the_array()
    {
        Spare();
        _disk.Tell(Join(new JoinPermit()), _asker.Ref);

        var joined = _asker.ExpectMsg<LegJoined>();
        Assert.Equal(_sysfs.PathOf("md126", "dev-sdb/slot"), joined.Error?.Path);
        Assert.Equal(FakeSysfs.Written("spare", "remove"), State("md126"));
    }

    [Fact]
    public void What_the_format_wants_on_the_disk_is_there_before_md_gets_it_and_where_its_PPL_is_before_its_slot()
    {
        Spare();
        foreach (var attribute in new[] { "ppl_sector", "ppl_size", "slot" })
        {
            _sysfs.Put("md126", $"dev-sdb/{attribute}", "");
        }

        var path = _sysfs.PathOf("md126", "disk");
        File.WriteAllBytes(path, new byte[1 << 20]);
        var bytes = Enumerable.Range(0, 200 * 512).Select(number => (byte)number).ToArray();
        var assignment = Assignment with
        {
            Ppl = new DiskExtent(106_496, 2048),
            Prepare = [new SectorWrite(8 * 512, bytes), new SectorWrite(8 * 512, new byte[512])],
        };
        using var hanging = new HangingAttribute(_sysfs, "md126", "new_dev");
        var disk = Pinned(() => new DiskActor(_sysfs.Root, "sdb", Build.Device(1), _writes, path));
        disk.Tell(Join(new JoinPermit()) with { Assignment = assignment }, _asker.Ref);
        Assert.Equal("8:16", hanging.LetGo());
        byte[] expected = [.. new byte[512], .. bytes[512..]];
        Assert.Equal(expected, File.ReadAllBytes(path).AsSpan(8 * 512, bytes.Length).ToArray());
        Assert.Null(_asker.ExpectMsg<LegJoined>().Error);
        Assert.Equal("106496", _sysfs.Text("md126", "dev-sdb/ppl_sector"));
        Assert.Equal("2048", _sysfs.Text("md126", "dev-sdb/ppl_size"));

        // Where md has no such attribute it does not get the slot either.
        File.Delete(_sysfs.PathOf("md126", "dev-sdb/ppl_size"));
        _sysfs.Put("md126", "dev-sdb/slot", "none");
        disk.Tell(Join(new JoinPermit()) with { Assignment = assignment }, _asker.Ref);
        hanging.LetGo();
        Assert.Equal(_sysfs.PathOf("md126", "dev-sdb/ppl_size"), _asker.ExpectMsg<LegJoined>().Error?.Path);
        Assert.Equal("none", _sysfs.Text("md126", "dev-sdb/slot"));
    }

    [Fact]
    public void A_disk_that_nobody_wants_any_more_is_not_written()
    {
        Spare();
        var path = _sysfs.PathOf("md126", "disk");
        File.WriteAllBytes(path, Enumerable.Repeat((byte)7, 4096).ToArray());
        var disk = Pinned(() => new DiskActor(_sysfs.Root, "sdb", Build.Device(1), _writes, path));
        var permit = new JoinPermit();
        permit.Withdraw();
        disk.Tell(Join(permit) with { Assignment = Prepared }, _asker.Ref);
        Assert.NotNull(_asker.ExpectMsg<LegJoined>().Error);
        Assert.True(File.ReadAllBytes(path).AsSpan().IndexOf((byte)0) < 0);
        Assert.Equal("", _sysfs.Text("md126", "new_dev"));
    }

    [Fact]
    public void A_disk_that_cannot_be_prepared_does_not_come_to_md()
    {
        Spare();
        var disk = Pinned(() => new DiskActor(_sysfs.Root, "sdb", Build.Device(1), _writes, "/dev/none"));
        disk.Tell(Join(new JoinPermit()) with { Assignment = Prepared }, _asker.Ref);
        Assert.Equal("/dev/none", _asker.ExpectMsg<LegJoined>().Error?.Path);
        Assert.Equal("", _sysfs.Text("md126", "new_dev"));
    }

    [Fact]
    public void A_spare_that_nobody_waits_for_any_more_gets_no_slot()
    {
        Spare();
        _sysfs.Put("md126", "dev-sdb/slot", "none");
        var permit = new JoinPermit();
        Assert.True(permit.Withdraw());
        _disk.Tell(Join(permit), _asker.Ref);

        Assert.NotNull(_asker.ExpectMsg<LegJoined>().Error);
        Assert.Equal("none", _sysfs.Text("md126", "dev-sdb/slot"));
        Assert.Equal(FakeSysfs.Written("spare", "remove"), State("md126"));
    }

    [Fact]
    public void While_md_lets_the_disk_wait_that_shows()
    {
        Spare();
        using var hanging = new HangingAttribute(_sysfs, "md126", "new_dev");
        _disk.Tell(Join(new JoinPermit()), _asker.Ref);
        Patience.Until(
            () =>
            {
                _disk.Tell(new DescribeYourself(), _asker.Ref);
                return _asker.ExpectMsg<DiskAnswer>().Waits;
            },
            "it waits in the kernel");

        Assert.Equal("8:16", hanging.LetGo());
        Assert.NotNull(_asker.ExpectMsg<LegJoined>().Error); // There is no slot attribute.
    }

    private static SpareAssignment Prepared => Assignment with { Prepare = [new SectorWrite(0, new byte[512])] };

    private static SpareAssignment Assignment => new(Build.Device(1), 2, 4096, 102_400, 0);

    private JoinArray Join(JoinPermit permit) => new("md126", Assignment, [], 7, permit);

    private void Spare()
    {
        foreach (var (attribute, text) in new[] { ("new_dev", ""), ("dev-sdb/offset", ""), ("dev-sdb/size", ""), ("dev-sdb/state", "spare") })
        {
            _sysfs.Put("md126", attribute, text);
        }
    }

    private string State(string array) => _sysfs.Text(array, "dev-sdb/state");
}
