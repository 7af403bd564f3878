using ActorRaid.Host.FileMaps;
using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host;

/// <summary>The entry: who we are depends on the name that we were called by.</summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (NativeHelper.Load() is { } missing)
        {
            Console.Error.WriteLine($"actorraid: {missing}");
            return 1;
        }
        if (DaemonOptions.Parse(arguments) is { } daemon)
            return Daemon.DaemonMain.Run(daemon);
        var name = Invocation.Name();
        if (FileMapCommand.Asked(name, arguments) is { } fileMap)
            return FileMapCommand.Run(fileMap);
        return Invocation.IsMdmon(name)
            ? MdmonCommand.Run(arguments, name)
            : Commands.CommandLine.Run(arguments);
    }
}
