namespace ActorRaid.Cluster.Etcd;

/// <summary>What went wrong with etcd, as far as it makes a difference.</summary>
public enum EtcdFault
{
    /// <summary>Nobody listens, the connection broke, or TLS did not come about.</summary>
    Unreachable,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>It answers, and has no leader, or is too busy.</summary>
    Unavailable,

    /// <summary>What came is not what etcd says: no JSON, too long, something missing, a revision that goes back.</summary>
    BadAnswer,

    /// <summary>User, password or certificate are not accepted, or no token is known any more.</summary>
    Authentication,

    /// <summary>The user may not do that.</summary>
    NotAllowed,

    /// <summary>The revision asked for is compacted away.</summary>
    Compacted,

    /// <summary>The lease is not there.</summary>
    NotFound,

    /// <summary>etcd's space quota is used up, or the request is too large.</summary>
    NoSpace,

    /// <summary>Anything else that it refuses.</summary>
    Refused,
}

/// <summary>etcd did not do what was asked.</summary>
/// <param name="fault">The kind.</param>
/// <param name="text">In words: which endpoint, what was found, what to do.</param>
/// <param name="inner">What was met below.</param>
public sealed class EtcdException(EtcdFault fault, string text, Exception? inner = null) : Exception(text, inner)
{
    /// <summary>The kind.</summary>
    public EtcdFault Fault { get; } = fault;

    /// <summary>Whether another endpoint may do better.</summary>
    public bool IsOfEndpoint => Fault is EtcdFault.Unreachable or EtcdFault.TimedOut or EtcdFault.Unavailable or EtcdFault.BadAnswer;
}
