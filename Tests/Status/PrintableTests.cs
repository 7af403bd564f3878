using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Cluster;
using ActorRaid.Gateway.Web;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.Metadata.Imsm.Examine;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Reporting;
using Xunit;
using DiskReport = ActorRaid.Metadata.Imsm.Examine.DiskReport;

namespace ActorRaid.Tests.Statuses;

/// <summary>Names are whatever is on disks: they are shown as they are, and nothing in them reaches a terminal, a log or a program as more than text.</summary>
public sealed class PrintableTests
{
    /// <summary>Clears the screen, begins a line, turns what follows around, and is a name otherwise.</summary>
    private const string Evil = "\e[2Jä\n\u202eb\u0085", Shown = "\\u001b[2Jä\\u000a\\u202eb\\u0085";

    [Theory]
    [InlineData("", "")]
    [InlineData("vol0 ~", "vol0 ~")]
    [InlineData("äöü€", "äöü€")]
    [InlineData("данные 数据 💾", "данные 数据 💾")]
    [InlineData("می\u200cخواهم", "می\u200cخواهم")] // A joiner that a script needs.
    [InlineData("\\u001b", "\\u001b")]
    [InlineData("\0\a\t\r\u007f", "\\u0000\\u0007\\u0009\\u000d\\u007f")]
    [InlineData("\u0080\u009b", "\\u0080\\u009b")]
    [InlineData("\u061c\u200e\u200f\u202a\u202e\u2066\u2069", "\\u061c\\u200e\\u200f\\u202a\\u202e\\u2066\\u2069")]
    [InlineData("\u2028\u2029\u200b\ufeff", "\\u2028\\u2029\\u200b\\ufeff")]
    public void Only_what_is_more_than_text_is_escaped(string text, string shown) => Assert.Equal(shown, Printable.Of(text));

