using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;

namespace ActorRaid.Host.Daemon;

/// <summary>Answers launchers' requests, and knows whether the daemon has anything left to do.</summary>
internal sealed class LaunchDesk
{
    // A launcher that starts a daemon asks it for something at once; if it died in between, nobody ever will.
    private static readonly TimeSpan Unasked = TimeSpan.FromSeconds(30);

    private readonly ISupervisor _supervisor;
    private readonly DaemonService _service;
    private readonly Task _unasked;
    private readonly TaskCompletionSource _noLonger = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _stay;
    private volatile bool _asked;
    private volatile bool _supervised;

    /// <summary>A desk before a supervisor.</summary>
    internal LaunchDesk(ISupervisor supervisor, DaemonService service, bool stay)
    {
        _supervisor = supervisor;
        _service = service;
        _stay = stay;
        _unasked = Task.Delay(Unasked);
    }

    /// <summary>Whether the daemon stays with nothing to supervise.</summary>
    internal bool Stays => _stay;

    /// <summary>Whether a container was ever taken up.</summary>
    internal bool HasSupervised => _supervised;

    /// <summary>Whether the daemon may go: nothing to supervise, nobody wants it to stay, and it has been asked for something.</summary>
    internal bool IsIdle => !_stay && _supervisor.IsEmpty && (_asked || _unasked.IsCompleted);

    /// <summary>Completes when it is worth looking at <see cref="IsIdle"/>.</summary>
    internal Task Idle =>
        _stay ? _noLonger.Task
        : _supervised ? _supervisor.WhenEmpty
        : Task.WhenAny(_changed.Task, _unasked);

    /// <summary>From now on requests are answered; those that came before have waited.</summary>
    internal void Open() => _open.TrySetResult();

    /// <summary>From now on requests wait.</summary>
    internal void Close()
    {
        if (_open.Task.IsCompleted)
            _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>The daemon is to stay even with nothing to supervise.</summary>
    internal void Stay() => _stay = true;

    /// <summary>The daemon ends when there is nothing left to supervise.</summary>
    internal void StayNoLonger()
    {
        _stay = false;
        Answered();
        _noLonger.TrySetResult();
    }

    /// <summary>Answers one request.</summary>
    internal async Task<LaunchReply> Answer(LaunchRequest request)
    {
        await _open.Task.ConfigureAwait(false);
        if (request == LaunchRequest.Reload)
            return await _service.ReloadWhenUp("actorraid reload").ConfigureAwait(false);
        if (request == LaunchRequest.Spare)
        {
            return Invocation.Spare() is { } refused ? new LaunchReply(LaunchOutcome.Failed, refused) : new LaunchReply(LaunchOutcome.Done, "");
        }
        if (request == LaunchRequest.Config)
            return _service.Report();
        if (request.Container is not { } container)
        {
            _stay = true;
            Answered();
            return new LaunchReply(LaunchOutcome.Supervised, "");
        }
        var reply = await TakeUp(container, request.Takeover).ConfigureAwait(false);
        Answered();
        return reply;
    }

    /// <summary>Takes up a container.</summary>
    internal async Task<LaunchReply> TakeUp(string container, bool takeover)
    {
        var reply = await _supervisor.Supervise(container, takeover).ConfigureAwait(false);
        if (reply.Outcome is LaunchOutcome.Supervised or LaunchOutcome.AlreadySupervised)
            _supervised = true;
        else
            _service.Events.Write(EventLevel.Warning, "not-supervised", $"{reply.Outcome}: {reply.Message}", container);
        return reply;
    }

    /// <summary>Somebody has asked for something: from now on the daemon may find that it has nothing to do.</summary>
    internal void Answered()
    {
        _asked = true;
        _changed.TrySetResult();
    }
}
