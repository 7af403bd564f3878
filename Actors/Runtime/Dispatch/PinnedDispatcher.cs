using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>A new dispatcher for each actor.</summary>
internal sealed class PinnedDispatcherConfigurator(
    string id, Config config, IDispatcherPrerequisites prerequisites, Dispatchers dispatchers)
    : MessageDispatcherConfigurator(config, prerequisites)
{
    public override MessageDispatcher Dispatcher() => new PinnedDispatcher(this, id, dispatchers);
}

/// <summary>Runs one actor on a thread of its own, the same for its life, with a stack of 128 KiB.</summary>
public sealed class PinnedDispatcher : MessageDispatcher
{
    private const int StackBytes = 128 * 1024;

    private readonly object _lock = new();
    private readonly Queue<IRunnable> _queue = new();
    private readonly Dispatchers _dispatchers;
    private ActorCell? _owner;
    private Thread? _thread;
    private bool _ending;

    internal PinnedDispatcher(MessageDispatcherConfigurator configurator, string id, Dispatchers dispatchers)
        : base(configurator)
    {
        _dispatchers = dispatchers;
        Id = id;
        Throughput = configurator.Config.GetInt("throughput", Throughput);
        ShutdownTimeout = configurator.Config.GetTimeSpan("shutdown-timeout", TimeSpan.FromSeconds(1));
    }

    internal override void Attach(ActorCell cell)
    {
        if (Interlocked.CompareExchange(ref _owner, cell, null) is { } owner && owner != cell)
        {
            throw new InvalidOperationException($"Cannot register to anyone but {owner.Self}");
        }

        base.Attach(cell);
    }

    internal override void Detach(ActorCell cell)
    {
        base.Detach(cell);
        _owner = null;
    }

    internal void End() => Shutdown();

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run)
    {
        lock (_lock)
        {
            _queue.Enqueue(run);
            _ending = false;
            if (_thread is not null)
            {
                Monitor.Pulse(_lock);
                return;
            }

            var thread = new Thread(Work, StackBytes) { IsBackground = true, Name = _owner?.Self.Path.Name ?? Id };
            try
            {
                thread.UnsafeStart();
            }
            catch (Exception)
            {
                // No thread to be had: the next message tries again.
                _queue.Clear();
                throw;
            }

            _thread = thread;
            _dispatchers.ThreadStarted(this);
        }
    }

    /// <inheritdoc/>
    protected override void Shutdown()
    {
        lock (_lock)
        {
            _ending = true;
            Monitor.Pulse(_lock);
        }
    }

    private void Work()
    {
        while (Next() is { } run)
        {
            try
            {
                run.Run();
            }
            catch (Exception e)
            {
                ReportFailure(e);
            }
        }
    }

    private IRunnable? Next()
    {
        lock (_lock)
        {
            IRunnable? run;
            while (!_queue.TryDequeue(out run))
            {
                if (_ending)
                {
                    _thread = null;
                    _dispatchers.ThreadEnded(this);
                    return null;
                }

                Monitor.Wait(_lock);
            }

            return run;
        }
    }
}
