using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>What is read of an array beside what its actor knows: nobody waits for it but whoever asks.</summary>
/// <param name="MismatchSectors">mismatch_cnt; null where it cannot be read.</param>
/// <param name="KibPerSecond">The kernel's own account of the speed of a resync (mdstat); 0: none.</param>
/// <param name="Position">How far a resync is, finer than sync_completed, which moves in sixteenths of an array; null:
/// none runs.</param>
/// <param name="IsDelayed">Its resync waits for another array's on the same disks.</param>
/// <param name="IsPending">Its resync waits for the first write.</param>
/// <param name="IsFrozen">metadata_version begins with <c>external:-</c>: it is to be left alone.</param>
/// <param name="Legs">md's legs; for arrays that no actor looks after (RAID 0, native ones, those of others).</param>
internal sealed record ArrayObservation(
    long? MismatchSectors, long KibPerSecond, SyncPosition? Position, bool IsDelayed, bool IsPending, bool IsFrozen,
        ImmutableArray<LegReport> Legs)
{
    /// <summary>array_state, of arrays that no actor looks after; empty: it cannot be read.</summary>
    public string State { get; init; } = "";

    /// <summary>See <see cref="MigrationRecords.Begin"/>.</summary>
    public ulong? ReshapeCheckpoint { get; init; }
}

/// <summary>A container that is not supervised by this daemon.</summary>
/// <param name="Name">md127</param>
/// <param name="Format">imsm</param>
/// <param name="Monitor">The living process that monitors it, by its pid file; 0: nobody does. An error where that is
/// not known.</param>
/// <param name="Arrays">Its arrays, those that do not run included, as /proc/mdstat shows them.</param>
/// <param name="Recorded">What its disks say.</param>
internal sealed record OtherContainer(
    string Name, string Format, Result<int> Monitor, ImmutableArray<MdStatArray> Arrays, RecordedContainer Recorded);

/// <summary>What is read for a status beside what the actors know.</summary>
/// <param name="Arrays">By the arrays' names: all that run.</param>
/// <param name="Others">The containers that it does not.</param>
internal sealed record HostObservation(ImmutableDictionary<string, ArrayObservation> Arrays,
    ImmutableArray<OtherContainer> Others)
{
    /// <summary>Nothing was read.</summary>
    internal static readonly HostObservation None = new(ImmutableDictionary<string, ArrayObservation>.Empty, []);

    /// <summary>Every array that /proc/mdstat lists, containers included.</summary>
    internal ImmutableArray<MdStatArray> Listed { get; init; } = [];

    /// <summary>Why /proc/mdstat cannot be read; null: it can.</summary>
    internal string? Problem { get; init; }
}
