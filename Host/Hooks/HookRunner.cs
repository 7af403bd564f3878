using System.Collections.Immutable;
using System.Text.Json;
using ActorRaid.Actors;
using ActorRaid.Host.Logging;
using ActorRaid.Reporting;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace ActorRaid.Host.Hooks;

/// <summary>
/// Runs the configured programs on events. It reads the history on a thread of its own, after everybody else has gone on: nobody waits for it,
/// or for a program. A hook's events are told in their order, one after the other; so many hooks run at a time, so many more events wait; what comes beyond that is dropped, counted, and told.
/// </summary>
internal sealed class HookRunner : IDisposable
{
    /// <summary>How many programs run at a time.</summary>
    internal const int MostRunning = 4;

    /// <summary>How many more wait.</summary>
    internal const int MostQueued = 64;

    // No debug event means anything to a hook.
    private const int Batch = 100, Least = (int)EventLevel.Info, StackBytes = 256 * 1024;

    private readonly EventLog _events;
    private readonly HookEvents _names = new();
    private readonly Lock _gate = new();
    private readonly List<Order> _queue = [];
    private readonly HashSet<Hook> _active = [];
    private readonly Dictionary<string, (string Event, DateTimeOffset Time, bool? Ok, string Outcome)> _last = [];
    private readonly CancellationTokenSource _ending = new();
    private ImmutableArray<Hook> _hooks = [];
    private int _running;
    private long _dropped;
    private long _seen;

    /// <summary>Begins with the oldest event that is remembered.</summary>
    internal HookRunner(EventLog events)
    {
        _events = events;
        new Thread(Run, StackBytes) { IsBackground = true, Name = "hooks" }.Start();
    }

    /// <summary>From now on these.</summary>
    internal void Configure(ImmutableArray<Hook> hooks)
    {
        lock (_gate)
        {
            _hooks = hooks;
            foreach (var gone in _last.Keys.Except(hooks.Select(hook => hook.ToJson())).ToList())
                _last.Remove(gone);
        }
    }

    /// <summary>What is configured, and how it went.</summary>
    internal HooksStatus Status()
    {
        lock (_gate)
        {
            return new HooksStatus(
                [.. _hooks.Select(hook => _last.TryGetValue(hook.ToJson(), out var last)
                    ? new HookStatus(hook.On, hook.Run, hook.Seconds, last.Event, last.Time, last.Ok, last.Outcome)
                    : new HookStatus(hook.On, hook.Run, hook.Seconds))],
                _running, _queue.Count, _dropped);
        }
    }

    /// <summary>Runs those that are set on an event as if it had happened. Completes when the last of them has ended.</summary>
    internal Task Test(string name)
    {
        var happened = new RaidEvent(DateTimeOffset.Now, EventLevel.Info, "test", "md127", "md126", "sda", $"a test of the hooks: {name}");
        List<Task> ends = [];
        lock (_gate)
        {
            foreach (var hook in _hooks.Where(hook => HookEvents.Matches(hook.On, name)))
            {
                var end = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                ends.Add(end.Task);
                Enqueue(new Order(hook, name, History.Tell(0, happened), end));
            }
        }
        return Task.WhenAll(ends);
    }

    /// <summary>Waits until what has happened so far is told: all programs that are to be run on it have ended. No longer than that limit.</summary>
    internal async Task Finish(TimeSpan limit)
    {
        for (var began = Stopwatch.GetTimestamp(); !IsDone() && Stopwatch.GetElapsedTime(began) < limit;)
            await Task.Delay(20).ConfigureAwait(false);
    }

    /// <summary>Starts no more programs; those that run go on.</summary>
    public void Dispose() => _ending.Cancel();

    private bool IsDone()
    {
        if (!_events.IsAtRest || Volatile.Read(ref _seen) < _events.History.LatestOf(Least))
            return false;
        lock (_gate)
            return _running == 0 && _queue.Count == 0;
    }

