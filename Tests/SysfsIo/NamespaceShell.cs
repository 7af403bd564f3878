using System.Diagnostics;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

/// <summary>A shell with a mount and a network namespace of its own, where an ordinary user may mount.</summary>
internal sealed class NamespaceShell : IDisposable
{
    private readonly Process shell = Process.Start(
        new ProcessStartInfo("unshare", Environment.IsPrivilegedProcess ? ["-mn", "sh"] : ["-rmn", "sh"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!;

    internal int Id => shell.Id;

    internal void Run(string command)
    {
        shell.StandardInput.WriteLine($"{command} && echo done || echo failed");
        Assert.Equal((command, "done"), (command, shell.StandardOutput.ReadLine() ?? "namespaces are refused here"));
    }

    internal void End()
    {
        shell.StandardInput.Close();
        shell.WaitForExit();
    }

    public void Dispose()
    {
        if (!shell.HasExited)
        {
            End();
        }
        shell.Dispose();
    }
}
