using System.Collections.Immutable;
using System.Text.Json;
using ActorRaid.Reporting;

namespace ActorRaid.Cluster;

/// <summary>How often a host is published at most, and at least.</summary>
/// <param name="Change">The least time between a put and that of a change which matters.</param>
/// <param name="Progress">The least time between a put and that of mere progress.</param>
/// <param name="Refresh">The longest time without a put: how old the last state of a host that is lost can be.</param>
public sealed record PublishPace(TimeSpan Change, TimeSpan Progress, TimeSpan Refresh)
{
    /// <summary>At most two changes a second, progress every ten seconds, a refresh every five minutes.</summary>
    public static PublishPace Default { get; } = new(TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
}

/// <summary>What is published when: decisions.</summary>
public static class Publishing
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromSeconds(0.25), LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>In how long what is wanted is to be put; zero: at once.</summary>
    /// <param name="wanted">What is to be there.</param>
    /// <param name="published">What is there; null: not known.</param>
    /// <param name="sincePut">How long ago it was put.</param>
    /// <param name="pace">See there.</param>
    public static TimeSpan Due(HostEntry wanted, HostEntry? published, TimeSpan sincePut, PublishPace pace)
    {
        if (published is null)
            return TimeSpan.Zero;
        var pause = Matters(wanted, published) ? pace.Change
            : Same(wanted, published) ? pace.Refresh
            : pace.Progress;
        return pause > sincePut ? pause - sincePut : TimeSpan.Zero;
    }

    /// <summary>
    /// Whether somebody would want to know at once. Progress, and what changes with every write to an array, is not that.
    /// </summary>
    public static bool Matters(HostEntry one, HostEntry other) => !Equal(Essence(one), Essence(other));

    /// <summary>Whether nothing changed but the time.</summary>
    public static bool Same(HostEntry one, HostEntry other) => Equal(Timeless(one), Timeless(other));

    /// <summary>How long to wait after so many failures in a row: longer and longer, up to 5 s, and for each host another while.</summary>
    /// <param name="failures">1: the first.</param>
    /// <param name="random">0 to 1.</param>
    public static TimeSpan Backoff(int failures, double random)
    {
        var pause = ShortestPause * Math.Pow(2, Math.Clamp(failures - 1, 0, 16));
        return (pause < LongestPause ? pause : LongestPause) * (0.5 + random / 2);
    }

    /// <summary>The events to be put next: the oldest, not too many at once.</summary>
    public static ImmutableArray<EventStatus> Batch(IEnumerable<EventStatus> waiting) => [.. waiting.Take(100)];

    private static HostEntry Timeless(HostEntry entry) =>
        entry with { At = default, Status = entry.Status is { } status ? status with { At = default } : null };

    private static HostEntry Essence(HostEntry entry) => Timeless(entry) with
    {
        Status = entry.Status is not { } status ? null : status with
        {
            At = default,
            Summary = "",
            EventsDropped = 0,
            Containers =
            [
                .. status.Containers.Select(container => container with
                {
                    Generation = 0,
                    Arrays =
                    [
                        .. container.Arrays.Select(array => array with
                        {
                            State = "", IsDirty = false, CheckpointSectors = null, MismatchSectors = null, Writers = null,
                            Progress = array.Progress is null ? null : new Progress(0, 0, 0, null),
                        }),
                    ],
                }),
            ],
        },
    };

    // Records compare their lists by identity.
    private static bool Equal(HostEntry one, HostEntry other) =>
        JsonSerializer.SerializeToUtf8Bytes(one, ClusterJson.Default.HostEntry).AsSpan()
            .SequenceEqual(JsonSerializer.SerializeToUtf8Bytes(other, ClusterJson.Default.HostEntry));
}
