using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host;

/// <summary>
/// mdmon's part: mdadm waits for it, so it does next to nothing itself. Exit status 0: supervised from now on; 1: no such
/// array, or no daemon could be started; 2: usage; 3: cannot be monitored, or is already.
/// </summary>
internal static class MdmonCommand
{
    private const int Usage = 2, NoSuchArray = 1, Refused = 3;

    /// <summary>Runs mdmon's command line.</summary>
    internal static int Run(string[] arguments, string invokedAs)
    {
        if (MdmonOptions.Parse(arguments) is not { } options)
        {
            Console.Error.Write(MdmonOptions.Usage);
            return Usage;
        }

        string[] containers;
        var status = 0;
        if (options.All)
        {
            var all = ContainersByFormat();
            if (!all.Ok)
                return Say($"the arrays cannot be listed: {all.Error}", NoSuchArray);
            containers = all.Value.Supported;
            foreach (var other in all.Value.Others)
                status |= HandOn(other, options);
        }
        else
        {
            if (ContainerName.Resolve(options.Container!) is not { } container)
                return Say($"{options.Container} is not a valid md device name", NoSuchArray);
            var kind = ContainerCheck.Look(container);
            if (kind is { Ok: true, Value: ContainerKind.OtherFormat })
                return HandOn(container, options);
            if (Refusal(container, kind) is { } refusal)
                return Say(refusal, Refused);
            containers = [container];
        }

        var offRoot = options.OffRoot || Invocation.IsOffRoot(invokedAs) || Invocation.InInitramfs();
        var launcher = new Launcher(LaunchPaths.FromEnvironment(), offRoot, options.Takeover);
        if (options is { All: true, Takeover: true, Foreground: false } && launcher.Replace() is { } kept)
            return Say(kept.Message, Refused);
        if (options.Foreground && containers.Length > 0 && launcher.Become(containers, stay: false) is { } failure)
            return Say(failure.Message, NoSuchArray);

        foreach (var container in containers)
            status |= Verdict(container, launcher.Supervise(container), options.Takeover || Invocation.ParentName() == "mdadm");
        return status;
    }

    /// <summary>
    /// Says what is to be said, and gives the exit status. mdadm starts mdmon on races with udev's, and takes anything but 0
    /// for an array that nobody monitors: to it, and on takeover, "already" is success.
    /// </summary>
    internal static int Verdict(string container, LaunchReply reply, bool alreadyIsFine) => reply.Outcome switch
    {
        LaunchOutcome.Supervised => 0,
        LaunchOutcome.AlreadySupervised or LaunchOutcome.Managed => alreadyIsFine ? 0 : Say($"{container} already managed: {reply.Message}", Refused),
        LaunchOutcome.NotAContainer => Say($"{container} is not a container - cannot monitor", Refused),
        LaunchOutcome.NotExternal => Say($"{container} does not use external metadata - cannot monitor", Refused),
        LaunchOutcome.UnknownMetadata => Say(
            $"{container} uses unsupported metadata: {reply.Message}; mdadm's own mdmon supervises it ({DistributionMonitor.Path} {container})", Refused),
        _ => Say($"Cannot load metadata for {container}: {reply.Message}", Refused),
    };

    /// <summary>Hands a container of a format that is not supported here on to mdadm's own mdmon; the exit status is that one's.</summary>
    internal static int HandOn(string container, MdmonOptions options)
    {
        var (status, reason) = DistributionMonitor.Run(container, options);
        return reason is null ? status
            : Say($"{container} has metadata of a format that is not supported here, and mdadm's own mdmon cannot be run: {reason}", Refused);
    }

    private static string? Refusal(string container, Result<ContainerKind?> kind) => kind switch
    {
        { Ok: false, Error: var error } => $"failed to load sysfs info for {container}: {error}",
        { Value: null } => $"failed to load sysfs info for {container}",
        { Value: ContainerKind.NotAContainer } => $"{container} is not a container - cannot monitor",
        { Value: ContainerKind.NotExternal } => $"{container} does not use external metadata - cannot monitor",
        _ => null,
    };

    /// <summary>
    /// The containers that there are of a supported format, by sysfs, in ordinal order; and what may be one and cannot be read now: whoever is to
    /// supervise it finds out, and says so. An error where the arrays cannot be listed; no arrays where sysfs has no block devices.
    /// </summary>
    internal static Result<string[]> Containers(string sysRoot = "/sys")
    {
        var all = ContainersByFormat(sysRoot);
        return all.Ok ? all.Value.Supported : all.Error;
    }

    /// <summary>As <see cref="Containers"/>; and those of other formats. sysfs is looked at once.</summary>
    private static Result<(string[] Supported, string[] Others)> ContainersByFormat(string sysRoot = "/sys")
    {
        var arrays = SysfsDirectory.List($"{sysRoot}/block", "md");
        if (!arrays.Ok && !arrays.Error.MeansGone)
            return arrays.Error;
        var kinds = (arrays.Ok ? arrays.Value : []).ToLookup(
            name => ContainerCheck.Look(name, sysRoot) is var look && look.Ok ? look.Value : ContainerKind.Container);
        return ((string[])[.. kinds[ContainerKind.Container]], (string[])[.. kinds[ContainerKind.OtherFormat]]);
    }

    private static int Say(string message, int status)
    {
        Console.Error.WriteLine($"mdmon: {message}");
        return status;
    }
}
