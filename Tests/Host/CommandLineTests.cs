using System.CommandLine;
using ActorRaid.Reporting;
using Xunit;
using CommandLine = ActorRaid.Host.Commands.CommandLine;

namespace ActorRaid.Tests.Host;

/// <summary>What is not understood does nothing, says why, and has an exit status of its own.</summary>
public sealed class CommandLineTests
{
    public static TheoryData<string> Wrong()
    {
        var all = new TheoryData<string>("", "nonsense", "--nonsense", "status a b", "explain", "examine", "repair", "repair --torn /dev/sda", "supervise", "supervise --all md127", "events --since yesterday",
            "events --level loud", "events -n 0", "events -n many", "events md127 md126");
        foreach (var command in CommandLine.Build().Subcommands.Where(command => command.Options.Count > 0))
        {
            all.Add($"{command.Name} --nonsense");
            foreach (var option in command.Options.Where(option => option.Arity.MinimumNumberOfValues > 0))
            {
                all.Add($"{command.Name} {option.Name}");
            }
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_not_understood_has_status_64_and_says_why(string line)
    {
        var said = new StringWriter();
        Assert.Equal(Words.UsageStatus, CommandLine.Run(line.Split(' ', StringSplitOptions.RemoveEmptyEntries), said));
        Assert.NotEqual("", said.ToString());
        Assert.DoesNotContain("   at ", said.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("status")]
    [InlineData("status --watch")]
    [InlineData("events")]
    [InlineData("events md127 --follow")]
    [InlineData("explain md127 --json")]
    [InlineData("hooks")]
    [InlineData("examine /dev/sda")]
    [InlineData("examine @disk")]
    public void What_is_right_is_understood(string line) =>
        Assert.Empty(CommandLine.Parse(line.Split(' ')).Errors);

    [Fact]
    public void No_health_has_the_status_of_what_is_not_understood() =>
        Assert.DoesNotContain(Words.UsageStatus, Enum.GetValues<Health>().Select(Words.ExitStatus));
}
