using System.Collections;
using System.Globalization;
using System.Runtime.InteropServices;
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

    private const short NewSession = 0x80, SetSignalMask = 0x08;
    private const int CloseOnExec = 1; // FD_CLOEXEC

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
        HideDescriptors();
        Syscall.fcntl(pipe[1], FcntlCommand.F_SETFD, 0);

        // Larger than glibc's and musl's structures.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        new Span<byte>(actions, 512).Clear();
        new Span<byte>(attributes, 1024).Clear();
        Native.SpawnActionsInit(actions);
        var nowhere = Marshal.StringToCoTaskMemUTF8("/dev/null");
        for (var stream = 0; stream <= 2; stream++)
            Native.SpawnActionsOpen(actions, stream, (byte*)nowhere, Native.ReadWrite, 0);
        Native.SpawnAttributesInit(attributes);
        // The attributes' mask is the empty one; a mask inherited from mdadm could keep SIGTERM from us.
        Native.SpawnAttributesSetFlags(attributes, NewSession | SetSignalMask);

        var arguments = (options with { Ready = pipe[1], Lock = -1 }).ToArguments();
        StackLimit.Lower();
        int process;
        var error = Native.Spawn(
            &process, Self(), actions, attributes, Strings([Name, .. arguments]), Strings(EnvironmentOfDaemon()));
        StackLimit.Raise();
        Syscall.close(pipe[1]);
        if (error != 0)
        {
            Syscall.close(pipe[0]);
            return CannotStart((Errno)error);
        }
        var said = WaitForByte(pipe[0], limit);
        Syscall.close(pipe[0]);
        return said;
    }

    /// <summary>Becomes the daemon: same process, same standard streams. Returns only if that fails, with the reason.</summary>
    internal string Become(DaemonOptions options)
    {
        HideDescriptors();
        if (options.Lock >= 0)
            Syscall.fcntl(options.Lock, FcntlCommand.F_SETFD, 0);
        StackLimit.Lower();
        Native.Execute(Self(), Strings([Name, .. options.ToArguments()]), Strings(EnvironmentOfDaemon()));
        return CannotStart(Native.LastError);
    }

    /// <summary>Becomes another program, with this environment and these standard streams. Returns only if that fails, with the reason.</summary>
    internal static string Become(string program, IReadOnlyList<string> arguments)
    {
        HideDescriptors();
        Native.Execute((byte*)Marshal.StringToCoTaskMemUTF8(program), Strings(arguments), Strings([.. EnvironmentWithout([])]));
        return new KernelError(Native.LastError, program, "execute").ToString();
    }

    private string CannotStart(Errno errno) => $"cannot start the daemon: {new KernelError(errno, Program, "execute")}";

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

    private static void HideDescriptors()
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            if (int.TryParse(Path.GetFileName(entry.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor)
                && descriptor > 2)
                Syscall.fcntl(descriptor, FcntlCommand.F_SETFD, CloseOnExec);
        }
    }

    private byte* Self() => (byte*)Marshal.StringToCoTaskMemUTF8(Program);

    private List<string> EnvironmentOfDaemon()
    {
        (string Name, string Value)[] own = [(LaunchPaths.Variable, Paths.Directory), .. RuntimeSettings];
        return [.. EnvironmentWithout([.. own.Select(setting => setting.Name)]), .. own.Select(setting => $"{setting.Name}={setting.Value}")];
    }

    /// <summary>This process's environment, NAME=VALUE, but for some names.</summary>
    private static IEnumerable<string> EnvironmentWithout(string[] names) =>
        from DictionaryEntry entry in Environment.GetEnvironmentVariables()
        where !names.Contains((string)entry.Key)
        select $"{entry.Key}={entry.Value}";

    // Never freed: the process is about to end or to become another.
    private static byte** Strings(IReadOnlyList<string> strings)
    {
        var result = (byte**)NativeMemory.Alloc((nuint)(strings.Count + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < strings.Count; i++)
            result[i] = (byte*)Marshal.StringToCoTaskMemUTF8(strings[i]);
        result[strings.Count] = null;
        return result;
    }
}
