using ActorRaid.SysfsIo;
using Akka.Dispatch;

namespace ActorRaid.Actors;

/// <summary>
/// Runs one actor on a thread of its own, which may wait. Akka's pinned dispatcher would give it a stack of the default size, all of which comes to be
/// locked in memory, and a thread that turns round and round before it sleeps.
/// </summary>
public sealed class ThreadDispatcher : MessageDispatcher
{
    private const int StackBytes = 128 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<IRunnable> _queue = new();
    private readonly Bell _bell = new();
    private readonly string _name;
    private Thread? _thread;
    private bool _ends;

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
            _queue.Enqueue(run);
            _ends = false;
            if (_thread is null)
            {
                Start();
            }
        }

        _bell.Ring();
    }

    /// <summary>The actor is gone: the thread ends. One that comes for the same dispatcher begins another.</summary>
    protected override void Shutdown()
    {
        lock (_lock)
        {
            _ends = true;
        }

        _bell.Ring();
    }

    private void Start()
    {
        var thread = new Thread(Work, StackBytes) { IsBackground = true, Name = _name };
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
        while (true)
        {
            lock (_lock)
            {
                if (_queue.TryDequeue(out var run))
                {
                    return run;
                }

                if (_ends)
                {
                    _thread = null;
                    return null;
                }
            }

            _bell.Wait();
        }
    }
}
