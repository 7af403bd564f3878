using System.Runtime.InteropServices;

namespace ActorRaid.SysfsIo;

/// <summary>inotify(7), which Mono lacks; see the other part.</summary>
internal static partial class Native
{
    [LibraryImport("libc", EntryPoint = "inotify_init1", SetLastError = true)]
    internal static partial int InotifyInit(int flags);

    [LibraryImport("libc", EntryPoint = "inotify_add_watch", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int InotifyAdd(int descriptor, string path, uint events);

    [LibraryImport("libc", EntryPoint = "inotify_rm_watch", SetLastError = true)]
    internal static partial int InotifyRemove(int descriptor, int watch);
}
