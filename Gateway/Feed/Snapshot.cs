using System.Collections.Immutable;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Feed;

/// <summary>An event, and who told it.</summary>
/// <param name="Process">The daemon that counted it.</param>
/// <param name="Event">The event.</param>
internal sealed record SeenEvent(int Process, EventStatus Event);

/// <summary>What the daemon has told so far.</summary>
/// <param name="Status">The last that was heard; null: nothing yet.</param>
/// <param name="Problem">Why the daemon does not answer; null: it does.</param>
/// <param name="Lost">Since when, in milliseconds of <see cref="Environment.TickCount64"/>.</param>
/// <param name="Events">The last of them, oldest first.</param>
internal sealed record Snapshot(HostStatus? Status, string? Problem, long Lost, ImmutableList<SeenEvent> Events)
{
    /// <summary>How many events are kept.</summary>
    internal const int MostEvents = 1000;

    /// <summary>How long the daemon has not answered.</summary>
    internal TimeSpan Age(long now) => Problem is null ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, now - Lost));

    /// <summary>
    /// The status as it is told: the last one, but that nothing counts as better than unknown once the daemon has not answered for as long as
    /// the limit. What was worse stays so: a failure is not forgotten because nobody speaks of it.
    /// </summary>
    internal HostStatus? Told(long now, TimeSpan limit)
    {
        if (Status is not { } last || Age(now) is var age && age < limit)
            return Status;
        return last with
        {
            Health = Worse(last.Health),
            Summary = $"UNKNOWN the daemon has not answered since {last.At.UtcDateTime:yyyy-MM-dd HH:mm:ss} UTC; then it was: {last.Summary}",
            Containers = [.. last.Containers.Select(container => container with
            {
                Health = Worse(container.Health),
                Arrays = [.. container.Arrays.Select(Worse)],
            })],
            NativeArrays = last.NativeArrays is { } native ? [.. native.Select(Worse)] : null,
        };
    }

    /// <summary>The same of one thing alone.</summary>
    internal HostStatus? Told(long now, TimeSpan limit, NamedThing thing) =>
        (this with { Status = Status is null ? null : StatusView.About(Status, thing) }).Told(now, limit);

    private static ArrayStatus Worse(ArrayStatus array) => array with { Health = Worse(array.Health) };

    private static Health Worse(Health health) => health < Health.Unknown ? Health.Unknown : health;
}
