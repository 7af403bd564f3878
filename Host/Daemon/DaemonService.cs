using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Settings;

namespace ActorRaid.Host.Daemon;

/// <summary>The daemon as a service of its system: what it is configured with, and what it tells systemd.</summary>
/// <param name="Settings">What is in force.</param>
/// <param name="Systemd">systemd, if it has started us.</param>
/// <param name="Events">Who is told.</param>
internal sealed record DaemonService(SettingsInForce Settings, SystemdNotify Systemd, EventLog Events)
{
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The daemon is up: systemd is told, and a reload that was asked for before is done.</summary>
    internal void Ready()
    {
        Systemd.Ready();
        _up.TrySetResult();
    }

    /// <summary>Reads the configuration again once the daemon is up: systemd would take the end of a reload for that.</summary>
    internal async Task<LaunchReply> ReloadWhenUp(string why)
    {
        await _up.Task.ConfigureAwait(false);
        lock (_gate)
            return Reload(why);
    }

    /// <summary>Answers the question for the configuration.</summary>
    internal LaunchReply Report() => new(LaunchOutcome.Done, Settings.Report(Environment.ProcessId).ToLine());

    /// <summary>Reads the configuration again; systemd is told when that begins and ends.</summary>
    /// <param name="why">Who wants it.</param>
    /// <returns>Done, or what could not be.</returns>
    private LaunchReply Reload(string why)
    {
        Systemd.Reloading();
        var (inForce, problems) = Settings.Reload();
        foreach (var problem in problems)
            Events.Write(EventLevel.Error, "settings-problem", problem);
        var outcome = !inForce ? "the configuration stays what it was" : problems.IsEmpty ? "the configuration is in force" : "the configuration is in force as far as it goes";
        Events.Write(problems.IsEmpty ? EventLevel.Info : EventLevel.Error, inForce ? "settings-reloaded" : "settings-kept", $"{why}: {outcome}");
        Systemd.Ready();
        return problems.IsEmpty
            ? new LaunchReply(LaunchOutcome.Done, outcome)
            : new LaunchReply(LaunchOutcome.Failed, $"{outcome}: {string.Join("; ", problems)}");
    }
}