    private void Run()
    {
        long seen = 0;
        try
        {
            while (true)
            {
                var upTo = _events.History.Latest;
                var happened = _events.History.Raw(seen, Batch, Least);
                foreach (var (sequence, e) in happened)
                {
                    seen = sequence;
                    foreach (var name in _names.Of(e))
                        Queue(name, sequence, e);
                    Volatile.Write(ref _seen, seen);
                }
                if (happened.Count > 0)
                    continue;
                seen = Math.Max(seen, upTo);
                _events.History.Next(seen, Least).Wait(_ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Told to end.
        }
        catch (Exception e)
        {
            _events.Write(EventLevel.Error, "hooks-failed", $"no hook is run any more: {e}");
        }
    }

    private void Queue(string name, long sequence, RaidEvent e)
    {
        lock (_gate)
        {
            foreach (var hook in _hooks.Where(hook => HookEvents.Matches(hook.On, name)))
                Enqueue(new Order(hook, name, History.Tell(sequence, e), null));
        }
    }

    private void Enqueue(Order order)
    {
        if (_running < MostRunning && _active.Add(order.Hook))
        {
            _running++;
            Start(order);
        }
        else if (_queue.Count < MostQueued)
        {
            _queue.Add(order);
        }
        else
        {
            _dropped++;
            order.End?.TrySetResult();
            _events.Write(EventLevel.Warning, "hook-dropped", $"{order.Hook.Run[0]} was not run on {order.Event}: {MostQueued} wait already", order.Happened.Container);
        }
    }

    private void Start(Order first) => new Thread(
        () =>
        {
            for (var order = first; order is not null; order = Next(order))
            {
                Carry(order);
                order.End?.TrySetResult();
            }
        },
        StackBytes) { IsBackground = true, Name = "hook" }.Start();

    private Order? Next(Order before)
    {
        lock (_gate)
        {
            _active.Remove(before.Hook);
            var next = _ending.IsCancellationRequested ? null : _queue.Find(order => !_active.Contains(order.Hook));
            if (next is null)
            {
                _running--;
                return null;
            }
            _queue.Remove(next);
            _active.Add(next.Hook);
            return next;
        }
    }

    private void Carry(Order order)
    {
        var began = DateTimeOffset.Now;
        Note(order, began, null, "runs");
        var (ok, outcome) = (false, "");
        try
        {
            var e = order.Happened;
            var notice = new HookNotice(order.Event, Environment.MachineName, order.End is not null, e);
            byte[] input = [.. JsonSerializer.SerializeToUtf8Bytes(notice, HookJson.Default.HookNotice), (byte)'\n'];
            (ok, outcome) = HookProcess.Run(Command(order.Hook, order.Event, e), Variables(order.Event, e), input, TimeSpan.FromSeconds(order.Hook.Seconds));
        }
        catch (Exception e)
        {
            outcome = e.Message;
        }
        Note(order, began, ok, outcome);
        _events.Write(ok ? EventLevel.Info : EventLevel.Warning, "hook", $"{order.Hook.Run[0]} on {order.Event}: {outcome}", order.Happened.Container);
    }

    private void Note(Order order, DateTimeOffset began, bool? ok, string outcome)
    {
        lock (_gate)
        {
            var key = order.Hook.ToJson();
            if (_hooks.Any(hook => hook.ToJson() == key))
                _last[key] = (order.Event, began, ok, outcome);
        }
    }

    /// <summary>As mdadm --monitor calls its program: the event, the array's device, and a disk's where one is concerned.</summary>
    private static List<string> Command(Hook hook, string name, EventStatus e)
    {
        List<string> command = [.. hook.Run, name];
        if ((e.Array ?? e.Container) is { } device)
        {
            command.Add($"/dev/{device}");
            if (e.Disk is { } disk)
                command.Add($"/dev/{disk.Replace('!', '/')}");
        }
        return command;
    }

    private static List<string> Variables(string name, EventStatus e)
    {
        List<string> variables = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", $"ACTORRAID_EVENT={name}", $"ACTORRAID_KIND={e.Kind}", $"ACTORRAID_LEVEL={e.Level}"];
        foreach (var (variable, value) in new[] { ("CONTAINER", e.Container), ("ARRAY", e.Array), ("DISK", e.Disk), ("TEXT", e.Text) })
        {
            if (value is not null)
                variables.Add($"ACTORRAID_{variable}={value.Replace('\0', ' ')}");
        }
        return variables;
    }

    private sealed record Order(Hook Hook, string Event, EventStatus Happened, TaskCompletionSource? End);
}
