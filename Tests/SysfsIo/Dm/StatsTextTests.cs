using ActorRaid.SysfsIo.Dm;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.SysfsIo.Dm;

/// <summary>What is sent to device-mapper, and what its answers mean.</summary>
public sealed class StatsTextTests
{
    private static readonly StatsOptions Detailed = new(true, [10_000, 20_000]);

    [Fact]
    public void Messages_are_the_kernels()
    {
        var range = new SectorRange(24578, 2560);
        Assert.Equal("@stats_create 24578+2560 /1 dmstats -", StatsMessages.Create(range, StatsOptions.Usual, "dmstats", "-"));
        Assert.Equal(
            "@stats_create 24578+2560 /1 2 precise_timestamps histogram:10000,20000 dmstats a\\ b",
            StatsMessages.Create(range, Detailed, "dmstats", "a b"));
        Assert.Equal("@stats_set_aux 3 -", StatsMessages.SetAux(3, ""));
        Assert.Equal(
            ["@stats_list", "@stats_print 1", "@stats_print_clear 1", "@stats_clear 1", "@stats_delete 1"],
            [StatsMessages.List(), StatsMessages.Print(1), StatsMessages.PrintClear(1), StatsMessages.Clear(1), StatsMessages.Delete(1)]);
    }

    [Fact]
    public void A_region_without_sectors_is_refused_as_the_kernel_would_take_it_for_the_whole_device() =>
        Assert.Throws<ArgumentException>(() => StatsMessages.Create(new SectorRange(7, 0), StatsOptions.Usual, "dmstats", "-"));

    [Fact]
    public void A_program_whose_name_is_a_number_is_not_taken_for_a_count_of_options() =>
        Assert.Equal("@stats_create 1+1 /1 0 17 -", StatsMessages.Create(new SectorRange(1, 1), StatsOptions.Usual, "17", "-"));

    [Fact]
    public void What_the_kernel_takes_for_white_space_is_escaped_also_within_a_letter_of_utf8() =>
        Assert.Equal("@stats_set_aux 0 a\\\\\\ \\\t\\\n\u00C3\\\u00A0", StatsMessages.SetAux(0, "a\\ \t\n\u00C3\u00A0"));

    [Fact]
    public void What_is_sent_as_one_word_arrives_as_it_was() => Prop.ForAll(
        Arb.From(Gen.Choose(1, 255).Select(code => (char)code).NonEmptyListOf().Select(letters => new string([.. letters]))),
        text => Assert.Equal(["@stats_set_aux", "5", text], KernelWords(StatsMessages.SetAux(5, text)))).QuickCheckThrowOnFailure();

    [Fact]
    public void Regions_are_read_with_whatever_stands_beside_them()
    {
        var answer = """
            0: 24578+256 256 dmstats DMS_GROUP=my a:0,2-7#-
            1: 18434+2048 1024 tool - precise_timestamps
            2: 0+8 8 dmstats some precise text histogram:1,2
            7: 100+8 8 dmstats - precise_timestamps histogram:10000,20000

            """.ReplaceLineEndings("\n");
        var regions = StatsText.Regions(answer).Value;
        Assert.Equal<StatsRegion>(
            [
                new StatsRegion(0, new SectorRange(24578, 256), 256, "dmstats", "DMS_GROUP=my a:0,2-7#-", StatsOptions.Usual),
                new StatsRegion(1, new SectorRange(18434, 2048), 1024, "tool", "-", new StatsOptions(true, [])),
                new StatsRegion(2, new SectorRange(0, 8), 8, "dmstats", "some precise text", new StatsOptions(false, [1, 2])),
                new StatsRegion(7, new SectorRange(100, 8), 8, "dmstats", "-", Detailed),
            ], [.. regions]);
        Assert.Empty(StatsText.Regions("").Value);
    }

    [Fact]
    public void An_end_of_line_in_a_text_does_not_end_the_row()
    {
        var regions = StatsText.Regions("0: 0+8 8 dmstats one\ntwo: 3\n1: 8+8 8 dmstats -\n").Value;
        Assert.Equal(["one\ntwo: 3", "-"], regions.Select(region => region.Aux));
    }

    [Theory]
    [InlineData("no region\n")]
    [InlineData("0: 24578 256 dmstats -\n")]
    [InlineData("0: 5+0 0 dmstats -\n")]
    [InlineData("0: 1+1 1 dmstats\n")]
    [InlineData("99999999999999999999: 1+1 1 dmstats -\n")]
    [InlineData("0: 18446744073709551615+2 1 dmstats -\n")]
    public void A_list_that_is_none_is_an_error(string answer) => Assert.Equal(Errno.EBADMSG, StatsText.Regions(answer).Error.Errno);

    [Fact]
    public void Counters_are_read_with_and_without_a_histogram()
    {
        var areas = StatsText.Areas("24578+2560 1 2 3 4 5 6 7 8 -1 10 11 12 13\n27138+1 1 0 8 0 0 0 0 0 0 0 0 0 0 5:0:7\n").Value;
        Assert.Equal(new StatsCounters(1, 2, 3, 4, 5, 6, 7, 8, 0, 10, 11, 12, 13), areas[0].Counters);
        Assert.Empty(areas[0].Histogram);
        Assert.Equal((new SectorRange(27138, 1), 8UL), (areas[1].Range, areas[1].Counters.SectorsRead));
        Assert.Equal<ulong>([5, 0, 7], [.. areas[1].Histogram]);
    }

    [Theory]
    [InlineData("24578+2560 1 2 3\n")]
    [InlineData("24578+2560 1 2 3 4 5 6 7 8 9 10 11 12 x\n")]
    [InlineData("x 1 2 3 4 5 6 7 8 9 10 11 12 13\n")]
    [InlineData("1+1 1 2 3 4 5 6 7 8 9 10 11 12 13 4:x\n")]
    public void Counters_that_are_none_are_an_error(string answer) => Assert.Equal(Errno.EBADMSG, StatsText.Areas(answer).Error.Errno);

    [Fact]
    public void No_text_makes_the_readers_throw() => Prop.ForAll(
        Arb.From(Gen.Elements("0", "1", ":", " ", "+", "-", ",", "\n", "dmstats", " histogram:", " precise_timestamps", "DMS_GROUP=", "\"", "#", "x")
            .ListOf().Select(string.Concat)),
        text =>
        {
            _ = StatsText.Regions(text);
            _ = StatsText.Areas(text);
            _ = StatsText.Number(text);
            _ = GroupTag.Parse(0, "DMS_GROUP=" + text);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Counters_add_up_and_what_is_common_is_taken_away()
    {
        var one = new StatsCounters(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13);
        Assert.Equal(one, one + default(StatsCounters));
        Assert.Equal(one, one + one - one);
        Assert.Equal(default, one - (one + one));
    }

    /// <summary>
    /// As the kernel cuts a message (dm_split_args): white space of Latin-1 ends a word, a backslash keeps the next
    /// byte.
    /// </summary>
    private static List<string> KernelWords(string message)
    {
        List<string> words = [];
        var at = 0;
        while (true)
        {
            while (at < message.Length && IsSpace(message[at]))
            {
                at++;
            }

            if (at == message.Length)
            {
                return words;
            }

            var word = "";
            for (; at < message.Length && !IsSpace(message[at]); at++)
            {
                at += message[at] == '\\' && at + 1 < message.Length ? 1 : 0;
                word += message[at];
            }

            words.Add(word);
        }
    }

    private static bool IsSpace(char letter) => letter is ' ' or (>= '\t' and <= '\r') or '\u00A0';
}
