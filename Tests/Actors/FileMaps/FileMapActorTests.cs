using ActorRaid.Actors;
using ActorRaid.Actors.FileMaps;
using ActorRaid.SysfsIo;
using ActorRaid.SysfsIo.Dm;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Xunit;
using static ActorRaid.Tests.Actors.FileMaps.FileMapRig;

namespace ActorRaid.Tests.Actors.FileMaps;

/// <summary>
/// The actor of a file map, with virtual time, the model's device and a file that is what the test says.
/// </summary>
public sealed class FileMapActorTests : LoopKit
{
    private const ulong DeviceNumber = 0xFD00;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly ModelDevice _device = new();
    private readonly FakeFile _file = new();
    private readonly FakeWatch _watch = new();
    private readonly List<string> _told = [];
    private readonly TestProbe _parent;
    private readonly ulong _group;
    private IActorRef _actor = ActorRefs.Nobody;

    public FileMapActorTests()
    {
        _parent = CreateTestProbe();
        _group = _device.CreateGroup("file", StatsOptions.Usual, Piece(10, 10));
        _file.Is(Piece(10, 10));
    }

    [Theory]
    [InlineData(FollowMode.Inode)]
    [InlineData(FollowMode.Path)]
    public void What_happens_to_the_file_is_followed_at_once_and_what_nothing_tells_of_within_seconds(FollowMode mode)
    {
        Start(mode);
        Wait(Second * 1.5);
        _file.Is(Piece(10, 20));
        Happens(FileEvents.Modified);
        Assert.Equal([Piece(10, 10), Piece(20, 10)], Regions());
        _file.Is(Piece(10, 20), Piece(50, 5));
        Wait(TimeSpan.FromSeconds(11));
        Assert.Equal([Piece(10, 10), Piece(20, 10), Piece(50, 5)], Regions());
        _parent.ExpectNoMsg();
    }

    [Fact]
    public void At_rest_it_looks_a_few_times_a_minute()
    {
        Start(FollowMode.Inode);
        Wait(TimeSpan.FromMinutes(1));
        var looks = _file.Looks;
        Wait(TimeSpan.FromMinutes(1));
        Assert.InRange(_file.Looks - looks, 5, 7);
    }

    [Fact]
    public void Many_events_at_once_are_few_looks_and_the_last_is_not_missed()
    {
        Start(FollowMode.Inode);
        Wait(Second);
        var looks = _file.Looks;
        for (var i = 0; i < 1000; i++)
        {
            Happens(FileEvents.Modified);
            Pass(TimeSpan.FromMilliseconds(1));
        }

        Assert.InRange(_file.Looks - looks, 10, 16);
        _file.Is(Piece(10, 20));
        Happens(FileEvents.Modified);
        Wait(FileMapPace.Longest);
        Assert.Equal(2, Regions().Count());
    }

    [Fact]
    public void What_has_no_place_yet_is_looked_for_until_it_has()
    {
        Start(FollowMode.Inode);
        _file.Now = _file.Now with { Extents = new FileExtents([Piece(10, 10)], true) };
        Happens(FileEvents.Modified);
        Wait(TimeSpan.FromSeconds(30));
        _file.Is(Piece(10, 20));
        Wait(TimeSpan.FromSeconds(2));
        Assert.Equal(2, Regions().Count());
    }

    [Fact]
    public void A_path_that_leads_nowhere_for_a_moment_is_waited_for()
    {
        Start(FollowMode.Path);
        _file.Error = Errno.ENOENT;
        Happens(FileEvents.Deleted);
        Wait(TimeSpan.FromSeconds(0.8));
        _file.Is(Piece(100, 5));
        Happens(FileEvents.Created);
        Wait(FileMapPace.WhileAbsent);
        Assert.Equal([Piece(100, 5)], Regions());
        _file.Error = Errno.ENOENT;
        Happens(FileEvents.Deleted);
        Wait(TimeSpan.FromSeconds(0.8));
        _parent.ExpectNoMsg();
        Wait(TimeSpan.FromSeconds(0.2));
        Ended(FileMapEnd.PathGone);
        Assert.Equal([Piece(100, 5)], Regions());
    }

    [Fact]
    public void An_error_is_not_taken_for_absence()
    {
        Start(FollowMode.Path);
        _file.Error = Errno.EIO;
        Wait(TimeSpan.FromMinutes(1));
        _parent.ExpectNoMsg();
        Assert.Single(_told, text => text.Contains("EIO", StringComparison.Ordinal));
        _file.Is(Piece(10, 20));
        Wait(TimeSpan.FromSeconds(11));
        Assert.Equal(2, Regions().Count());
    }

    [Fact]
    public void A_file_that_is_emptied_and_written_anew_is_followed_and_one_that_stays_empty_ends_its_group()
    {
        Start(FollowMode.Inode);
        _file.Is();
        Happens(FileEvents.Modified);
        Wait(TimeSpan.FromSeconds(0.5));
        _file.Is(Piece(200, 5));
        Happens(FileEvents.Modified);
        Wait(FileMapPace.WhileAbsent);
        Assert.Equal([Piece(200, 5)], Regions());
        _file.Is();
        Happens(FileEvents.Modified);
        Wait(Second);
        Ended(FileMapEnd.FileEmpty);
        Assert.Empty(_device.Regions);
    }

