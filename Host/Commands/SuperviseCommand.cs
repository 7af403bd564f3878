using ActorRaid.Host.Launch;

namespace ActorRaid.Host.Commands;

/// <summary>What <c>actorraid supervise</c> was asked for.</summary>
internal sealed record SuperviseRequest(IReadOnlyList<string> Containers, bool All, bool Foreground, bool Takeover);

/// <summary><c>actorraid supervise</c>: as mdmon, but for several containers, and able to stay with none.</summary>
internal static class SuperviseCommand
{
    private const int Refused = 3;

    /// <summary>0: all of them are supervised; otherwise the exit statuses of <see cref="MdmonCommand"/> for each, or-ed.</summary>
    internal static int Run(SuperviseRequest request)
    {
        var status = 0;
        var containers = new List<string>();
        var all = request.All ? MdmonCommand.Containers() : Array.Empty<string>();
        if (!all.Ok)
            return Say($"the arrays cannot be listed: {all.Error}");
        var offRoot = Invocation.IsOffRoot(Invocation.Name()) || Invocation.InInitramfs();
        foreach (var given in request.All ? all.Value : request.Containers)
        {
            if (ContainerName.Resolve(given) is not { } container)
                status |= Say($"{given} is not a valid md device name");
            else if (ContainerCheck.Look(container) is { Ok: true, Value: ContainerKind.OtherFormat })
                status |= MdmonCommand.HandOn(container, new MdmonOptions(container, false, request.Takeover, false, offRoot));
            else
                containers.Add(container);
        }
        if (containers.Count == 0 && request is { All: false, Takeover: false })
            return status;

        var launcher = new Launcher(LaunchPaths.FromEnvironment(), offRoot, request.Takeover);
        if (request is { Takeover: true, Foreground: false } && launcher.Replace() is { } kept)
            return status | Say($"not taken over: {kept.Message}", Refused);
        if (request.Foreground)
        {
            if (launcher.Become(containers, request.All, request.Takeover) is { } failure)
                return status | Say(failure.Message);
            Console.Error.WriteLine("actorraid: a daemon is running already; asking it");
        }
        if (request.All && launcher.Stay() is { Outcome: LaunchOutcome.Failed } refused)
            return status | Say(refused.Message);
        foreach (var container in containers)
            status |= MdmonCommand.Verdict(container, launcher.Supervise(container), alreadyIsFine: true);
        return status;
    }

    private static int Say(string message, int status = 1)
    {
        Console.Error.WriteLine($"actorraid: {message}");
        return status;
    }
}
