namespace ActorRaid.Metadata.Commit;

/// <summary>How far a commit has come on a disk.</summary>
internal enum Progress
{
    /// <summary>The commit does not go there.</summary>
    NotATarget,

    /// <summary>Not begun.</summary>
    Waiting,

    /// <summary>Being written.</summary>
    InFlight,

    /// <summary>There.</summary>
    Written,

    /// <summary>Could not be written.</summary>
    Failed,
}

/// <summary>A write of an earlier commit that has not ended.</summary>
internal enum EarlierWrite
{
    /// <summary>There is none.</summary>
    None,

    /// <summary>It is whole or not there at all.</summary>
    Atomic,

    /// <summary>It can be torn.</summary>
    CanTear,
}

/// <summary>When a disk's turn is.</summary>
internal enum Turn
{
    /// <summary>It becomes a member, or is the commit's leader: before all others.</summary>
    Joins,

    /// <summary>It is and stays what it is.</summary>
    Stays,

    /// <summary>It becomes a spare: once the others know.</summary>
    Leaves,
}

/// <summary>A disk in a commit's table.</summary>
/// <param name="Device">The disk.</param>
/// <param name="Target">What goes there; null where nothing does.</param>
/// <param name="Progress">How far it is.</param>
/// <param name="Earlier">Whether an earlier commit's write is still under way.</param>
/// <param name="IsHung">Its write does not come back, and its copy is taken for lost until it does.</param>
/// <param name="IsDoubtful">It is not known to hold a whole copy, and is taken for lost until it is written.</param>
internal sealed record DiskEntry(
    DeviceNumber Device, CommitTarget? Target, Progress Progress, EarlierWrite Earlier, bool IsHung, bool IsDoubtful)
{
    /// <summary>When it is its turn.</summary>
    public Turn Turn { get; init; } = Turn.Stays;

    /// <summary>Whether its copy tells of the container's volumes; a spare's need not.</summary>
    public bool Tells { get; init; } = true;

    /// <summary>Whether others that wait for it must go on waiting.</summary>
    public bool IsPending => !IsHung && Progress is (Progress.Waiting or Progress.InFlight);

    /// <summary>Whether a power cut now could tear its copy, and there is one to lose.</summary>
    public bool IsExposed =>
        !IsGone && (Earlier == EarlierWrite.CanTear || (Progress == Progress.InFlight && Target is { CanTear: true }));

    /// <summary>Whether its copy is taken for lost: what a write that failed or hangs leaves behind is not known.</summary>
    public bool IsGone => IsHung || IsDoubtful || Progress == Progress.Failed;

    /// <summary>Whether its write may be started as far as the disk itself goes.</summary>
    public bool IsReady => Progress == Progress.Waiting && Earlier == EarlierWrite.None && !IsHung;
}
