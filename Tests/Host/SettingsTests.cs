using System.Text;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Settings;
using ActorRaid.Reporting.Settings;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.Host;

public sealed class SettingsTests : IDisposable
{
    private const string Everything = """
        // All of it.
        {
            "logLevel": "warning",
            "logFile": "/var/log/actorraid \u00e4.log", /* a comment */
            "activateSpares": false,
            "slowDiskSeconds": 3,
            "stuckSeconds": 9,
            "farewellSeconds": 0,
            "stay": true,
            "hooks": [],
        }
        """;

    private readonly TempDirectory _root = new();

    public void Dispose() => _root.Dispose();

    [Fact]
    public void Every_key_is_read()
    {
        var read = Parse(Everything);
        Assert.Empty(read.Problems);
        Assert.Equal(
            new DaemonSettings
            {
                LogLevel = EventLevel.Warning, LogFile = "/var/log/actorraid \u00e4.log", ActivateSpares = false, SlowDiskSeconds = 3,
                StuckSeconds = 9, FarewellSeconds = 0, Stay = true,
            },
            read.Settings);
        Assert.Equal(SettingKey.All.Select(key => key.Name).Order(), read.Given.Order());
    }

    [Fact]
    public void Every_key_may_be_left_out() => Assert.Equal((DaemonSettings.Default, 0), (Parse("{}").Settings, Parse("{}").Problems.Length));

    [Theory]
    [InlineData("{\n \"logLevel\": \"loud\" }", "f:2: logLevel is \"loud\"; allowed is \"debug\", \"info\", \"warning\" or \"error\"")]
    [InlineData("{ \"logFile\": \"relative\" }", "f:1: logFile is \"relative\"; allowed is an absolute path, or null")]
    [InlineData("{ \"logFile\": \"/\" }", "f:1: logFile is \"/\"; allowed is an absolute path, or null")]
    [InlineData("{ \"stay\": 1 }", "f:1: stay is 1; allowed is true or false")]
    [InlineData("{\n\n\"farewellSeconds\":\n 3601 }", "f:4: farewellSeconds is 3601; allowed is a whole number of seconds from 0 to 3600")]
    [InlineData("{ \"slowDiskSeconds\": 0 }", "f:1: slowDiskSeconds is 0; allowed is a whole number of seconds from 1 to 60")]
    [InlineData("{ \"slowDiskSeconds\": 1.5 }", "f:1: slowDiskSeconds is 1.5; allowed is a whole number of seconds from 1 to 60")]
    [InlineData("{ \"stuckSeconds\": \"5\" }", "f:1: stuckSeconds is \"5\"; allowed is a whole number of seconds from 1 to 300")]
    [InlineData("{ \"stuckSeconds\": { \"a\": [1] } }", "f:1: stuckSeconds is { \"a\": [1] }; allowed is a whole number of seconds from 1 to 300")]
    [InlineData("{ \"stay\": true, \"stay\": true }", "f:1: stay is there twice")]
    [InlineData("[]", "f:1: found []; the file is one object: { ... }")]
    [InlineData("\n3", "f:2: found 3; the file is one object: { ... }")]
    public void What_is_not_allowed_is_told_with_line_key_and_what_is(string text, string problem)
    {
        var read = Parse(text);
        Assert.Equal(problem, Assert.Single(read.Problems));
        Assert.Equal(DaemonSettings.Default, read.Settings);
    }

