using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>What the host's actor knows; it outlives a restart of that actor, as the containers do.</summary>
internal sealed class HostMemory
{
    /// <summary>The containers that are supervised, being taken up, or prepared, by name.</summary>
    public Dictionary<string, HostedContainer> Containers { get; } = [];

    /// <summary>The containers that could not be taken up though arrays of theirs run, by name: they are tried again.</summary>
    public Dictionary<string, RefusedContainer> Refused { get; } = [];

    /// <summary>The containers' threads; each is needed until its actor has ended.</summary>
    public Dictionary<IActorRef, EventLoop> Loops { get; } = [];

    /// <summary>Who waits until everything is left.</summary>
    public IActorRef? FarewellTo { get; set; }

    /// <summary>Containers that were left, but may have clients to answer: each completes when it has none.</summary>
    public List<Task<bool>> Closing { get; } = [];
}

/// <summary>A container as the host knows it.</summary>
/// <param name="actor">Its actor.</param>
/// <param name="waiting">Who waits for it to be taken up.</param>
internal sealed class HostedContainer(IActorRef actor, List<IActorRef> waiting)
{
    public IActorRef Actor { get; } = actor;

    public List<IActorRef> Waiting { get; } = waiting;

    public bool Started { get; set; }

    /// <summary>All is ready to take it up, but another process supervises it.</summary>
    public bool Prepared { get; set; }

    /// <summary>Others have it; it is about to be left.</summary>
    public bool Leaving { get; set; }
}

/// <summary>A container that could not be taken up.</summary>
internal sealed class RefusedContainer
{
    /// <summary>Why, in words.</summary>
    public string Reason { get; set; } = "";

    /// <summary>See <see cref="SuperviseReply.IsOurFault"/>.</summary>
    public bool IsOurFault { get; set; }

    /// <summary>How often it was tried again.</summary>
    public int Tries { get; set; }

    /// <summary>When it was tried last, by the scheduler's monotonic clock.</summary>
    public TimeSpan TriedAt { get; set; }
}
