using System.Collections.Immutable;
using ActorRaid.Actors.FileMaps;
using ActorRaid.SysfsIo.Dm;
using Xunit;
using static ActorRaid.Tests.Actors.FileMaps.FileMapRig;

namespace ActorRaid.Tests.Actors.FileMaps;

/// <summary>Regions that follow a file, on a model of the kernel's.</summary>
public sealed class FileMapDecisionTests
{
    /// <summary>How the file changes: sectors before and after, and whether the group is to go.</summary>
    private static readonly (string Name, SectorRange[] Before, SectorRange[] After, bool IsOver)[] Changes =
    [
        ("grows at its end", [Piece(10, 10)], [Piece(10, 15)], false),
        ("grows elsewhere", [Piece(10, 10)], [Piece(10, 10), Piece(50, 5), Piece(60, 5)], false),
        ("grows at its beginning", [Piece(10, 10), Piece(40, 5)], [Piece(5, 15), Piece(40, 5)], false),
        ("is cut", [Piece(10, 10), Piece(40, 10)], [Piece(10, 10), Piece(40, 4)], false),
        ("loses its end", [Piece(10, 10), Piece(40, 10)], [Piece(10, 10)], false),
        ("loses its beginning", [Piece(10, 10), Piece(40, 10), Piece(60, 5)], [Piece(40, 10), Piece(60, 5)], false),
        ("is cut where the leader is", [Piece(10, 10), Piece(40, 10)], [Piece(10, 4), Piece(40, 10)], false),
        ("gets a hole", [Piece(10, 30)], [Piece(10, 10), Piece(30, 10)], false),
        ("is somewhere else", [Piece(10, 10)], [Piece(100, 7)], false),
        ("is somewhere else in pieces", [Piece(10, 10), Piece(30, 10)], [Piece(100, 7), Piece(200, 7), Piece(300, 7)], false),
        ("is empty for good", [Piece(10, 10), Piece(30, 10)], [], true),
    ];

    public static TheoryData<string> Names => new(Changes.Select(change => change.Name));

    [Theory]
    [MemberData(nameof(Names))]
    public void A_change_is_followed_and_a_crash_at_any_step_is_made_good(string name) => FollowsWithCrashes(name, othersFirst: false);

    [Theory]
    [MemberData(nameof(Names))]
    public void So_it_is_where_others_have_lower_numbers_and_some_are_free(string name) => FollowsWithCrashes(name, othersFirst: true);

    private static void FollowsWithCrashes(string name, bool othersFirst)
    {
        var (_, before, after, isOver) = Changes.Single(change => change.Name == name);
        for (var crash = 0; ; crash++)
        {
            var rig = new FileMapRig(before, othersFirst);
            Read(rig, before);
            // What is being read all the time is the file's before and after.
            var common = before.Where(range => SectorRanges.Cover(SectorRanges.Join(after), range)).ToArray();
            var during = 0UL;
            rig.Device.Between = () =>
            {
                during += (ulong)common.Length;
                Read(rig, common);
            };
            var died = rig.Dies(crash, after, isOver);
            rig.Device.Between = null;
            var outcome = rig.FollowAfresh(after, isOver);
            if (isOver)
            {
                // Once all of it is done a fresh process finds no group; before that it ends the same way.
                Assert.Contains(outcome.End!.Reason, (FileMapEnd[])[FileMapEnd.FileEmpty, FileMapEnd.GroupGone]);
                Assert.Null(rig.Device.Tag(rig.Group));
                Assert.DoesNotContain(rig.Device.Regions, region => rig.Mark.IsOurs(region.Aux));
                rig.OthersHaveWhatTheyHad();
            }
            else
            {
                Assert.Equal((null, null), (outcome.End, outcome.Problem));
                rig.IsInStep(after);
                Assert.True(rig.Counted >= (ulong)before.Length + during, $"crash after {crash}: {rig.Counted} of {(ulong)before.Length + during}");
                Assert.True(died || rig.Counted <= (ulong)before.Length + (2 * during));
            }

            if (!died)
            {
                Assert.InRange(crash, 1, 100);
                return;
            }
        }
    }

    [Fact]
    public void What_was_in_a_region_stays_there_while_the_file_grows_a_thousand_times()
    {
        var rig = new FileMapRig([Piece(10, 1)]);
        var leader = rig.Device.Regions.First();
        for (var length = 2UL; length <= 1000; length++)
        {
            rig.Device.Read(length + 8);
            Assert.Equal((1, 0), rig.Follow(Piece(10, length)) is var outcome ? (outcome.Created, outcome.Deleted) : default);
        }

        rig.IsInStep([Piece(10, 1000)]);
        Assert.Equal(999UL, rig.Device.Shown(rig.Group));
        Assert.Equal(leader.Range, rig.Device.Regions.First().Range);
    }

