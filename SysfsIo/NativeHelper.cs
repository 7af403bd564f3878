using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>Mono.Posix's native part, libMonoPosixHelper.so, which lies beside the program.</summary>
public static class NativeHelper
{
    /// <summary>
    /// Loads it, and has the calls of the hot path looked up in it: later the disk that it lies on may be the blocked one,
    /// or no descriptor be left to open it with. Once at the start.
    /// </summary>
    /// <returns>Null, or in words why it cannot be used.</returns>
    public static unsafe string? Load()
    {
        try
        {
            // Of no file, so that nothing happens: EBADF.
            byte nothing;
            _ = Syscall.pread(-1, &nothing, 0, 0);
            _ = Syscall.pwrite(-1, &nothing, 0, 0);
            _ = Syscall.read(-1, &nothing, 0);
            _ = Syscall.write(-1, &nothing, 0);
            _ = Syscall.close(-1);
            return null;
        }
        catch (Exception e) when (e is TypeInitializationException or TypeLoadException or BadImageFormatException)
        {
            return $"libMonoPosixHelper.so, which belongs beside {Environment.ProcessPath}, cannot be loaded "
                + "(is it there, and libz.so.1?): install ActorRaid again";
        }
    }
}
