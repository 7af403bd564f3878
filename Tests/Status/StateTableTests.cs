using System.Collections.Immutable;
using System.Text.RegularExpressions;
using ActorRaid.Actors;
using ActorRaid.Gateway.Feed;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Status;
using ActorRaid.Metadata;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;
using Xunit;
using GatewayMetrics = ActorRaid.Gateway.Web.Metrics;

namespace ActorRaid.Tests.Statuses;

/// <summary>What every output says in every state that there is, against the table; and what holds for all of
/// it.</summary>
public sealed partial class StateTableTests
{
    /// <summary>The rows whose state is made here; the others' is that of the command, not of what it tells
    /// of.</summary>
    public static TheoryData<string> Rows => [.. StateRow.All.Where(row => row["unit"].IsEmpty).Select(row =>
        row.Name)];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Every_output_says_of_a_state_what_the_table_has(string name)
    {
        var row = Row(name);
        var names = row.Names;
        var told = Told(row);
        var wrong = new[] { "status", "named", "json", "explain", "advice", "events", "hooks" }.Where(output =>
            !StateRow.Same(row[output], [.. told.Where(line => line.Output == output).Select(line => line.Text)],
            names)).ToList();
        var metrics = Lines(Metrics(Situation.All[name]().Status()));
        wrong.AddRange(row["metrics"].Where(line => !metrics.Any(sample => StateRow.Fits(line, sample, names))));
        Assert.True(wrong.Count == 0, $"{name}: {string.Join(", ", wrong)} otherwise than in states.table. Now it is "
            + $"told:\n{string.Join('\n', told.Select(line => $"{line.Output} {line.Text}"))}");
    }

