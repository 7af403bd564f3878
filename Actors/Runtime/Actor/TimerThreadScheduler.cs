using System.Diagnostics;
using Akka.Event;

namespace Akka.Actor;

/// <summary>
/// One thread that sleeps until the next order is due. Orders lie in a heap that knows each one's place, so that a cancelled
/// order is out at once and holds no memory.
/// </summary>
internal sealed class TimerThreadScheduler(EventStream events) : IScheduler, IAdvancedScheduler
{
    private const int StackBytes = 128 * 1024;

    private readonly object _lock = new();
    private readonly List<Order> _heap = [];
    private Thread? _thread;
    private bool _ended;

    public IAdvancedScheduler Advanced => this;

    public DateTimeOffset Now => DateTimeOffset.UtcNow;

    public TimeSpan MonotonicClock => HighResMonotonicClock;

    public TimeSpan HighResMonotonicClock => Stopwatch.GetElapsedTime(0);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellOnce(delay, receiver, message, sender, null);

    public void ScheduleTellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Add(delay, null, new Order(receiver, message, sender), cancelable);

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender) =>
        ScheduleTellRepeatedly(initialDelay, interval, receiver, message, sender, null);

    public void ScheduleTellRepeatedly(
        TimeSpan initialDelay, TimeSpan interval, ICanTell receiver, object message, IActorRef? sender, ICancelable? cancelable) =>
        Add(initialDelay, interval, new Order(receiver, message, sender), cancelable);

    public void ScheduleOnce(TimeSpan delay, Action action, ICancelable? cancelable) =>
        Add(delay, null, new Order(null, action, null), cancelable);

    public void ScheduleOnce(TimeSpan delay, Action action) => ScheduleOnce(delay, action, null);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action, ICancelable? cancelable) =>
        Add(initialDelay, interval, new Order(null, action, null), cancelable);

    public void ScheduleRepeatedly(TimeSpan initialDelay, TimeSpan interval, Action action) =>
        ScheduleRepeatedly(initialDelay, interval, action, null);

    /// <summary>Ends the thread; what was ordered is forgotten, a new order throws.</summary>
    internal void End()
    {
        lock (_lock)
        {
            _ended = true;
            _heap.Clear();
            Monitor.Pulse(_lock);
        }
    }

    private static long Ticks(TimeSpan time) => (long)(time.TotalSeconds * Stopwatch.Frequency);

    private void Add(TimeSpan delay, TimeSpan? interval, Order order, ICancelable? cancelable)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(delay, TimeSpan.Zero);
        if (interval is { } period)
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(period, TimeSpan.Zero, nameof(interval));
            order.Interval = Math.Max(Ticks(period), 1);
        }

        order.Due = Stopwatch.GetTimestamp() + Ticks(delay);
        order.Cancelable = cancelable;
        lock (_lock)
        {
            if (_ended)
            {
                throw new SchedulerException("cannot schedule after the system has ended");
            }

            Push(order);
            if (_thread is null)
            {
                _thread = new Thread(Run, StackBytes) { IsBackground = true, Name = "scheduler" };
                _thread.UnsafeStart();
            }
            else if (order.Place == 0)
            {
                Monitor.Pulse(_lock);
            }
        }

        // After the order is in its place: cancelling may come at any time from now on.
        (cancelable as Cancelable)?.OnCancel(() => Remove(order));
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
                events.Publish(new Error(e, nameof(IScheduler), typeof(IScheduler), $"A scheduled task failed: {e.Message}"));
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
                if (_heap.Count == 0)
                {
                    Monitor.Wait(_lock);
                    continue;
                }

                var order = _heap[0];
                var now = Stopwatch.GetTimestamp();
                if (order.Due > now)
                {
                    // Rounded up: an order is never early.
                    var milliseconds = ((order.Due - now) * 1000 / Stopwatch.Frequency) + 1;
                    Monitor.Wait(_lock, (int)Math.Min(milliseconds, int.MaxValue));
                    continue;
                }

                RemoveAt(0);
                if (order.Interval > 0 && order.Cancelable?.IsCancellationRequested != true)
                {
                    order.Due = Math.Max(order.Due + order.Interval, now);
                    Push(order);
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
            if (order.Place >= 0 && order.Place < _heap.Count && _heap[order.Place] == order)
            {
                RemoveAt(order.Place);
            }
        }
    }

    private void Push(Order order)
    {
        _heap.Add(order);
        Up(_heap.Count - 1, order);
    }

    private void RemoveAt(int place)
    {
        var removed = _heap[place];
        var last = _heap[^1];
        _heap.RemoveAt(_heap.Count - 1);
        removed.Place = -1;
        if (last != removed)
        {
            Down(place, last);
            Up(last.Place, last);
        }
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

    /// <summary>A message with its receiver, or (receiver null) a delegate.</summary>
    private sealed class Order(ICanTell? receiver, object message, IActorRef? sender)
    {
        internal long Due;
        internal long Interval;
        internal int Place = -1;
        internal ICancelable? Cancelable;

        internal void Do()
        {
            if (receiver is null)
            {
                ((Action)message)();
            }
            else
            {
                receiver.Tell(message, sender);
            }
        }
    }
}
