using System.Collections;
using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.Hosting;

/// <summary>The registry cannot do what it was asked for.</summary>
public class ActorRegistryException : Exception
{
    /// <summary>With that message.</summary>
    public ActorRegistryException(string message)
        : base(message)
    {
    }
}

/// <summary>An actor is registered under that key already.</summary>
public sealed class DuplicateActorRegistryException : ActorRegistryException
{
    /// <summary>With that message.</summary>
    public DuplicateActorRegistryException(string message)
        : base(message)
    {
    }
}

/// <summary>No actor is registered under that key.</summary>
public sealed class MissingActorRegistryEntryException : ActorRegistryException
{
    /// <summary>With that message.</summary>
    public MissingActorRegistryEntryException(string message)
        : base(message)
    {
    }
}

/// <summary>The actors of a system that others need to find, by type; to be read.</summary>
public interface IReadOnlyActorRegistry : IEnumerable<KeyValuePair<Type, IActorRef>>
{
    /// <summary>The actor of that key; <see cref="ActorRefs.Nobody"/>, and false, if there is none.</summary>
    bool TryGet<TKey>(out IActorRef actor);

    /// <summary>The actor of that key.</summary>
    /// <exception cref="MissingActorRegistryEntryException">There is none.</exception>
    IActorRef Get<TKey>();
}

/// <summary>The actors of a system that others need to find, by type.</summary>
public interface IActorRegistry : IReadOnlyActorRegistry
{
    /// <summary>Adds an actor.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="overwrite">Whether it takes the place of one that is there.</param>
    /// <exception cref="DuplicateActorRegistryException">There is one already.</exception>
    void Register<TKey>(IActorRef actor, bool overwrite = false);

    /// <summary>Adds an actor; false if there is one already, or none was given.</summary>
    /// <param name="actor">The actor.</param>
    /// <param name="overwrite">Whether it takes the place of one that is there.</param>
    bool TryRegister<TKey>(IActorRef actor, bool overwrite = false);
}

/// <summary>The registry of a system, for all threads.</summary>
public class ActorRegistry : IActorRegistry
{
    private static readonly ConditionalWeakTable<ActorSystem, ActorRegistry> OfSystems = [];

    private readonly ConcurrentDictionary<Type, IActorRef> _actors = new();

    /// <summary>The registry of that system: always the same.</summary>
    public static ActorRegistry For(ActorSystem actorSystem) => OfSystems.GetValue(actorSystem, static _ => new ActorRegistry());

    /// <inheritdoc/>
    public void Register<TKey>(IActorRef actor, bool overwrite = false)
    {
        ArgumentNullException.ThrowIfNull(actor);
        if (!TryRegister<TKey>(actor, overwrite))
        {
            throw new DuplicateActorRegistryException($"{actor.Path} cannot be registered as {typeof(TKey)}: {_actors[typeof(TKey)].Path} is");
        }
    }

    /// <inheritdoc/>
    public bool TryRegister<TKey>(IActorRef actor, bool overwrite = false)
    {
        if (actor is null)
        {
            return false;
        }

        if (!overwrite)
        {
            return _actors.TryAdd(typeof(TKey), actor);
        }

        _actors[typeof(TKey)] = actor;
        return true;
    }

    /// <inheritdoc/>
    public bool TryGet<TKey>(out IActorRef actor)
    {
        var found = _actors.TryGetValue(typeof(TKey), out var registered);
        actor = registered ?? ActorRefs.Nobody;
        return found;
    }

    /// <inheritdoc/>
    public IActorRef Get<TKey>() => TryGet<TKey>(out var actor)
        ? actor
        : throw new MissingActorRegistryEntryException($"No actor is registered as {typeof(TKey)}");

    /// <inheritdoc/>
    public IEnumerator<KeyValuePair<Type, IActorRef>> GetEnumerator() => _actors.GetEnumerator();

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}

/// <summary>An actor of the registry, for those whom the host's services are given to.</summary>
/// <typeparam name="TActor">Its key.</typeparam>
public interface IRequiredActor<TActor>
{
    /// <summary>The actor; it need not be registered before this is read.</summary>
    /// <exception cref="MissingActorRegistryEntryException">It is not registered yet.</exception>
    IActorRef ActorRef { get; }
}

/// <summary>What the host's services get as <see cref="IRequiredActor{TActor}"/>.</summary>
/// <typeparam name="TActor">Its key.</typeparam>
public sealed class RequiredActor<TActor> : IRequiredActor<TActor>
{
    private readonly IReadOnlyActorRegistry _registry;
    private IActorRef? _found;

    /// <summary>An actor of that registry.</summary>
    public RequiredActor(IReadOnlyActorRegistry registry) => _registry = registry;

    /// <inheritdoc/>
    public IActorRef ActorRef => _found ??= _registry.Get<TActor>();
}
