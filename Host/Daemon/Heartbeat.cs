using System.Diagnostics;
using ActorRaid.Actors;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// Asks the actors how they stand: for systemd's status line and watchdog, and for the journal, which is told when a container gets
/// stuck. At most once a second, when something has happened or goes on; else as often as the watchdog wants, or every ten seconds.
/// </summary>
/// <remarks>
/// The watchdog is fed as long as the host answers and no container's thread is stuck in our own program. That a restart cures: the
/// other containers' writers wait for a second or two, where the stuck one's would for ever. What waits in the kernel (a disk's own thread,
/// or a container's, for md or a disk) a new process would wait for as well, only without the other containers being supervised
/// meanwhile: it is told, and the watchdog is fed. Nor is it fed while a container that should be supervised is not, for want of what a new process would
/// have: descriptors, threads.
/// </remarks>
internal sealed class Heartbeat : IDisposable
{
    private static readonly TimeSpan AtMostEvery = TimeSpan.FromSeconds(1), AtLeastEvery = TimeSpan.FromSeconds(10);

    private readonly ISupervisor _supervisor;
    private readonly DaemonService _service;
    private readonly CancellationTokenSource _ending = new();
    private readonly Tidying _tidying = new();
    private readonly Dictionary<string, ContainerHealth> _told = [];
    private string _status = "";
    private bool _hostIsSilent;

    /// <summary>Begins at once.</summary>
    internal Heartbeat(ISupervisor supervisor, DaemonService service)
    {
        _supervisor = supervisor;
        _service = service;
        _ = Task.Run(Beat);
    }

    /// <summary>Half of what systemd allows, so that one beat may be late.</summary>
    private TimeSpan Longest => _service.Systemd.WatchdogLimit is { } limit && limit / 2 < AtLeastEvery ? limit / 2 : AtLeastEvery;

    /// <summary>A container counts as stuck before systemd loses its patience, so that this is told.</summary>
    private TimeSpan Limit =>
        _service.Systemd.WatchdogLimit is { } limit && limit / 4 < _service.Settings.Now.Policy.Stuck ? limit / 4 : _service.Settings.Now.Policy.Stuck;

    /// <summary>Ends it, without waiting for answers.</summary>
    public void Dispose() => _ending.Cancel();

    private async Task Beat()
    {
        try
        {
            var tick = Longest < AtMostEvery ? Longest : AtMostEvery;
            long seen = -1, last = 0;
            var moves = true;
            while (!_ending.IsCancellationRequested)
            {
                var written = _service.Events.Written;
                if (moves || written != seen || Stopwatch.GetElapsedTime(last) + tick > Longest)
                {
                    last = Stopwatch.GetTimestamp();
                    moves = await Ask().ConfigureAwait(false);
                    seen = written;
                }
                _tidying.Look();
                await Task.Delay(tick, _ending.Token).ConfigureAwait(false);
                // Not at the first beat: whoever has started us waits for his container.
                ThreadReserve.Fill();
            }
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
        catch (Exception e)
        {
            _service.Events.Write(EventLevel.Error, "heartbeat-failed", $"systemd is told nothing any more: {e}");
        }
    }

    /// <summary>One beat. True when the next one is to follow soon.</summary>
    private async Task<bool> Ask()
    {
        var report = await _supervisor.Describe(Limit).ConfigureAwait(false);
        _ending.Token.ThrowIfCancellationRequested();
        if (report is null != _hostIsSilent)
        {
            _hostIsSilent = report is null;
            if (_hostIsSilent)
                _service.Events.Write(EventLevel.Error, "host-stuck", "the host's actor does not answer: systemd's watchdog is not fed");
            else
                _service.Events.Write(EventLevel.Info, "host-answers", "the host's actor answers again");
        }
        if (report is null)
        {
            Status("the host's actor does not answer");
            return true;
        }
        if (!report.Containers.Any(container => IsCuredByRestart(container.Health)) && _service.Systemd.WatchdogLimit is not null)
            _service.Systemd.Alive();
        foreach (var container in report.Containers)
            Tell(container);
        Status(StatusText.Of(report));
        return StatusText.Moves(report);
    }

    private static bool IsCuredByRestart(ContainerHealth health) => health is ContainerHealth.Stuck or ContainerHealth.Lost;

    private void Tell(ContainerReport container)
    {
        var before = _told.GetValueOrDefault(container.Name, ContainerHealth.Answers);
        if (container.Health == before || container.Health == ContainerHealth.Starting)
            return;
        _told[container.Name] = container.Health;
        if (StatusText.Trouble(container) is { } trouble)
        {
            var fed = IsCuredByRestart(container.Health) && _service.Systemd.WatchdogLimit is not null ? ": systemd's watchdog is not fed" : "";
            var kind = container.Health is ContainerHealth.Refused or ContainerHealth.Lost ? "container-missing" : "container-stuck";
            _service.Events.Write(EventLevel.Error, kind, trouble + fed, container.Name);
        }
        else
        {
            _service.Events.Write(EventLevel.Info, "container-answers", $"{container.Name} answers again", container.Name);
        }
    }

    private void Status(string text)
    {
        if (text == _status)
            return;
        _status = text;
        _service.Systemd.Status(text);
    }
}
