using System.CommandLine;
using System.CommandLine.Parsing;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Settings;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary>actorraid's own command line: supervise, reload, config, status, events, explain, hooks, examine, repair.</summary>
internal static class CommandLine
{
    /// <summary>What <see cref="NameLookup"/> knows a thing by.</summary>
    private const string AnyName = "md126, any path below /dev, 9:126, a volume's name, a UUID, a disk's serial number";

    /// <summary>Parses and runs. The command's own status; <see cref="Words.UsageStatus"/>: not understood, and nothing was done.</summary>
    internal static int Run(string[] arguments, TextWriter? errors = null)
    {
        if (arguments is [{ } first, ..] && GatewayProgram.Commands.Contains(first))
            return GatewayProgram.Become(arguments, errors ?? Console.Error);
        if (arguments is [LocalStatus.Command])
            return LocalStatus.Tell(Console.Out);
        var parsed = Parse(arguments);
        var status = parsed.Invoke(errors is null ? null : new InvocationConfiguration { Output = errors, Error = errors });
        return parsed.Errors.Count > 0 ? Words.UsageStatus : status;
    }

    /// <summary>
    /// Parses. A word that begins with @ is no file of further words: compiled ahead, the program is called as argv[0] says,
    /// and that is <c>@actorraid</c> where systemd is to spare it at shutdown.
    /// </summary>
    internal static ParseResult Parse(string[] arguments) =>
        Build().Parse(arguments, new ParserConfiguration { ResponseFileTokenReplacer = null });

    /// <summary>The commands.</summary>
    internal static RootCommand Build()
    {
        var root = new RootCommand("Supervises Linux MD arrays whose metadata lives in user space (Intel IMSM), in place of mdmon.");
        root.Subcommands.Add(Supervise());
        root.Subcommands.Add(Reload());
        root.Subcommands.Add(Config());
        root.Subcommands.Add(Status());
        root.Subcommands.Add(Events());
        root.Subcommands.Add(Explain());
        root.Subcommands.Add(Hooks());
        root.Subcommands.Add(Examine());
        root.Subcommands.Add(Repair());
        foreach (var argument in root.Subcommands.SelectMany(command => command.Arguments))
            argument.Validators.Add(RefuseOptions);
        // Only for the list of commands: they are another program's.
        foreach (var (name, description) in GatewayProgram.Descriptions)
            root.Subcommands.Add(new Command(name, description));
        return root;
    }

