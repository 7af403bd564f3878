using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary>How things stand where no daemon runs: what the kernel shows, and what the disks say. Needs root.</summary>
internal static class LocalStatus
{
    /// <summary>The command line of the process that looks: no command for people.</summary>
    internal const string Command = "look-at-this-machine";

    /// <summary>
    /// Has a process of its own look. One that reads a disk that hangs cannot even be killed before that disk answers:
    /// whoever asks must not have to
    /// wait for its end.
    /// </summary>
    /// <exception cref="ControlException">It has told nothing within the time that a daemon may take.</exception>
    internal static async Task<HostStatus> Look()
    {
        var info = new ProcessStartInfo("/proc/self/exe", [Command])
        {
            // It must hold nothing open that whoever has called us waits for.
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(info)!;
            var line = await process.StandardOutput.ReadLineAsync().WaitAsync(ControlClient.AnswerLimit).ConfigureAwait(false);
            return JsonSerializer.Deserialize(line ?? "", StatusJson.Default.HostStatus)!;
        }
        catch (Exception e) when (e is TimeoutException or JsonException or Win32Exception)
        {
            throw new ControlException("no-answer", $"no daemon runs, and this machine's disks could not be looked "
                + $"at: {e.Message}", e);
        }
    }

    /// <summary>What that process does.</summary>
    internal static int Tell(TextWriter output)
    {
        output.WriteLine(JsonSerializer.Serialize(Here(), StatusJson.Default.HostStatus));
        output.Flush();
        return 0;
    }

    /// <summary>Looks. Of an array that runs it is told whether anybody monitors it.</summary>
    internal static HostStatus Here()
    {
        var settings = new RaidSettings(SupportedFormats.All);
        var report = new SystemReport([]);
        var seen = new HostObserver(settings, new ContainerReader(settings), new MigrationRecords()).Look(report);
        var now = DateTimeOffset.Now;
        var teller = new StatusTeller(Environment.MachineName, ProgramVersion.Text, 0, now, 0);
        return StatusMap.Of(teller, report, seen, StatusMemory.Empty, now).Status;
    }
}
