using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

/// <summary>A tree of actors, and what they share.</summary>
public abstract class ActorSystem : IActorRefFactory, IDisposable
{
    private protected ActorSystem()
    {
    }

    /// <summary>What the configuration says.</summary>
    public abstract Settings Settings { get; }

    /// <summary>The name.</summary>
    public abstract string Name { get; }

    /// <summary>Carries log events, dead letters and whatever actors publish.</summary>
    public abstract EventStream EventStream { get; }

    /// <summary>Publishes what it is sent as <see cref="DeadLetter"/>.</summary>
    public abstract IActorRef DeadLetters { get; }

    /// <summary>What actors run on.</summary>
    public abstract Dispatchers Dispatchers { get; }

    /// <summary>Does things later.</summary>
    public abstract IScheduler Scheduler { get; }

    /// <summary>For what no actor says.</summary>
    public abstract ILoggingAdapter Log { get; }

    /// <summary>Completes when the last actor is gone.</summary>
    public abstract Task WhenTerminated { get; }

    /// <summary>Starts a system.</summary>
    /// <param name="name">Letters, digits, <c>-</c> and <c>_</c>; begins with a letter or digit.</param>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public static ActorSystem Create(string name) => new ActorSystemImpl(name, ConfigurationFactory.Empty);

    /// <summary>Starts a system with a configuration.</summary>
    /// <param name="name">Letters, digits, <c>-</c> and <c>_</c>; begins with a letter or digit.</param>
    /// <param name="config">What differs from the defaults.</param>
    /// <exception cref="ArgumentException">The name is not valid.</exception>
    public static ActorSystem Create(string name, Config config) => new ActorSystemImpl(name, config);

    /// <summary>Has a delegate called when the last actor is gone, last registered first.</summary>
    public abstract void RegisterOnTermination(Action code);

    /// <summary>Stops all actors, children before parents.</summary>
    /// <returns><see cref="WhenTerminated"/>.</returns>
    public abstract Task Terminate();

    /// <summary>Stops an actor after the message that it is handling now.</summary>
    public abstract void Stop(IActorRef actor);

    /// <inheritdoc/>
    public abstract IActorRef ActorOf(Props props, string? name = null);

    /// <summary>Terminates, and waits for it.</summary>
    public void Dispose()
    {
        Terminate().Wait();
        GC.SuppressFinalize(this);
    }
}

/// <summary>What the configuration says.</summary>
public class Settings
{
    internal Settings(ActorSystem system, Config config)
    {
        System = system;
        Config = config;
        LogLevel = config.GetString("akka.loglevel");
    }

    /// <summary>The system.</summary>
    public ActorSystem System { get; }

    /// <summary>The whole configuration, defaults included.</summary>
    public Config Config { get; }

    /// <summary>The least level that loggers publish: <c>DEBUG</c>, <c>INFO</c>, <c>WARNING</c>, <c>ERROR</c> or <c>OFF</c>.</summary>
    public string LogLevel { get; }
}
