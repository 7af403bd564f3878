using System.CommandLine;
using ActorRaid.Cluster;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Gateway.Settings;

namespace ActorRaid.Gateway.Cluster;

/// <summary><c>actorraid cluster</c>: status, events, forget, roles.</summary>
internal static class ClusterCommandLine
{
    /// <summary>The command.</summary>
    internal static Command Build()
    {
        var config = new Option<string>("--config")
        {
            Description = "The gateway's configuration, which says where etcd is",
            HelpName = "FILE",
            DefaultValueFactory = _ => GatewaySettings.DefaultPath,
            Recursive = true,
        };
        var command = new Command("cluster", "Show how the hosts of the cluster are") { config };
        command.Subcommands.Add(Status(config));
        command.Subcommands.Add(Events(config));
        command.Subcommands.Add(Forget(config));
        command.Subcommands.Add(Roles(config));
        return command;
    }

    private static Command Status(Option<string> config)
    {
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on, and show every change" };
        var json = new Option<bool>("--json") { Description = "As JSON, with everything that the hosts have told; with --watch a line for each change" };
        var degraded = new Option<bool>("--degraded") { Description = "Only the hosts that are not well" };
        var command = new Command("status", "Show all hosts, worst first. Exit status: 0 all well, 1 degraded or rebuilding, 2 failed, stalled or not running, 3 cannot tell") { watch, json, degraded };
        command.SetAction((result, cancel) => With(result.GetValue(config)!, access =>
            result.GetValue(watch)
                ? ClusterCommand.Watch(access, result.GetValue(json), result.GetValue(degraded), Console.Out, cancel)
                : ClusterCommand.Status(access, result.GetValue(json), result.GetValue(degraded), Console.Out, cancel)));
        return command;
    }

    private static Command Events(Option<string> config)
    {
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on, and show what happens" };
        var json = new Option<bool>("--json") { Description = "As JSON, a line for each" };
        var command = new Command("events", "Show what happened on all hosts") { follow, json };
        command.SetAction((result, cancel) => With(result.GetValue(config)!, access =>
            ClusterCommand.Events(access, result.GetValue(follow), result.GetValue(json), Console.Out, Console.Error, cancel)));
        return command;
    }

    private static Command Forget(Option<string> config)
    {
        var host = new Argument<string>("HOST") { Description = "A host that is lost, and will not come back" };
        var command = new Command("forget", "Remove what is kept of a host that is lost") { host };
        command.SetAction((result, cancel) => With(result.GetValue(config)!, access =>
            ClusterCommand.Forget(access, result.GetValue(host)!, Console.Out, Console.Error, cancel)));
        return command;
    }

    private static Command Roles(Option<string> config)
    {
        var host = new Argument<string>("HOST") { Description = "A host" };
        var command = new Command("roles", "Print the arguments of etcdctl that let a host write its own keys only, and read all") { host };
        command.SetAction((result, cancel) => With(result.GetValue(config)!, access =>
        {
            if (!ClusterKeys.IsHost(result.GetValue(host)!))
            {
                Console.Error.WriteLine($"actorraid: \"{Text.Line(result.GetValue(host)!)}\" is no name of a host");
                return Task.FromResult(1);
            }
            Console.Out.WriteLine($"user add actorraid-{result.GetValue(host)}");
            foreach (var line in access.Keys.RoleCommands(result.GetValue(host)!))
                Console.Out.WriteLine(line);
            return Task.FromResult(0);
        }));
        return command;
    }

    // Ctrl-C ends what goes on and on; that is no fault.
    private static async Task<int> With(string file, Func<ClusterAccess, Task<int>> run)
    {
        try
        {
            using var access = ClusterAccess.Open(file);
            return await run(access).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception e) when (e is EtcdException or InvalidDataException)
        {
            Console.Error.WriteLine($"actorraid: {e.Message}");
            return ClusterCommand.CannotTell;
        }
    }
}

/// <summary>The cluster as a command gets at it.</summary>
internal sealed record ClusterAccess(EtcdClient Etcd, ClusterKeys Keys) : IDisposable
{
    /// <summary>By the gateway's configuration. Throws <see cref="InvalidDataException"/> or <see cref="EtcdException"/>, in words.</summary>
    internal static ClusterAccess Open(string file)
    {
        var read = GatewaySettings.File.Read(file);
        if (!read.Exists)
            throw new InvalidDataException($"{file}: there is no such file; cluster.endpoints in it says where etcd is");
        if (read.Problems.Length > 0)
            throw new InvalidDataException(string.Join('\n', read.Problems));
        var cluster = read.Settings.Cluster;
        if (cluster.Endpoints.IsEmpty)
            throw new InvalidDataException($"{file}: cluster.endpoints are not given: this host belongs to no cluster");
        if (cluster.Conflicts().FirstOrDefault() is { } conflict)
            throw new InvalidDataException($"{file}: {conflict}");
        return new ClusterAccess(new EtcdClient(cluster.Options()), new ClusterKeys(cluster.Prefix));
    }

    /// <inheritdoc/>
    public void Dispose() => Etcd.Dispose();
}
