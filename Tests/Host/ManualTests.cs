using System.CommandLine;
using ActorRaid.Host.Commands;
using ActorRaid.Host.Settings;
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

    private static string Page(string name) => File.ReadAllText(Path.Combine(GuestLab.FindRoot(), "deploy/man", name));
}