    [Fact]
    public void A_region_that_has_counted_nothing_grows_with_the_file_and_one_that_has_does_not()
    {
        var rig = new FileMapRig([Piece(10, 10)]);
        for (var length = 11UL; length <= 100; length++)
        {
            rig.Follow(Piece(10, length));
            rig.IsInStep([Piece(10, length)]);
        }

        Assert.Equal(2, rig.Device.Members(rig.Group).Length);
        rig.Device.Read(50);
        rig.Follow(Piece(10, 110));
        Assert.Equal(3, rig.Device.Members(rig.Group).Length);
        Assert.Equal(1UL, rig.Device.Shown(rig.Group));
    }

    [Fact]
    public void A_region_that_counts_while_it_grows_is_kept()
    {
        for (var crash = 0; ; crash++)
        {
            var rig = new FileMapRig([Piece(10, 10)]);
            rig.Follow(Piece(10, 15));
            // Each change is preceded by a read of what is there.
            var reads = 0UL;
            rig.Device.Between = () =>
            {
                reads++;
                rig.Device.Read(22);
            };
            var died = rig.Dies(crash, [Piece(10, 20)]);
            rig.Device.Between = null;
            rig.FollowAfresh([Piece(10, 20)]);
            rig.IsInStep([Piece(10, 20)]);
            Assert.Equal(reads, rig.Counted);
            if (!died)
            {
                return;
            }
        }
    }

    [Fact]
    public void Too_many_regions_that_touch_become_one_and_their_counts_are_carried()
    {
        for (var crash = 0; ; crash++)
        {
            var rig = new FileMapRig([Piece(10, 10)], most: 4);
            for (var length = 11UL; length < 14; length++)
            {
                rig.Follow(Piece(10, length));
                rig.Device.Read(length + 9);
            }

            Assert.Equal(3UL, rig.Device.Shown(rig.Group));
            var died = rig.Dies(crash, [Piece(10, 14)]);
            rig.FollowAfresh([Piece(10, 14)]);
            rig.IsInStep([Piece(10, 14)]);
            Assert.Equal((2, 3UL), (rig.Device.Members(rig.Group).Length, rig.Counted));
            if (!died)
            {
                Assert.Equal(0UL, rig.Device.Shown(rig.Group));
                return;
            }
        }
    }

    [Fact]
    public void Too_many_pieces_are_an_end_with_a_reason_and_nothing_left_over()
    {
        var rig = new FileMapRig([Piece(10, 1)], most: 4);
        var outcome = rig.Follow([.. Enumerable.Range(0, 5).Select(i => Piece((ulong)(10 + (i * 10)), 1))]);
        Assert.Equal((FileMapEnd.TooManyPieces, "5 regions would be needed, 4 are allowed"), (outcome.End!.Reason, outcome.End.Text));
        rig.IsInStep([Piece(10, 1)]);
    }

    [Fact]
    public void A_list_that_dmstats_could_not_handle_is_an_end_and_the_group_stays_as_it_was()
    {
        var rig = new FileMapRig([Piece(10, 1)]);
        // Somebody has every other number.
        var others = Enumerable.Range(0, 800).Select(_ => rig.Device.Create(Piece(5000, 1), StatsOptions.Usual, "else", "-").Value).ToList();
        others.Where(id => id % 2 == 0).ToList().ForEach(id => rig.Device.Delete(id));
        rig.OthersHaveChanged();
        var outcome = rig.Follow([.. Enumerable.Range(0, 300).Select(i => Piece((ulong)(10 + (i * 10)), 1))]);
        Assert.Equal(FileMapEnd.TooManyPieces, outcome.End!.Reason);
        Assert.Contains("longer than dmstats can handle", outcome.End.Text, StringComparison.Ordinal);
        rig.IsInStep([Piece(10, 1)]);
    }

    [Fact]
    public void A_file_without_sectors_for_a_moment_keeps_its_group()
    {
        var rig = new FileMapRig([Piece(10, 10), Piece(30, 10)]);
        Assert.Null(rig.Follow().End);
        Assert.Equal([Piece(10, 10)], rig.Device.Members(rig.Group).Select(region => region.Range));
        rig.Follow(Piece(70, 10));
        rig.IsInStep([Piece(70, 10)]);
    }

    [Fact]
    public void What_the_user_keeps_in_the_groups_text_is_not_touched()
    {
        var rig = new FileMapRig([Piece(10, 10), Piece(30, 10)]);
        rig.Device.SetAux(rig.Group, (rig.Device.Tag(rig.Group)! with { User = "my own" }).Build().Value);
        Read(rig, [Piece(30, 10)]);
        rig.Follow(Piece(10, 10));
        Assert.Equal("my own", rig.Device.Tag(rig.Group)!.User);
        rig.IsInStep([Piece(10, 10)]);
    }

