using System.Collections.Immutable;
using System.Diagnostics;
using ActorRaid.Actors.Handoff;
using ActorRaid.Metadata;
using Akka.Actor;
using Akka.Hosting;

namespace ActorRaid.Actors;

/// <summary>Where things are, and what is known.</summary>
/// <param name="Formats">The metadata formats that can be supervised.</param>
/// <param name="SysRoot">sysfs.</param>
/// <param name="RunDirectory">Where mdadm looks for pid files and sockets.</param>
/// <param name="MdStatPath">/proc/mdstat.</param>
public sealed record RaidSettings(
    ImmutableArray<IMetadataFormat> Formats, string SysRoot = "/sys", string RunDirectory = "/run/mdadm", string MdStatPath = "/proc/mdstat")
{
    /// <summary>What an admin may want otherwise; see <see cref="RaidSystem.Change"/>.</summary>
    public PolicyInForce Policy { get; } = new();

    /// <summary>How disks are opened and read.</summary>
    internal DiskOpener OpenDisk { get; init; } = DiskReading.Open;

    /// <summary>The same for who only looks.</summary>
    internal DiskOpener LookAtDisk { get; init; } = DiskReading.OpenReadOnly;

    /// <summary>How long a disk may take to be opened and read until it is done without.</summary>
    internal TimeSpan DiskLimit { get; init; } = TimeSpan.FromSeconds(5);
}

/// <summary>The whole of supervision, for those outside: give it containers, end it. It starts and ends with the host whose service it is.</summary>
public sealed class RaidSystem
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2), AnswerLimit = TimeSpan.FromSeconds(5), HostLimit = TimeSpan.FromSeconds(0.5);
    private readonly IRequiredActor<HostActor> _host;

    private readonly PolicyInForce _policy;
    private volatile Unanswered? _unanswered;

    internal RaidSystem(IRequiredActor<HostActor> host, PolicyInForce policy)
    {
        _host = host;
        _policy = policy;
    }

    /// <summary>Whether any container is supervised; called with each change, on some thread.</summary>
    public event Action<bool>? EmptyChanged;

    private IActorRef Host => _host.ActorRef;

    /// <summary>Completes when the actors answer.</summary>
    public Task Ready() => Host.Ask<Pong>(new PingManager(), StartLimit);

    /// <summary>Takes a container under supervision.</summary>
    /// <param name="container">The kernel's name: md127.</param>
    /// <param name="handed">What to take over from the process that supervised it; null: begin afresh.</param>
    public Task<SuperviseReply> Supervise(string container, HandedContainer? handed = null) =>
        Host.Ask<SuperviseReply>(new Supervise(container, handed), StartLimit);

    /// <summary>
    /// Does beforehand what supervising a container needs, while another process supervises it: <see cref="Supervise"/> then takes the less time. Tells
    /// whether it could be supervised.
    /// </summary>
    public Task<SuperviseReply> Prepare(string container) => Host.Ask<SuperviseReply>(new PrepareContainer(container), StartLimit);

    // No async methods here: what they are made of is compiled when they first run, and these run while arrays wait.

    /// <summary>The containers that are supervised.</summary>
    public Task<ContainerList> Containers() => Host.Ask<ContainerList>(new ListContainers(), AnswerLimit);

    /// <summary>
    /// Brings a container to rest: <see cref="ContainerPaused"/> or <see cref="NotSupervised"/>. Fails with <see cref="AskTimeoutException"/> when
    /// that takes longer than the limit; <see cref="Resume"/> must follow then too.
    /// </summary>
    public Task<object> Pause(string container, TimeSpan limit) => Host.Ask<object>(new PauseContainer(container), limit);

    /// <summary>Lets a container go on, whether or not it has come to rest.</summary>
    public Task Resume(string container) => Host.Ask<object>(new ResumeContainer(container), AnswerLimit);

    /// <summary>
    /// Waits until every array of a container was looked at, and what was seen is recorded: true; false when the limit is over before.
    /// </summary>
    public Task<bool> Settle(string container, TimeSpan limit) =>
        Host.Ask<object>(new SettleContainer(container), limit).ContinueWith(
            asked => asked.IsCompletedSuccessfully,
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Whether a container is still at rest since <see cref="Pause"/>: <see cref="RestAnswer"/> or <see cref="NotSupervised"/>.</summary>
    public Task<object> AskForRest(string container) => Host.Ask<object>(new AskForRest(container), AnswerLimit);

    /// <summary>Another process goes on with a container that is at rest here: closes our ends of the connections.</summary>
    public Task ForgetClients(string container) => Host.Ask<object>(new ForgetClients(container), AnswerLimit);

    /// <summary>Another process goes on with these, for good: they are forgotten, and nothing of theirs is touched. Returns at once.</summary>
    public void GiveAway(ImmutableArray<string> containers) => Host.Tell(new ContainersGivenAway(containers), ActorRefs.NoSender);

    /// <summary>Another process still has these; each is taken up as soon as that has ended or given it up. Returns at once.</summary>
    public void SuperviseWhenFree(ImmutableArray<string> containers) => Host.Tell(new SuperviseWhenFree(containers), ActorRefs.NoSender);

    /// <summary>The process that went on with a container is gone: supervises it again, beginning afresh at the same socket.</summary>
    public Task<SuperviseReply> Retake(string container) => Host.Ask<SuperviseReply>(new RetakeContainer(container), StartLimit);

    /// <summary>
    /// How everything stands. Null when the host does not answer; it is not asked again before it does, nor waited for
    /// so long again.
    /// </summary>
    /// <param name="limit">Who has not answered by then is shown as such.</param>
    public async Task<SystemReport?> Describe(TimeSpan limit)
    {
        var open = _unanswered is { Answer.IsCompleted: false } unanswered ? unanswered
            : new Unanswered(Host.Ask<SystemReport>(new Describe(limit), StartLimit), Stopwatch.GetTimestamp());
        var left = limit + HostLimit - Stopwatch.GetElapsedTime(open.Since);
        try
        {
            return await open.Answer.WaitAsync(left > StatusActor.Grace ? left : StatusActor.Grace)
                .ConfigureAwait(false);
        }
        catch (Exception e) when (e is TimeoutException or AskTimeoutException)
        {
            _unanswered = open;
            return null;
        }
    }

    /// <summary>From now on that policy.</summary>
    public void Change(RaidPolicy policy)
    {
        _policy.Now = policy;
        Host.Tell(new PolicyChanged(), ActorRefs.NoSender);
    }

    /// <summary>Lets go of some containers as mdmon does when another one has taken its place: arrays clean first, for at most that long. Returns at once.</summary>
    public void LetGo(ImmutableArray<string> containers, TimeSpan limit) => Host.Tell(new LetGo(containers, limit), ActorRefs.NoSender);

    /// <summary>Lets go of everything as mdmon does: arrays are made clean first, for at most <paramref name="limit"/>.</summary>
    /// <returns>Whether all of them came to rest.</returns>
    public async Task<bool> Stop(TimeSpan limit)
    {
        try
        {
            await Host.Ask<Gone>(new Farewell(), limit).ConfigureAwait(false);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <summary>From the host's actor.</summary>
    internal void TellEmpty(bool empty) => EmptyChanged?.Invoke(empty);

    /// <summary>A question that the host has not answered in time.</summary>
    private sealed record Unanswered(Task<SystemReport> Answer, long Since);
}
