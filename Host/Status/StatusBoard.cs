using System.Collections.Immutable;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Logging;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>A status, and the line that tells it; the same for all who ask at that moment.</summary>
/// <param name="Version">Counts up with each change of the status, but for its time.</param>
/// <param name="Status">How things stand.</param>
internal sealed record StatusSnapshot(long Version, HostStatus Status)
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, byte[]> _lines = ImmutableDictionary<string, byte[]>.Empty;

    /// <summary>The answer's line about one thing, or all (null).</summary>
    internal byte[] Line(NamedThing? thing)
    {
        var key = thing is null ? "" : $"{thing.Container?.Name} {thing.Array?.Volume} {thing.Kernel}";
        lock (_gate)
        {
            if (_lines.TryGetValue(key, out var line))
                return line;
            var part = thing is null ? Status : StatusView.About(Status, thing);
            line = [.. JsonSerializer.SerializeToUtf8Bytes(new ControlReply(ControlRequest.Current, part),
                StatusJson.Default.ControlReply), (byte)'\n'];
            // Asked for one after the other, all things that there are must not fill the memory.
            if (_lines.Count < 16)
                _lines = _lines.Add(key, line);
            return line;
        }
    }
}

/// <summary>
/// Puts the status together, on a thread of its own: asks the actors (a message each), reads what else there is, and
/// keeps since when things are so. However many want to know, it does so once at a time, while somebody does; and when
/// something has happened that matters, or goes on that should be over in a moment, so that since when things are so
/// does not depend on who asks.
/// </summary>
internal sealed class StatusBoard : IDisposable
{
    // What comes with every burst of writes changes nobody's health.
    private const int Least = (int)EventLevel.Info;

    /// <summary>
    /// What actors and disks may take together is well below <see cref="ControlClient.AnswerLimit"/>, also for whoever
    /// asks just when others have begun to wait: a status has to say who is stuck.
    /// </summary>
    internal static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(1), Between = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan WatchEvery = TimeSpan.FromSeconds(1);

    // No event tells the end of what should be over in a moment: it is looked at until it is.
    private static readonly TimeSpan PassingEvery = TimeSpan.FromSeconds(2);

    private readonly Func<TimeSpan, Task<SystemReport?>> _describe;
    private readonly Func<SystemReport, HostObservation> _observe;
    private readonly StatusTeller _teller;
    private readonly EventLog _events;
    private readonly TimeProvider _clock;
    private readonly object _gate = new();
    private List<TaskCompletionSource<StatusSnapshot>> _asked = [];
    private TaskCompletionSource<StatusSnapshot> _changed = New();
    private int _watchers;
    private StatusSnapshot? _latest;
    private byte[] _content = [];
    private volatile StatusMemory _memory = StatusMemory.Empty;
    private ImmutableArray<SinceWhen> _handed = [];
    private long _noticed;
    private bool _willWake;
    private bool _isPassing;
    private ImmutableDictionary<string, ContainerReport> _reports = ImmutableDictionary<string, ContainerReport>.Empty;
    private bool _ending;

    /// <summary>Begins to wait for questions.</summary>
    /// <param name="describe">Asks the actors.</param>
    /// <param name="observe">Reads what else there is.</param>
    /// <param name="teller">Whose status it is.</param>
    /// <param name="events">The dropped ones of these are counted, and new ones are a reason to look again.</param>
    /// <param name="clock">What time it is; null: the system's.</param>
    internal StatusBoard(
        Func<TimeSpan, Task<SystemReport?>> describe, Func<SystemReport, HostObservation> observe, StatusTeller teller,
        EventLog events, TimeProvider? clock = null)
    {
        _clock = clock ?? TimeProvider.System;
        _describe = describe;
        _observe = observe;
        _teller = teller;
        _events = events;
        new Thread(Run, 256 * 1024) { IsBackground = true, Name = "status" }.Start();
    }

    /// <summary>
    /// Containers are being handed over: those that rest meanwhile are as they were before, not silent.
    /// </summary>
    internal volatile bool HandingOver;

    /// <summary>Since when things are what they are.</summary>
    internal StatusMemory Memory => _memory;

    /// <summary>What a process knew of it that has handed over.</summary>
    internal void Remember(ImmutableArray<SinceWhen> handed)
    {
        lock (_gate)
            _handed = handed;
    }

    /// <summary>How things stand now: as of a moment after this call.</summary>
    internal Task<StatusSnapshot> Now()
    {
        var answer = New();
        lock (_gate)
        {
            _asked.Add(answer);
            Monitor.PulseAll(_gate);
        }
        return answer.Task;
    }

