using System.Collections.Concurrent;
using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Daemon;

/// <summary>The actors, as the daemon sees them, and the taking over from whoever was there before.</summary>
internal sealed class RaidSupervisor : ISupervisor
{
    private readonly RaidSystem _system;
    private readonly RaidSettings _settings;
    private readonly EventLog _events;
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _turns = [];
    private TaskCompletionSource _emptied = Completed();
    private readonly HostObserver _observer;
    private bool _empty = true;

    /// <summary>For actors that have nothing to supervise yet.</summary>
    internal RaidSupervisor(RaidSystem system, RaidSettings settings, EventLog events)
    {
        _system = system;
        _settings = settings;
        _observer = new HostObserver(settings, new ContainerReader(settings), new MigrationRecords());
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
        // Whoever asks for the same one meanwhile is to find it supervised, and not half taken over.
        var turn = _turns.GetOrAdd(container, _ => new SemaphoreSlim(1));
        await turn.WaitAsync().ConfigureAwait(false);
        try
        {
            return await TakeUp(container, takeover).ConfigureAwait(false);
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task<LaunchReply> TakeUp(string container, bool takeover)
    {
        // Whoever monitors what we cannot is not to be ended.
        if (ContainerCheck.Look(container, _settings.SysRoot) is { Ok: true, Value: ContainerKind.OtherFormat })
            return new LaunchReply(LaunchOutcome.UnknownMetadata, $"{container} has metadata of a format that is not supported here");
        var found = Predecessor.Find(_settings.RunDirectory, container);
        if (!found.Ok)
            return new LaunchReply(LaunchOutcome.Failed, $"{container}: it is not known whether anybody monitors it: {found.Error}");
        if (found.Value is { } predecessor)
        {
            if (!takeover && await Task.Run(predecessor.Answers).ConfigureAwait(false))
                return new LaunchReply(LaunchOutcome.Managed, $"process {predecessor.Process} monitors it");
            if (await Replace(predecessor, container).ConfigureAwait(false) is { } refusal)
                return refusal;
        }
        var reply = await Reply(container, _system.Supervise(container)).ConfigureAwait(false);
        if (reply.Outcome is not (SuperviseOutcome.Supervised or SuperviseOutcome.AlreadySupervised))
            RemovePlacedPid(container);
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
    public Task<SystemReport?> Describe(TimeSpan limit) => _system.Describe(limit);

    /// <inheritdoc/>
    public HostObservation Observe(SystemReport report) => _observer.Look(report);

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

    /// <summary>
    /// Sends a predecessor away. What takes long is done while it still supervises: its arrays are unsupervised only from its end until the metadata
    /// has been read again. mdadm finds a living monitor in the pid file throughout.
    /// </summary>
    /// <returns>Why not; null: it is gone.</returns>
    private async Task<LaunchReply?> Replace(Predecessor predecessor, string container)
    {
        var prepared = await Reply(container, _system.Prepare(container)).ConfigureAwait(false);
        if (prepared.Outcome != SuperviseOutcome.Supervised)
        {
            // Whatever is not prepared by now is not to be found, and taken for supervised, later.
            if (prepared.Outcome != SuperviseOutcome.AlreadySupervised)
                _system.GiveAway([container]);
            return new LaunchReply(Translate(prepared.Outcome), prepared.Message);
        }
        var placed = PidFile.Write(Predecessor.PathOf(_settings.RunDirectory, container), Environment.ProcessId);
        if (!placed.Ok)
        {
            _system.GiveAway([container]);
            return new LaunchReply(LaunchOutcome.Failed, $"{container}: process {predecessor.Process} goes on monitoring it: {placed.Error}");
        }
        var departure = await Task.Run(predecessor.Dismiss).ConfigureAwait(false);
        var (level, how) = departure switch
        {
            Departure.Left => (EventLevel.Info, "has left"),
            Departure.Killed => (EventLevel.Warning, "had not left in time, and was killed"),
            _ => (EventLevel.Warning, "had not left in time, and was killed; it ends when a disk that it waits for has answered"),
        };
        _events.Write(level, "taken-over", $"process {predecessor.Process} {how}", container);
        return null;
    }

    private static async Task<SuperviseReply> Reply(string container, Task<SuperviseReply> asked)
    {
        try
        {
            return await asked.ConfigureAwait(false);
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            // Whatever it waits for: it goes on by itself, and others are not to wait for it.
            return new SuperviseReply(SuperviseOutcome.Failed, $"{container}: it has not been taken up yet, and goes on trying; see actorraid status");
        }
    }

    /// <summary>Nobody supervises it: mdadm is not to believe that somebody does.</summary>
    private void RemovePlacedPid(string container)
    {
        var path = Predecessor.PathOf(_settings.RunDirectory, container);
        if (PidFile.Read(path) is { Ok: true } placed && placed.Value == Environment.ProcessId)
            PidFile.Remove(path);
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