    [Fact]
    public void Whatever_comes_what_leaves_is_text_and_escaping_it_again_changes_nothing()
    {
        Assert.Equal("a\\ud800b", Printable.Of("a\ud800b"));
        var random = new Random(20261130);
        for (var i = 0; i < 20_000; i++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(12)).Select(_ => (char)random.Next(random.Next(3) == 0 ? 0x10000 : 0x120))]);
            var shown = Printable.Of(text);
            Assert.DoesNotContain(shown.EnumerateRunes(), rune => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
            Assert.Equal(shown, Printable.Of(shown));
            Assert.Equal(shown, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)));
        }
    }

    [Theory]
    [InlineData(new byte[] { 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0, 0x41 }, "ä€")]
    [InlineData(new byte[] { 0x41, 0xff, 0x42 }, "A\\xffB")]
    [InlineData(new byte[] { 0x41, 0xe2, 0x82 }, "A\\xe2\\x82")] // Cut where there was no room for more.
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, "\\xed\\xa0\\x80")]
    [InlineData(new byte[] { 0x1b, 0x5b }, "\e[")]
    [InlineData(new byte[] { 0 }, "")]
    public void Bytes_are_shown_as_UTF8_or_as_the_bytes_that_they_are(byte[] bytes, string shown) => Assert.Equal(shown, new Octets(bytes).ToString());

    [Fact]
    public void Bytes_are_compared_exactly_whatever_they_are_shown_as()
    {
        var (odd, spelled) = (new Octets([0xff]), Octets.Text("\\xff", 4));
        Assert.Equal(odd.ToString(), spelled.ToString());
        Assert.NotEqual(odd.Exact, spelled.Exact);
        Assert.Equal(Octets.Text("ä", 2), Octets.Text("äöü", 2));
        Assert.Equal("Ã¤", Octets.Text("ä", 16).Exact);
    }

    [Fact]
    public void A_status_its_page_and_its_explanation_hold_only_text()
    {
        var status = Sample.Map(Sample.Container with
        {
            Arrays = [(Sample.Array with { VolumeName = Evil }).WithLeg(1, LegFlags.Faulty)],
            Disks = [Sample.Disk(0) with { Serial = Evil + 1, Unreadable = Evil }],
            Silent = [Evil],
            Health = ContainerHealth.Silent,
        });
        Assert.Equal((Shown, Shown + 1), (status.Containers[0].Arrays[0].VolumeName, status.Containers[0].Disks[0].Serial));
        var explained = new[] { "md127", "md126", "sda" }.SelectMany(name => Explanation.Of(status, Assert.Single(NameLookup.Find(status, name)), []));
        Assert.All([StatusPage.Of(status, bars: true).Replace("\n", "", StringComparison.Ordinal), JsonSerializer.Serialize(status, StatusJson.Default.HostStatus), .. explained], IsText);
        Assert.Equal("md126", Assert.Single(NameLookup.Find(status, Evil)).Kernel);
        Assert.Equal("md126", Assert.Single(NameLookup.Find(status, Shown)).Kernel);
        Assert.Equal("sda", Assert.Single(NameLookup.Find(status, Evil + 1)).Kernel);
        IsText(NameLookup.Several(Evil, []));
    }

    [Fact]
    public void So_do_events_replies_metrics_and_what_examine_shows()
    {
        var e = EventLog.AsShown(new RaidEvent(Sample.Then, EventLevel.Info, "k", Evil, Evil, Evil, Evil) { Detail = new EventDetail(Evil, Evil, 1, Evil, Evil) });
        Assert.All([e.Container!, e.Array!, e.Disk!, e.Text, e.Detail!.Cause!, e.Detail.Wrote!, e.Detail.From!, e.Detail.To!], IsText);
        IsText(Encoding.UTF8.GetString(new LaunchReply(LaunchOutcome.Failed, Evil).Encode())[..^1]);
        var entry = JsonSerializer.Serialize(new Dictionary<string, string> { ["EVENT"] = "k", ["__REALTIME_TIMESTAMP"] = "1", ["MESSAGE"] = Evil, ["DISK"] = Evil });
        var (told, _) = EventsCommand.FromJournal(entry)!.Value;
        Assert.All([told.Text, told.Disk!], IsText);
        var metrics = new MetricsText();
        metrics.Gauge("n", "h", 1, ("volume", Evil), ("serial", "äöü€\"\\"));
        Assert.Equal($"# HELP n h\n# TYPE n gauge\nn{{volume=\"{Shown.Replace("\\", "\\\\", StringComparison.Ordinal)}\",serial=\"äöü€\\\"\\\\\"}} 1\n", metrics.ToString());
        var report = ExamineCommand.AsShown(new ImsmReport
        {
            Name = Evil, Problem = Evil, Version = Evil, Disks = [new DiskReport(0, Evil, [], "", 0, 0)], Spare = new DiskReport(-1, Evil, [], "", 0, 0),
        });
        Assert.All([report.Name, report.Problem!, report.Version, report.Disks[0].Serial, report.Spare!.Serial], IsText);
    }

    [Fact]
    public void What_another_host_has_written_is_text_here()
    {
        var status = Sample.Map(Sample.Container);
        var evil = status with { Host = "other", Summary = Evil, Containers = [status.Containers[0] with { Name = Evil, Arrays = [status.Containers[0].Arrays[0] with { VolumeName = Evil, Conditions = [Evil] }] }] };
        var back = EntryCodec.Decode(EntryCodec.Encode(new HostEntry(HostEntry.Current, "other", Sample.Then, evil)), "other").Status!;
        Assert.All([back.Summary, back.Containers[0].Name, back.Containers[0].Arrays[0].VolumeName, back.Containers[0].Arrays[0].Conditions!.Value[0]], IsText);
        ImmutableArray<EventStatus> events = [new EventStatus(1, Sample.Then, Evil, Evil, Evil, Evil, Evil, Evil)];
        Assert.All(EntryCodec.DecodeEvents(EntryCodec.Encode(events)), e => Assert.All([e.Level, e.Kind, e.Container!, e.Array!, e.Disk!, e.Text], IsText));
        IsText(Text.Line(Evil));
        var hollow = evil with { Containers = [evil.Containers[0] with { Arrays = [evil.Containers[0].Arrays[0] with { Conditions = [null!] }] }] };
        Assert.Throws<FormatException>(() => EntryCodec.Decode(EntryCodec.Encode(new HostEntry(HostEntry.Current, "other", Sample.Then, hollow)), "other"));
    }

    private static void IsText(string text) => Assert.DoesNotContain(text.EnumerateRunes(), rune =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);
}
