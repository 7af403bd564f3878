using ActorRaid.Host.Launch;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;

namespace ActorRaid.Host.FileMaps;

/// <summary>
/// Held by the process that follows a group, so that there is no second one: a file of its own in the run directory,
/// locked (flock), and gone with its holder's orderly end. One that was left behind is taken as it is.
/// </summary>
internal sealed class FileMapLock : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(1);
    private readonly LaunchLock _lock;
    private readonly string _path;

    private FileMapLock(LaunchLock held, string path) => (_lock, _path) = (held, path);

    /// <summary>
    /// Takes the lock of a group; null with the reason when another process has it, or it cannot be had.
    /// </summary>
    /// <param name="paths">Where it is.</param>
    /// <param name="name">The group's name among all devices: a file's name.</param>
    /// <param name="reason">Why not.</param>
    internal static FileMapLock? Take(LaunchPaths paths, string name, out string reason)
    {
        if (paths.Prepare() is { } failure)
        {
            reason = failure;
            return null;
        }

        var path = $"{paths.Directory}/filemap-{name}.lock";
        while (LaunchLock.Take(path, Limit, out reason) is { } held)
        {
            // Its holder may have removed it since we opened it: then it locks nobody out.
            if (Syscall.fstat(held.Descriptor, out var own) == 0 && Syscall.stat(path, out var there) == 0
                && own.st_ino == there.st_ino)
                return new FileMapLock(held, path);
            held.Dispose();
        }

        return null;
    }

    /// <summary>Removes the file, and lets go.</summary>
    public void Dispose()
    {
        Syscall.unlink(_path);
        _lock.Dispose();
    }
}
