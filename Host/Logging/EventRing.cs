using ActorRaid.Actors;

namespace ActorRaid.Host.Logging;

/// <summary>
/// A bounded queue for many writers and one reader in which nobody ever waits: a writer that finds it full is told so.
/// Nothing is allocated after construction. (A ring whose slots carry the ticket that may use them next, after
/// Dmitry Vyukov's bounded queue.)
/// </summary>
internal sealed class EventRing
{
    private readonly Slot[] _slots;
    private readonly long _mask;
    private long _tail;
    private long _head;

    /// <summary>A ring for that many events, which must be a power of two.</summary>
    internal EventRing(int capacity)
    {
        if (capacity < 2 || (capacity & (capacity - 1)) != 0)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, "must be a power of two");
        _slots = new Slot[capacity];
        _mask = capacity - 1;
        for (var i = 0; i < capacity; i++)
            _slots[i].Ticket = i;
    }

    /// <summary>Puts an event in; false when there is no room. Debug ones leave half of it to the others.</summary>
    internal bool TryWrite(RaidEvent e)
    {
        var tail = Volatile.Read(ref _tail);
        if (e.Level == EventLevel.Debug && tail - Volatile.Read(ref _head) >= _slots.Length / 2)
            return false;
        while (true)
        {
            ref var slot = ref _slots[tail & _mask];
            var ahead = Volatile.Read(ref slot.Ticket) - tail;
            if (ahead < 0)
                return false;
            if (ahead > 0)
            {
                tail = Volatile.Read(ref _tail);
                continue;
            }
            var seen = Interlocked.CompareExchange(ref _tail, tail + 1, tail);
            if (seen == tail)
            {
                slot.Event = e;
                Volatile.Write(ref slot.Ticket, tail + 1);
                return true;
            }
            tail = seen;
        }
    }

    /// <summary>Takes the oldest event out; null when there is none. For one thread only.</summary>
    internal RaidEvent? TryRead()
    {
        ref var slot = ref _slots[_head & _mask];
        if (Volatile.Read(ref slot.Ticket) != _head + 1)
            return null;
        var e = slot.Event;
        slot.Event = null;
        Volatile.Write(ref slot.Ticket, _head + _slots.Length);
        _head++;
        return e;
    }

    private struct Slot
    {
        public long Ticket;
        public RaidEvent? Event;
    }
}
