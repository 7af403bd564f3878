using ActorRaid.SysfsIo;
using Akka.Dispatch;

namespace ActorRaid.Actors;

/// <summary>
/// Runs actors on a container's <see cref="EventLoop"/>: the thread that also waits for sysfs and for metadata writes.
/// So the path from a sysfs change to the sysfs write passes no other thread.
/// </summary>
public sealed class ContainerDispatcher : MessageDispatcher
{
    // One delegate for all: a lambda of its own for each scheduling would be garbage on the hot path.
    private static readonly Action<object?> Run = static run => ((IRunnable)run!).Run();

    private readonly EventLoop _loop;

    /// <summary>A dispatcher on that loop.</summary>
    public ContainerDispatcher(MessageDispatcherConfigurator configurator, EventLoop loop)
        : base(configurator)
    {
        _loop = loop;
        Throughput = 100;
    }

    /// <inheritdoc/>
    protected override void ExecuteTask(IRunnable run) => _loop.Post(Run, run);

    /// <inheritdoc/>
    protected override void Shutdown()
    {
        // The loop belongs to the container's home and ends with it, after what is being written.
    }
}
