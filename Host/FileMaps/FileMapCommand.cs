using ActorRaid.Actors.FileMaps;
using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;
using ActorRaid.SysfsIo.Dm;
using Mono.Unix.Native;

namespace ActorRaid.Host.FileMaps;

/// <summary>
/// dmfilemapd's part, which dmstats starts for each file that it maps: keeps a group of statistics regions in step with
/// a file. Exit status 0: the file map has ended as it should (the group was deleted, the file is empty, or unlinked
/// and closed), or goes on in the background; 1: anything else.
/// </summary>
internal static class FileMapCommand
{
    private const int Failed = 1;

    /// <summary>
    /// Its arguments, if the program was called by its name (<paramref name="name"/>: argv[0]), or by its command;
    /// null: it was not.
    /// </summary>
    internal static string[]? Asked(string name, string[] arguments) =>
        Path.GetFileName(name) == FileMapOptions.Name ? arguments
        : arguments is [FileMapOptions.Name, .. var rest] ? rest
        : null;

    /// <summary>Runs it.</summary>
    internal static int Run(string[] arguments)
    {
        if (FileMapOptions.Parse(arguments, out var reason) is not { } options)
            return Fail($"{reason}\n{FileMapOptions.Usage}");
        var (mode, path) = (options.InForeground[3], options.Path);
        Tell(options, 1, $"Starting dmfilemapd with fd={options.Descriptor}, group_id={options.Group} mode={mode}, path={path}");
        var control = DmControl.Open();
        if (!control.Ok)
            return Fail($"{control.Error}: there is no device-mapper, or not for this user");
        using (control.Value)
        {
            using var given = new FollowedInode(options.Descriptor, options.Path);
            var look = given.Look();
            if (NotMappable(options, look) is { } problem)
                return Fail(problem);
            var device = StatsDevice.Find(control.Value, look.Value.Device);
            if (!device.Ok)
                return Fail($"{options.Path} is not on a device-mapper device ({device.Error})");
            device.Value.Sending += message => Tell(options, 3, $"dm message {device.Value.Name} {message}");
            if (NoGroup(options, device.Value) is { } missing)
                return Fail(missing);
            return options.Foreground
                ? Follow(options, device.Value, look.Value, given)
                : StartInBackground(options);
        }
    }

    private static int StartInBackground(FileMapOptions options)
    {
        DetachedProcess.InheritOnly(options.Descriptor);
        int[] silent = options.Verbose > 0 ? [] : [.. Enumerable.Range(0, 3).Where(stream => stream != options.Descriptor)];
        var started = DetachedProcess.Start(
            Environment.ProcessPath!, [FileMapOptions.Name, .. options.InForeground], [.. DetachedProcess.EnvironmentWithout()], silent);
        if (!started.Ok)
            return Fail(started.Error.ToString());
        if (options.Verbose > 0)
            Console.Error.WriteLine($"Started dmfilemapd with pid={started.Value}");
        return 0;
    }

    private static int Follow(FileMapOptions options, StatsDevice device, FileLook look, FollowedInode given)
    {
        var group = $"{DmControl.NumberText(look.Device)}-{options.Group}";
        using var held = FileMapLock.Take(LaunchPaths.FromEnvironment(), group, out var reason);
        if (held is null)
            return Fail($"group {options.Group} of {device.Name} is followed by another dmfilemapd ({reason})");
        // No file system is to be kept busy by where we were started.
        Directory.SetCurrentDirectory("/");
        // See FollowedInode.IsHeldByOthers.
        Stdlib.SetSignalAction(Signum.SIGIO, SignalAction.Ignore);
        var byPath = options.Mode == FollowMode.Path;
        if (byPath)
            given.Dispose();
        var watched = byPath ? options.Path : given.OwnPath;
        var order = new FileMapOrder(
            options.Group, options.Path, options.Mode, FileMapIdentity.Of(options.Mode, options.Path, look.Inode),
            byPath ? new FollowedPath(options.Path) : given, look.Device, device,
            told => FileWatch.Start(watched, byPath, told) is var watch && watch.Ok ? watch.Value : watch.Error)
        {
            Tell = (level, text) => Tell(options, level, text),
        };
        var end = FileMapSystem.Follow(order).GetAwaiter().GetResult();
        Tell(options, 1, $"{end.Text}: exiting.");
        return end.Reason is FileMapEnd.GroupGone or FileMapEnd.FileEmpty or FileMapEnd.Unlinked
            ? 0
            : Fail($"{options.Path}: {end.Text}");
    }

    /// <summary>Why the descriptor is of no file that can be mapped; null: it is.</summary>
    private static string? NotMappable(FileMapOptions options, Result<FileLook> look) => look switch
    {
        { Ok: true, Value.IsRegular: true } => null,
        { Ok: true } => $"descriptor {options.Descriptor} is not of a regular file",
        { Error.Errno: Errno.EBADF } => $"descriptor {options.Descriptor} is not open",
        { Error.Errno: Errno.EOPNOTSUPP } => $"the file system of {options.Path} cannot tell where a file lies ({look.Error})",
        _ => look.Error.ToString(),
    };

    /// <summary>
    /// Why there is no group to be followed; null: there is one. One whose leader was being replaced when its process
    /// died is one.
    /// </summary>
    private static string? NoGroup(FileMapOptions options, StatsDevice device)
    {
        var regions = device.List();
        if (!regions.Ok)
            return $"the statistics of {device.Name} cannot be read: {regions.Error}";
        return FileMapGroup.Find(regions.Value, options.Group).Error switch
        {
            { Errno: 0 } => null,
            { MeansGone: true } => $"there is no group {options.Group} on {device.Name}",
            var error => error.ToString(),
        };
    }

    private static void Tell(FileMapOptions options, int level, string text)
    {
        if (level == 0)
            Console.Error.WriteLine($"dmfilemapd: {text}");
        else if (level <= options.Verbose)
            Console.Out.WriteLine(text);
    }

    private static int Fail(string text)
    {
        Console.Error.WriteLine($"dmfilemapd: {text}");
        return Failed;
    }
}
