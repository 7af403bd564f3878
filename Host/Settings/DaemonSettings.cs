using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Hooks;
using ActorRaid.Host.Logging;

namespace ActorRaid.Host.Settings;

/// <summary>What an admin may want otherwise. <see cref="SettingKey"/> says what each key means and allows.</summary>
internal sealed record DaemonSettings
{
    /// <summary>Without a file.</summary>
    internal static DaemonSettings Default => new()
    {
        LogFile = Environment.GetEnvironmentVariable(Logs.FileVariable) is { Length: > 0 } path ? path : null,
    };

    /// <summary>The least level of events that journal and console get.</summary>
    internal EventLevel LogLevel { get; init; } = EventLevel.Info;

    /// <summary>A file that gets every event, debug ones included, as a line; null for none.</summary>
    internal string? LogFile { get; init; }

    /// <summary>Whether degraded arrays are given spares.</summary>
    internal bool ActivateSpares { get; init; } = true;

    /// <summary>After how many seconds without an answer to a metadata write a disk counts as hanging.</summary>
    internal int SlowDiskSeconds { get; init; } = 1;

    /// <summary>After how many seconds without an answer a container counts as stuck.</summary>
    internal int StuckSeconds { get; init; } = 5;

    /// <summary>How many seconds arrays have to come to rest when the daemon is told to leave.</summary>
    internal int FarewellSeconds { get; init; } = 30;

    /// <summary>Whether the daemon stays when it has nothing to supervise.</summary>
    internal bool Stay { get; init; }

    /// <summary>What is run on events.</summary>
    internal ImmutableArray<Hook> Hooks { get; init; } = [];

    /// <summary>What of it concerns the actors.</summary>
    internal RaidPolicy Policy => new()
    {
        ActivateSpares = ActivateSpares,
        SlowDisk = TimeSpan.FromSeconds(SlowDiskSeconds),
        Stuck = TimeSpan.FromSeconds(StuckSeconds),
    };
}
