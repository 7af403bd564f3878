using System.Globalization;
using System.Runtime.InteropServices;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace ActorRaid.Host.Hooks;

/// <summary>
/// Runs a program to its end, on a thread of the caller's: in a session of its own, with nothing of ours but what it is told. None of our memory
/// is copied for it or locked in it (posix_spawn(3) shares it until the program is there), and when memory runs out it is no longer spared.
/// </summary>
internal static unsafe class HookProcess
{
    private const short NewSession = 0x80, SetSignalMask = 0x08, SetSignalDefaults = 0x04;
    private const ulong BrokenPipe = 1ul << 12;

    /// <summary>Runs it.</summary>
    /// <param name="command">Its path and arguments.</param>
    /// <param name="environment">All of its environment: NAME=VALUE.</param>
    /// <param name="input">What it can read: at most what a pipe holds, 4096 bytes at least.</param>
    /// <param name="limit">Then it and all of its session's group are killed.</param>
    /// <returns>Whether it ended by itself with status 0, and in words how it ended.</returns>
    internal static (bool Ok, string Outcome) Run(IReadOnlyList<string> command, IReadOnlyList<string> environment, ReadOnlySpan<byte> input, TimeSpan limit)
    {
        var began = Stopwatch.GetTimestamp();
        var pipe = stackalloc int[2];
        if (Native.Pipe(pipe, Native.CloseOnExec | Native.NonBlocking) != 0)
            return (false, KernelError.Last(command[0], "pipe to").ToString());
        // Never full: it is new, and this is little. Only our end must not wait.
        fixed (byte* bytes = input)
            Syscall.write(pipe[1], bytes, (ulong)input.Length);
        Syscall.close(pipe[1]);
        Syscall.fcntl(pipe[0], FcntlCommand.F_SETFL, 0);
        var process = Spawn(command, environment, pipe[0], out var error);
        Syscall.close(pipe[0]);
        if (process < 0)
            return (false, $"could not be started: {new KernelError(error, command[0], "execute")}");
        SysfsAttribute.WriteOnce($"/proc/{process}/oom_score_adj", "0");
        var inTime = WaitForEnd(process, limit);
        if (!inTime)
            Syscall.kill(-process, Signum.SIGKILL);
        int status;
        while (Syscall.waitpid(process, out status, 0) < 0 && Native.LastError == Errno.EINTR)
        {
        }
        var took = string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(began).TotalMilliseconds:0} ms");
        return !inTime ? (false, string.Create(CultureInfo.InvariantCulture, $"killed, as it took longer than {limit.TotalSeconds:0} s"))
            : (status & 0x7f) != 0 ? (false, string.Create(CultureInfo.InvariantCulture, $"ended by signal {status & 0x7f} after {took}"))
            : (status == 0, string.Create(CultureInfo.InvariantCulture, $"exit status {(status >> 8) & 0xff} after {took}"));
    }

    private static bool WaitForEnd(int process, TimeSpan limit)
    {
        var handle = ProcessHandle.Open(process);
        if (!handle.Ok)
            return true; // No such handles on this kernel, or it has ended: waiting for the child finds out.
        using (handle.Value)
            return handle.Value.WaitForEnd(limit);
    }

    private static int Spawn(
        IReadOnlyList<string> command, IReadOnlyList<string> environment, int input, out Errno error)
    {
        // Larger than glibc's and musl's structures.
        var actions = stackalloc byte[512];
        var attributes = stackalloc byte[1024];
        var defaults = stackalloc ulong[16];
        new Span<byte>(actions, 512).Clear();
        new Span<byte>(attributes, 1024).Clear();
        new Span<ulong>(defaults, 16).Clear();
        defaults[0] = BrokenPipe;
        using var strings = new NativeStrings();
        Native.SpawnActionsInit(actions);
        Native.SpawnActionsDuplicate(actions, input, 0);
        for (var stream = 1; stream <= 2; stream++)
            Native.SpawnActionsOpen(actions, stream, strings.Add("/dev/null"), Native.WriteOnly, 0);
        Native.SpawnActionsCloseFrom(actions, 3);
        Native.SpawnAttributesInit(attributes);
        Native.SpawnAttributesSetDefaults(attributes, defaults);
        Native.SpawnAttributesSetFlags(attributes, NewSession | SetSignalMask | SetSignalDefaults);
        int process;
        error = (Errno)Native.Spawn(
            &process, strings.Add(command[0]), actions, attributes, strings.Add(command), strings.Add(environment));
        Native.SpawnActionsDestroy(actions);
        Native.SpawnAttributesDestroy(attributes);
        return error == 0 ? process : -1;
    }
}
