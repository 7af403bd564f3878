using System.CommandLine;
using ActorRaid.Gateway.Cluster;
using ActorRaid.Gateway.Settings;
using ActorRaid.Gateway.Web;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway;

/// <summary>The entry: everything of ActorRaid that talks to a network. <c>actorraid gateway</c> becomes this program.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        var parsed = Build().Parse(arguments);
        var status = parsed.Invoke();
        return parsed.Errors.Count > 0 ? Words.UsageStatus : status;
    }

    /// <summary>The commands.</summary>
    internal static RootCommand Build()
    {
        var root = new RootCommand("Tells people and programs on the network how this host's arrays are.");
        root.Subcommands.Add(Gateway());
        root.Subcommands.Add(ClusterCommandLine.Build());
        return root;
    }

    private static Command Gateway()
    {
        var config = new Option<string>("--config")
        {
            Description = "The configuration file",
            HelpName = "FILE",
            DefaultValueFactory = _ => GatewaySettings.DefaultPath,
        };
        var check = new Option<bool>("--check") { Description = "Only say whether the configuration is in order" };
        var keys = new Option<bool>("--keys") { Description = "Only list the keys that a configuration may have" };
        var command = new Command("gateway", "Serve the page, JSON, changes as they come, and metrics") { config, check, keys };
        command.SetAction((result, cancel) =>
            result.GetValue(keys) ? Task.FromResult(GatewayCommand.Keys(Console.Out))
            : result.GetValue(check) ? Task.FromResult(GatewayCommand.Check(result.GetValue(config)!, Console.Out, Console.Error))
            : GatewayCommand.Run(result.GetValue(config)!, Console.Error, cancel));
        return command;
    }
}
