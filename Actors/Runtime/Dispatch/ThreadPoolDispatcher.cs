using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>One dispatcher on the thread pool for all actors that name it.</summary>
internal sealed class ThreadPoolDispatcherConfigurator : MessageDispatcherConfigurator
{
    private readonly ThreadPoolDispatcher _dispatcher;

    internal ThreadPoolDispatcherConfigurator(string id, Config config, IDispatcherPrerequisites prerequisites)
        : base(config, prerequisites) => _dispatcher = new ThreadPoolDispatcher(this, id, config);

    public override MessageDispatcher Dispatcher() => _dispatcher;

    private sealed class ThreadPoolDispatcher : MessageDispatcher
    {
        internal ThreadPoolDispatcher(MessageDispatcherConfigurator configurator, string id, Config config)
            : base(configurator)
        {
            Id = id;
            Throughput = config.GetInt("throughput", Throughput);
            ShutdownTimeout = config.GetTimeSpan("shutdown-timeout", TimeSpan.FromSeconds(1));
        }

        protected override void ExecuteTask(IRunnable run) => ThreadPool.UnsafeQueueUserWorkItem(run, preferLocal: true);

        protected override void Shutdown()
        {
            // The pool belongs to the process.
        }
    }
}
