using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Host.Launch;
using ActorRaid.Host.Status;

namespace ActorRaid.Host.Daemon;

/// <summary>What the daemon wants of the actors; its tests put something smaller in their place.</summary>
internal interface ISupervisor
{
    /// <summary>
    /// Takes a container under supervision. Whoever monitors it already is a reason not to, unless it is to be taken over: then that one is sent away
    /// first, and is gone when this completes.
    /// </summary>
    Task<LaunchReply> Supervise(string container, bool takeover);

    /// <summary>
    /// The containers of ours that another process monitors by now (its number is in the pid file), but for those that are being let go already.
    /// </summary>
    Task<ImmutableArray<string>> TakenByOthers();

    /// <summary>
    /// Lets go of some containers as mdmon does when another one takes over: arrays clean first, for at most that long; what is at their place is
    /// not touched. Returns at once.
    /// </summary>
    void LetGo(ImmutableArray<string> containers, TimeSpan limit);

    /// <summary>Completes when everything that the hot path will need has been used once.</summary>
    Task Ready();

    /// <summary>Whether there is nothing to supervise.</summary>
    bool IsEmpty { get; }

    /// <summary>Completes when the last container is gone.</summary>
    Task WhenEmpty { get; }

    /// <summary>How everything stands; null when nobody answers. Who has not answered within the limit is shown as such.</summary>
    Task<SystemReport?> Describe(TimeSpan limit);

    /// <summary>What there is to read beside what the actors know. May wait for the kernel: not for the threads that they run on.</summary>
    HostObservation Observe(SystemReport report);

    /// <summary>Lets go of everything, arrays clean first, within that time.</summary>
    Task Stop(TimeSpan limit);
}