    /// <summary>From now on somebody waits for changes (or, with -1, one less does).</summary>
    internal void Watch(int more)
    {
        lock (_gate)
        {
            _watchers += more;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>
    /// For one who watches: the latest status once its version is another than that, which is seen within a second.
    /// </summary>
    internal Task<StatusSnapshot> After(long version)
    {
        lock (_gate)
            return _latest is { } latest && latest.Version != version ? Task.FromResult(latest) : _changed.Task;
    }

    /// <summary>Answers nobody any more.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _ending = true;
            Monitor.PulseAll(_gate);
        }
    }

    private static TaskCompletionSource<StatusSnapshot> New() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Run()
    {
        long last = 0, seen = -1;
        while (true)
        {
            List<TaskCompletionSource<StatusSnapshot>> asked;
            lock (_gate)
            {
                while (!_ending && _asked.Count == 0 && !(_watchers > 0 && IsDue(last, seen)) && !MayHaveChanged(last))
                {
                    WakeWhenMoreHappens();
                    Monitor.Wait(_gate, _watchers > 0 || _isPassing || HasHappened ? 100 : Timeout.Infinite);
                }
                if (_ending)
                    return;
            }
            if (_clock.GetElapsedTime(last) is var gone && gone < Between)
                Thread.Sleep(Between - gone);
            lock (_gate)
            {
                asked = _asked;
                _asked = [];
            }
            last = _clock.GetTimestamp();
            seen = _events.History.Latest;
            try
            {
                Answer(asked, Look());
            }
            catch (Exception e)
            {
                _events.Write(EventLevel.Error, "status-failed", $"the status could not be put together: {e}");
                foreach (var answer in asked)
                    answer.TrySetException(e);
            }
        }
    }

    private bool HasHappened => _events.History.LatestOf(Least) > _noticed;

    private bool MayHaveChanged(long last) =>
        (HasHappened && _clock.GetElapsedTime(last) >= WatchEvery / 4)
        || (_isPassing && _clock.GetElapsedTime(last) >= PassingEvery);

    /// <summary>What has happened since this was asked last.</summary>
    private List<RaidEvent> TakeHappened()
    {
        var happened = _events.History.Raw(_noticed, History.Capacity, Least);
        _noticed = happened is [.., var latest] ? latest.Sequence : _noticed;
        return [.. happened.Select(one => one.Event)];
    }

    /// <summary>Under the lock, before a wait for whatever comes.</summary>
    private void WakeWhenMoreHappens()
    {
        if (_willWake || HasHappened)
            return;
        _willWake = true;
        _ = _events.History.Next(_noticed, Least).ContinueWith(
            _ =>
            {
                lock (_gate)
                {
                    _willWake = false;
                    Monitor.PulseAll(_gate);
                }
            },
            TaskScheduler.Default);
    }

    private bool IsDue(long last, long seen) =>
        _clock.GetElapsedTime(last) >= WatchEvery
        || (seen != _events.History.Latest && _clock.GetElapsedTime(last) >= WatchEvery / 4);

    private StatusSnapshot Look()
    {
        // Before the actors are asked: what comes after their answers is a reason to look again.
        var happened = TakeHappened();
        var report = _describe(AnswerLimit).GetAwaiter().GetResult();
        if (report is not null)
        {
            var handing = HandingOver;
            report = new SystemReport([.. report.Containers.Select(container =>
                handing && container.Health != ContainerHealth.Answers
                    && _reports.TryGetValue(container.Name, out var known) ? known : container)]);
            _reports = report.Containers.ToImmutableDictionary(container => container.Name);
        }
        StatusMemory before;
        lock (_gate)
            (before, _handed) = (_memory.With(_handed), []);
        var (status, memory) = StatusMap.Of(
            _teller with { EventsDropped = _events.Dropped }, report,
            report is null ? HostObservation.None : _observe(report), before, _clock.GetLocalNow(), happened);
        _memory = memory;
        _isPassing = memory.IsPassing || status.Containers.Any(container => container.Health == Health.Stalled);
        var content = JsonSerializer.SerializeToUtf8Bytes(status with { At = default }, StatusJson.Default.HostStatus);
        var changed = _latest is null || !content.AsSpan().SequenceEqual(_content);
        _content = content;
        return new StatusSnapshot((_latest?.Version ?? 0) + (changed ? 1 : 0), status);
    }

    private void Answer(List<TaskCompletionSource<StatusSnapshot>> asked, StatusSnapshot snapshot)
    {
        TaskCompletionSource<StatusSnapshot>? changed = null;
        lock (_gate)
        {
            if (_latest is null || _latest.Version != snapshot.Version)
            {
                changed = _changed;
                _changed = New();
            }
            _latest = snapshot;
        }
        foreach (var answer in asked)
            answer.TrySetResult(snapshot);
        changed?.TrySetResult(snapshot);
    }
}
