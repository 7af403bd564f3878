using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;

namespace ActorRaid.Host.Daemon;

/// <summary>The actors, as the daemon sees them, and the taking over from whoever was there before.</summary>
internal sealed class RaidSupervisor : ISupervisor
{
    private readonly RaidSystem _system;
    private readonly RaidSettings _settings;
    private readonly EventLog _events;
    private readonly Lock _gate = new();
    private readonly Dictionary<int, Predecessor> _predecessors = [];
    private TaskCompletionSource _emptied = Completed();
    private bool _empty = true;

    /// <summary>For actors that have nothing to supervise yet.</summary>
    internal RaidSupervisor(RaidSystem system, RaidSettings settings, EventLog events)
    {
        _system = system;
        _settings = settings;
        _events = events;
        system.EmptyChanged += EmptyChanged;
    }

    /// <inheritdoc/>
    public bool IsEmpty
    {
        get
        {
            lock (_gate)
                return _empty;
        }
    }

    /// <inheritdoc/>
    public Task WhenEmpty
    {
        get
        {
            lock (_gate)
                return _emptied.Task;
        }
    }

    /// <inheritdoc/>
    public Task Ready() => _system.Ready();

    /// <inheritdoc/>
    public async Task<LaunchReply> Supervise(string container, bool takeover)
    {
        var found = Predecessor.Find(_settings.RunDirectory, container);
        if (!found.Ok)
            return new LaunchReply(LaunchOutcome.Failed, $"{container}: it is not known whether anybody monitors it: {found.Error}");
        var predecessor = found.Value;
        if (predecessor is not null && !takeover && await Task.Run(predecessor.Answers).ConfigureAwait(false))
        {
            var process = predecessor.Process;
            predecessor.Dispose();
            return new LaunchReply(LaunchOutcome.Managed, $"process {process} monitors it");
        }

        SuperviseReply reply;
        try
        {
            reply = await _system.Supervise(container).ConfigureAwait(false);
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            // Whatever it waits for: it goes on by itself, and others are not to wait for it.
            reply = new SuperviseReply(SuperviseOutcome.Failed, $"{container}: it has not been taken up yet, and goes on trying; see actorraid status");
        }
        if (predecessor is not null)
        {
            if (reply.Outcome == SuperviseOutcome.Supervised)
                Remember(predecessor);
            else
                predecessor.Dispose();
        }
        return new LaunchReply(Translate(reply.Outcome), reply.Message);
    }

    /// <inheritdoc/>
    public async Task<ImmutableArray<string>> TakenByOthers()
    {
        var ours = (await _system.Containers().ConfigureAwait(false)).Containers;
        return [.. ours.Where(container => Predecessor.IsAnother(_settings.RunDirectory, container))];
    }

    /// <inheritdoc/>
    public void LetGo(ImmutableArray<string> containers, TimeSpan limit) => _system.LetGo(containers, limit);

    /// <inheritdoc/>
    public void DismissPredecessors()
    {
        Predecessor[] leaving;
        lock (_gate)
        {
            leaving = [.. _predecessors.Values];
            _predecessors.Clear();
        }
        foreach (var predecessor in leaving)
            _ = Task.Run(() => Dismiss(predecessor));
    }

    /// <inheritdoc/>
    public Task<SystemReport?> Describe(TimeSpan limit) => _system.Describe(limit);

    /// <inheritdoc/>
    public HostObservation Observe(SystemReport report) => HostObservation.Read(_settings, report);

    /// <inheritdoc/>
    public async Task Stop(TimeSpan limit)
    {
        if (!await _system.Stop(limit).ConfigureAwait(false))
            _events.Write(EventLevel.Warning, "arrays-not-at-rest", $"some arrays were still being written after {limit.TotalSeconds:0} s");
    }

    private static LaunchOutcome Translate(SuperviseOutcome outcome) => outcome switch
    {
        SuperviseOutcome.Supervised => LaunchOutcome.Supervised,
        SuperviseOutcome.AlreadySupervised => LaunchOutcome.AlreadySupervised,
        SuperviseOutcome.NotAContainer => LaunchOutcome.NotAContainer,
        SuperviseOutcome.NotExternal => LaunchOutcome.NotExternal,
        SuperviseOutcome.UnknownMetadata => LaunchOutcome.UnknownMetadata,
        _ => LaunchOutcome.Failed,
    };

    private static TaskCompletionSource Completed()
    {
        var source = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        source.SetResult();
        return source;
    }

    private void Remember(Predecessor predecessor)
    {
        lock (_gate)
        {
            // One daemon of ours may have had several containers: it is told once.
            if (!_predecessors.TryAdd(predecessor.Process, predecessor))
                predecessor.Dispose();
        }
    }

    private void Dismiss(Predecessor predecessor)
    {
        using (predecessor)
        {
            var gone = predecessor.Dismiss();
            _events.Write(
                gone ? EventLevel.Info : EventLevel.Warning,
                "taken-over",
                gone ? $"process {predecessor.Process} has left" : $"process {predecessor.Process} was told to leave, and has not");
            if (gone)
                _system.PredecessorEnded();
        }
    }

    private void EmptyChanged(bool empty)
    {
        lock (_gate)
        {
            if (_empty == empty)
                return;
            _empty = empty;
            if (empty)
                _emptied.TrySetResult();
            else
                _emptied = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
