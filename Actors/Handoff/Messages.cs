using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors.Handoff;

// How a container comes to rest so that another process can take it over, and how it goes on.

/// <summary>To the host, for one of its containers.</summary>
public interface IForContainer
{
    /// <summary>md127</summary>
    string Container { get; }
}

/// <summary>To the host: which containers? Answered with <see cref="ContainerList"/>.</summary>
public sealed record ListContainers;

/// <summary>The containers that are supervised, and not being let go, by name.</summary>
public sealed record ContainerList(ImmutableArray<string> Containers);

/// <summary>
/// Come to rest: finish what is being done, begin nothing, put aside what comes. Answered with <see cref="ContainerPaused"/>, as late as the
/// slowest disk allows, or with <see cref="NotSupervised"/>.
/// </summary>
public sealed record PauseContainer(string Container) : IForContainer;

/// <summary>Go on as if nothing had happened; also before it has come to rest. Answered with <see cref="ContainerResumed"/>.</summary>
public sealed record ResumeContainer(string Container) : IForContainer;

/// <summary>Is it still at rest since <see cref="PauseContainer"/>? Answered with <see cref="RestAnswer"/>.</summary>
public sealed record AskForRest(string Container) : IForContainer;

/// <summary>Look at every array, and answer with <see cref="Pong"/> when all that was seen is recorded; or with <see cref="NotSupervised"/>.</summary>
public sealed record SettleContainer(string Container) : IForContainer;

/// <summary>Somebody else goes on with it: close this process's ends of the connections. Answered with <see cref="ContainerResumed"/>.</summary>
public sealed record ForgetClients(string Container) : IForContainer;

/// <summary>
/// Whoever went on with it is gone: begin again from sysfs and the disks, at the same socket. Answered with <see cref="SuperviseReply"/>.
/// </summary>
public sealed record RetakeContainer(string Container) : IForContainer;

/// <summary>
/// To the host: do all that supervising a container needs beforehand, while somebody else supervises it: nothing is claimed, said or written. Goes on
/// with <see cref="Supervise"/>. Answered with <see cref="SuperviseReply"/>.
/// </summary>
public sealed record PrepareContainer(string Container);

/// <summary>The answer to <see cref="PauseContainer"/>. The sockets still belong to the container.</summary>
public sealed record ContainerPaused(ContainerSnapshot Snapshot, PausedSockets Sockets);

/// <summary>There is no such container.</summary>
public sealed record NotSupervised(string Container);

/// <summary>It goes on.</summary>
public sealed record ContainerResumed(string Container);

/// <summary>The answer to <see cref="AskForRest"/>.</summary>
/// <param name="IsAtRest">Whether it is.</param>
/// <param name="Awaited">What it waits for until it is, in words; empty when it does not come to rest.</param>
public sealed record RestAnswer(bool IsAtRest, string Awaited = "");

/// <summary>To the host: another process goes on with these, for good. Their actors end, and touch nothing.</summary>
public sealed record ContainersGivenAway(ImmutableArray<string> Containers);

/// <summary>To the host: another process has these containers; take each up when that has ended or given it up.</summary>
public sealed record SuperviseWhenFree(ImmutableArray<string> Containers);

/// <summary>From the host to a container that was prepared: take it up, as <see cref="Supervise"/> says.</summary>
internal sealed record TakeUpContainer(HandedContainer? Handed);

/// <summary>Inside a container, to the metadata that was prepared: this is how it is, forget what was before.</summary>
internal sealed record TakeUpMetadata(MetadataSettings Settings);

/// <summary>Inside a container, to an array that was prepared: look, and begin.</summary>
/// <param name="Handed">What the supervisor before remembered, if there was one that handed it over.</param>
/// <param name="Disks">The container's disks.</param>
internal sealed record TakeUpMember(ArraySnapshot? Handed, ImmutableDictionary<DeviceNumber, IActorRef> Disks);

/// <summary>Inside a container, to an array, a disk or the metadata: come to rest. Answered with the matching answer below.</summary>
internal sealed record Pause;

/// <summary>Inside a container: go on.</summary>
internal sealed record Resume;

/// <summary>A member array is at rest.</summary>
internal sealed record MemberPaused(ArraySnapshot Snapshot);

/// <summary>The metadata is at rest: all that was begun is on every disk that can be written.</summary>
internal sealed record MetadataPaused(
    uint Generation, string Digest, ImmutableArray<DiskDigest> Disks, ImmutableArray<string> DoubtfulDisks, ImmutableArray<byte[]> Updates);

/// <summary>From the host to a container that is at rest: leave the server to whoever comes after. Answered with <see cref="ServerLeft"/>.</summary>
internal sealed record LeaveServer;

/// <summary>The server belongs to whoever gets this.</summary>
internal sealed record ServerLeft(MonitorServer Server);
