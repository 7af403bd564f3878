using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.TestKit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// Akka's TestScheduler, whose monotonic clocks, which actors read, stand still with its timers.
/// </summary>
/// <param name="config">Akka's.</param>
/// <param name="log">Akka's.</param>
public sealed class VirtualTime(Config config, ILoggingAdapter log) : TestScheduler(config, log), IScheduler
{
    /// <summary>Akka keeps the dispatcher of an actor that has ended for a second.</summary>
    private static readonly TimeSpan UntilAllHasEnded = TimeSpan.FromMinutes(1);

    private readonly DateTimeOffset _begin = DateTimeOffset.UtcNow;

    /// <summary>What makes it a system's scheduler.</summary>
    internal static string Configuration =>
        $"""akka.scheduler.implementation = "{typeof(VirtualTime).FullName}, ActorRaid.Tests" """;

    TimeSpan ITimeProvider.MonotonicClock => Now - _begin;

    TimeSpan ITimeProvider.HighResMonotonicClock => Now - _begin;

    /// <summary>That system's.</summary>
    internal static VirtualTime Of(ActorSystem system) => (VirtualTime)system.Scheduler;

    /// <summary>The system has ended: the threads of its actors end as well.</summary>
    internal void End() => Advance(UntilAllHasEnded);
}
