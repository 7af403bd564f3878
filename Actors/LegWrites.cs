using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>Where a leg is written to. Its disk may have left the container.</summary>
/// <param name="Array">md126</param>
/// <param name="Disk">The kernel's name of the disk: sda.</param>
/// <param name="StatePath">Its state attribute.</param>
public sealed record ArrayLeg(string Array, string Disk, string StatePath);

/// <summary>
/// Writes to the states of a container's legs, for each array on two threads of its own. md takes the array's lock for
/// every word that is written there, so nobody else may wait for that. What lets writers go (-blocked, bad blocks
/// acknowledged, a failed disk's other legs failed) has the one thread, and waits for that lock only. The removal of a
/// leg has the other: from kernel 6.7 on it suspends the array, without the lock, until the requests under way have
/// ended, and these may wait for another leg's <c>-blocked</c>. Its methods may be called from any thread.
/// </summary>
/// <param name="events">Receives the container's events.</param>
public sealed class LegWrites(ContainerEvents events) : IDisposable
{
    /// <summary>A removal may rightly wait in the kernel for so long before that is shown.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan RemoveAgainAfter = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RemoveAgainAtMost = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ThreadAgainAfter = TimeSpan.FromMilliseconds(100);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DeviceWorker LettingGo, DeviceWorker Removing)> _threads = [];
    private readonly Dictionary<ArrayLeg, Removal?> _legs = [];
    private volatile bool _disposed;

    /// <summary>A leg has appeared: the thread that will let its writers go is there when it is needed.</summary>
    public void Appeared(ArrayLeg leg)
    {
        Vanished(leg);
        lock (_lock)
        {
            _legs[leg] = null;
            Threads(leg).LettingGo.Start();
        }
    }

    /// <summary>A leg is gone: its removal is not tried any more.</summary>
    public void Vanished(ArrayLeg leg)
    {
        lock (_lock)
        {
            if (_legs.Remove(leg, out var removal) && removal is not null)
            {
                removal.IsOver = true;
            }
        }
    }

    /// <summary>Somebody else may supervise the array from now on: no removal is tried any more.</summary>
    public void Rest(string array)
    {
        lock (_lock)
        {
            foreach (var leg in _legs.Keys.Where(leg => leg.Array == array).ToList())
            {
                Vanished(leg);
                _legs[leg] = null;
            }
        }
    }

    /// <summary>
    /// The leg's failure is recorded: its writers are let go, its disk's other legs are failed as well, and it is
    /// removed.
    /// </summary>
    /// <param name="leg">The leg.</param>
    /// <param name="remove">Whether md lets it be removed now.</param>
    /// <param name="removed">Called on another thread when md has no such leg any more.</param>
    public void Drop(ArrayLeg leg, bool remove, Action removed)
    {
        var removal = remove ? Begin(leg, removed) : null;
        LetGo(leg, () => Remove(leg, removal));
        ImmutableArray<ArrayLeg> others;
        lock (_lock)
        {
            others = [.. _legs.Keys.Where(other => other.Disk == leg.Disk && other.Array != leg.Array)];
        }

        foreach (var other in others)
        {
            Fail(other, leg.Array);
        }
    }

    /// <summary>Acknowledges bad blocks that are recorded, and unblocks the leg.</summary>
    /// <param name="leg">The leg.</param>
    /// <param name="recorded">The bad blocks.</param>
    /// <param name="refused">Some were not recorded: md shall fail the leg instead of counting on us.</param>
    public void Acknowledge(ArrayLeg leg, ImmutableArray<BadBlock> recorded, bool refused) => PostLettingGo(leg, () =>
    {
        var list = Path.Combine(Path.GetDirectoryName(leg.StatePath)!, "bad_blocks");
        foreach (var block in recorded)
        {
            refused |= !Say(leg, "bad-block-refused", SysfsAttribute.WriteOnce(list, ToText(block)));
        }

        // A block that md does not take as acknowledged blocks the leg again at once, and so without end: it fails too.
        if (refused)
        {
            Write(leg, "-external_bbl");
        }

        Write(leg, "-blocked");
    });

    /// <summary>Unblocks the leg.</summary>
    /// <param name="leg">The leg.</param>
    /// <param name="then">Called on the array's thread when that is done.</param>
    internal void LetGo(ArrayLeg leg, Action then) => PostLettingGo(leg, () =>
    {
        Write(leg, "-blocked");
        then();
    });

    /// <summary>Removes the leg.</summary>
    internal void Remove(ArrayLeg leg, Action removed) => Remove(leg, Begin(leg, removed));

    /// <summary>Whether the removal of a leg of that disk has been waiting in the kernel for a while.</summary>
    /// <param name="disk">The kernel's name: sda.</param>
    public bool Waits(string disk)
    {
        lock (_lock)
        {
            return _legs.Any(leg => leg.Key.Disk == disk && leg.Value?.Waiting > Grace);
        }
    }

