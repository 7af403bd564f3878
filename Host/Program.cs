using ActorRaid.Host.Launch;

namespace ActorRaid.Host;

/// <summary>The entry: who we are depends on the name that we were called by.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (DaemonOptions.Parse(arguments) is { } daemon)
            return Daemon.DaemonMain.Run(daemon);
        var name = Invocation.Name();
        return Invocation.IsMdmon(name)
            ? MdmonCommand.Run(arguments, name)
            : Commands.CommandLine.Run(arguments);
    }
}