    private static Command Supervise()
    {
        var containers = new Argument<string[]>("CONTAINER")
        {
            Description = "md127, /dev/md127, /dev/md/NAME",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var all = new Option<bool>("--all") { Description = "Every container there is; stay when the last one is gone" };
        var foreground = new Option<bool>("--foreground", "-F") { Description = "Stay in the foreground and log to the console" };
        var takeover = new Option<bool>("--takeover", "-t")
        {
            Description = "Replace whoever supervises them now; a daemon that runs is replaced by a new one, with everything that it supervises",
        };
        var command = new Command("supervise", "Supervise containers, in one daemon for all of them")
        {
            containers, all, foreground, takeover,
        };
        Require(command, result =>
        {
            var given = result.GetValue(containers)?.Length ?? 0;
            return (result.GetValue(all) ? given > 0 : given == 0 && !result.GetValue(takeover))
                ? "either --all or at least one CONTAINER is needed, or --takeover"
                : null;
        });
        command.SetAction(result => SuperviseCommand.Run(new SuperviseRequest(
            result.GetValue(containers) ?? [], result.GetValue(all), result.GetValue(foreground), result.GetValue(takeover))));
        return command;
    }

    private static Command Reload()
    {
        var command = new Command("reload", "Have the daemon read its configuration again, and wait for the outcome");
        command.SetAction(_ => ConfigCommand.Reload(LaunchPaths.FromEnvironment(), Console.Out, Console.Error));
        return command;
    }

    private static Command Config()
    {
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var check = new Option<string?>("--check") { Description = "Only say whether this file is in order", HelpName = "FILE" };
        var keys = new Option<bool>("--keys") { Description = "Only list the keys that a file may have" };
        var command = new Command("config", "Show the configuration that is in force, and where each value comes from") { json, check, keys };
        command.SetAction(result =>
            result.GetValue(keys) ? ConfigCommand.Keys(Console.Out)
            : result.GetValue(check) is { } file ? ConfigCommand.Check(file, Console.Out, Console.Error)
            : ConfigCommand.Show(LaunchPaths.FromEnvironment(), SettingsFile.PathFromEnvironment(), result.GetValue(json), Console.Out, Console.Error));
        return command;
    }

    private static Command Status()
    {
        var about = new Argument<string?>("WHAT")
        {
            Description = "Only that container, array or disk: " + AnyName,
            Arity = ArgumentArity.ZeroOrOne,
        };
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on, and show every change, with progress bars" };
        var command = new Command("status", "Is my data safe, and what is going on? Exit status: 0 all well, 1 degraded or rebuilding, 2 failed, stalled or not running, 3 cannot tell")
        {
            about, json, watch,
        };
        command.SetAction(result => result.GetValue(watch)
            ? StatusCommand.Watch(LaunchPaths.FromEnvironment().Control, result.GetValue(about), result.GetValue(json), Console.Out, Console.Error)
            : StatusCommand.Show(LaunchPaths.FromEnvironment().Control, result.GetValue(about), result.GetValue(json), Console.Out, Console.Error));
        return command;
    }

    private static Command Events()
    {
        var about = new Argument<string?>("NAME") { Description = "Only those of that container, array or disk", Arity = ArgumentArity.ZeroOrOne };
        var level = new Option<string>("--level")
        {
            Description = $"Only those of at least that level: {string.Join(", ", EventFilter.Levels)}; debug ones come with every burst of writes",
            HelpName = "LEVEL",
            DefaultValueFactory = _ => EventsCommand.DefaultLevel,
        };
        var count = new Option<int?>("--number", "-n") { Description = "Only so many, the latest", HelpName = "COUNT" };
        var follow = new Option<bool>("--follow", "-f") { Description = "Go on with what comes" };
        var since = new Option<string?>("--since") { Description = "Only what came after: a time (2026-01-31 12:00, 12:00), or how long ago (90s, 15m, 2h, 7d)", HelpName = "T" };
        var json = new Option<bool>("--json") { Description = "As JSON, an event a line" };
        var command = new Command("events", "Show what has happened: every transition with its cause, what was written where, and how long that took")
        {
            about, level, count, follow, since, json,
        };
        Require(command, result =>
            result.GetValue(since) is { } text && EventsCommand.ParseSince(text, DateTimeOffset.Now) is null
                ? $"--since {text}: a time (2026-01-31 12:00, 12:00), or how long ago (90s, 15m, 2h, 7d)"
            // The default is not there yet when this is asked.
            : EventFilter.LevelOf(result.GetValue(level) ?? EventsCommand.DefaultLevel) is null ? $"--level {result.GetValue(level)}: it is one of {string.Join(", ", EventFilter.Levels)}"
            : result.GetResult(count) is { Tokens: [{ Value: var wanted }] } && int.TryParse(wanted, out var number) && number < 1 ? $"--number {number}: at least 1"
            : null);
        command.SetAction(result => EventsCommand.Run(
            LaunchPaths.FromEnvironment().Control,
            new EventsCommand.Wanted(
                result.GetValue(about), result.GetValue(level)!, result.GetValue(since) is { } text ? EventsCommand.ParseSince(text, DateTimeOffset.Now) : null,
                result.GetValue(count), result.GetValue(follow)),
            result.GetValue(json), Console.Out, Console.Error));
        return command;
    }

    private static Command Explain()
    {
        var about = new Argument<string>("WHAT") { Description = "A container, array or disk: " + AnyName };
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("explain", "Say why a container, an array or a disk is in the state that it is in, and what would change that") { about, json };
        command.SetAction(result => StatusCommand.Explain(
            LaunchPaths.FromEnvironment().Control, result.GetValue(about)!, result.GetValue(json), Console.Out, Console.Error));
        return command;
    }

    private static Command Hooks()
    {
        var test = new Option<string?>("--test") { Description = "Run those that are set on this event as if it had happened, and wait for them", HelpName = "EVENT" };
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("hooks", "Show which programs are run on events, and how that went") { test, json };
        command.SetAction(result => HooksCommand.Run(
            LaunchPaths.FromEnvironment().Control, result.GetValue(test), result.GetValue(json), Console.Out, Console.Error));
        return command;
    }

    private static Command Examine()
    {
        var files = new Argument<string[]>("DEVICE-OR-FILE")
        {
            Description = "A disk, or an image of one",
            Arity = ArgumentArity.OneOrMore,
        };
        var json = new Option<bool>("--json") { Description = "As JSON" };
        var command = new Command("examine", "Show the metadata on disks") { files, json };
        command.SetAction(result => ExamineCommand.Run(result.GetValue(files) ?? [], result.GetValue(json), Console.Out, Console.Error));
        return command;
    }

    private static Command Repair()
    {
        var disks = new Argument<string[]>("DISK") { Description = "All disks of one container", Arity = ArgumentArity.ZeroOrMore };
        var torn = new Option<bool>("--torn") { Description = "Instead of DISK: every disk of this machine whose copy is torn" };
        var yes = new Option<bool>("--yes") { Description = "Do it; without this only say what would be done" };
        var command = new Command("repair", "Rewrite torn or stale metadata of disks from the valid copies on the others")
        {
            disks, torn, yes,
        };
        Require(command, result =>
        {
            var given = result.GetValue(disks)?.Length ?? 0;
            return (result.GetValue(torn) ? given > 0 : given == 0) ? "either --torn or the DISKs of one container are needed" : null;
        });
        command.SetAction(result => result.GetValue(torn)
            ? RepairCommand.RunTorn(DiskReader.Disks(), result.GetValue(yes), Console.Out, Console.Error)
            : RepairCommand.Run(result.GetValue(disks) ?? [], result.GetValue(yes), Console.Out, Console.Error));
        return command;
    }

    /// <summary>An option that a command does not have is no container, array or disk.</summary>
    private static void RefuseOptions(ArgumentResult result)
    {
        foreach (var token in result.Tokens.Where(token => token.Value.StartsWith('-')))
            result.AddError($"{token.Value}: there is no such option (a name that begins with - is given as ./{token.Value})");
    }

    /// <summary>What is wrong with a command's arguments taken together; null: nothing. Not asked where one of them by itself is wrong.</summary>
    private static void Require(Command command, Func<CommandResult, string?> problem) => command.Validators.Add(result =>
    {
        if (result.Children.Any(child => child.Errors.Any() || child is OptionResult { Option.Arity.MinimumNumberOfValues: > 0, Tokens.Count: 0, Implicit: false }))
            return;
        if (problem(result) is { } text)
            result.AddError(text);
    });
}
