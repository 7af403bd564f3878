using ActorRaid.Actors;
using ActorRaid.Host.Status;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary>How things stand where no daemon runs: what the kernel shows, and what the disks say. Needs root.</summary>
internal static class LocalStatus
{
    /// <summary>Looks. Of an array that runs it is told whether anybody monitors it.</summary>
    internal static HostStatus Look()
    {
        var settings = new RaidSettings(SupportedFormats.All);
        var report = new SystemReport([]);
        var seen = new HostObserver(settings, new ContainerReader(settings), new MigrationRecords()).Look(report);
        var now = DateTimeOffset.Now;
        var teller = new StatusTeller(Environment.MachineName, ProgramVersion.Text, 0, now, 0);
        return StatusMap.Of(teller, report, seen, StatusMemory.Empty, now).Status;
    }
}
