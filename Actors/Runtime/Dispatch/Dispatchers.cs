using System.Collections.Concurrent;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Dispatch;

/// <summary>The dispatchers of a system, by name.</summary>
public sealed class Dispatchers
{
    /// <summary>Name of the dispatcher for props that name none: the thread pool.</summary>
    public const string DefaultDispatcherId = "akka.actor.default-dispatcher";

    private readonly ConcurrentDictionary<string, MessageDispatcherConfigurator> _configurators = new();
    private readonly ConcurrentDictionary<PinnedDispatcher, bool> _pinned = new();

    internal Dispatchers(ActorSystemImpl system)
    {
        Prerequisites = system;
        DefaultGlobalDispatcher = Lookup(DefaultDispatcherId);
    }

    /// <summary>The dispatcher for props that name none.</summary>
    public MessageDispatcher DefaultGlobalDispatcher { get; }

    /// <summary>What a dispatcher of one's own may use.</summary>
    public IDispatcherPrerequisites Prerequisites { get; }

    /// <summary>The dispatcher of that name: registered, or a section of the configuration.</summary>
    /// <exception cref="ConfigurationException">There is none, or its section says what is not known.</exception>
    public MessageDispatcher Lookup(string dispatcherName)
    {
        if (!_configurators.TryGetValue(dispatcherName, out var configurator))
        {
            configurator = _configurators.GetOrAdd(dispatcherName, FromConfig(dispatcherName));
        }

        return configurator.Dispatcher();
    }

    /// <summary>True if there is a dispatcher of that name.</summary>
    public bool HasDispatcher(string id) => _configurators.ContainsKey(id) || Prerequisites.Settings.Config.HasPath(id);

    /// <summary>Adds a dispatcher of one's own.</summary>
    /// <returns>False if the name is taken.</returns>
    public bool RegisterConfigurator(string id, MessageDispatcherConfigurator configurator) =>
        _configurators.TryAdd(id, configurator);

    internal void ThreadStarted(PinnedDispatcher pinned) => _pinned[pinned] = true;

    internal void ThreadEnded(PinnedDispatcher pinned) => _pinned.TryRemove(pinned, out _);

    internal void End()
    {
        foreach (var pinned in _pinned.Keys)
        {
            pinned.End();
        }
    }

    private MessageDispatcherConfigurator FromConfig(string id)
    {
        var all = Prerequisites.Settings.Config;
        if (!all.HasPath(id))
        {
            throw new ConfigurationException($"Dispatcher {id} not configured.");
        }

        var config = all.GetConfig(id).WithFallback(all.GetConfig(DefaultDispatcherId));
        return config.GetString("type") switch
        {
            "Dispatcher" => new ThreadPoolDispatcherConfigurator(id, config, Prerequisites),
            "PinnedDispatcher" => new PinnedDispatcherConfigurator(id, config, Prerequisites, this),
            var type => throw new ConfigurationException(
                $"Could not resolve dispatcher type {type} for path {id}; known are Dispatcher and PinnedDispatcher, "
                + "others are registered by RegisterConfigurator"),
        };
    }
}
