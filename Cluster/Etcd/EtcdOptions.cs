using System.Collections.Immutable;

namespace ActorRaid.Cluster.Etcd;

/// <summary>How etcd is reached.</summary>
/// <param name="Endpoints">Its members: http://10.0.0.1:2379.</param>
/// <param name="User">Who we are to its access rules; null: nobody.</param>
/// <param name="Password">The user's.</param>
/// <param name="Authority">A PEM file of the authorities that its certificates must come from; null: the system's.</param>
/// <param name="Certificate">A PEM file of our certificate; null: none.</param>
/// <param name="Key">A PEM file of its key; null: it is in <paramref name="Certificate"/>.</param>
public sealed record EtcdOptions(
    ImmutableArray<Uri> Endpoints, string? User = null, string? Password = null, string? Authority = null, string? Certificate = null, string? Key = null)
{
    /// <summary>How long one endpoint may take to answer a call.</summary>
    public TimeSpan CallLimit { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>The longest answer that is read, in bytes.</summary>
    public int AnswerLimit { get; init; } = 64 << 20;
}
