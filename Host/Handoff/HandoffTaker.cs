using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;
using static ActorRaid.Host.Handoff.Blocking;

namespace ActorRaid.Host.Handoff;

/// <summary>
/// The successor's side of a handoff. When it fails this process has to end at once, touching nothing: its end tells the predecessor to go on.
/// </summary>
internal sealed class HandoffTaker : IDisposable
{
    private static readonly TimeSpan FirstLimit = TimeSpan.FromSeconds(20), SnapshotLimit = TimeSpan.FromSeconds(10), EndLimit = TimeSpan.FromSeconds(2), SettleLimit = TimeSpan.FromSeconds(1);

    private readonly DescriptorChannel _channel;
    private readonly HandoffChannel _talk;
    private readonly ProcessHandle _predecessor;
    private readonly RaidSystem _system;
    private readonly EventLog _events;
    private readonly List<string> _left = [];
    private bool _alone;
    private bool _oneByOne;

    private HandoffTaker(DescriptorChannel channel, ProcessHandle predecessor, RaidSystem system, EventLog events)
    {
        _channel = channel;
        _talk = new HandoffChannel(channel);
        _predecessor = predecessor;
        _system = system;
        _events = events;
    }

    /// <summary>Whether the predecessor would have stayed with nothing to supervise.</summary>
    internal bool Stay { get; private set; }

    /// <summary>The containers that the predecessor goes on with: this process takes them up when it has ended, or given them up.</summary>
    internal ImmutableArray<string> Left => [.. _left];

    /// <summary>Since when, as far as the predecessor knew, things are what they are.</summary>
    internal ImmutableArray<SinceWhen> Since { get; private set; } = [];

    /// <summary>What the predecessor knew of systemd.</summary>
    internal SystemdPlace Systemd { get; private set; } = SystemdPlace.None;

    /// <summary>
    /// Takes all containers from the process that listens there. Null when nobody does, which is told. Throws
    /// <see cref="HandoffException"/> when it goes on with them, or that is not known: then this process has to end.
    /// </summary>
    /// <param name="path">Where.</param>
    /// <param name="system">Whose actors go on with the containers.</param>
    /// <param name="events">Who is told.</param>
    /// <param name="stays">Whether this process stays in the control group that it was started in: a service's main process does.</param>
    internal static Task<HandoffTaker?> Take(string path, RaidSystem system, EventLog events, bool stays = false) =>
        OnOwnThread("handoff", () => TakeAll(path, system, events, stays));

    private static HandoffTaker? TakeAll(string path, RaidSystem system, EventLog events, bool stays)
    {
        var channel = DescriptorChannel.Connect(path);
        if (!channel.Ok)
            return Nobody(channel.Error, Errno.ENOENT, Errno.ECONNREFUSED);
        var predecessor = ProcessHandle.Open(channel.Value.Peer);
        if (!predecessor.Ok)
        {
            channel.Value.Dispose();
            return Nobody(predecessor.Error, Errno.ESRCH, Errno.ENOSYS);
        }
        var taker = new HandoffTaker(channel.Value, predecessor.Value, system, events);
        if (taker.Greet() is not { } containers)
        {
            taker.Dispose();
            return Told($"process {channel.Value.Peer} has ended");
        }
        // It is to live where the predecessor lived, and not to end with whatever its launcher belongs to.
        if (!stays && Processes.JoinControlGroupOf(channel.Value.Peer) is { Ok: false } refused)
            events.Write(EventLevel.Warning, "handoff", $"stays in its launcher's control group: {refused.Error}");
        foreach (var container in containers.Except(taker._left).ToList())
            taker.TakeOne(container);
        return taker;

        // That nobody is there is certain only with these errors; after any other two would supervise.
        HandoffTaker? Nobody(KernelError error, Errno gone, Errno none) =>
            error.Errno == gone || error.Errno == none
                ? Told(error.ToString())
                : throw new HandoffException($"it is not known who has the containers: {error}");

        HandoffTaker? Told(string why)
        {
            events.Write(
                EventLevel.Info, "no-handoff", $"nobody hands anything over: what others supervise is taken as from mdmon: {why}");
            return null;
        }
    }

    /// <summary>Our own sockets are in place: the predecessor may go.</summary>
    internal void Finish()
    {
        try
        {
            if (!_alone)
                _talk.Send(new Done(_left.Count > 0 ? Left : null));
        }
        catch (HandoffException e) when (e.Gone)
        {
            // That is what it was to do.
        }
        _system.SuperviseWhenFree(Left);
        if (_left.Count == 0 && !_predecessor.WaitForEnd(EndLimit))
            _events.Write(EventLevel.Warning, "handoff", $"process {_channel.Peer}, which has handed everything over, has not ended yet");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _channel.Dispose();
        _predecessor.Dispose();
    }

