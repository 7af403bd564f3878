using System.Collections.Immutable;
using System.Text.Json.Serialization;
using ActorRaid.Cluster.Etcd;
using ActorRaid.Reporting;

namespace ActorRaid.Cluster;

/// <summary>Whether a host is there.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Standing>))]
public enum Standing
{
    /// <summary>It lives.</summary>
    [JsonStringEnumMemberName("live")] Live,

    /// <summary>It has given no sign of life for longer than its lease. What is told of it is the last that is known.</summary>
    [JsonStringEnumMemberName("lost")] Lost,
}

/// <summary>A host of the cluster.</summary>
/// <param name="Host">Its name.</param>
/// <param name="Standing">Whether it is there.</param>
/// <param name="Health">The worst of its containers'; unknown when it is lost, or its daemon cannot be asked.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="At">When it said so, by its own clock; null: never.</param>
/// <param name="Status">All of it; null: it cannot be told.</param>
/// <param name="Cut">What of it was left out because it was too large; null: nothing.</param>
public sealed record ClusterHost(string Host, Standing Standing, Health Health, string Summary, DateTimeOffset? At, HostStatus? Status, string? Cut = null);

/// <summary>How the whole cluster stands, in one revision of etcd.</summary>
/// <param name="Version">Of these records: <see cref="Current"/>.</param>
/// <param name="Revision">etcd's revision, the same for all hosts.</param>
/// <param name="Health">The worst of the hosts'; unknown when there is none.</param>
/// <param name="Summary">One line for people: <c>12 hosts: 1 lost, 1 degraded, 10 ok</c>.</param>
/// <param name="Hosts">Worst first, those alike by name.</param>
/// <param name="Trouble">Why this may be out of date; null: it is not.</param>
public sealed record ClusterStatus(int Version, long Revision, Health Health, string Summary, ImmutableArray<ClusterHost> Hosts, string? Trouble = null)
{
    /// <summary>The version of these records.</summary>
    public const int Current = 1;
}

/// <summary>Something that happened on a host.</summary>
public sealed record HostEvent(string Host, EventStatus Event);

/// <summary>What a host has in etcd, decoded.</summary>
/// <param name="IsLive">The key with the lease is there.</param>
/// <param name="Entry">How it stands, or stood; null: nothing is there, or nothing that can be read.</param>
/// <param name="Problem">Why it cannot be read.</param>
public sealed record HostKeys(bool IsLive = false, HostEntry? Entry = null, string? Problem = null);

/// <summary>What is in etcd, as a value: what a follower tells makes the next one of it.</summary>
/// <param name="Revision">As of which revision.</param>
/// <param name="Hosts">By name.</param>
/// <param name="Trouble">Why it may be out of date.</param>
public sealed record ClusterImage(long Revision, ImmutableDictionary<string, HostKeys> Hosts, string? Trouble = null)
{
    /// <summary>Nothing is known yet.</summary>
    public static ClusterImage Empty { get; } = new(0, ImmutableDictionary<string, HostKeys>.Empty);

    /// <summary>The image after that.</summary>
    public ClusterImage Apply(Followed told, ClusterKeys keys)
    {
        if (told.Trouble is { } trouble)
            return this with { Trouble = trouble };
        var hosts = (told.All is null ? Hosts : ImmutableDictionary<string, HostKeys>.Empty).ToBuilder();
        foreach (var kv in told.All ?? [])
            Change(hosts, keys, kv, isThere: true);
        foreach (var change in told.Changes ?? [])
            Change(hosts, keys, change.Kv!, change.Type != "DELETE");
        return new ClusterImage(told.Revision, hosts.ToImmutable());
    }

    private static void Change(ImmutableDictionary<string, HostKeys>.Builder hosts, ClusterKeys keys, EtcdKeyValue kv, bool isThere)
    {
        var (kind, host, _) = keys.Parse(kv.Key);
        var old = hosts.GetValueOrDefault(host) ?? new HostKeys();
        var now = (kind, isThere) switch
        {
            (KeyKind.Live, _) => old with { IsLive = isThere },
            (KeyKind.Last, true) => Decoded(old, kv.Value ?? [], host),
            (KeyKind.Last, false) => old with { Entry = null, Problem = null },
            _ => null,
        };
        if (now is null)
            return;
        if (now == new HostKeys())
            hosts.Remove(host);
        else
            hosts[host] = now;
    }

    private static HostKeys Decoded(HostKeys old, byte[] value, string host)
    {
        try
        {
            return old with { Entry = EntryCodec.Decode(value, host), Problem = null };
        }
        catch (FormatException e)
        {
            return old with { Entry = null, Problem = e.Message };
        }
    }
}

/// <summary>From what is in etcd to what people want to know.</summary>
public static class ClusterView
{
    /// <summary>The cluster as it is in this image.</summary>
    public static ClusterStatus Of(ClusterImage image)
    {
        ImmutableArray<ClusterHost> hosts =
        [
            .. image.Hosts.Select(pair => Host(pair.Key, pair.Value))
                .OrderByDescending(host => host.Health).ThenBy(host => host.Standing == Standing.Live).ThenBy(host => host.Host, StringComparer.Ordinal),
        ];
        return new ClusterStatus(
            ClusterStatus.Current, image.Revision, hosts.IsEmpty ? Health.Unknown : hosts[0].Health, Summary(hosts), hosts, image.Trouble);
    }

    /// <summary>Only the hosts that are not well.</summary>
    public static ClusterStatus Unwell(ClusterStatus status) => status with { Hosts = [.. status.Hosts.Where(host => host.Health != Health.Ok)] };

    private static ClusterHost Host(string name, HostKeys keys)
    {
        var status = keys.Entry?.Status;
        var (health, summary) = keys switch
        {
            { Problem: { } problem } => (Health.Unknown, problem),
            { IsLive: false } => (Health.Unknown, $"LOST; last: {status?.Summary ?? "nothing is known"}"),
            { Entry.Trouble: { } trouble } => (Health.Unknown, status is null ? trouble : $"{trouble}; last: {status.Summary}"),
            { Entry.Status: { } told } => (Worst(told), told.Summary),
            _ => (Health.Unknown, "it lives, and has said nothing yet"),
        };
        return new ClusterHost(name, keys.IsLive ? Standing.Live : Standing.Lost, health, Text.Line(summary), keys.Entry?.At, status, keys.Entry?.Cut);
    }

    // What a host says of itself as a whole cannot be better than what it says of its parts.
    private static Health Worst(HostStatus status) =>
        status.Containers.SelectMany(container => container.Arrays.Select(array => array.Health).Append(container.Health)).Append(status.Health).Max();

    private static string Summary(ImmutableArray<ClusterHost> hosts)
    {
        if (hosts.IsEmpty)
            return "no hosts";
        var lost = hosts.Count(host => host.Standing == Standing.Lost);
        var parts = hosts.Where(host => host.Standing == Standing.Live).GroupBy(host => host.Health).OrderByDescending(group => group.Key)
            .Select(group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()}");
        return $"{hosts.Length} {(hosts.Length == 1 ? "host" : "hosts")}: {string.Join(", ", lost > 0 ? parts.Prepend($"{lost} lost") : parts)}";
    }
}
