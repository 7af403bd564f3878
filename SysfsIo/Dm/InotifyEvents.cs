using System.Runtime.InteropServices;
using System.Text;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>IN_... (uapi/linux/inotify.h): what is to be told, and what happened.</summary>
[Flags]
public enum FileEvents : uint
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It was written or truncated.</summary>
    Modified = 0x2,

    /// <summary>Its attributes have changed, the number of its names among them.</summary>
    Attributes = 0x4,

    /// <summary>Somebody who could write has closed it.</summary>
    ClosedAfterWriting = 0x8,

    /// <summary>Somebody who could only read has closed it.</summary>
    ClosedAfterReading = 0x10,

    /// <summary>Of a directory: a name is gone from it.</summary>
    MovedFrom = 0x40,

    /// <summary>Of a directory: a name has come into it.</summary>
    MovedTo = 0x80,

    /// <summary>Of a directory: a name was made in it.</summary>
    Created = 0x100,

    /// <summary>Of a directory: a name was deleted in it.</summary>
    Deleted = 0x200,

    /// <summary>It is gone itself.</summary>
    SelfDeleted = 0x400,

    /// <summary>It has another name.</summary>
    SelfMoved = 0x800,

    /// <summary>Its file system was unmounted.</summary>
    Unmounted = 0x2000,

    /// <summary>Events were lost.</summary>
    Overflow = 0x4000,

    /// <summary>It is not watched any more.</summary>
    Ignored = 0x8000,
}

/// <summary>An event.</summary>
/// <param name="Watch">The number of what was watched; -1: of all (<see cref="FileEvents.Overflow"/>).</param>
/// <param name="Events">What happened.</param>
/// <param name="Name">Of a directory: whose name. Bytes, each as one character.</param>
internal readonly record struct InotifyEvent(int Watch, FileEvents Events, string Name)
{
    private const int HeaderBytes = 16;

    /// <summary>
    /// Reads what inotify(7) hands out: events of 16 bytes (watch s32 at 0, mask u32 at 4, length of the name u32 at
    /// 12), each with the name behind it, filled up with NULs. One that is cut off is left out.
    /// </summary>
    internal static IEnumerable<InotifyEvent> Parse(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length >= HeaderBytes)
        {
            var length = MemoryMarshal.Read<uint>(bytes.Span[12..]);
            if (length > bytes.Length - HeaderBytes)
            {
                yield break;
            }
            var name = bytes.Span.Slice(HeaderBytes, (int)length);
            var end = name.IndexOf((byte)0);
            yield return new InotifyEvent(
                MemoryMarshal.Read<int>(bytes.Span), (FileEvents)MemoryMarshal.Read<uint>(bytes.Span[4..]),
                Encoding.Latin1.GetString(end < 0 ? name : name[..end]));
            bytes = bytes[(HeaderBytes + (int)length)..];
        }
    }
}