    private ImmutableArray<string>? Greet()
    {
        try
        {
            _talk.Send(new Hello(HandoffMessage.Version, ProgramVersion.Text, OneByOne: true));
            var welcome = _talk.Expect<Welcome>(FirstLimit);
            if (welcome.Protocol != HandoffMessage.Version)
                throw new HandoffException($"process {_channel.Peer} (program {welcome.Program}) speaks version {welcome.Protocol} of the handoff, this one {HandoffMessage.Version}");
            Stay = welcome.Stay;
            Systemd = welcome.Systemd;
            Since = welcome.Since ?? [];
            if (welcome.Spared && Invocation.Spare() is { } refused)
                _events.Write(EventLevel.Warning, "handoff", $"not marked to be spared at shutdown, as process {_channel.Peer} was: {refused}");
            _oneByOne = welcome.OneByOne;
            // All at once: one whose disks do not answer is not to hold up the others.
            var prepared = Await(Task.WhenAll(welcome.Containers.Select(container => _system.Prepare(container))));
            for (var i = 0; i < prepared.Length; i++)
            {
                if (prepared[i].Outcome != SuperviseOutcome.Supervised)
                    LeaveToPredecessor(welcome.Containers[i], prepared[i].Message);
            }
            // No collection while arrays wait.
            GC.Collect();
            return welcome.Containers;
        }
        catch (HandoffException e) when (e.Gone && _predecessor.WaitForEnd(EndLimit))
        {
            return null;
        }
    }

    /// <summary>One container is no reason not to take the others, where the predecessor can stay with it.</summary>
    private void LeaveToPredecessor(string container, string why)
    {
        if (!_oneByOne)
            throw new HandoffException(why);
        _left.Add(container);
        _events.Write(
            EventLevel.Error, "not-handed-over",
            $"{container} stays with process {_channel.Peer}, and is taken up here as soon as that has ended or given it up: {why}", container);
    }

    private void TakeOne(string container)
    {
        try
        {
            if (!_alone)
            {
                TakeAlive(container);
                return;
            }
        }
        catch (HandoffException e) when (e.Gone && _predecessor.WaitForEnd(EndLimit))
        {
            _alone = true;
            _events.Write(EventLevel.Warning, "handoff", $"process {_channel.Peer} has ended before it had handed everything over: going on without it");
        }
        // It may have been prepared, and wait; or not have been begun.
        Await(_system.Resume(container));
        var reply = Await(_system.Supervise(container));
        if (reply.Outcome is not (SuperviseOutcome.Supervised or SuperviseOutcome.AlreadySupervised))
            _events.Write(EventLevel.Error, "not-supervised", reply.Message, container);
    }

    private void TakeAlive(string container)
    {
        _talk.Send(new Take(container));
        var (message, descriptors) = _talk.Receive(SnapshotLimit);
        if (message is Vanished)
            return;
        if (message is Kept kept)
        {
            _system.GiveAway([container]);
            LeaveToPredecessor(container, kept.Reason);
            return;
        }
        if (message is not Snapshot snapshot)
            throw new HandoffException(message is Refused refused ? refused.Reason : $"{message?.GetType().Name ?? "something unknown"} came where {nameof(Snapshot)} was due");
        if (snapshot.Sockets(descriptors) is not { } sockets)
            throw new HandoffException($"{container}: {descriptors.Length} sockets came along where {snapshot.Connections.Length + 1} were due");
        var reply = Await(_system.Supervise(container, new HandedContainer(snapshot.State, sockets, Paused: true)));
        if (reply.Outcome != SuperviseOutcome.Supervised)
        {
            LeaveToPredecessor(container, reply.Message);
            _talk.Send(new Leave(reply.Message));
            return;
        }
        _talk.Send(new Prepared());
        _talk.Expect<Go>(HandoffChannel.StepLimit);
        Await(_system.Resume(container));
        _talk.Send(new Mine());
        // Its writers have waited: the next container's come when these go on.
        if (!Await(_system.Settle(container, SettleLimit)))
        {
            _events.Write(
                EventLevel.Warning, "not-settled",
                $"{container} is taken over, but some array was not looked at and recorded within {SettleLimit.TotalSeconds:0} s",
                container);
        }
    }
}
