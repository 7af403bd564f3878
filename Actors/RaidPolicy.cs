namespace ActorRaid.Actors;

/// <summary>What an admin may want otherwise while arrays are supervised.</summary>
public sealed record RaidPolicy
{
    /// <summary>Whether degraded arrays are given spares.</summary>
    public bool ActivateSpares { get; init; } = true;

    /// <summary>How long a disk may take for a metadata write until it counts as hanging.</summary>
    public TimeSpan SlowDisk { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a container may take for an answer until it counts as stuck.</summary>
    public TimeSpan Stuck { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>The policy that is in force: one for all actors, exchanged as a whole.</summary>
public sealed class PolicyInForce
{
    private volatile RaidPolicy _policy = new();

    /// <summary>The policy.</summary>
    public RaidPolicy Now
    {
        get => _policy;
        set => _policy = value;
    }
}

/// <summary>To the host and its containers: the policy is another; what was held back by the one before may be done now.</summary>
internal sealed record PolicyChanged;
