using ActorRaid.SysfsIo;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class MdStatTests
{
    private const string Lab = """
        Personalities : [raid6] [raid5] [raid4] 
        md126 : active raid5 loop2[2] loop1[1] loop0[0]
              20480 blocks super external:/md127/0 level 5, 64k chunk, algorithm 0 [3/3] [UUU]
              
        md127 : inactive loop3[3](S) loop2[2](S) loop1[1](S) loop0[0](S)
              4420 blocks super external:imsm
               
        unused devices: <none>

        """;

    private static MdStatArray Only(string lines) => Assert.Single(MdStat.Parse(lines).Arrays);

    [Fact]
    public void A_container_and_its_volume_are_read_from_what_a_kernel_printed()
    {
        var file = MdStat.Parse(Lab);
        Assert.Equal<string>(["raid6", "raid5", "raid4"], file.Personalities);
        Assert.Equal(2, file.Arrays.Length);
        Assert.Empty(file.UnusedDevices);
        Assert.Empty(file.Unknown);
        var volume = file.Arrays[0];
        Assert.Equal(("md126", MdStatState.Active, "raid5", 20480L), (volume.Name, volume.State, volume.Level, volume.Blocks));
        Assert.Equal(["loop2", "loop1", "loop0"], volume.Members.Select(member => member.Device));
        Assert.Equal([2, 1, 0], volume.Members.Select(member => member.Number));
        Assert.Equal(("external:/md127/0", "level 5, 64k chunk, algorithm 0"), (volume.MetadataVersion, volume.Layout));
        Assert.Equal((3, 3, "UUU"), (volume.RaidDisks, volume.WorkingDisks, volume.Slots));
        Assert.Equal((true, false, false), (volume.IsExternal, volume.IsContainer, volume.IsFrozen));
        Assert.Equal(("md127", "0", null), (volume.Container, volume.Subarray, volume.Format));
        Assert.Empty(volume.Unknown);
        var container = file.Arrays[1];
        Assert.Equal(("md127", MdStatState.Inactive, null, 4420L), (container.Name, container.State, container.Level, container.Blocks));
        Assert.All(container.Members, member => Assert.True(member.IsSpare));
        Assert.Equal((true, true, "imsm", null, null),
            (container.IsExternal, container.IsContainer, container.Format, container.Container, container.Subarray));
        Assert.Equal((null, null), (container.RaidDisks, container.Slots));
        Assert.Empty(container.Unknown);
    }

    [Theory]
    [InlineData("external:-md127/0", "md127", "0", true)]
    [InlineData("external:/md_d3/12", "md_d3", "12", false)]
    [InlineData("external:/md127", "md127", null, false)]
    [InlineData("external:/", "", null, false)]
    public void A_members_container_subarray_and_freeze_are_in_its_version(string version, string container, string? subarray, bool frozen)
    {
        var array = Only($"md1 : active raid1 sda[0]\n      1 blocks super {version} [1/1] [U]\n");
        Assert.Equal((container, subarray, frozen), (array.Container, array.Subarray, array.IsFrozen));
        Assert.False(array.IsContainer);
    }

    [Theory]
    [InlineData("md0 : active (auto-read-only) raid1 sda[0]", MdStatState.Active, "auto-read-only", "raid1")]
    [InlineData("md0 : active (read-only) raid1 sda[0]", MdStatState.Active, "read-only", "raid1")]
    [InlineData("md0 : active(auto-read-only) raid1 sda[0]", MdStatState.Active, "auto-read-only", "raid1")]
    [InlineData("md0 : broken (read-only) raid0 sda[0]", MdStatState.Broken, "read-only", "raid0")]
    [InlineData("md0 : active (suspended) raid10 sda[0]", MdStatState.Active, "suspended", "raid10")]
    [InlineData("md0 : inactive sda[0]", MdStatState.Inactive, null, null)]
    [InlineData("md0 : sleeping raid9 sda[0]", MdStatState.Other, null, "raid9")]
    public void States_and_their_marks_are_told_apart(string line, MdStatState state, string? mark, string? level)
    {
        var array = Only(line);
        Assert.Equal((state, mark, level, "sda"), (array.State, array.Marks.SingleOrDefault(), array.Level, array.Members.Single().Device));
        Assert.Equal((mark == "read-only", mark == "auto-read-only"), (array.IsReadOnly, array.IsAutoReadOnly));
        Assert.Empty(array.Unknown);
    }

    [Fact]
    public void Every_flag_of_a_member_is_read()
    {
        var members = Only("md0 : active raid5 nvme0n1p2[0](W) sdb[5](J) sdc[-1](F) sdd[3](S) sde[4](W)(R) dm-3[12]").Members;
        Assert.Equal(["W", "J", "F", "S", "WR", ""], members.Select(member => member.Flags));
        Assert.Equal([0, 5, -1, 3, 4, 12], members.Select(member => member.Number));
        Assert.True(members[0].IsWriteMostly && members[1].IsJournal && members[2].IsFaulty && members[3].IsSpare);
        Assert.True(members[4].IsWriteMostly && members[4].IsReplacement && !members[4].IsSpare);
        Assert.Equal("dm-3", members[5].Device);
    }

    [Theory]
    [InlineData("      1 blocks super 1.2 512k chunks", "1.2", "512k chunks", null, null)]
    [InlineData("      1 blocks super 1.2 64k rounding", "1.2", "64k rounding", null, null)]
    [InlineData("      1 blocks 64k chunks", null, "64k chunks", null, null)]
    [InlineData("      1 blocks super non-persistent [2/1] [_U]", "non-persistent", "", 1, "_U")]
    [InlineData("      1 blocks super 1.2 512K chunks 2 near-copies [4/4] [UUUU]", "1.2", "512K chunks 2 near-copies", 4, "UUUU")]
    [InlineData(
        "      1 blocks super 1.0 64K chunks 2 far-copies 3 devices per set [4/2] [U_U_]",
        "1.0", "64K chunks 2 far-copies 3 devices per set", 2, "U_U_")]
    [InlineData(
        "      1 blocks super 1.2 level 6, 512k chunk, algorithm 2 [4/4] [UUUU]",
        "1.2", "level 6, 512k chunk, algorithm 2", 4, "UUUU")]
    [InlineData(
        "      1 blocks super 1.2 level 5, 4k chunk, algorithm 2 [2/1] [U_] extra words",
        "1.2", "level 5, 4k chunk, algorithm 2 extra words", 1, "U_")]
    [InlineData("      1 blocks super 1.2 nfaults=0 WriteAll", "1.2", "nfaults=0 WriteAll", null, null)]
    public void Every_personalitys_status_is_read(string line, string? version, string layout, int? working, string? slots)
    {
        var array = Only($"md0 : active raid5 sda[0]\n{line}\n");
        Assert.Equal(
            (1L, version, layout, working, slots),
            (array.Blocks, array.MetadataVersion, array.Layout, array.WorkingDisks, array.Slots));
        Assert.Empty(array.Unknown);
    }

    [Theory]
    [InlineData(
        "      [==>..................]  recovery = 12.6% (1292/10240) finish=0.1min speed=1292K/sec",
        "recovery", 12.6, 1292L, 10240L, 0.1, 1292L)]
    [InlineData(
        "      [===================>.]  resync = 99.9% (10239/10240) finish=0.0min speed=200000K/sec",
        "resync", 99.9, 10239L, 10240L, 0.0, 200000L)]
    [InlineData(
        "      [>....................]  reshape =  0.0% (0/10240) finish=1066.6min speed=0K/sec",
        "reshape", 0.0, 0L, 10240L, 1066.6, 0L)]
    [InlineData(
        "      [====================>]  check =100.0% (10240/10240) finish=0.0min speed=1K/sec",
        "check", 100.0, 10240L, 10240L, 0.0, 1L)]
    public void A_running_action_is_read_with_all_its_numbers(
        string line, string action, double percent, long done, long total, double finish, long speed)
    {
        var array = Only($"md0 : active raid5 sda[0]\n      10240 blocks super 1.2 [1/1] [U]\n{line}\n      \n");
        Assert.Equal(new MdStatProgress(action, MdStatProgressState.Running, percent, done, total, finish, speed), array.Progress);
        Assert.Empty(array.Unknown);
    }

    [Theory]
    [InlineData("resync=DELAYED", "resync", MdStatProgressState.Delayed)]
    [InlineData("resync=PENDING", "resync", MdStatProgressState.Pending)]
    [InlineData("resync=REMOTE", "resync", MdStatProgressState.Remote)]
    [InlineData("recover=REMOTE", "recover", MdStatProgressState.Remote)]
    [InlineData("reshape=REMOTE", "reshape", MdStatProgressState.Remote)]
    public void A_waiting_action_is_read(string text, string action, MdStatProgressState state)
    {
        var array = Only($"md0 : active raid5 sda[0]\n      10240 blocks super 1.2 [1/1] [U]\n      \t{text}\n      \n");
        Assert.Equal(new MdStatProgress(action, state), array.Progress);
        Assert.Empty(array.Unknown);
    }

    [Theory]
    [InlineData("bitmap: 1/2 pages [4KB], 65536KB chunk", 1L, 2L, 4L, 67108864L, null)]
    [InlineData("bitmap: 0/1 pages [0KB], 512B chunk", 0L, 1L, 0L, 512L, null)]
    [InlineData("bitmap: 3/3 pages [12KB], 64KB chunk, file: /var/a bitmap", 3L, 3L, 12L, 65536L, "/var/a bitmap")]
    [InlineData("bitmap: something new", null, null, null, null, null)]
    public void A_bitmaps_line_is_read_and_kept(string line, long? used, long? total, long? memory, long? chunk, string? file)
    {
        var array = Only($"md0 : active raid1 sda[0]\n      10240 blocks super 1.2 [1/1] [U]\n      {line}\n\n");
        Assert.Equal(new MdStatBitmap(used, total, memory, chunk, file, line), array.Bitmap);
    }

    [Fact]
    public void Progress_and_bitmap_of_one_array_stand_together()
    {
        var array = Only("""
            md0 : active raid1 sdb[2] sda[0]
                  10240 blocks super 1.2 [2/1] [U_]
                  [==>..................]  recovery = 12.6% (1292/10240) finish=0.1min speed=1292K/sec
                  bitmap: 0/1 pages [0KB], 65536KB chunk

            unused devices: <none>
            """);
        Assert.Equal(("recovery", 0L), (array.Progress?.Action, array.Bitmap?.PagesUsed));
        Assert.Empty(array.Unknown);
    }

    [Fact]
    public void Unused_devices_and_read_ahead_are_read()
    {
        var file = MdStat.Parse("Personalities : \nread_ahead 1024 sectors\nunused devices: sda1 sdb1 \n");
        Assert.Empty(file.Personalities);
        Assert.Equal("1024 sectors", file.ReadAhead);
        Assert.Equal<string>(["sda1", "sdb1"], file.UnusedDevices);
        Assert.Empty(file.Unknown);
    }

    [Fact]
    public void An_array_without_devices_is_an_array()
    {
        var array = Only("md127 : inactive super external:imsm\n       \n");
        Assert.Equal(("md127", "imsm", null, null), (array.Name, array.Format, array.Blocks, array.Level));
        Assert.Empty(array.Unknown);
    }

    [Fact]
    public void What_is_not_known_is_kept()
    {
        var file = MdStat.Parse(
            "      stray\nmd0 : active raid5 sda[0] ??\n      1 blocks super 1.2 [1/1] [U]\n      quantum state: both\nnews!\n");
        Assert.Equal<string>(["      stray", "news!"], file.Unknown);
        Assert.Equal<string>(["??", "quantum state: both"], file.Arrays.Single().Unknown);
    }

    [Fact]
    public void Numbers_beyond_all_bounds_are_kept_as_text()
    {
        var array = Only("md0 : active raid5 sda[99999999999999999999]\n      99999999999999999999 blocks super 1.2\n");
        Assert.Null(array.Blocks);
        Assert.Empty(array.Members);
        Assert.Equal(2, array.Unknown.Length);
    }

    [Fact]
    public void Any_text_made_of_its_words_parses_without_an_exception()
    {
        string[] words =
        [
            "md0", " : ", "active", "inactive", "(read-only)", " ", "\n", "      ", "\t", "sda[0]", "(F)", "[", "]", "1 blocks", " super ",
            "external:", "/", "-", "md127", "[2/1]", " [U_]", "resync", "=", "DELAYED", "%",
            "bitmap: ", "unused devices:", "Personalities :", "\0", "é",
        ];
        var texts = Gen.Elements(words).ListOf().Select(string.Concat);
        Prop.ForAll(texts.ToArbitrary(), text =>
        {
            var file = MdStat.Parse(text);
            _ = file.Arrays.Select(array => (array.Container, array.Subarray, array.Format, array.IsFrozen, array.IsContainer)).ToList();
            return file.Arrays.All(array => array.Name.Length > 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Cut_short_anywhere_it_still_parses()
    {
        for (var length = 0; length <= Lab.Length; length++)
        {
            Assert.InRange(MdStat.Parse(Lab[..length]).Arrays.Length, 0, 2);
        }
    }

    [Fact]
    public void A_watcher_tells_the_text_at_first_and_ends()
    {
        using var folder = new TemporaryFolder();
        var first = new TaskCompletionSource<Result<string>>();
        var calls = 0;
        var watcher = MdStatWatcher.Start(
            text =>
            {
                calls++;
                first.TrySetResult(text);
            },
            folder.File("mdstat", Lab)).Value;
        Assert.Equal(Lab[..^1], Patience.Within(first.Task).Value);
        var again = new TaskCompletionSource<Result<string>>();
        watcher.Refresh(text => again.SetResult(text));
        Assert.Equal(Lab[..^1], Patience.Within(again.Task).Value);
        watcher.Dispose();
        Assert.Equal(1, calls);
        Assert.Equal(Errno.ENOENT, MdStatWatcher.Start(_ => { }, folder["missing"]).Error.Errno);
    }
}
