using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Launch;

/// <summary>Starting the daemon: as a process of its own, or in place of this one.</summary>
/// <param name="Program">The executable.</param>
/// <param name="Paths">Where it is to be met.</param>
/// <param name="OffRoot">Mark it to be spared at shutdown.</param>
internal sealed unsafe record DaemonProcess(string Program, LaunchPaths Paths, bool OffRoot)
{
    /// <summary>What the daemon says when it is ready; anything else is the reason why it is not.</summary>
    internal const byte Ready = 1;

    /// <summary>
    /// What the runtime has to be told before it starts, for memory that is to be locked for good: stacks of 128 KiB
    /// for its own threads (they would be 8 MiB, every page of it resident) and a first generation of 4 MiB. In hexadecimal, as the runtime
    /// reads them; compiled ahead it takes no 0x in front.
    /// </summary>
    private static readonly (string Name, string Value)[] RuntimeSettings =
    [
        ("DOTNET_Thread_DefaultStackSize", "20000"),
        ("DOTNET_GCgen0size", "400000"),
    ];

    /// <summary>argv[0] of the daemon: what mdadm and systemd look for.</summary>
    private string Name => OffRoot ? "@dmon" : "mdmon";

    /// <summary>
    /// Starts the daemon in a session of its own, standard streams on /dev/null, with no descriptor of ours (a launcher
    /// inherits mdadm's, among them arrays opened exclusively), and waits until it says that it is ready.
    /// </summary>
    /// <param name="options">What it is to do; Ready and Lock are filled in here.</param>
    /// <param name="limit">How long it may take.</param>
    /// <returns>Null once it is ready, otherwise the reason why not.</returns>
    internal string? Start(DaemonOptions options, TimeSpan limit)
    {
        var pipe = stackalloc int[2];
        if (Native.Pipe(pipe, Native.CloseOnExec) != 0)
            return KernelError.Last(Program, "pipe to").ToString();
        DetachedProcess.InheritOnly(pipe[1]);
        var arguments = (options with { Ready = pipe[1], Lock = -1 }).ToArguments();
        StackLimit.Lower();
        var started = DetachedProcess.Start(Program, [Name, .. arguments], EnvironmentOfDaemon(), [0, 1, 2]);
        StackLimit.Raise();
        Syscall.close(pipe[1]);
        if (!started.Ok)
        {
            Syscall.close(pipe[0]);
            return CannotStart(started.Error);
        }
        var said = WaitForByte(pipe[0], limit);
        Syscall.close(pipe[0]);
        return said;
    }

    /// <summary>Becomes the daemon: same process, same standard streams. Returns only if that fails, with the reason.</summary>
    internal string Become(DaemonOptions options)
    {
        DetachedProcess.InheritOnly(options.Lock);
        StackLimit.Lower();
        return CannotStart(Execute(Program, [Name, .. options.ToArguments()], EnvironmentOfDaemon()));
    }

    /// <summary>Becomes another program, with this environment and these standard streams. Returns only if that fails, with the reason.</summary>
    internal static string Become(string program, IReadOnlyList<string> arguments)
    {
        DetachedProcess.InheritOnly(-1);
        return Execute(program, arguments, [.. DetachedProcess.EnvironmentWithout()]).ToString();
    }

    /// <summary>Returns only if that fails.</summary>
    private static KernelError Execute(string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        using var strings = new NativeStrings();
        Native.Execute(strings.Add(program), strings.Add(arguments), strings.Add(environment));
        return new KernelError(Native.LastError, program, "execute");
    }

    private static string CannotStart(KernelError error) => $"cannot start the daemon: {error}";

    private static string? WaitForByte(int descriptor, TimeSpan limit)
    {
        Pollfd[] entry = [new Pollfd { fd = descriptor, events = PollEvents.POLLIN }];
        int seen;
        do
        {
            seen = Syscall.poll(entry, (int)limit.TotalMilliseconds);
        }
        while (seen < 0 && Native.LastError == Errno.EINTR);
        if (seen <= 0)
            return $"the daemon is not ready after {limit.TotalSeconds:0} s";
        const int limitOfWords = 1024;
        var said = stackalloc byte[limitOfWords];
        var count = (int)Syscall.read(descriptor, said, limitOfWords);
        return count <= 0 ? "the daemon ended before it was ready"
            : said[0] == Ready ? null
            : System.Text.Encoding.UTF8.GetString(said, count);
    }

    private List<string> EnvironmentOfDaemon()
    {
        (string Name, string Value)[] own = [(LaunchPaths.Variable, Paths.Directory), .. RuntimeSettings];
        return [.. DetachedProcess.EnvironmentWithout([.. own.Select(setting => setting.Name)]), .. own.Select(setting => $"{setting.Name}={setting.Value}")];
    }
}
