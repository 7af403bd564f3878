using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Launch;

/// <summary>Gets containers supervised: by the daemon that runs, or by one that it starts.</summary>
/// <param name="Paths">Where the daemon is met.</param>
/// <param name="OffRoot">Mark the daemon, also one that runs already, to be spared at shutdown.</param>
/// <param name="Takeover">Replace whoever monitors the containers now.</param>
/// <param name="Program">The executable to start as a daemon: this one, if not given.</param>
/// <param name="MonitorDirectory">Where mdmon's pid files are.</param>
internal sealed record Launcher(
    LaunchPaths Paths, bool OffRoot, bool Takeover, string? Program = null, string MonitorDirectory = "/run/mdadm")
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private string Executable => Program ?? Environment.ProcessPath ?? "/proc/self/exe";

    private DaemonProcess Process => new(Executable, Paths, OffRoot);

    /// <summary>Has one container supervised, in the background.</summary>
    internal LaunchReply Supervise(string container) => AskSpared(new LaunchRequest(container, Takeover));

    /// <summary>Has the daemon, which is started if there is none, stay even with nothing to supervise.</summary>
    internal LaunchReply Stay() => AskSpared(LaunchRequest.Stay);

    /// <summary>
    /// Becomes the daemon, if there is none, and does not return then. Null when there is one (or cannot be one any more): the
    /// containers are to be asked for as in the background.
    /// </summary>
    /// <param name="containers">What to supervise.</param>
    /// <param name="stay">Also with nothing to supervise.</param>
    /// <param name="replace">Take over from the one that there is, be it of the same executable.</param>
    internal LaunchReply? Become(IReadOnlyList<string> containers, bool stay, bool replace = false)
    {
        if (Locked(out var refusal) is not { } held)
            return refusal;
        using (held)
        {
            using var client = LaunchClient.Connect(Paths.Socket, Patience);
            if (client is not null && !replace && !MustReplace(client.Peer))
                return null;
            var inherited = Inherited(client);
            if (!inherited.Ok)
                return Failed(inherited.Error.ToString());
            string[] all = [.. containers.Union(inherited.Value)];
            return Failed(Process.Become(new DaemonOptions(-1, held.Descriptor, true, stay, Takeover, all)));
        }
    }

    /// <summary>
    /// Has the daemon that runs, if one does, replaced by a new one of this executable, be it the same: by handoff where it can. Null when
    /// that is done, or there was none.
    /// </summary>
    internal LaunchReply? Replace() => StartDaemon(daemon => daemon is not null);

    /// <summary>A daemon that runs already may not be marked yet.</summary>
    private LaunchReply AskSpared(LaunchRequest request)
    {
        if (OffRoot)
            Ask(LaunchRequest.Spare);
        return Ask(request);
    }

    private LaunchReply Ask(LaunchRequest request)
    {
        // A daemon that is just leaving closes without an answer; the next one is then started here.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            using var client = LaunchClient.Connect(Paths.Socket, Patience);
            if (client is null || MustReplace(client.Peer))
            {
                if (StartDaemon(daemon => daemon is not { } process || MustReplace(process)) is { } failure)
                    return failure;
                continue;
            }
            if (client.Ask(request) is { } reply)
                return reply;
            Thread.Sleep(20);
        }
        return Failed("no answer from the daemon");
    }

    /// <param name="isNeeded">Whether to start one, given the process number of the one that runs.</param>
    private LaunchReply? StartDaemon(Func<int?, bool> isNeeded)
    {
        if (Locked(out var refusal) is not { } held)
            return refusal;
        using (held)
        {
            using var client = LaunchClient.Connect(Paths.Socket, Patience);
            if (!isNeeded(client?.Peer))
                return null;
            var inherited = Inherited(client);
            if (!inherited.Ok)
                return Failed(inherited.Error.ToString());
            var options = new DaemonOptions(-1, -1, false, false, Takeover, inherited.Value);
            return Process.Start(options, Patience) is { } reason ? Failed(reason) : null;
        }
    }

    private LaunchLock? Locked(out LaunchReply? refusal)
    {
        var reason = Paths.Prepare();
        var held = reason is null ? LaunchLock.Take(Paths.Lock, Patience, out reason) : null;
        refusal = held is null ? Failed(reason ?? Paths.Lock) : null;
        return held;
    }

    /// <summary>
    /// Whether the daemon is to be replaced: on takeover, when it does not run from the executable that we would start. So one from
    /// the initramfs or from before an upgrade is replaced, and asking twice is harmless.
    /// </summary>
    private bool MustReplace(int daemon) =>
        Takeover && FileIdentity.Of($"/proc/{daemon}/exe") is { } theirs && theirs != FileIdentity.Of(Executable);

    private Result<string[]> Inherited(LaunchClient? client) =>
        client is null ? Array.Empty<string>() : ContainersOf(MonitorDirectory, client.Peer);

    /// <summary>
    /// The containers that a daemon supervises, by mdmon's pid files, which hold its threads' numbers: whoever replaces it
    /// must take all of them.
    /// </summary>
    /// <param name="monitorDirectory">Where the pid files are.</param>
    /// <param name="daemon">Its process number.</param>
    /// <returns>Their names, or why a file that is there does not tell whose it is.</returns>
    internal static Result<string[]> ContainersOf(string monitorDirectory, int daemon)
    {
        var containers = new List<string>();
        try
        {
            foreach (var path in Directory.EnumerateFiles(monitorDirectory, "*.pid"))
            {
                var process = PidFile.ReadProcess(path);
                // Removed, or of a thread that has ended, or no number at all: nobody's.
                if (!process.Ok && process.Error.Errno is not (Errno.ENOENT or Errno.ESRCH or Errno.EBADMSG))
                    return process.Error;
                var name = Path.GetFileNameWithoutExtension(path);
                if (process.Ok && process.Value == daemon && LaunchRequest.IsName(name))
                    containers.Add(name);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // Nobody has supervised anything yet.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new KernelError(Errno.EIO, monitorDirectory, "list: " + e.Message);
        }
        return containers.ToArray();
    }

    private static LaunchReply Failed(string reason) => new(LaunchOutcome.Failed, reason);
}
