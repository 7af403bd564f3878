using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>Signals and a few calls on processes and threads.</summary>
public static class Processes
{
    /// <summary>Sends a signal (0 only asks whether one could be sent). ESRCH when there is no such process.</summary>
    public static Result<Nothing> Kill(int pid, Signum signal)
    {
        // 0 and below would mean whole groups of processes.
        if (pid <= 0)
        {
            return new KernelError(Errno.ESRCH, $"/proc/{pid}", "signal");
        }
        return Syscall.kill(pid, signal) == 0 ? default(Nothing) : KernelError.Last($"/proc/{pid}", "signal");
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

    /// <summary>Whether a process is a monitor of containers, mdmon or one of ours, by the name that it was started with. One that is gone is none.</summary>
    public static Result<bool> IsMonitor(int pid)
    {
        var line = CommandLine(pid);
        return line.Ok
            ? line.Value is [var name, ..] && (name.Contains("mdmon", StringComparison.Ordinal) || name.Contains("@dmon", StringComparison.Ordinal))
            : IsNobody(line.Error) ? false : line.Error;
    }

    /// <summary>
    /// The living monitor, other than this process, that a container's pid file names; 0: nobody. An error where that cannot be told.
    /// </summary>
    /// <param name="pidFile">The file.</param>
    public static Result<int> OtherMonitor(string pidFile)
    {
        var process = PidFile.ReadProcess(pidFile);
        if (!process.Ok)
        {
            return IsNobody(process.Error) ? 0 : process.Error;
        }
        var isMonitor = process.Value == Environment.ProcessId ? false : IsMonitor(process.Value);
        return isMonitor.Ok ? isMonitor.Value ? process.Value : 0 : isMonitor.Error;
    }

    /// <summary>There is no such file or process, or the file names none.</summary>
    private static bool IsNobody(KernelError error) => error.MeansGone || error.Errno is Errno.ESRCH or Errno.EBADMSG;

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
        Syscall.setsid() >= 0 ? default(Nothing) : KernelError.Last("/proc/self", "setsid");
}
