namespace Akka.Actor;

/// <summary>An order that can be taken back.</summary>
public interface ICancelable
{
    /// <summary>It was taken back.</summary>
    bool IsCancellationRequested { get; }

    /// <summary>A token that is cancelled when this is.</summary>
    CancellationToken Token { get; }

    /// <summary>Takes it back; does nothing the second time.</summary>
    void Cancel();

    /// <summary>Takes it back after a delay.</summary>
    void CancelAfter(TimeSpan delay);
}

/// <summary>Sends messages later.</summary>
public interface ITellScheduler
{
    /// <summary>Sends a message once.</summary>
    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender);

    /// <summary>Sends a message once, unless cancelled.</summary>
    void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable);

    /// <summary>Sends a message again and again, until the system ends.</summary>
    void ScheduleTellRepeatedly(TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender);

    /// <summary>Sends a message again and again, until cancelled.</summary>
    void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable);
}

/// <summary>Calls delegates later, on the scheduler's own thread: they must be short.</summary>
public interface IActionScheduler
{
    /// <summary>Calls a delegate once, unless cancelled.</summary>
    void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable);

    /// <summary>Calls a delegate once.</summary>
    void ScheduleOnce(TimeSpan delay, Action action);

    /// <summary>Calls a delegate again and again, until cancelled.</summary>
    void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable);

    /// <summary>Calls a delegate again and again, until the system ends.</summary>
    void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action);
}

/// <summary>Calls delegates later.</summary>
public interface IAdvancedScheduler : IActionScheduler
{
}

/// <summary>Knows the time.</summary>
public interface ITimeProvider
{
    /// <summary>The time of day.</summary>
    DateTimeOffset Now { get; }

    /// <summary>A clock that only goes forward.</summary>
    TimeSpan MonotonicClock { get; }

    /// <summary>A clock that only goes forward, as fine as there is.</summary>
    TimeSpan HighResMonotonicClock { get; }
}

/// <summary>Does things later; never early. What a dead actor is sent goes to the dead letters.</summary>
public interface IScheduler : ITellScheduler, ITimeProvider
{
    /// <summary>For delegates.</summary>
    IAdvancedScheduler Advanced { get; }
}

/// <summary>Orders that come with their means to take them back.</summary>
public static class SchedulerExtensions
{
    /// <summary>Sends a message once, unless cancelled.</summary>
    public static ICancelable ScheduleTellOnceCancelable(
        this IScheduler scheduler, TimeSpan delay, ICanTell receiver, object message, IActorRef? sender)
    {
        var cancelable = new Cancelable(scheduler);
        scheduler.ScheduleTellOnce(delay, receiver, message, sender, cancelable);
        return cancelable;
    }

    /// <summary>Sends a message again and again, until cancelled.</summary>
    public static ICancelable ScheduleTellRepeatedlyCancelable(
        this IScheduler scheduler, TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender)
    {
        var cancelable = new Cancelable(scheduler);
        scheduler.ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, cancelable);
        return cancelable;
    }
}

/// <summary>The means to take an order back.</summary>
public class Cancelable : ICancelable
{
    private readonly IScheduler _scheduler;
    private readonly Lock _lock = new();
    private CancellationTokenSource? _source;
    private Action? _onCancel;
    private bool _cancelled;

    /// <summary>Uses that scheduler for <see cref="CancelAfter"/>.</summary>
    public Cancelable(IScheduler scheduler) => _scheduler = scheduler;

    /// <inheritdoc/>
    public bool IsCancellationRequested => Volatile.Read(ref _cancelled);

    /// <inheritdoc/>
    public CancellationToken Token
    {
        get
        {
            lock (_lock)
            {
                if (_cancelled && _source is null)
                {
                    return new CancellationToken(true);
                }

                return (_source ??= new CancellationTokenSource()).Token;
            }
        }
    }

    /// <inheritdoc/>
    public void Cancel()
    {
        CancellationTokenSource? source;
        Action? onCancel;
        lock (_lock)
        {
            if (_cancelled)
            {
                return;
            }

            _cancelled = true;
            source = _source;
            onCancel = _onCancel;
            _onCancel = null;
        }

        onCancel?.Invoke();
        source?.Cancel();
    }

    /// <inheritdoc/>
    public void CancelAfter(TimeSpan delay) => _scheduler.Advanced.ScheduleOnce(delay, Cancel);

    /// <summary>Called when cancelled; at once if it already is.</summary>
    internal void OnCancel(Action action)
    {
        lock (_lock)
        {
            if (!_cancelled)
            {
                _onCancel += action;
                return;
            }
        }

        action();
    }
}
