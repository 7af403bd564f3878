using System.Text;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host;

/// <summary>How this process was called. .NET hides argv[0], and ours says who we are to be.</summary>
internal static class Invocation
{
    private const uint TmpfsMagic = 0x01021994, RamfsMagic = 0x858458F6;

    /// <summary>argv[0] as the kernel has it; empty if it cannot be read.</summary>
    internal static string Name()
    {
        try
        {
            var bytes = File.ReadAllBytes("/proc/self/cmdline");
            var end = Array.IndexOf(bytes, (byte)0);
            return Encoding.UTF8.GetString(bytes, 0, end < 0 ? bytes.Length : end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>
    /// Whether argv[0] asks for mdmon's command line: <c>mdmon</c> with or without a directory, or its first character made @.
    /// </summary>
    internal static bool IsMdmon(string name) =>
        name[(name.LastIndexOf('/') + 1)..] is "mdmon" or "@dmon";

    /// <summary>Whether argv[0] is marked so that systemd spares the process at shutdown.</summary>
    internal static bool IsOffRoot(string name) => name.StartsWith('@');

    /// <summary>
    /// Marks this process so: argv[0] is rewritten where the kernel shows it from (/proc/self/stat, field 48: arg_start). What it was otherwise
    /// still shows.
    /// </summary>
    /// <returns>Why it could not be done; null if it is.</returns>
    internal static unsafe string? Spare()
    {
        const int fieldsBeforeArguments = 48 - 3;
        try
        {
            var text = File.ReadAllText("/proc/self/stat");
            // The second field, the program's name, may hold blanks: the others follow its last parenthesis.
            var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
            if (fields.Length <= fieldsBeforeArguments || !nuint.TryParse(fields[fieldsBeforeArguments], out var start) || start == 0)
                return "/proc/self/stat does not say where the arguments are";
            *(byte*)start = (byte)'@';
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>
    /// Whether the root file system is one in memory, as in an initramfs: processes from there are to outlive the
    /// switch to the real root, and are marked so (mdadm's and systemd's way to tell).
    /// </summary>
    internal static unsafe bool InInitramfs()
    {
        var result = stackalloc byte[256];
        return Native.StatFs("/", result) == 0 && *(uint*)result is TmpfsMagic or RamfsMagic;
    }

    /// <summary>The name of the process that started us, as /proc/PID/comm has it; empty if it is gone.</summary>
    internal static string ParentName()
    {
        try
        {
            return File.ReadAllText($"/proc/{Syscall.getppid()}/comm").TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
