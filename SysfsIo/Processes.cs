namespace ActorRaid.SysfsIo;

/// <summary>Signals and a few calls on processes and threads.</summary>
public static class Processes
{
    /// <summary>SIGUSR1: to a monitor, a wake-up.</summary>
    public const int WakeUp = 10;

    /// <summary>SIGTERM.</summary>
    public const int Terminate = 15;

    /// <summary>Sends a signal (0 only asks whether one could be sent). ESRCH when there is no such process.</summary>
    public static Result<Nothing> Kill(int pid, int signal)
    {
        // 0 and below would mean whole groups of processes.
        if (pid <= 0)
        {
            return new KernelError(Errno.ESRCH, $"/proc/{pid}", "signal");
        }
        return Native.Kill(pid, signal) == 0 ? default(Nothing) : KernelError.Last($"/proc/{pid}", "signal");
    }

    /// <summary>The process that a thread belongs to: Tgid of /proc/N/status; for a process itself its own number. ENOENT when there is neither.</summary>
    public static Result<int> OfThread(int number)
    {
        const string field = "\nTgid:";
        var path = $"/proc/{number}/status";
        var text = SysfsAttribute.ReadOnce(path);
        if (!text.Ok)
        {
            return text.Error;
        }
        var at = text.Value.IndexOf(field, StringComparison.Ordinal) + field.Length;
        var rest = text.Value.AsSpan(at);
        return at >= field.Length && int.TryParse(rest[..Math.Max(0, rest.IndexOf('\n'))].Trim(), out var process)
            ? process
            : new KernelError(Errno.EBADMSG, path, "read");
    }

    /// <summary>The arguments that a process was started with, its name first; none for a kernel thread.</summary>
    public static Result<string[]> CommandLine(int pid)
    {
        var text = SysfsAttribute.ReadOnce($"/proc/{pid}/cmdline");
        if (!text.Ok)
        {
            return text.Error;
        }
        return text.Value.Length == 0 ? Array.Empty<string>() : text.Value.TrimEnd('\0').Split('\0');
    }

    /// <summary>The short name of a process (the kernel keeps 15 bytes of it).</summary>
    public static Result<string> Name(int pid) => SysfsAttribute.ReadOnce($"/proc/{pid}/comm");

    /// <summary>
    /// Moves this process into the control group of another (cgroup v2's single hierarchy, /proc/PID/cgroup's line with number 0). ENOENT where
    /// there is none.
    /// </summary>
    public static Result<Nothing> JoinControlGroupOf(int pid, string groups = "/sys/fs/cgroup")
    {
        const string unified = "0::";
        var listed = SysfsAttribute.ReadOnce($"/proc/{pid}/cgroup");
        if (!listed.Ok)
        {
            return listed.Error;
        }
        var line = listed.Value.Split('\n').FirstOrDefault(line => line.StartsWith(unified, StringComparison.Ordinal));
        return line is null
            ? new KernelError(Errno.ENOENT, $"/proc/{pid}/cgroup", "find a control group in")
            : SysfsAttribute.WriteOnce($"{groups}{line[unified.Length..].TrimEnd('/')}/cgroup.procs", Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    /// <summary>Makes this process the leader of a session of its own. EPERM when it leads a group already.</summary>
    public static Result<Nothing> SetSession() =>
        Native.SetSession() >= 0 ? default(Nothing) : KernelError.Last("/proc/self", "setsid");
}
