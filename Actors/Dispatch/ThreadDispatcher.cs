using ActorRaid.SysfsIo;
using Akka.Dispatch;

namespace ActorRaid.Actors;

/// <summary>
/// Runs one actor on a thread of its own, which may wait. Akka's pinned dispatcher would give it a stack of the default
/// size, all of which comes to be locked in memory, and a thread that turns round and round before it sleeps.
/// </summary>
public sealed class ThreadDispatcher : MessageDispatcher
{
    private readonly Lock _lock = new();
    private readonly string _name;
    private DeviceWorker? _worker;

    /// <summary>A dispatcher whose thread has that name.</summary>
    internal ThreadDispatcher(MessageDispatcherConfigurator configurator, string name)
        : base(configurator)
    {
        _name = name;
        Id = name;
        Throughput = 30;
        ShutdownTimeout = TimeSpan.FromSeconds(1);
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run)
    {
        lock (_lock)
        {
            _worker ??= new DeviceWorker(_name);
            if (!_worker.TryPost(() => Run(run)))
            {
                // The next message tries again.
                throw new InvalidOperationException($"there is no thread to be had for {_name}");
            }
        }
    }

    /// <summary>The actor is gone: the thread ends. One that comes for the same dispatcher begins another.</summary>
    protected override void Shutdown()
    {
        lock (_lock)
        {
            _worker?.Dispose();
            _worker = null;
        }
    }

    private void Run(IRunnable run)
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
