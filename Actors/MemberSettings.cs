using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>What a member array's actor needs to know.</summary>
/// <param name="SysRoot">/sys, but for tests.</param>
/// <param name="Array">md126</param>
/// <param name="Volume">Its subarray index in the metadata.</param>
/// <param name="Loop">The container's loop, on which this actor runs.</param>
/// <param name="Metadata">Who records.</param>
/// <param name="Disks">The container's disks.</param>
/// <param name="Writer">Writes what concerns whole arrays and may have to wait.</param>
/// <param name="Legs">Writes to the legs' states.</param>
/// <param name="Events">Who is told.</param>
public sealed record MemberSettings(
    string SysRoot, string Array, int Volume, EventLoop Loop, IActorRef Metadata,
    ImmutableDictionary<DeviceNumber, IActorRef> Disks, IActorRef Writer, LegWrites Legs, ContainerEvents Events)
{
    /// <summary>What an admin may want otherwise.</summary>
    public PolicyInForce Policy { get; init; } = new();

    /// <summary>/run/mdadm, but for tests; empty: no notes are left there.</summary>
    public string RunDirectory { get; init; } = "";

    /// <summary>safe_mode_delay before a predecessor was told to end, in seconds as md shows it; null: nobody was, as far as is known.</summary>
    public string? DelayBefore { get; init; }

    /// <summary>What is counted of the array's writers; an actor that is made again goes on counting.</summary>
    public WriterWaits Waits { get; } = new();

    /// <summary>
    /// The directories of legs whose failure is in the log, or will be once it is recorded: a restarted actor does not
    /// report it again.
    /// </summary>
    internal HashSet<string> LostLegs { get; } = [];

    /// <summary>Another process supervises it: nothing is to be done before <see cref="TakeUpMember"/>.</summary>
    internal bool IsPrepared { get; init; }
}