    /// <summary>
    /// The threads end after what they have begun; whatever waits in the kernel, nobody waits for it.
    /// </summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            foreach (var removal in _legs.Values.OfType<Removal>())
            {
                removal.IsOver = true;
            }

            foreach (var (lettingGo, removing) in _threads.Values)
            {
                lettingGo.Dispose();
                removing.Dispose();
            }
        }
    }

    /// <summary>A bad block as md wants it written.</summary>
    internal static string ToText(BadBlock block) =>
        string.Create(CultureInfo.InvariantCulture, $"{block.Sector} {block.Length}\n");

    private void Fail(ArrayLeg leg, string failedIn) => PostLettingGo(leg, () =>
    {
        var state = SysfsAttribute.ReadOnce(leg.StatePath);
        if (state.Ok ? (KernelWords.ParseLeg(state.Value) & LegFlags.Faulty) == 0 : !state.Error.MeansGone)
        {
            var what = $"{leg.Disk} failed in {failedIn}: failed in {leg.Array} as well";
            events.Warning("leg-failed-too", what, leg.Array, leg.Disk);
            Write(leg, "faulty");
        }
    });

    /// <summary>Null: its removal was begun already, or it is gone.</summary>
    private Removal? Begin(ArrayLeg leg, Action removed)
    {
        lock (_lock)
        {
            return _legs.TryGetValue(leg, out var known) && known is null or { IsOver: true }
                ? _legs[leg] = new Removal(removed)
                : null;
        }
    }

    private void Remove(ArrayLeg leg, Removal? removal)
    {
        if (removal is not null)
        {
            Remove(leg, removal, RemoveAgainAfter);
        }
    }

    private void Remove(ArrayLeg leg, Removal removal, TimeSpan again) => Post(Threads(leg).Removing, () =>
    {
        if (removal.IsOver)
        {
            return;
        }

        removal.Begins();
        var written = SysfsAttribute.WriteOnce(leg.StatePath, "remove");
        removal.Ended();
        if (!written.Ok && written.Error.Errno is Errno.EBUSY or Errno.EAGAIN)
        {
            // md lets go of it when the requests that were under way have ended.
            Thread.Sleep(again);
            Remove(leg, removal, again < RemoveAgainAtMost ? 2 * again : again);
            return;
        }

        removal.IsOver = true;
        if (Say(leg, "remove-refused", written))
        {
            removal.Removed();
        }
    });

    private void Write(ArrayLeg leg, string word) =>
        Say(leg, "leg-state-refused", SysfsAttribute.WriteOnce(leg.StatePath, word));

    /// <summary>True also where the leg is gone.</summary>
    private bool Say(ArrayLeg leg, string kind, Result<Nothing> written)
    {
        if (written.Ok || written.Error.Errno is Errno.ENODEV or Errno.ENOENT)
        {
            return true;
        }

        events.Error(kind, $"{leg.Disk} of {leg.Array}: {written.Error}", leg.Array, leg.Disk);
        return false;
    }

    private void PostLettingGo(ArrayLeg leg, Action work) => Post(Threads(leg).LettingGo, work);

    /// <summary>Where no thread is to be had it is tried again: writers may wait for it.</summary>
    private void Post(DeviceWorker thread, Action work)
    {
        if (!thread.TryPost(work) && !_disposed)
        {
            Task.Delay(ThreadAgainAfter).ContinueWith(_ => Post(thread, work), TaskScheduler.Default);
        }
    }

    private (DeviceWorker LettingGo, DeviceWorker Removing) Threads(ArrayLeg leg)
    {
        lock (_lock)
        {
            if (!_threads.TryGetValue(leg.Array, out var threads))
            {
                threads = (new DeviceWorker($"{leg.Array} let go"), new DeviceWorker($"{leg.Array} remove"));
                if (_disposed)
                {
                    threads.LettingGo.Dispose();
                    threads.Removing.Dispose();
                }

                _threads[leg.Array] = threads;
            }

            return threads;
        }
    }

    /// <summary>The removal of a leg, which md may let wait.</summary>
    private sealed class Removal(Action removed)
    {
        private volatile bool _isOver;
        private long _since;

        /// <summary>It has ended, or is wanted no more: it is not tried again.</summary>
        public bool IsOver
        {
            get => _isOver;
            set => _isOver = value;
        }

        /// <summary>For how long it has been waiting in the kernel; zero: it is not.</summary>
        public TimeSpan Waiting =>
            Interlocked.Read(ref _since) is not 0 and var since ? Stopwatch.GetElapsedTime(since) : TimeSpan.Zero;

        public void Begins() => Interlocked.Exchange(ref _since, Stopwatch.GetTimestamp());

        public void Ended() => Interlocked.Exchange(ref _since, 0);

        public void Removed() => removed();
    }
}