    [Fact]
    public void The_headline_the_verdict_and_the_exit_status_are_the_same_in_every_output()
    {
        foreach (var (row, status) in Statuses())
        {
            var word = Words.Of(status.Health);
            Assert.True(status.Summary.Split(' ', ':')[0] == word, $"{row.Name}: {word}, but: {status.Summary}");
            Assert.StartsWith($"{Words.ExitStatus(status.Health)} {word}", row.One("status"), StringComparison.Ordinal);
            Assert.StartsWith(status.Summary, StatusPage.Of(status), StringComparison.Ordinal);
            Assert.Equal(StatusView.Worst([.. Parts(status), .. status.Problem is null ? []
                : new[] { status.Health }]), status.Health);
            // Of each health's metrics one is 1: that of the verdict.
            var samples = Lines(Metrics(status));
            Assert.Equal($"actorraid_health{{health=\"{word.ToLowerInvariant()}\"}} 1", Assert.Single(samples, line =>
                line.StartsWith("actorraid_health{", StringComparison.Ordinal) && line.EndsWith(" 1",
                StringComparison.Ordinal)));
            foreach (var array in Arrays(status))
            {
                Assert.Contains($"health=\"{Words.Of(array.Health).ToLowerInvariant()}\"", Assert.Single(samples,
                    line => line.StartsWith($"actorraid_array_health{{array=\"{array.Name}\"",
                    StringComparison.Ordinal) && line.EndsWith(" 1", StringComparison.Ordinal)),
                    StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void What_is_told_of_a_part_begins_with_the_verdict_that_the_whole_has_of_it()
    {
        foreach (var (row, status) in Statuses())
        {
            foreach (var thing in Things(status))
            {
                var part = StatusView.About(status, thing);
                Assert.True(part.Summary.Split(' ', ':')[0] == Words.Of(part.Health),
                    $"{row.Name}, {thing.Kernel}: {part.Health}, but: {part.Summary}");
                var (words, said) = (Words.Of(part.Health), Explanation.Of(status, thing, []).First());
                if (thing.Disk is null)
                    Assert.True(said.Contains(Words.Of(thing.Array?.Health ?? thing.Container!.Health),
                        StringComparison.Ordinal), $"{row.Name}, {thing.Kernel}: {words}, but explained as: {said}");
                // No part is better than what lies in it, or, but for a disk, worse than the whole.
                Assert.True(thing.Array is null || part.Health >= thing.Array.Health,
                    $"{row.Name}, {thing.Kernel}: {part.Health}");
                Assert.True(thing.Disk is not null || part.Health <= status.Health,
                    $"{row.Name}, {thing.Kernel}: {part.Health}, the host: {status.Health}");
            }
        }
    }

    [Fact]
    public void Nothing_is_OK_while_data_is_not_available_or_nobody_knows()
    {
        foreach (var (row, status) in Statuses().Where(one => one.Status.Health == Health.Ok))
        {
            Assert.Equal(0, Words.ExitStatus(status.Health));
            Assert.All(Arrays(status), array =>
                Assert.True(array.State is not ("" or "inactive" or "clear" or "broken" or "suspended")
                && array.Missing == 0, $"{row.Name}: {array}"));
            Assert.All(status.Containers, container => Assert.True(container.WaitsFor is null,
                $"{row.Name}: {container.WaitsFor}"));
            Assert.Null(status.Problem);
        }
    }

    [Fact]
    public void Whatever_is_not_OK_has_a_next_step_or_says_that_there_is_none()
    {
        foreach (var row in StateRow.All)
        {
            var next = row.One("next");
            Assert.True(row.One("status").StartsWith("0 ", StringComparison.Ordinal) || next.Length > 0,
                $"{row.Name} says nothing of what to do");
            var said = string.Join('\n', [row.One("status"), .. row["explain"]]);
            Assert.True(next.Length == 0 || said.Contains(next, StringComparison.Ordinal),
                $"{row.Name}: {next} is not in: {said}");
        }
    }

    [Fact]
    public void No_command_that_writes_is_advised_while_a_volume_has_failed_or_does_not_run()
    {
        string[] harmless = ["mdadm --detail", "mdadm --examine", "mdadm -I ", "actorraid supervise",
            "actorraid events", "mdmon ", "systemctl restart actorraid"];
        foreach (var (row, status) in Statuses().Where(one => Arrays(one.Status).Any(array =>
            array.Health is Health.Failed or Health.Inactive)))
        {
            foreach (var command in Things(status).SelectMany(thing => Explanation.Of(status, thing,
                [])).SelectMany(Commands))
            {
                Assert.True(harmless.Any(one => command.StartsWith(one, StringComparison.Ordinal)),
                    $"{row.Name}: {command}");
                Assert.False(Arrays(status).Any(array => array.Health == Health.Failed)
                    && command.StartsWith("mdadm -I ", StringComparison.Ordinal), $"{row.Name}: {command}");
            }
        }
    }

    /// <summary>Who adds a state to one of these adds a row.</summary>
    [Fact]
    public void Every_value_that_a_state_can_have_is_in_some_row()
    {
        var situations = Situation.All.Values.Select(make => make()).ToList();
        var reports = situations.SelectMany(situation => situation.Report?.Containers ?? []).ToList();
        var arrays = reports.SelectMany(container => container.Arrays).ToList();
        var statuses = situations.Select(situation => situation.Status()).ToList();
        var listed = situations.SelectMany(situation => situation.Seen.Listed).ToList();
        All<Health>(statuses.SelectMany(status => Arrays(status).Select(array => array.Health)));
        All<Health>(statuses.Select(status => status.Health));
        All<ContainerHealth>(reports.Select(container => container.Health));
        All<ArrayState>(arrays.Select(array => array.State));
        // Action unknown goes with state unknown.
        All<SyncAction>(arrays.Select(array => array.Action));
        All<VolumeActivity>(arrays.Select(array => array.Recorded?.Activity ?? VolumeActivity.None));
        All<LegFlags>(arrays.SelectMany(array => array.Legs).SelectMany(leg => Enum.GetValues<LegFlags>().Where(flag =>
            (leg.Flags & flag) == flag)));
        All<MdStatState>(listed.Select(array => array.State));
        All<MdStatProgressState>(listed.Select(array => array.Progress?.State ?? MdStatProgressState.Running));
        All<DiskStanding>(StateRow.All.SelectMany(row => row["standing"]).Select(Enum.Parse<DiskStanding>));
        Assert.Equal(
            ["failed", "member", "spare", "unknown"], statuses.SelectMany(status =>
                status.Containers).SelectMany(container => container.Disks).Select(disk =>
                disk.Role).Distinct().Order());
        Assert.Equal(
            ["delayed", "frozen", "not-whole", "pending", "recording", "remote", "reshape", "unrecorded", "unsupervised"],
                statuses.SelectMany(Arrays).SelectMany(array => array.Conditions ?? []).Distinct().Order());

        static void All<T>(IEnumerable<T> met)
            where T : struct, Enum
        {
            var missing = Enum.GetValues<T>().Except(met).ToList();
            Assert.True(missing.Count == 0, $"{typeof(T).Name} {string.Join(", ", missing)}: no row of states.table "
                + $"has it");
        }
    }

    [Fact]
    public void Each_row_is_seen_in_a_scenario_that_is_there_and_names_it_or_says_why_not()
    {
        Assert.Equal(StateRow.All.Length, StateRow.All.Select(row => row.Name).Distinct().Count());
        Assert.Equal([.. Situation.All.Keys.Order()], StateRow.All.Where(row => row["unit"].IsEmpty).Select(row =>
            row.Name).Order());
        foreach (var row in StateRow.All)
        {
            Assert.True(row["seen"].Length > 0 != row["unseen"].Length > 0,
                $"{row.Name} is either seen in a scenario, or says why not");
            foreach (var scenario in row["seen"])
            {
                var path = Path.Combine(StateRow.Folder, scenario + ".sh");
                Assert.True(File.Exists(path), $"{row.Name}: {path} is not there");
                Assert.Contains($"state {row.Name}", Regex.Replace(File.ReadAllText(path), " +", " "),
                    StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Every_hook_that_can_be_run_is_run_in_some_row_or_is_none_of_a_state()
    {
        var run = StateRow.All.SelectMany(row => row.One("hooks").Split(' ',
            StringSplitOptions.RemoveEmptyEntries)).ToHashSet();
        Assert.All(run, name => Assert.True(HookEvents.IsKnown(name)));
        // An end, or an answer, rather than a state; HookTests has them.
        string[] others = ["FailSpare", "SpareActive", "RebuildFinished", "DeviceDisappeared", "CheckpointLost",
            "TestMessage"];
        Assert.Equal([.. HookEvents.Names.Except(others).Except(["RebuildNN"]).Order()],
            HookEvents.Names.Except(others).Where(run.Contains).Order());
    }

    private static StateRow Row(string name) => StateRow.All.Single(row => row.Name == name);

    private static IEnumerable<(StateRow Row, HostStatus Status)> Statuses() =>
        StateRow.All.Where(row => row["unit"].IsEmpty).Select(row => (row, Situation.All[row.Name]().Status()));

    private static IEnumerable<ArrayStatus> Arrays(HostStatus status) => [.. status.Containers.SelectMany(container =>
        container.Arrays), .. status.NativeArrays ?? []];

    private static IEnumerable<Health> Parts(HostStatus status) => [.. status.Containers.Select(container =>
        container.Health), .. (status.NativeArrays ?? []).Select(array => array.Health)];

    private static IEnumerable<NamedThing> Things(HostStatus status) =>
        status.Containers.SelectMany(container => new[] { new NamedThing(container) }
                .Concat(container.Arrays.Select(array => new NamedThing(container,
                    array))).Concat(container.Disks.Select(disk => new NamedThing(container, Disk: disk))))
            .Concat((status.NativeArrays ?? []).Select(array => new NamedThing(null, array)));

    /// <summary>What is said now, as the table is written.</summary>
    private static List<(string Output, string Text)> Told(StateRow row)
    {
        var situation = Situation.All[row.Name]();
        var status = situation.Status();
        var lines = new List<(string, string)> { ("status", $"{Words.ExitStatus(status.Health)} {status.Summary}") };
        if (About(row, status) is { } thing)
        {
            var part = StatusView.About(status, thing);
            lines.Add(("named", $"{Words.ExitStatus(part.Health)} {part.Summary}"));
        }
        lines.AddRange(StateJson.Lines(status).Select(line => ("json", line)));
        lines.AddRange(Said(row).Select(line => ("explain", line)));
        lines.AddRange(Said(row).SelectMany(Commands).Distinct().Select(command => ("advice", command)));
        if (!situation.Happened.IsEmpty)
            lines.Add(("events", string.Join(' ', situation.Happened.Select(e => e.Kind))));
        var hooks = new HookEvents();
        var run = situation.Happened.SelectMany(hooks.Of).ToList();
        if (run.Count > 0)
            lines.Add(("hooks", string.Join(' ', run)));
        return lines;
    }

    private static NamedThing? About(StateRow row, HostStatus status) =>
        row.One("about") is { Length: > 0 } about ? Assert.Single(NameLookup.Find(status, row.Names[about])) : null;

    private static List<string> Said(StateRow row)
    {
        var status = Situation.All[row.Name]().Status();
        return About(row, status) is { } thing ? [.. Explanation.Of(status, thing, [])] : [];
    }

    private static string Metrics(HostStatus status)
    {
        var bulletin = new Bulletin(1, TimeSpan.FromMinutes(1));
        bulletin.Take(status);
        return GatewayMetrics.Text(bulletin);
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    private static IEnumerable<string> Commands(string sentence) => Command().Matches(sentence).Select(match =>
        match.Value.Trim())
        .Where(command => command is not "mdadm --grow");

    /// <summary>A command that is named, as far as it is one.</summary>
    [GeneratedRegex(@"mdadm --?[a-z-]+(?: (?!takes|gives|lets|goes|starts|shows|of|runs|and|what)[-/\w]+)*|actorraid "
        + @"(?:supervise|events)(?: (?!takes|tells)[-/\w]+)*|mdmon (?!it)\w+|systemctl restart actorraid",
        RegexOptions.IgnoreCase)]
    private static partial Regex Command();
}