    [Fact]
    public void An_unlinked_file_is_followed_as_long_as_somebody_has_it_open()
    {
        Start(FollowMode.Inode);
        _file.IsHeld = true;
        _file.Now = _file.Now with { Links = 0 };
        Happens(FileEvents.Attributes);
        Wait(Second);
        Assert.True(_watch.Closing);
        _file.Is(Piece(10, 20));
        _file.Now = _file.Now with { Links = 0 };
        Happens(FileEvents.Modified);
        Wait(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Regions().Count());
        _parent.ExpectNoMsg();
        // It is heard of just before the kernel has counted it.
        Happens(FileEvents.ClosedAfterReading);
        _file.IsHeld = false;
        Wait(TimeSpan.FromMilliseconds(50));
        Ended(FileMapEnd.Unlinked);
        Assert.Equal(2, Regions().Count());
    }

    [Fact]
    public void When_the_group_is_deleted_it_ends_within_seconds_and_at_once_when_the_file_changes()
    {
        Start(FollowMode.Inode);
        _device.Delete(_group);
        Wait(TimeSpan.FromSeconds(11));
        Ended(FileMapEnd.GroupGone);
        Assert.Empty(_device.Regions);
        Assert.True(_watch.IsDisposed);
    }

    [Theory]
    [InlineData(false, DeviceNumber, FileMapEnd.OtherKind)]
    [InlineData(true, 0xFD01, FileMapEnd.OtherKind)]
    public void What_is_no_regular_file_on_the_same_device_is_an_end(bool regular, ulong device, FileMapEnd reason)
    {
        Start(FollowMode.Path);
        _file.Now = _file.Now with { IsRegular = regular, Device = device };
        Happens(FileEvents.MovedTo);
        Wait(Second);
        Ended(reason);
    }

    [Fact]
    public void When_the_device_is_gone_it_ends()
    {
        Start(FollowMode.Path);
        _device.IsGone = true;
        Wait(TimeSpan.FromSeconds(11));
        Ended(FileMapEnd.DeviceGone);
    }

    [Fact]
    public void A_device_that_keeps_no_statistics_is_an_end_and_a_lack_of_memory_is_not()
    {
        Start(FollowMode.Inode);
        _device.CreateFails = Errno.ENOMEM;
        _file.Is(Piece(10, 20));
        Wait(TimeSpan.FromMinutes(1));
        Assert.Single(_told, text => text.Contains("ENOMEM", StringComparison.Ordinal));
        _device.CreateFails = (Errno)524;
        Wait(TimeSpan.FromSeconds(11));
        Ended(FileMapEnd.Unsupported);
    }

    [Fact]
    public void After_a_restart_it_goes_on_from_what_is_in_the_kernel()
    {
        Start(FollowMode.Inode);
        _file.Is(Piece(10, 20));
        Happens(FileEvents.Modified);
        Wait(Second);
        _actor.Tell(PoisonPill.Instance);
        Settle();
        Assert.True(_watch.IsDisposed);
        _device.Read(10);
        Start(FollowMode.Inode);
        Assert.Equal([Piece(10, 10), Piece(20, 10)], Regions());
        Assert.Equal(1UL, _device.Shown(_group));
    }

    private void Start(FollowMode mode)
    {
        var order = new FileMapOrder(
            _group, "/mnt/file", mode, FileMapIdentity.Of(mode, "/mnt/file", 12), _file, DeviceNumber, _device, told => _watch.Begin(told))
        {
            Tell = (_, text) => _told.Add(text),
        };
        _actor = OnLoop(() => new FileMapActor(order), _parent);
        Settle();
    }

    private void Happens(FileEvents events)
    {
        _watch.Tell(events);
        Settle();
    }

    /// <summary>So much time passes, in steps: what is ordered meanwhile is due as well.</summary>
    private void Wait(TimeSpan time)
    {
        var step = time > TimeSpan.FromSeconds(5) ? TimeSpan.FromMilliseconds(250) : TimeSpan.FromMilliseconds(25);
        for (var passed = TimeSpan.Zero; passed < time; passed += step)
        {
            Pass(time - passed < step ? time - passed : step);
        }
    }

    private void Ended(FileMapEnd reason)
    {
        Assert.Equal(reason, _parent.ExpectMsg<FileMapEnded>().Reason);
        Settle();
        Assert.True(_watch.IsDisposed);
    }

    private IEnumerable<SectorRange> Regions() => _device.Members(_group).Select(region => region.Range).Order();

    private sealed class FakeFile : IMappedFile
    {
        public FileLook Now { get; set; } = new(DeviceNumber, 12, 1, true, new FileExtents([], false));

        public Errno Error { get; set; }

        public bool IsHeld { get; set; }

        public int Looks { get; private set; }

        public void Is(params SectorRange[] extents) =>
            (Now, Error) = (new FileLook(DeviceNumber, 12, 1, true, new FileExtents(SectorRanges.Join(extents), false)), 0);

        public Result<FileLook> Look()
        {
            Looks++;
            return Error == 0 ? Now : new KernelError(Error, "/mnt/file", "open");
        }

        public Result<bool> IsHeldByOthers() => IsHeld;

        public void Dispose()
        {
        }
    }

    private sealed class FakeWatch : IFileWatch
    {
        private Action<FileEvents>? _told;

        public bool Closing { get; private set; }

        public bool IsDisposed { get; private set; }

        public Result<IFileWatch> Begin(Action<FileEvents> told)
        {
            (_told, IsDisposed) = (told, false);
            return this;
        }

        public void Tell(FileEvents events) => _told!(events);

        public void Renew(bool closing) => Closing = closing;

        public void Dispose() => IsDisposed = true;
    }
}
