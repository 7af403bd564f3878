using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>
/// An actor's messages, and the one run at a time that hands them to it. Nothing is allocated for a user message; a system
/// message is its own list node.
/// </summary>
internal sealed class Mailbox(ActorCell cell, MessageDispatcher dispatcher) : IRunnable
{
    // Status: bit 0 closed, bit 1 scheduled or running, the rest counts suspensions.
    private const int Closed = 1;
    private const int Scheduled = 2;
    private const int SuspendUnit = 4;

    private static readonly SystemMessage NoMore = new Create();

    private readonly ConcurrentQueue<Envelope> _queue = new();
    private readonly Stack<Envelope> _front = new();
    private SystemMessage? _system;
    private int _status;

    internal bool IsClosed => (Volatile.Read(ref _status) & Closed) != 0;

    internal bool IsSuspended => Volatile.Read(ref _status) >= SuspendUnit;

    internal int SuspendCount => Volatile.Read(ref _status) / SuspendUnit;

    private bool HasSystemMessages => Volatile.Read(ref _system) is { } head && head != NoMore;

    private bool HasMessages => !_queue.IsEmpty || _front.Count > 0;

    /// <summary>One run: system messages, then user messages up to the dispatcher's throughput.</summary>
    public void Run()
    {
        var before = ActorCell.Current;
        ActorCell.Current = cell;
        try
        {
            if (!IsClosed)
            {
                ProcessSystemMessages();
                ProcessUserMessages();
            }
        }
        finally
        {
            ActorCell.Current = before;
            SetAsIdle();
            dispatcher.RegisterForExecution(this, false, false);
        }
    }

    /// <inheritdoc/>
    public void Execute() => Run();

    internal void Enqueue(in Envelope envelope)
    {
        if (!IsClosed)
        {
            _queue.Enqueue(envelope);
            if (!IsClosed)
            {
                return;
            }

            // Closed in between: the closing thread may have drained the queue before this message came.
            Drain();
            return;
        }

        cell.SystemImpl.DeadLetterRef.Undelivered(envelope.Message, envelope.Sender, cell.Self);
    }

    /// <summary>Puts a message before all others; only on the actor's own run.</summary>
    internal void EnqueueFirst(in Envelope envelope) => _front.Push(envelope);

    internal void SystemEnqueue(SystemMessage message)
    {
        while (true)
        {
            var head = Volatile.Read(ref _system);
            if (head == NoMore)
            {
                DeadLetterActorRef.Undelivered(message);
                return;
            }

            message.Next = head;
            if (Interlocked.CompareExchange(ref _system, message, head) == head)
            {
                return;
            }
        }
    }

    internal bool CanBeScheduled(bool hasMessage, bool hasSystemMessage)
    {
        var status = Volatile.Read(ref _status);
        if ((status & Closed) != 0)
        {
            return false;
        }

        return hasSystemMessage || HasSystemMessages || (status < SuspendUnit && (hasMessage || HasMessages));
    }

    internal bool SetAsScheduled()
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if ((status & (Closed | Scheduled)) != 0)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref _status, status | Scheduled, status) == status)
            {
                return true;
            }
        }
    }

    internal void SetAsIdle() => Change(~Scheduled, 0);

    internal void Suspend() => Interlocked.Add(ref _status, SuspendUnit);

    /// <summary>Takes back one suspension.</summary>
    /// <returns>True if none is left.</returns>
    internal bool Resume()
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if (status < SuspendUnit)
            {
                return true;
            }

            if (Interlocked.CompareExchange(ref _status, status - SuspendUnit, status) == status)
            {
                return status - SuspendUnit < SuspendUnit;
            }
        }
    }

    /// <summary>Closes for good; what is left, and what still comes, goes to the dead letters.</summary>
    internal void Close()
    {
        Change(Scheduled, Closed);
        for (var list = Interlocked.Exchange(ref _system, NoMore); list is not null && list != NoMore;)
        {
            var next = list.Next;
            list.Next = null;
            DeadLetterActorRef.Undelivered(list);
            list = next;
        }

        while (_front.TryPop(out var envelope))
        {
            cell.SystemImpl.DeadLetterRef.Undelivered(envelope.Message, envelope.Sender, cell.Self);
        }

        Drain();
    }

    private void Drain()
    {
        while (_queue.TryDequeue(out var envelope))
        {
            cell.SystemImpl.DeadLetterRef.Undelivered(envelope.Message, envelope.Sender, cell.Self);
        }
    }

    private void Change(int keep, int set)
    {
        while (true)
        {
            var status = Volatile.Read(ref _status);
            if (Interlocked.CompareExchange(ref _status, (status & keep) | set, status) == status)
            {
                return;
            }
        }
    }

    private void ProcessUserMessages()
    {
        var left = Math.Max(dispatcher.Throughput, 1);
        var deadline = dispatcher.ThroughputDeadlineTime is > 0 and var ticks
            ? Environment.TickCount64 + (ticks / TimeSpan.TicksPerMillisecond)
            : long.MaxValue;
        while (left-- > 0 && (Volatile.Read(ref _status) & ~Scheduled) == 0)
        {
            if (!_front.TryPop(out var envelope) && !_queue.TryDequeue(out envelope))
            {
                return;
            }

            cell.Invoke(envelope);
            if (Volatile.Read(ref _system) is not null)
            {
                ProcessSystemMessages();
            }

            if (deadline != long.MaxValue && Environment.TickCount64 >= deadline)
            {
                return;
            }
        }
    }

    private void ProcessSystemMessages()
    {
        while (TakeSystemMessages() is { } first)
        {
            cell.SystemInvoke(first);
        }
    }

    /// <summary>Takes the whole list, earliest first.</summary>
    private SystemMessage? TakeSystemMessages()
    {
        SystemMessage? head;
        do
        {
            head = Volatile.Read(ref _system);
            if (head is null || head == NoMore)
            {
                return null;
            }
        }
        while (Interlocked.CompareExchange(ref _system, null, head) != head);

        SystemMessage? earliest = null;
        while (head is not null)
        {
            var next = head.Next;
            head.Next = earliest;
            earliest = head;
            head = next;
        }

        return earliest;
    }
}
