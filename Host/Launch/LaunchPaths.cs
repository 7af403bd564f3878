using System.Diagnostics;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Launch;

/// <summary>Where launchers and the daemon meet.</summary>
/// <param name="Directory">The directory, mode 0700; 0710 of the group actorraid once a daemon is asked there.</param>
internal sealed record LaunchPaths(string Directory)
{
    private static readonly TimeSpan WritableLimit = TimeSpan.FromSeconds(30);

    /// <summary>Set to use another directory than /run/actorraid (for a second, private daemon, as tests have it).</summary>
    internal const string Variable = "ACTORRAID_RUN";

    /// <summary>The directory of this system, or the one that the environment names.</summary>
    internal static LaunchPaths FromEnvironment() =>
        new(Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named ? named : "/run/actorraid");

    /// <summary>The daemon's socket, mode 0600.</summary>
    internal string Socket => $"{Directory}/launch.sock";

    /// <summary>Where whoever takes over meets the daemon, mode 0600.</summary>
    internal string Handoff => $"{Directory}/handoff.sock";

    /// <summary>Where whoever wants to know how things stand asks, mode 0660 of the group actorraid.</summary>
    internal string Control => $"{Directory}/control.sock";

    /// <summary>Held (flock) by whoever is about to start a daemon, or to end one.</summary>
    internal string Lock => $"{Directory}/lock";

    /// <summary>
    /// Our file among those that name the processes which a shutdown without systemd does not kill (/run/sendsigs.omit.d of Debian's initscripts).
    /// </summary>
    internal string Spared => Path.Combine(Path.GetDirectoryName(Directory) ?? "/", "sendsigs.omit.d", "actorraid");

    /// <summary>
    /// Makes the directory if it is not there; the reason if that fails. Early at boot, before /run is mounted, that can lie on a root that is
    /// read-only yet: that is waited for.
    /// </summary>
    internal string? Prepare()
    {
        var since = Stopwatch.GetTimestamp();
        while (IsReadOnly() && Stopwatch.GetElapsedTime(since) < WritableLimit)
            Thread.Sleep(100);
        try
        {
            System.IO.Directory.CreateDirectory(
                Directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    private unsafe bool IsReadOnly()
    {
        // struct statfs: f_flags is its eleventh word, of 8 bytes each; ST_RDONLY is 1.
        const int flags = 10;
        const ulong readOnly = 1;
        var there = Path.GetFullPath(Directory);
        while (there is not null && !System.IO.Directory.Exists(there))
            there = Path.GetDirectoryName(there);
        var result = stackalloc ulong[32];
        return Native.StatFs(there ?? "/", (byte*)result) == 0 && (result[flags] & readOnly) != 0;
    }
}
