using ActorRaid.SysfsIo;
using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Actors.FileMaps;

/// <summary>What is followed.</summary>
public enum FollowMode
{
    /// <summary>The same file, whatever its names.</summary>
    Inode,

    /// <summary>Whatever file is at the path.</summary>
    Path,
}

/// <summary>
/// A file map that is wanted, with what it needs of the kernel. Whoever gives the order closes the file after the end.
/// </summary>
/// <param name="Group">The statistics group's number.</param>
/// <param name="Path">The file's path when it was opened.</param>
/// <param name="Mode">What is followed.</param>
/// <param name="Identity">See <see cref="FileMapIdentity"/>.</param>
/// <param name="File">The file.</param>
/// <param name="DeviceNumber">The device that it has to be on, as stat(2) has it.</param>
/// <param name="Device">That device's regions.</param>
/// <param name="Watch">Begins to tell of what happens to the file, on some thread.</param>
public sealed record FileMapOrder(
    ulong Group, string Path, FollowMode Mode, string Identity, IMappedFile File, ulong DeviceNumber, IStatsDevice Device,
    Func<Action<FileEvents>, Result<IFileWatch>> Watch)
{
    /// <summary>
    /// Hears what goes on: how much it matters (0: errors, 1 to 3 as the program's verbose levels), and the text. From
    /// any thread.
    /// </summary>
    public Action<int, string> Tell { get; init; } = static (_, _) => { };
}

/// <summary>What tells a file map from an earlier one of a group with the same number.</summary>
public static class FileMapIdentity
{
    /// <summary>By inode: its number. By path: 64 bits made of the path (FNV-1a).</summary>
    public static string Of(FollowMode mode, string path, ulong inode)
    {
        if (mode == FollowMode.Inode)
        {
            return $"i{inode}";
        }

        var hash = 0xCBF29CE484222325;
        foreach (var letter in path)
        {
            hash = (hash ^ letter) * 0x100000001B3;
        }

        return $"p{hash:x16}";
    }
}

/// <summary>Groups, for those outside.</summary>
public static class FileMapGroup
{
    /// <summary>
    /// Whether there is a group of that number among a device's regions, or a region that keeps its text (<see
    /// cref="FileMapMark.Kept"/>). ENOENT: neither; EBADMSG: its text is not understood.
    /// </summary>
    public static Result<Nothing> Find(IEnumerable<StatsRegion> regions, ulong group)
    {
        var missing = new KernelError(Errno.ENOENT, $"group {group}", "find");
        foreach (var region in regions)
        {
            if (region.Id == group)
            {
                var tag = GroupTag.Parse(group, region.Aux);
                if (!tag.Ok || tag.Value is not null)
                {
                    return tag.Ok ? default(Nothing) : tag.Error;
                }
            }
            else if (FileMapMark.KeepsTextOf(group, region.Aux))
            {
                return default(Nothing);
            }
        }

        return missing;
    }
}

/// <summary>From an actor to its parent: a file map has ended.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Text">The same in words.</param>
public sealed record FileMapEnded(FileMapEnd Reason, string Text);

/// <summary>Something has happened to the file, or to its name.</summary>
/// <param name="Events">What.</param>
internal sealed record FileTouched(FileEvents Events);

/// <summary>It is time to look.</summary>
internal sealed record LookDue
{
    /// <summary>The timer's key.</summary>
    public const string Timer = "look";
}