    [Fact]
    public void A_number_that_has_become_anothers_region_is_taken_from_the_list_and_left_alone()
    {
        var rig = new FileMapRig([Piece(10, 10), Piece(30, 10)]);
        rig.Follow(Piece(10, 10), Piece(30, 10));
        rig.Device.Delete(1);
        Assert.Equal(1UL, rig.Device.Create(Piece(900, 5), StatsOptions.Usual, "dmstats", "-").Value);
        rig.Follow(Piece(10, 10), Piece(30, 10));
        Assert.Contains(rig.Device.Regions, region => region is { Id: 1, Aux: "-" } && region.Range == Piece(900, 5));
        Assert.Equal([Piece(10, 10), Piece(30, 10)], rig.Device.Members(rig.Group).Select(region => region.Range));
    }

    [Theory]
    [InlineData("-", FileMapEnd.GroupGone)]
    [InlineData("DMS_GROUP=file:7-8#-", FileMapEnd.BrokenGroup)]
    public void Without_a_group_it_ends_and_touches_nothing(string aux, FileMapEnd reason)
    {
        var rig = new FileMapRig([Piece(10, 10)]);
        rig.Device.SetAux(rig.Group, aux);
        var before = rig.Device.Regions.ToList();
        Assert.Equal(reason, rig.Follow(Piece(10, 20)).End!.Reason);
        Assert.Equal(before, rig.Device.Regions);
    }

    [Fact]
    public void What_the_kernel_refuses_is_a_problem_and_is_made_good_later()
    {
        var rig = new FileMapRig([Piece(10, 10)]);
        rig.Device.CreateFails = Errno.ENOMEM;
        var outcome = rig.Follow(Piece(100, 10));
        Assert.Equal((null, Errno.ENOMEM), (outcome.End, outcome.Problem!.Value.Errno));
        Assert.Single(rig.Device.Members(rig.Group));
        rig.Device.CreateFails = 0;
        rig.Follow(Piece(100, 10));
        rig.IsInStep([Piece(100, 10)]);
    }

    /// <summary>Random files, readers, others and crashes.</summary>
    [Fact]
    public void Whatever_happens_regions_end_up_in_step_and_no_count_is_lost()
    {
        for (var seed = 0; seed < 400; seed++)
        {
            try
            {
                new Schedule(seed).Run();
            }
            catch (Exception failure)
            {
                throw new InvalidOperationException($"seed {seed}: {failure.Message}", failure);
            }
        }
    }

    private static void Read(FileMapRig rig, IEnumerable<SectorRange> ranges)
    {
        foreach (var range in ranges)
        {
            rig.Device.Read(range.Start);
        }
    }

    private sealed class Schedule(int seed)
    {
        private const int Steps = 25;
        private readonly Random _random = new(seed);

        public void Run()
        {
            var file = Some();
            var rig = new FileMapRig(file, _random.Next(2) == 0, _random.Next(3) == 0 ? 12 : FileMapView.UsualMost);
            var least = 0UL;
            for (var step = 0; step < Steps; step++)
            {
                foreach (var range in file)
                {
                    rig.Device.Read(range.Start + (ulong)_random.Next((int)range.Length));
                    least++;
                }

                Somebody(rig);
                var before = file;
                file = _random.Next(3) switch
                {
                    0 => Some(),
                    1 => SectorRanges.Join(file.Append(Piece((ulong)_random.Next(300), (ulong)_random.Next(1, 20)))),
                    _ => SectorRanges.Without(file, [Piece((ulong)_random.Next(300), (ulong)_random.Next(1, 100))]) is { IsEmpty: false } left ? left : file,
                };
                while (_random.Next(2) == 0 && rig.Dies(_random.Next(20), file))
                {
                    // The file goes on changing while nobody runs.
                    if (_random.Next(4) == 0)
                    {
                        file = SectorRanges.Join(file.Append(Piece((ulong)_random.Next(300), (ulong)_random.Next(1, 20))));
                    }
                }

                var outcome = rig.FollowAfresh(file);
                Assert.Equal((null, null), (outcome.End?.Text, outcome.Problem));
                rig.IsInStep(file);
                Assert.True(rig.Counted >= least, $"step {step}: {rig.Counted} counted of {least}");
            }

            Assert.Equal(least, rig.Counted);
        }

        /// <summary>Pieces few enough for the smallest limit.</summary>
        private ImmutableArray<SectorRange> Some() =>
            SectorRanges.Join(Enumerable.Range(0, _random.Next(1, 5)).Select(_ => Piece((ulong)_random.Next(300), (ulong)_random.Next(1, 20))));

        /// <summary>
        /// Somebody else creates or deletes a region of his own: numbers below the group's may be free.
        /// </summary>
        private void Somebody(FileMapRig rig)
        {
            if (_random.Next(2) == 0)
            {
                rig.Device.Create(Piece(5000, 8), StatsOptions.Usual, "else", "-");
            }
            else if (rig.Device.Regions.Where(region => region.Range.Start >= 2000).Select(region => region.Id).ToList() is { Count: > 0 } others)
            {
                rig.Device.Delete(others[_random.Next(others.Count)]);
            }

            rig.OthersHaveChanged();
        }
    }
}
