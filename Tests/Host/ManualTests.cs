using System.CommandLine;
using System.Text.RegularExpressions;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Settings;
using ActorRaid.Reporting;
using ActorRaid.Tests.Lab;
using Xunit;

namespace ActorRaid.Tests.Host;

/// <summary>The manual pages tell all that there is.</summary>
public sealed class ManualTests
{
    [Fact]
    public void Every_command_and_every_option_is_in_the_manual()
    {
        var page = Page("actorraid.8");
        foreach (var command in CommandLine.Build().Subcommands)
        {
            Assert.Contains($".SS {command.Name}\n", page, StringComparison.Ordinal);
            var section = page[page.IndexOf($".SS {command.Name}\n", StringComparison.Ordinal)..];
            var end = section.IndexOf("\n.S", 1, StringComparison.Ordinal);
            Assert.All(
                command.Options.Where(option => option.Name.StartsWith("--", StringComparison.Ordinal)),
                option => Assert.Contains(option.Name.Replace("-", "\\-", StringComparison.Ordinal), section[..end], StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Every_key_of_the_configuration_is_in_the_manual() =>
        Assert.All(SettingKey.All, key => Assert.Contains($".B {key.Name}\n", Page("actorraid.json.5"), StringComparison.Ordinal));

    /// <summary>Health by health, in the order that counts, with the exit status.</summary>
    [Fact]
    public void The_manual_and_the_README_have_each_health_and_its_exit_status()
    {
        var page = Page("actorraid.8");
        var section = page[page.IndexOf(".SS status\n", StringComparison.Ordinal)..page.IndexOf(".SS events\n", StringComparison.Ordinal)];
        Assert.Equal(
            Enum.GetValues<Health>().Select(health => $"{Words.Of(health)} ({Words.ExitStatus(health)})"),
            Regex.Matches(section, """^\.BR ([A-Z]+) " (\(\d\))"$""", RegexOptions.Multiline).Select(match => $"{match.Groups[1].Value} {match.Groups[2].Value}"));
        var line = File.ReadLines(Path.Combine(GuestLab.FindRoot(), "README.md")).Single(line => line.StartsWith("    actorraid status  ", StringComparison.Ordinal));
        Assert.All(Enum.GetValues<Health>(), health =>
        {
            var behind = line[line.IndexOf(Words.Of(health), StringComparison.Ordinal)..];
            Assert.Equal(Words.ExitStatus(health), Regex.Match(behind, @"\((?:exit status )?(\d)\)").Groups[1].Value[0] - '0');
        });
    }

    [Fact]
    public void The_manual_has_every_health_and_condition_that_programs_are_told()
    {
        var page = Page("actorraid-control.7");
        Assert.Contains($"health ({string.Join(", ", Enum.GetValues<Health>().Select(health => Words.Of(health).ToLowerInvariant()))})", page, StringComparison.Ordinal);
        Assert.Contains("conditions (frozen, delayed, remote, pending, recording, reshape, unrecorded, not-whole, unsupervised)", page, StringComparison.Ordinal);
    }

    private static string Page(string name) => File.ReadAllText(Path.Combine(GuestLab.FindRoot(), "deploy/man", name));
}
