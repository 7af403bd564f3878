using Akka.Actor;
using Akka.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace Akka.Hosting;

/// <summary>Where configuration is put that is added to what is there.</summary>
public enum HoconAddMode
{
    /// <summary>Behind: it gives what is missing.</summary>
    Append,

    /// <summary>In front: its values take precedence.</summary>
    Prepend,
}

/// <summary>Makes actors when the system has started.</summary>
public delegate Task ActorStarter(ActorSystem system, IActorRegistry registry);

/// <summary>Does something when all actors have been made.</summary>
public delegate Task StartupTask(ActorSystem system, IActorRegistry registry);

/// <summary>Collects how a host's actor system is to be started. What is added after the start is ignored.</summary>
public sealed class AkkaConfigurationBuilder
{
    private readonly IServiceCollection _services;
    private readonly string _name;
    private readonly List<ActorStarter> _starters = [];
    private readonly List<StartupTask> _startups = [];
    private Config _config = ConfigurationFactory.Empty;
    private bool _started;

    /// <summary>For a system of that name, which is to be one of these services.</summary>
    public AkkaConfigurationBuilder(IServiceCollection serviceCollection, string actorSystemName)
    {
        _services = serviceCollection;
        _name = actorSystemName;
    }

    /// <summary>Makes actors when the system has started; starters run one after another in the order in which they were added.</summary>
    public AkkaConfigurationBuilder StartActors(ActorStarter starter)
    {
        if (!_started)
        {
            _starters.Add(starter);
        }

        return this;
    }

    /// <inheritdoc cref="StartActors(ActorStarter)"/>
    public AkkaConfigurationBuilder StartActors(Action<ActorSystem, IActorRegistry> starter) => StartActors((system, registry) =>
    {
        starter(system, registry);
        return Task.CompletedTask;
    });

    /// <summary>Does something once, after all starters.</summary>
    public AkkaConfigurationBuilder AddStartup(StartupTask startupTask)
    {
        if (!_started)
        {
            _startups.Add(startupTask);
        }

        return this;
    }

    /// <inheritdoc cref="AddStartup(StartupTask)"/>
    public AkkaConfigurationBuilder AddStartup(Action<ActorSystem, IActorRegistry> startupTask) => AddStartup((system, registry) =>
    {
        startupTask(system, registry);
        return Task.CompletedTask;
    });

    internal AkkaConfigurationBuilder Add(Config hocon, HoconAddMode addMode)
    {
        if (!_started)
        {
            _config = addMode == HoconAddMode.Append ? _config.WithFallback(hocon) : hocon.WithFallback(_config);
        }

        return this;
    }

    /// <summary>The services by which the system and its actors are found.</summary>
    internal void Bind()
    {
        // By way of the services, so that the builder has been filled when the system is made.
        _services.AddSingleton(provider => provider.GetRequiredService<AkkaConfigurationBuilder>().Create());
        _services.AddSingleton(provider => ActorRegistry.For(provider.GetRequiredService<ActorSystem>()));
        _services.AddSingleton<IActorRegistry>(provider => provider.GetRequiredService<ActorRegistry>());
        _services.AddSingleton<IReadOnlyActorRegistry>(provider => provider.GetRequiredService<ActorRegistry>());
        _services.AddSingleton(typeof(IRequiredActor<>), typeof(RequiredActor<>));
    }

    internal async Task Start(ActorSystem system)
    {
        if (_started)
        {
            return;
        }

        _started = true;
        var registry = ActorRegistry.For(system);
        foreach (var starter in _starters)
        {
            await starter(system, registry).ConfigureAwait(false);
        }

        foreach (var startup in _startups)
        {
            await startup(system, registry).ConfigureAwait(false);
        }
    }

    private ActorSystem Create() => ActorSystem.Create(_name, _config);
}
