using System.Collections;
using System.Globalization;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.Launch;

/// <summary>Starts a process in a session of its own, which goes on when this one has ended.</summary>
internal static unsafe class DetachedProcess
{
    private const short NewSession = 0x80, SetSignalMask = 0x08;
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>Starts it, and returns its number. It inherits what <see cref="InheritOnly"/> has left.</summary>
    /// <param name="program">The executable's path.</param>
    /// <param name="arguments">All of them, argv[0] too.</param>
    /// <param name="environment">NAME=VALUE each.</param>
    /// <param name="silent">The standard streams that are /dev/null to it; the others are this process's.</param>
    internal static Result<int> Start(
        string program, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, IEnumerable<int> silent)
    {
        // Larger than glibc's and musl's structures.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        new Span<byte>(actions, 512).Clear();
        new Span<byte>(attributes, 1024).Clear();
        using var strings = new NativeStrings();
        Native.SpawnActionsInit(actions);
        foreach (var stream in silent)
            Native.SpawnActionsOpen(actions, stream, strings.Add("/dev/null"), Native.ReadWrite, 0);
        Native.SpawnAttributesInit(attributes);
        // The attributes' mask is the empty one; a mask inherited from mdadm could keep SIGTERM from it.
        Native.SpawnAttributesSetFlags(attributes, NewSession | SetSignalMask);
        int process;
        var error = Native.Spawn(
            &process, strings.Add(program), actions, attributes, strings.Add(arguments), strings.Add(environment));
        Native.SpawnActionsDestroy(actions);
        Native.SpawnAttributesDestroy(attributes);
        return error == 0 ? process : new KernelError((Errno)error, program, "execute");
    }

    /// <summary>
    /// From now on a program that is executed inherits the standard streams and this descriptor (-1: none), and no
    /// other.
    /// </summary>
    internal static void InheritOnly(int kept)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            var name = Path.GetFileName(entry.AsSpan());
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor) && descriptor > 2)
                Syscall.fcntl(descriptor, FcntlCommand.F_SETFD, descriptor == kept ? 0 : CloseOnExec);
        }
    }

    /// <summary>This process's environment, NAME=VALUE, but for some names.</summary>
    internal static IEnumerable<string> EnvironmentWithout(params string[] names) =>
        from DictionaryEntry entry in Environment.GetEnvironmentVariables()
        where !names.Contains((string)entry.Key)
        select $"{entry.Key}={entry.Value}";
}
