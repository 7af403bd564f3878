using System.Globalization;
using System.Text.RegularExpressions;
using ActorRaid.Gateway.Web;
using ActorRaid.Reporting;
using Xunit;

namespace ActorRaid.Tests.Gateway;

/// <summary>/metrics, read by a parser that is as strict as the format's description.</summary>
public sealed partial class MetricsTests
{
    [Fact]
    public async Task Whatever_the_state_the_text_keeps_to_the_format_and_its_conventions()
    {
        await using var rig = await GatewayRig.Start();
        foreach (var status in (HostStatus[])[Told.Healthy(), Told.Degraded(), Told.Rebuilding(0.43), Odd(), Told.Healthy() with { Containers = [] }])
        {
            rig.Daemon.Tell(status);
            await GatewayRig.Until(() => rig.Bulletin.Now.Status!.At == status.At, "it is known");
            var answer = await rig.Client.GetAsync("/metrics");
            Assert.Equal("text/plain; version=0.0.4; charset=utf-8", answer.Content.Headers.ContentType!.ToString());
            Parse(await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task Everything_that_node_exporter_tells_of_md_is_there_and_more()
    {
        await using var rig = await GatewayRig.Start(status: Told.Rebuilding(0.25));
        var samples = Parse(await rig.Client.GetStringAsync("/metrics"));
        const string md126 = "array=\"md126\",container=\"md127\"";
        // node_md_blocks, node_md_blocks_synced, node_md_disks_required, node_md_disks, node_md_state
        Assert.Equal(2_000_398_934_016, samples[$"actorraid_array_size_bytes{{{md126}}}"]);
        Assert.Equal(500_099_733_504, samples[$"actorraid_array_synced_bytes{{{md126}}}"]);
        Assert.Equal(3, samples[$"actorraid_array_disks_required{{{md126}}}"]);
        foreach (var (state, count) in ((string, int)[])[("active", 2), ("failed", 0), ("spare", 1), ("down", 1)])
            Assert.Equal(count, samples[$"actorraid_array_disks{{{md126},state=\"{state}\"}}"]);
        foreach (var state in (string[])["active", "inactive", "recovering", "resync", "check"])
            Assert.Equal(state == "recovering" ? 1 : 0, samples[$"actorraid_array_state{{{md126},state=\"{state}\"}}"]);
        Assert.Equal(0.25, samples[$"actorraid_array_sync_completed_ratio{{{md126}}}"]);
        Assert.Equal(51_200 * 1024, samples[$"actorraid_array_sync_speed_bytes_per_second{{{md126}}}"]);
        Assert.Equal(720, samples[$"actorraid_array_sync_remaining_seconds{{{md126}}}"]);
        Assert.Equal(1, samples["actorraid_health{health=\"rebuilding\"}"]);
        Assert.Equal(12, samples[$"actorraid_array_transitions_total{{{md126},to=\"dirty\"}}"]);
        Assert.Equal(5, samples[$"actorraid_array_writer_wait_seconds_bucket{{{md126},le=\"0.000512\"}}"]);
        Assert.Equal(12, samples[$"actorraid_array_writer_wait_seconds_bucket{{{md126},le=\"+Inf\"}}"]);
        Assert.Equal((12, 0.04), (samples[$"actorraid_array_writer_wait_seconds_count{{{md126}}}"], samples[$"actorraid_array_writer_wait_seconds_sum{{{md126}}}"]));
        Assert.Equal(0.0095, samples[$"actorraid_array_writer_wait_max_seconds{{{md126}}}"]);
        Assert.Equal(1, samples["actorraid_disk_info{container=\"md127\",disk=\"sdb\",device=\"8:16\",role=\"failed\",serial=\"WD-WX12B\"}"]);
    }

    [Fact]
    public async Task Without_the_daemon_up_is_0_and_after_a_while_arrays_are_not_told_any_more()
    {
        await using var rig = await GatewayRig.Start(settings => settings with { UnknownAfterSeconds = 1 });
        Assert.Equal(1, Parse(await rig.Client.GetStringAsync("/metrics"))["actorraid_up"]);
        await rig.Daemon.Stop();
        await GatewayRig.Until(() => rig.Bulletin.Status!.Health == Health.Unknown, "it is unknown");
        var samples = Parse(await rig.Client.GetStringAsync("/metrics"));
        Assert.Equal(0, samples["actorraid_up"]);
        Assert.Equal(1, samples["actorraid_health{health=\"unknown\"}"]);
        Assert.DoesNotContain(samples.Keys, key => key.StartsWith("actorraid_array", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("active", "recover", "recovering")]
    [InlineData("clean", "idle", "active")]
    [InlineData("active", "frozen", "active")]
    [InlineData("inactive", "idle", "inactive")]
    [InlineData("", "", "")]
    [InlineData("clean", "check", "check")]
    [InlineData("active", "reshape", "reshape")]
    public void Md_s_words_become_node_exporter_s(string state, string action, string activity) =>
        Assert.Equal(activity, Metrics.Activity(Told.Healthy().Containers[0].Arrays[0] with { State = state, Action = action }));

    private static HostStatus Odd()
    {
        var container = Told.Rebuilding(0.5).Containers[0];
        return Told.Healthy() with
        {
            Containers = [container with
            {
                Format = "", WaitsFor = "somebody", Disks = [container.Disks[0] with { Serial = "a\\b\"c\nd€ {}#" }],
                Arrays = [container.Arrays[0] with { VolumeName = "\n", Progress = new Progress(0, 0, 0, null), CheckpointSectors = ulong.MaxValue, MismatchSectors = null, SizeBytes = 0 }],
            }],
        };
    }

    /// <summary>The samples by name and labels as they are spelt; fails at whatever is not in order.</summary>
    private static Dictionary<string, double> Parse(string text)
    {
        Assert.EndsWith("\n", text);
        Dictionary<string, double> samples = [];
        HashSet<string> families = [];
        string? name = null, type = null;
        foreach (var line in text[..^1].Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                name = help.Groups[1].Value;
                type = null;
                Assert.True(families.Add(name), $"two families are called {name}");
            }
            else if (Type().Match(line) is { Success: true } found)
            {
                Assert.Equal(name, found.Groups[1].Value);
                type = found.Groups[2].Value;
                Assert.True(type == "counter" == name!.EndsWith("_total", StringComparison.Ordinal), $"{name} is a {type}");
                Assert.DoesNotMatch("_(kib|kb|mb|sectors|milliseconds|percent|minutes)(_|$)", name);
            }
            else
            {
                var sample = Sample().Match(line);
                Assert.True(sample.Success, $"no sample: {line}");
                var ending = type == "histogram" ? Part().Match(sample.Groups["name"].Value).Value : "";
                Assert.True(type is not null && sample.Groups["name"].Value == name + ending, $"not below its HELP and TYPE: {line}");
                Assert.Equal(ending == "_bucket", sample.Groups["label"].Captures.Any(label => label.Value == "le"));
                Assert.True(type != "histogram" || ending != "", $"no part of a histogram: {line}");
                var labels = sample.Groups["label"].Captures.Select(capture => capture.Value).ToArray();
                Assert.Equal(labels.Length, labels.Distinct().Count());
                var value = double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture);
                Assert.True(samples.TryAdd(line[..line.LastIndexOf(' ')], value), $"twice: {line}");
            }
        }
        return samples;
    }

    [GeneratedRegex(@"^# HELP ([a-z][a-z0-9_]*) ([^\\]+)\.$")]
    private static partial Regex Help();

    [GeneratedRegex(@"^# TYPE ([a-z][a-z0-9_]*) (gauge|counter|histogram)$")]
    private static partial Regex Type();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Part();

    [GeneratedRegex(@"^(?<name>[a-z][a-z0-9_]*)(\{((?<label>[a-z][a-z0-9_]*)=""([^""\\\n]|\\\\|\\""|\\n)*""(,(?!\})|(?=\})))+\})? (?<value>-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?)$")]
    private static partial Regex Sample();
}