    [Fact]
    public void A_key_that_is_not_known_is_told_with_those_that_are()
    {
        var problem = Assert.Single(Parse("{\n\"stuckSeconds\": 2,\n\"loglevel\": { \"x\": 1 },\n\"stay\": true }").Problems);
        Assert.StartsWith("f:3: the key \"loglevel\" is not known; known are logLevel, ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_told_and_nothing_of_such_a_file_counts()
    {
        var read = Parse("{ \"stay\": true,\n\"stuckSeconds\": 0,\n\"what\": 1,\n\"logLevel\": 5 }");
        Assert.Equal(["f:2", "f:3", "f:4"], read.Problems.Select(problem => problem[..3]));
        Assert.False(read.Settings.Stay);
    }

    [Theory]
    [InlineData("", "f:1:")]
    [InlineData("{", "f:1:")]
    [InlineData("{\n\"stay\": true\n", "f:3:")]
    [InlineData("{\n\"stay\" true }", "f:2:")]
    [InlineData("{ } more", "f:1:")]
    [InlineData("{ \"stay\": true }\n{ }", "f:2:")]
    [InlineData("{\n'stay': true }", "f:2:")]
    [InlineData("{ \"logFile\": \"/\\ud800x\" }", "f:1:")]
    public void What_is_no_JSON_is_told_with_its_line(string text, string begin)
    {
        var problem = Assert.Single(Parse(text).Problems);
        Assert.StartsWith(begin + " no JSON: ", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Whatever_is_read_either_counts_or_is_told() => Prop.ForAll<byte[]>(bytes =>
    {
        var read = SettingsFile.Parse("f", bytes);
        Assert.True(read.Problems.Length > 0 || read.Given.Count <= SettingKey.All.Length);
        Assert.True(read.Problems.Length == 0 || read.Settings == DaemonSettings.Default);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void Every_beginning_of_a_file_is_a_problem_and_none_an_exception()
    {
        var bytes = Encoding.UTF8.GetBytes(Everything);
        for (var length = 0; length < bytes.Length; length++)
            Assert.NotEmpty(SettingsFile.Parse("f", bytes.AsSpan(0, length)).Problems);
    }

    [Fact]
    public void A_file_that_is_not_there_says_nothing_and_one_that_cannot_be_read_is_a_problem()
    {
        Assert.Equal((0, false), (SettingsFile.Read($"{_root.Path}/none").Problems.Length, SettingsFile.Read($"{_root.Path}/none").Exists));
        Assert.Contains("cannot be read", Assert.Single(SettingsFile.Read(_root.Path).Problems), StringComparison.Ordinal);
        Assert.Contains("larger than", Assert.Single(SettingsFile.Read(_root.Make("large", new string(' ', 70_000))).Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_reload_counts_at_once_but_for_keys_that_count_from_a_start()
    {
        var path = _root.Make("config", """{ "stuckSeconds": 2 }""");
        var inForce = new SettingsInForce(path);
        var told = new List<DaemonSettings>();
        inForce.Apply(now =>
        {
            told.Add(now);
            return null;
        });
        _root.Make("config", """{ "stuckSeconds": 3, "stay": true, "logLevel": "debug" }""");
        Assert.Equal((true, 0), (inForce.Reload().InForce, inForce.Problems.Length));
        Assert.Equal([2, 3], told.Select(now => now.StuckSeconds));
        Assert.False(inForce.Now.Stay);
        var keys = inForce.Report(1).Keys.ToDictionary(key => key.Key);
        Assert.Equal(new SettingReport("stuckSeconds", "3", "file", "by a reload", null), keys["stuckSeconds"]);
        Assert.Equal(new SettingReport("stay", "false", "default", "by a restart", "true"), keys["stay"]);
        Assert.Equal(new SettingReport("farewellSeconds", "30", "default", "by a reload", null), keys["farewellSeconds"]);
    }

    [Fact]
    public void A_file_that_is_not_in_order_changes_nothing_at_a_reload_and_is_remembered()
    {
        var path = _root.Make("config", """{ "stuckSeconds": 2 }""");
        var inForce = new SettingsInForce(path);
        var told = 0;
        inForce.Apply(_ => told++ < 0 ? "" : null);
        _root.Make("config", """{ "stuckSeconds": 3, "what": 1 }""");
        var (counts, problems) = inForce.Reload();
        Assert.False(counts);
        Assert.Contains("what", Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal((2, 1), (inForce.Now.StuckSeconds, told));
        Assert.Single(inForce.Report(1).Problems);
        Assert.Equal("2", inForce.Report(1).Keys.Single(key => key.Key == "stuckSeconds").Value);
        File.Delete(path);
        Assert.True(inForce.Reload().InForce);
        Assert.Equal((5, 2), (inForce.Now.StuckSeconds, told));
    }

    [Fact]
    public void What_cannot_be_carried_out_is_told_until_it_can()
    {
        var inForce = new SettingsInForce(_root.Make("config", """{ "stuckSeconds": 2 }"""));
        var problem = "cannot";
        Assert.Equal("cannot", inForce.Apply(_ => problem));
        Assert.Equal(["cannot"], inForce.Problems.AsEnumerable());
        var (counts, problems) = inForce.Reload();
        Assert.Equal((true, "cannot"), (counts, Assert.Single(problems)));
        Assert.Equal(["cannot"], inForce.Report(1).Problems.AsEnumerable());
        problem = null;
        Assert.Empty(inForce.Reload().Problems);
        Assert.Empty(inForce.Report(1).Problems);
    }

    [Fact]
    public void The_report_survives_its_line()
    {
        var report = new SettingsInForce(_root.Make("config", Everything)).Report(17);
        var line = new LaunchReply(LaunchOutcome.Done, report.ToLine());
        var back = SettingsReport.FromLine(LaunchReply.Decode(Encoding.UTF8.GetString(line.Encode()).TrimEnd('\n'))!.Message);
        Assert.Equal(report.ToText(), back!.ToText());
        Assert.Contains("farewellSeconds  0", report.ToText(), StringComparison.Ordinal);
        using var json = JsonDocument.Parse(report.ToJson());
        Assert.Equal(SettingKey.All.Length, json.RootElement.GetProperty("keys").GetArrayLength());
    }

    [Fact]
    public void Without_a_daemon_config_shows_what_one_would_begin_with_and_reload_fails()
    {
        var paths = new LaunchPaths(_root.Path);
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Assert.Equal(0, ConfigCommand.Show(paths, _root.Make("config", Everything), false, output, errors));
        Assert.Contains("No daemon answers", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, ConfigCommand.Show(paths, _root.Make("config", "{"), false, output, errors));
        Assert.Contains("problem: ", output.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, ConfigCommand.Reload(paths, output, errors));
        Assert.Contains("no daemon listens", errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_can_be_checked()
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        Assert.Equal(0, ConfigCommand.Check(_root.Make("config", Everything), output, errors));
        Assert.Equal("", errors.ToString());
        Assert.Equal(1, ConfigCommand.Check(_root.Make("config", """{ "what": 1 }"""), output, errors));
        Assert.Equal(1, ConfigCommand.Check($"{_root.Path}/none", output, errors));
        Assert.Contains("there is no such file", errors.ToString(), StringComparison.Ordinal);
    }

    private static SettingsRead<DaemonSettings> Parse(string text) => SettingsFile.Parse("f", Encoding.UTF8.GetBytes(text));
}
