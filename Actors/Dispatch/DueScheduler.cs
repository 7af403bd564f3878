using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace ActorRaid.Actors;

/// <summary>
/// Akka's scheduler for a daemon that rests: one thread, which sleeps until the next order is due. Akka's own looks a hundred times a second whether
/// anything is. Orders lie in a heap that knows each one's place, so that a cancelled order is out at once and holds no memory. Made by Akka, by its name
/// in the configuration (<c>akka.scheduler.implementation</c>).
/// </summary>
public sealed class DueScheduler(Config scheduler, ILoggingAdapter log) : SchedulerBase(scheduler, log), IDisposable
{
    private const int StackBytes = 128 * 1024;

    private readonly object _lock = new();
    private readonly OrderHeap _orders = new();
    private Thread? _thread;
    private bool _ended;

    /// <inheritdoc/>
    public override TimeSpan MonotonicClock => HighResMonotonicClock;

    /// <inheritdoc/>
    public override TimeSpan HighResMonotonicClock => Stopwatch.GetElapsedTime(0);

    /// <inheritdoc/>
    protected override DateTimeOffset TimeNow => DateTimeOffset.UtcNow;

    /// <summary>Ends the thread; what was ordered is forgotten, a new order throws.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _orders.Clear();
            Monitor.Pulse(_lock);
        }
    }

    /// <inheritdoc/>
    protected override void InternalScheduleTellOnce(
        TimeSpan delay, ICanTell receiver, object message, IActorRef sender, ICancelable? cancelable) =>
        Add(delay, null, new TellOrder(receiver, message, sender), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef sender, ICancelable? cancelable) =>
        Add(initialDelay, interval, new TellOrder(receiver, message, sender), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable) =>
        Add(delay, null, new ActionOrder(action), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleOnce(TimeSpan delay, IRunnable action, ICancelable? cancelable) =>
        Add(delay, null, new ActionOrder(action.Run), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Add(initialDelay, interval, new ActionOrder(action), cancelable);

    /// <inheritdoc/>
    protected override void InternalScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, IRunnable action, ICancelable? cancelable) =>
        Add(initialDelay, interval, new ActionOrder(action.Run), cancelable);

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private void Add(TimeSpan delay, TimeSpan? interval, Order order, ICancelable? cancelable)
    {
        order.Interval = interval is { } period ? Math.Max(Ticks(period), 1) : 0;
        order.Due = Stopwatch.GetTimestamp() + Ticks(delay);
        order.Cancelable = cancelable;
        lock (_lock)
        {
            if (_ended)
            {
                throw new SchedulerException("cannot schedule after the system has ended");
            }

            _orders.Push(order);
            if (_thread is null)
            {
                _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = "scheduler" };
                _thread.UnsafeStart();
            }
            else if (_orders.First == order)
            {
                Monitor.Pulse(_lock);
            }
        }

        // After the order is in its place: cancelling may come at any time from now on.
        cancelable?.Token.UnsafeRegister(_ => Remove(order), null);
    }

    private void Run()
    {
        while (NextDue() is { } order)
        {
            if (order.Cancelable?.IsCancellationRequested == true)
            {
                continue;
            }

            try
            {
                order.Do();
            }
            catch (Exception e)
            {
                Log.Log(LogLevel.ErrorLevel, e, "A scheduled task failed");
            }
        }
    }

    /// <summary>Waits for the next order; one that repeats is already back in the heap.</summary>
    private Order? NextDue()
    {
        lock (_lock)
        {
            while (!_ended)
            {
                if (_orders.First is not { } order)
                {
                    Monitor.Wait(_lock);
                    continue;
                }

                var now = Stopwatch.GetTimestamp();
                if (order.Due > now)
                {
                    // Rounded up: an order is never early.
                    var milliseconds = ((order.Due - now) * 1000 / Stopwatch.Frequency) + 1;
                    Monitor.Wait(_lock, (int)Math.Min(milliseconds, int.MaxValue));
                    continue;
                }

                _orders.Remove(order);
                if (order.Interval > 0 && order.Cancelable?.IsCancellationRequested != true)
                {
                    order.Due = Math.Max(order.Due + order.Interval, now);
                    _orders.Push(order);
                }

                return order;
            }

            return null;
        }
    }

    private void Remove(Order order)
    {
        lock (_lock)
        {
            _orders.Remove(order);
        }
    }

    private sealed class TellOrder(ICanTell receiver, object message, IActorRef sender) : Order
    {
        internal override void Do() => receiver.Tell(message, sender);
    }

    private sealed class ActionOrder(Action action) : Order
    {
        internal override void Do() => action();
    }
}

/// <summary>Something to be done when it is due.</summary>
internal abstract class Order
{
    /// <summary>When, in <see cref="Stopwatch"/>'s ticks.</summary>
    internal long Due { get; set; }

    /// <summary>After how many ticks again; 0: once.</summary>
    internal long Interval { get; set; }

    /// <summary>It is not done when this has been cancelled.</summary>
    internal ICancelable? Cancelable { get; set; }

    /// <summary>Where it lies in its heap; -1: in none.</summary>
    internal int Place { get; set; } = -1;

    /// <summary>Does it.</summary>
    internal abstract void Do();
}

/// <summary>Orders by when they are due; each knows its place, so that it can be taken out from anywhere.</summary>
internal sealed class OrderHeap
{
    private readonly List<Order> _heap = [];

    /// <summary>What is due next; null when nothing is.</summary>
    internal Order? First => _heap.Count > 0 ? _heap[0] : null;

    /// <summary>Puts an order in.</summary>
    internal void Push(Order order)
    {
        _heap.Add(order);
        Up(_heap.Count - 1, order);
    }

    /// <summary>Takes an order out, if it is in.</summary>
    internal void Remove(Order order)
    {
        if (order.Place < 0)
        {
            return;
        }

        var (place, last) = (order.Place, _heap[^1]);
        _heap.RemoveAt(_heap.Count - 1);
        order.Place = -1;
        if (last != order)
        {
            Down(place, last);
            Up(last.Place, last);
        }
    }

    /// <summary>Takes all out.</summary>
    internal void Clear()
    {
        foreach (var order in _heap)
        {
            order.Place = -1;
        }

        _heap.Clear();
    }

    private void Up(int place, Order order)
    {
        while (place > 0 && _heap[(place - 1) / 2].Due > order.Due)
        {
            Put(place, _heap[(place - 1) / 2]);
            place = (place - 1) / 2;
        }

        Put(place, order);
    }

    private void Down(int place, Order order)
    {
        while (true)
        {
            var child = (place * 2) + 1;
            if (child + 1 < _heap.Count && _heap[child + 1].Due < _heap[child].Due)
            {
                child++;
            }

            if (child >= _heap.Count || _heap[child].Due >= order.Due)
            {
                Put(place, order);
                return;
            }

            Put(place, _heap[child]);
            place = child;
        }
    }

    private void Put(int place, Order order)
    {
        _heap[place] = order;
        order.Place = place;
    }
}
