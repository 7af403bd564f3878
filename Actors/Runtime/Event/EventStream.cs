using System.Collections.Concurrent;
using Akka.Actor;

namespace Akka.Event;

/// <summary>Publishes events to the actors that subscribed to their type, or to a type above it.</summary>
public class LoggingBus
{
    private readonly Lock _lock = new();
    private readonly List<(IActorRef Subscriber, Type Channel)> _subscriptions = [];
    private readonly ConcurrentDictionary<Type, IActorRef[]> _byType = new();

    private protected LoggingBus()
    {
    }

    /// <summary>The least level that loggers publish here.</summary>
    public LogLevel LogLevel { get; internal init; }

    /// <summary>Subscribes an actor to all events of a type.</summary>
    /// <returns>False if it already was.</returns>
    public virtual bool Subscribe(IActorRef subscriber, Type classifier)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        lock (_lock)
        {
            if (_subscriptions.Contains((subscriber, classifier)))
            {
                return false;
            }

            _subscriptions.Add((subscriber, classifier));
            _byType.Clear();
            return true;
        }
    }

    /// <summary>Ends the subscription of an actor to a type.</summary>
    /// <returns>False if there was none.</returns>
    public virtual bool Unsubscribe(IActorRef subscriber, Type classifier) =>
        Remove(subscriber, one => one.Channel == classifier && one.Subscriber.Equals(subscriber));

    /// <summary>Ends all subscriptions of an actor; done by itself when the actor ends.</summary>
    /// <returns>False if there was none.</returns>
    public virtual bool Unsubscribe(IActorRef subscriber) => Remove(subscriber, one => one.Subscriber.Equals(subscriber));

    /// <summary>Sends an event to everybody who subscribed to it.</summary>
    public void Publish(object @event)
    {
        ArgumentNullException.ThrowIfNull(@event);
        if (!_byType.TryGetValue(@event.GetType(), out var subscribers))
        {
            subscribers = Find(@event.GetType());
        }

        foreach (var subscriber in subscribers)
        {
            subscriber.Tell(@event);
        }
    }

    private IActorRef[] Find(Type type)
    {
        lock (_lock)
        {
            return _byType[type] = _subscriptions
                .Where(one => one.Channel.IsAssignableFrom(type))
                .Select(one => one.Subscriber)
                .Distinct()
                .ToArray();
        }
    }

    private bool Remove(IActorRef subscriber, Predicate<(IActorRef Subscriber, Type Channel)> which)
    {
        ArgumentNullException.ThrowIfNull(subscriber);
        lock (_lock)
        {
            if (_subscriptions.RemoveAll(which) == 0)
            {
                return false;
            }

            _byType.Clear();
            return true;
        }
    }
}

/// <summary>A system's events: log events, dead letters, and whatever actors publish.</summary>
public class EventStream : LoggingBus
{
    /// <summary>An event stream.</summary>
    /// <param name="debug">Not used here.</param>
    public EventStream(bool debug)
    {
    }
}

/// <summary>Subscribing by type argument.</summary>
public static class EventStreamExtensions
{
    /// <summary>Subscribes an actor to all events of a type.</summary>
    /// <returns>False if it already was.</returns>
    public static bool Subscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) =>
        eventStream.Subscribe(subscriber, typeof(TChannel));

    /// <summary>Ends the subscription of an actor to a type.</summary>
    /// <returns>False if there was none.</returns>
    public static bool Unsubscribe<TChannel>(this EventStream eventStream, IActorRef subscriber) =>
        eventStream.Unsubscribe(subscriber, typeof(TChannel));
}
