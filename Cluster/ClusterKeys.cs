using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ActorRaid.Cluster;

/// <summary>What a key is.</summary>
public enum KeyKind
{
    /// <summary>Nothing of ours.</summary>
    Other,

    /// <summary>Some of what happened on a host.</summary>
    Events,

    /// <summary>How a host stands, or stood last. Stays until somebody removes it.</summary>
    Last,

    /// <summary>The host lives: the key is there as long as its lease is.</summary>
    Live,
}

/// <summary>
/// Where things are in etcd. Under a prefix: <c>last/HOST</c>, how the host stands; <c>live/HOST</c>, with a lease, that it lives;
/// <c>events/HOST/NUMBER</c>, what happened. <c>last/</c> and <c>live/</c> are neighbours: one range has both, as they were in one revision.
/// </summary>
public sealed partial class ClusterKeys
{
    /// <summary>The usual prefix.</summary>
    public const string DefaultPrefix = "/actorraid/v1/";

    private readonly string _prefix;

    /// <summary>Keys under this prefix, see <see cref="PrefixProblem"/>.</summary>
    public ClusterKeys(string prefix = DefaultPrefix)
    {
        if (PrefixProblem(prefix) is { } problem)
            throw new ArgumentException(problem, nameof(prefix));
        _prefix = prefix;
        States = (Bytes("last/"), Bytes("live0"));
        Events = (Bytes("events/"), Bytes("events0"));
    }

    /// <summary>The range of how all hosts stand: first key, and the first behind it.</summary>
    public (byte[] First, byte[] End) States { get; }

    /// <summary>The range of what happened on all hosts.</summary>
    public (byte[] First, byte[] End) Events { get; }

    /// <summary>Why this cannot be a prefix; null: it can.</summary>
    public static string? PrefixProblem(string prefix) =>
        prefix.Length is > 1 and <= 200 && prefix.StartsWith('/') && prefix.EndsWith('/') && !prefix.Contains("//", StringComparison.Ordinal)
        && prefix.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '/' or '-' or '_' or '.')
            ? null
            : $"\"{prefix}\" is no prefix: it begins and ends with /, and has letters, digits, - _ . / in it";

    /// <summary>Whether a host may be called so: letters, digits, dot, hyphen, underscore, at most 253 of them.</summary>
    public static bool IsHost(string host) => HostName().IsMatch(host);

    /// <summary>How the host stands.</summary>
    public byte[] Last(string host) => Bytes("last/" + Checked(host));

    /// <summary>That it lives.</summary>
    public byte[] Live(string host) => Bytes("live/" + Checked(host));

    /// <summary>What happened there, the batch of this number.</summary>
    public byte[] Event(string host, long number) => Bytes(string.Create(CultureInfo.InvariantCulture, $"events/{Checked(host)}/{number:D16}"));

    /// <summary>All of what happened there.</summary>
    public (byte[] First, byte[] End) EventsOf(string host) => (Bytes($"events/{Checked(host)}/"), Bytes($"events/{Checked(host)}0"));

    /// <summary>What this key is, whose, and for events which number.</summary>
    public (KeyKind Kind, string Host, long Number) Parse(ReadOnlySpan<byte> key)
    {
        var text = Encoding.UTF8.GetString(key);
        if (!text.StartsWith(_prefix, StringComparison.Ordinal))
            return (KeyKind.Other, "", 0);
        return text[_prefix.Length..].Split('/') switch
        {
            ["last", var host] when IsHost(host) => (KeyKind.Last, host, 0),
            ["live", var host] when IsHost(host) => (KeyKind.Live, host, 0),
            ["events", var host, var number] when IsHost(host) && long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) =>
                (KeyKind.Events, host, parsed),
            _ => (KeyKind.Other, "", 0),
        };
    }

    /// <summary>
    /// The commands that give a host its own keys and the reading of all, once etcd's access rules are on: for etcdctl, one a line.
    /// </summary>
    public ImmutableArray<string> RoleCommands(string host) =>
    [
        $"role add actorraid-{Checked(host)}",
        $"role grant-permission actorraid-{host} readwrite {_prefix}live/{host}",
        $"role grant-permission actorraid-{host} readwrite {_prefix}last/{host}",
        $"role grant-permission actorraid-{host} readwrite {_prefix}events/{host}/ --prefix=true",
        $"role grant-permission actorraid-{host} read {_prefix} --prefix=true",
        $"user grant-role actorraid-{host} actorraid-{host}",
    ];

    private static string Checked(string host) =>
        IsHost(host) ? host : throw new ArgumentException($"\"{host}\" is no name of a host", nameof(host));

    private byte[] Bytes(string rest) => Encoding.ASCII.GetBytes(_prefix + rest);

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]{0,252}\z")]
    private static partial Regex HostName();
}
