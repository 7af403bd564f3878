using System.Collections;
using System.Globalization;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.FileMaps;

/// <summary>
/// Starts the process that follows a file in the background: in a session of its own, with the file's descriptor and no
/// other, and with the standard streams only where something is to be told.
/// </summary>
internal static unsafe class BackgroundMap
{
    private const short NewSession = 0x80, SetSignalMask = 0x08;
    private const int CloseOnExec = 1; // FD_CLOEXEC

    /// <summary>Starts it, and returns its number.</summary>
    internal static Result<int> Start(string program, FileMapOptions options)
    {
        LeaveOnly(options.Descriptor);
        // Larger than glibc's structures.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        new Span<byte>(actions, 512).Clear();
        new Span<byte>(attributes, 1024).Clear();
        using var strings = new NativeStrings();
        Native.SpawnActionsInit(actions);
        for (var stream = 0; stream <= 2 && options.Verbose == 0; stream++)
        {
            if (stream != options.Descriptor)
                Native.SpawnActionsOpen(actions, stream, strings.Add("/dev/null"), Native.ReadWrite, 0);
        }

        Native.SpawnAttributesInit(attributes);
        // The attributes' mask is the empty one.
        Native.SpawnAttributesSetFlags(attributes, NewSession | SetSignalMask);
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>();
        int process;
        var error = Native.Spawn(
            &process, strings.Add(program), actions, attributes,
            strings.Add([FileMapOptions.Name, .. options.InForeground]), strings.Add([.. variables.Select(variable => $"{variable.Key}={variable.Value}")]));
        Native.SpawnActionsDestroy(actions);
        Native.SpawnAttributesDestroy(attributes);
        return error == 0 ? process : new KernelError((Errno)error, program, "execute");
    }

    private static void LeaveOnly(int kept)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries("/proc/self/fd"))
        {
            var name = Path.GetFileName(entry.AsSpan());
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var descriptor) && descriptor > 2)
                Syscall.fcntl(descriptor, FcntlCommand.F_SETFD, descriptor == kept ? 0 : CloseOnExec);
        }
    }
}
