using System.ComponentModel;
using System.Diagnostics;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Launch;

/// <summary>mdadm's own mdmon, which knows formats that this program does not: their containers are handed on to it.</summary>
internal static class DistributionMonitor
{
    /// <summary>Where it is while ours is in its place.</summary>
    internal const string Path = "/sbin/mdmon.distrib";

    /// <summary>
    /// Has it monitor a container. In the foreground it takes this process's place, and this does not return unless that fails.
    /// </summary>
    /// <returns>Its exit status, or the reason why it could not be run.</returns>
    internal static (int Status, string? Reason) Run(string container, MdmonOptions options)
    {
        string[] arguments =
        [
            .. options.Takeover ? ["--takeover"] : Array.Empty<string>(), .. options.OffRoot ? ["--offroot"] : Array.Empty<string>(),
            .. options is { Foreground: true, All: false } ? ["--foreground"] : Array.Empty<string>(), container,
        ];
        if (options is { Foreground: true, All: false })
            return (1, DaemonProcess.Become(Path, ["mdmon", .. arguments]));
        try
        {
            using var process = Process.Start(new ProcessStartInfo(Path, arguments));
            process!.WaitForExit();
            return (process.ExitCode, null);
        }
        catch (Win32Exception e)
        {
            return (1, new KernelError((Errno)e.NativeErrorCode, Path, "execute").ToString());
        }
    }
}
