namespace Akka.Actor;

/// <summary>An actor that has timers.</summary>
public interface IWithTimers
{
    /// <summary>The timers; set by the runtime before the constructor's body.</summary>
    ITimerScheduler Timers { get; set; }
}

/// <summary>
/// An actor's timers, by key; only for the actor itself. A message of a timer that was cancelled or replaced never arrives, not
/// even one that is already in the mailbox. All are cancelled at a restart and at the actor's end.
/// </summary>
public interface ITimerScheduler
{
    /// <summary>The keys of the timers that are running.</summary>
    IReadOnlyCollection<object> ActiveTimers { get; }

    /// <summary>Sends a message to the actor after each interval; replaces the key's timer.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval);

    /// <summary>Sends a message to the actor after each interval, from that sender; replaces the key's timer.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender);

    /// <summary>Sends a message to the actor after a delay and then after each interval; replaces the key's timer.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval);

    /// <summary>Sends a message to the actor after a delay and then after each interval; replaces the key's timer.</summary>
    void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender);

    /// <summary>Sends a message to the actor once; replaces the key's timer.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout);

    /// <summary>Sends a message to the actor once, from that sender; replaces the key's timer.</summary>
    void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender);

    /// <summary>True while the key's timer runs: for a single one, until its message is handled.</summary>
    bool IsTimerActive(object key);

    /// <summary>Cancels the key's timer, if it has one.</summary>
    void Cancel(object key);

    /// <summary>Cancels all timers.</summary>
    void CancelAll();
}

/// <summary>Timers by generation: a message counts only if its generation is still the key's.</summary>
internal sealed class TimerScheduler(ActorCell cell) : ITimerScheduler
{
    private readonly Dictionary<object, Timer> _timers = [];

    public IReadOnlyCollection<object> ActiveTimers => _timers.Keys;

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval) =>
        Start(key, msg, interval, interval, ActorRefs.NoSender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan interval, IActorRef sender) =>
        Start(key, msg, interval, interval, sender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval) =>
        Start(key, msg, initialDelay, interval, ActorRefs.NoSender);

    public void StartPeriodicTimer(object key, object msg, TimeSpan initialDelay, TimeSpan interval, IActorRef sender) =>
        Start(key, msg, initialDelay, interval, sender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout) => Start(key, msg, timeout, null, ActorRefs.NoSender);

    public void StartSingleTimer(object key, object msg, TimeSpan timeout, IActorRef sender) => Start(key, msg, timeout, null, sender);

    public bool IsTimerActive(object key) => _timers.ContainsKey(key);

    public void Cancel(object key)
    {
        if (_timers.Remove(key, out var timer))
        {
            timer.Task.Cancel();
        }
    }

    public void CancelAll()
    {
        foreach (var timer in _timers.Values)
        {
            timer.Task.Cancel();
        }

        _timers.Clear();
    }

    /// <summary>The message inside; null if its timer was cancelled or replaced, or belongs to an earlier instance.</summary>
    internal object? Intercept(TimerMessage message)
    {
        if (!_timers.TryGetValue(message.Key, out var timer) || timer.Message != message)
        {
            return null;
        }

        if (!timer.Repeats)
        {
            _timers.Remove(message.Key);
        }

        return message.Inner;
    }

    private void Start(object key, object inner, TimeSpan delay, TimeSpan? interval, IActorRef sender)
    {
        ArgumentNullException.ThrowIfNull(inner);
        Cancel(key);
        var message = inner is INotInfluenceReceiveTimeout ? new QuietTimerMessage(key, inner) : new TimerMessage(key, inner);
        var task = interval is { } period
            ? cell.System.Scheduler.ScheduleTellRepeatedlyCancelable(delay, period, cell.Self, message, sender)
            : cell.System.Scheduler.ScheduleTellOnceCancelable(delay, cell.Self, message, sender);
        _timers[key] = new Timer(message, task, interval is not null);
    }

    /// <summary>What the scheduler sends; its identity is the timer's generation.</summary>
    internal class TimerMessage(object key, object inner)
    {
        internal object Key => key;

        internal object Inner => inner;

        public override string ToString() => $"TimerMsg(key={key}, message={inner})";
    }

    private sealed class QuietTimerMessage(object key, object inner) : TimerMessage(key, inner), INotInfluenceReceiveTimeout;

    private readonly record struct Timer(TimerMessage Message, ICancelable Task, bool Repeats);
}
