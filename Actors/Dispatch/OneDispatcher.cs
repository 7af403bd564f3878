using ActorRaid.SysfsIo;
using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace ActorRaid.Actors;

/// <summary>Hands out always the same dispatcher, which is made with it: Akka asks for one by a name, props name it.</summary>
internal sealed class OneDispatcher : MessageDispatcherConfigurator
{
    private readonly MessageDispatcher _dispatcher;

    private OneDispatcher(IDispatcherPrerequisites prerequisites, Func<MessageDispatcherConfigurator, MessageDispatcher> make)
        : base(ConfigurationFactory.Empty, prerequisites) => _dispatcher = make(this);

    /// <inheritdoc/>
    public override MessageDispatcher Dispatcher() => _dispatcher;

    /// <summary>From now on actors whose props name this run on that container's loop.</summary>
    internal static void OnLoop(ActorSystem system, string name, EventLoop loop) =>
        Register(system, name, configurator => new ContainerDispatcher(configurator, loop));

    /// <summary>From now on an actor whose props name this runs on a thread of that name.</summary>
    internal static void OnThread(ActorSystem system, string name) =>
        Register(system, name, configurator => new ThreadDispatcher(configurator, name));

    private static void Register(ActorSystem system, string name, Func<MessageDispatcherConfigurator, MessageDispatcher> make) =>
        system.Dispatchers.RegisterConfigurator(name, new OneDispatcher(system.Dispatchers.Prerequisites, make));
}
