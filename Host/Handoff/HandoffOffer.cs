using System.Collections.Immutable;
using System.Net.Sockets;
using ActorRaid.Actors;
using ActorRaid.Actors.Handoff;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Logging;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;
using static ActorRaid.Host.Handoff.Blocking;
using Stopwatch = System.Diagnostics.Stopwatch;

namespace ActorRaid.Host.Handoff;

/// <summary>
/// The predecessor's side of a handoff: waits for a successor, hands everything over to it, or goes on as if nothing had happened. On a
/// thread of its own, as it waits for the other process.
/// </summary>
internal sealed class HandoffOffer : IDisposable
{
    /// <summary>How long a container may take to come to rest: a disk that does not answer must not hold it up for long.</summary>
    private static readonly TimeSpan RestLimit = TimeSpan.FromSeconds(3);

    /// <summary>How long the successor may take between two containers: it prepares all of them before the first, and nobody waits meanwhile.</summary>
    private static readonly TimeSpan NextLimit = TimeSpan.FromSeconds(20);

    private static readonly TimeSpan GiveUpEvery = TimeSpan.FromSeconds(2);

    private readonly string _path;
    private readonly RaidSystem _system;
    private readonly EventLog _events;
    private readonly IHandingOver _daemon;
    private readonly TaskCompletionSource<int> _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _handing = new();
    private readonly List<string> _kept = [];
    private volatile PlacedSocket _socket;
    private volatile bool _closed;
    private bool _oneByOne;

    private HandoffOffer(PlacedSocket socket, string path, RaidSystem system, EventLog events, IHandingOver daemon)
    {
        _socket = socket;
        _path = path;
        _system = system;
        _events = events;
        _daemon = daemon;
    }

    /// <summary>Completes with the successor's process number when it has everything: nothing is to be touched any more.</summary>
    internal Task<int> HandedOver => _handedOver.Task;

    /// <summary>Begins to wait for a successor.</summary>
    internal static Result<HandoffOffer> Listen(string path, RaidSystem system, EventLog events, IHandingOver daemon)
    {
        var socket = PlacedSocket.Listen(path, backlog: 4);
        if (!socket.Ok)
            return socket.Error;
        var offer = new HandoffOffer(socket.Value, path, system, events, daemon);
        new Thread(offer.Wait, 256 * 1024) { IsBackground = true, Name = "handoff" }.Start();
        return offer;
    }

    /// <summary>Waits until no handoff is under way, and begins none any more.</summary>
    internal void Close()
    {
        _closed = true;
        _socket.Listener.Dispose();
        lock (_handing)
            _socket.Listener.Dispose();
    }

    /// <summary>Stops waiting, and removes the socket unless a successor has put its own in place.</summary>
    public void Dispose()
    {
        _socket.Dispose();
        Close();
    }

    private void Wait()
    {
        while (true)
        {
            try
            {
                using var channel = new DescriptorChannel(_socket.Listener.Accept(), _path);
                lock (_handing)
                    Serve(channel);
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.Interrupted or SocketError.OperationAborted or SocketError.InvalidArgument })
            {
                return;
            }
            catch (Exception e)
            {
                _events.Write(EventLevel.Error, "handoff-failed", e.ToString());
                Thread.Sleep(50);
            }
        }
    }

    private void Serve(DescriptorChannel channel)
    {
        if (!channel.IsTrusted)
        {
            _events.Write(EventLevel.Warning, "handoff-refused", $"process {channel.Peer} may not take over: it is neither root's nor ours");
            return;
        }
        var peer = ProcessHandle.Open(channel.Peer);
        if (!peer.Ok)
        {
            _events.Write(EventLevel.Warning, "handoff-refused", peer.Error.ToString());
            return;
        }
        using var successor = peer.Value;
        var talk = new HandoffChannel(channel);
        var given = new List<string>();
        string? resting = null;
        _daemon.Hold();
        try
        {
            if (!Agree(talk, channel.Peer))
                return;
            Done? done;
            while ((done = HandOverNext(talk, given, ref resting)) is null)
            {
            }
            _events.Write(EventLevel.Info, "handed-over", $"process {channel.Peer} has {string.Join(", ", given.DefaultIfEmpty("nothing to supervise"))} from now on");
            _daemon.MakeWay(channel.Peer);
            if (done.Left is { Length: > 0 } left)
                StayWith(left, given);
            else
                _handedOver.TrySetResult(channel.Peer);
        }
        catch (Exception e)
        {
            var reason = e is HandoffException ? e.Message : e.ToString();
            _events.Write(EventLevel.Error, "handoff-failed", $"{reason}: going on with everything");
            TryToSay(talk, reason);
            TakeBack(given, resting, successor, channel.Peer);
        }
        finally
        {
            if (!_handedOver.Task.IsCompleted)
                _daemon.Release();
        }
    }

    private bool Agree(HandoffChannel talk, int peer)
    {
        var (message, _) = talk.Receive(HandoffChannel.StepLimit);
        if (message is Hello { Protocol: HandoffMessage.Version } hello)
        {
            _events.Write(EventLevel.Info, "handoff", $"process {peer}, version {hello.Program}, takes over");
            _oneByOne = hello.OneByOne;
            _kept.Clear();
            talk.Send(new Welcome(HandoffMessage.Version, ProgramVersion.Text, Await(_system.Containers()).Containers, _daemon.Stays, _daemon.Systemd, Invocation.IsOffRoot(Invocation.Name()), OneByOne: true, Since: _daemon.Since));
            return true;
        }
        var theirs = message is Hello other ? $"version {other.Protocol} (program {other.Program})" : "something that is no handoff";
        var reason = $"process {Environment.ProcessId} (program {ProgramVersion.Text}) speaks version {HandoffMessage.Version} of the handoff, the other {theirs}: it keeps its containers; "
            + "stop it (SIGTERM) and start the other one to replace it";
        _events.Write(EventLevel.Warning, "handoff-refused", reason);
        talk.Send(new Refused(reason));
        return false;
    }

    /// <returns>The successor's last word; null while there is more to come.</returns>
    private Done? HandOverNext(HandoffChannel talk, List<string> given, ref string? resting)
    {
        var (message, _) = talk.Receive(NextLimit);
        if (message is Done done)
            return done;
        if (message is not Take { Container: { } container })
            throw new HandoffException($"{message?.GetType().Name ?? "something unknown"} came where Take or Done was due");

        if (given.Contains(container))
            throw new HandoffException($"{container} was handed over already");
        resting = container;
        var began = Stopwatch.GetTimestamp();
        switch (Pause(container))
        {
            case NotSupervised:
                resting = null;
                talk.Send(new Vanished());
                return null;
            case ContainerPaused paused:
                talk.Send(Snapshot.Of(paused), paused.Sockets.Descriptors);
                break;
            default:
                var limit = $"{RestLimit.TotalSeconds:0} s";
                var reason = $"{container} did not come to rest within {limit}: it waits for {Awaited(container)}";
                if (!_oneByOne)
                    throw new HandoffException(reason);
                GoOnWith(container, reason, ref resting);
                _kept.Add(container);
                talk.Send(new Kept(reason));
                return null;
        }
        var atRest = Stopwatch.GetElapsedTime(began);
        var (answer, _) = talk.Receive(HandoffChannel.StepLimit);
        if (answer is Leave leave)
        {
            GoOnWith(container, leave.Reason, ref resting);
            return null;
        }
        if (answer is not Prepared)
            throw new HandoffException(answer is Refused refused ? refused.Reason : $"{answer?.GetType().Name ?? "something unknown"} came where {nameof(Prepared)} was due");
        var prepared = Stopwatch.GetElapsedTime(began);
        if (Await(_system.AskForRest(container)) is not RestAnswer { IsAtRest: true })
            throw new HandoffException($"{container} is no longer at rest");
        given.Add(container);
        resting = null;
        talk.Send(new Go());
        talk.Expect<Mine>(HandoffChannel.StepLimit);
        var gone = Stopwatch.GetElapsedTime(began);
        Await(_system.ForgetClients(container));
        _events.Write(
            EventLevel.Info, "container-handed-over",
            $"{container} was at rest after {atRest.TotalMilliseconds:0} ms, with its successor after {prepared.TotalMilliseconds:0} ms, and goes on after {gone.TotalMilliseconds:0} ms", container);
        return null;
    }

    private void GoOnWith(string container, string reason, ref string? resting)
    {
        Await(_system.Resume(container));
        resting = null;
        _events.Write(EventLevel.Error, "not-handed-over", $"{container} stays with this process: {reason}", container);
    }

    /// <summary>The successor has the rest. What only does not come to rest is given up as soon as it does: the successor takes it up then.</summary>
    private void StayWith(ImmutableArray<string> left, List<string> given)
    {
        _system.GiveAway([.. given]);
        _daemon.KeepRest();
        _events.Write(EventLevel.Warning, "handed-over", $"this process stays with {string.Join(", ", left)}, and ends when that is gone, taken over or given up");
        if (_kept.Count == 0)
            return;
        ImmutableArray<string> kept = [.. _kept];
        new Thread(() => GiveUpAtRest([.. kept]), 256 * 1024) { IsBackground = true, Name = "give up" }.Start();
    }

    private void GiveUpAtRest(List<string> kept)
    {
        while (kept.Count > 0)
        {
            Thread.Sleep(GiveUpEvery);
            try
            {
                kept.RemoveAll(TryToGiveUp);
            }
            catch (Exception e)
            {
                _events.Write(EventLevel.Error, "handoff-failed", e.ToString());
            }
        }
    }

    /// <summary>Its writers wait while that is tried: not as long as a disk is known to hang.</summary>
    private bool TryToGiveUp(string container)
    {
        if (Await(_system.Describe(RestLimit))?.Containers.FirstOrDefault(known => known.Name == container) is not { } known)
            return true;
        if (known.Disks.Any(disk => disk.Hangs))
            return false;
        if (Pause(container) is ContainerPaused)
        {
            _system.GiveAway([container]);
            _events.Write(EventLevel.Info, "container-handed-over", $"{container} has come to rest, and is left to the process that has the others", container);
            return true;
        }
        Await(_system.Resume(container));
        return false;
    }

    /// <summary>What keeps it from coming to rest: an array, a disk, the metadata.</summary>
    private string Awaited(string container)
    {
        try
        {
            var answer = Await(_system.AskForRest(container)) as RestAnswer;
            return answer is { Awaited: { Length: > 0 } what } ? what : "its own actor";
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            return "its own actor, which does not answer";
        }
    }

    private object? Pause(string container)
    {
        try
        {
            return Await(_system.Pause(container, RestLimit));
        }
        catch (Akka.Actor.AskTimeoutException)
        {
            return null;
        }
    }

    /// <summary>The successor is gone, or must go: whatever it was given it may have changed.</summary>
    private void TakeBack(List<string> given, string? resting, ProcessHandle successor, int pid)
    {
        if (resting is not null)
            Await(_system.Resume(resting));
        if (given.Count > 0)
        {
            successor.Kill();
            // Two supervisors would be worse than none: as long as it takes.
            while (!successor.WaitForEnd(TimeSpan.FromSeconds(5)))
                _events.Write(EventLevel.Error, "handoff-failed", $"process {pid} does not end, a disk that it writes to does not answer: {string.Join(", ", given)} cannot be taken back yet");
        }
        foreach (var container in given)
        {
            var reply = Await(_system.Retake(container));
            if (reply.Outcome != SuperviseOutcome.Supervised)
                _events.Write(EventLevel.Error, "handoff-failed", $"{container} could not be taken back: {reply.Message}");
        }
        _daemon.TakePlaceAgain();
        TakePlaceAgain();
    }

    /// <summary>
    /// The successor may have failed after it had put its own socket in the place of ours: the next one would find nobody there.
    /// </summary>
    private void TakePlaceAgain()
    {
        if (_closed || _socket.IsInPlace)
            return;
        var again = PlacedSocket.Listen(_path, backlog: 4);
        if (!again.Ok)
        {
            _events.Write(EventLevel.Error, "no-handoff", $"nobody can take over by handoff: {again.Error}");
            return;
        }
        var before = _socket;
        _socket = again.Value;
        before.Dispose();
    }

    private static void TryToSay(HandoffChannel talk, string reason)
    {
        try
        {
            talk.Send(new Refused(reason));
        }
        catch (HandoffException)
        {
            // Gone already.
        }
    }
}

/// <summary>What a handoff wants of the daemon around it.</summary>
internal interface IHandingOver
{
    /// <summary>Whether the daemon stays with nothing to supervise.</summary>
    bool Stays { get; }

    /// <summary>Since when things are what they are.</summary>
    ImmutableArray<SinceWhen> Since { get; }

    /// <summary>What a successor has to know of systemd.</summary>
    SystemdPlace Systemd { get; }

    /// <summary>The successor has everything: systemd is told who is the service's main process now.</summary>
    void MakeWay(int successor);

    /// <summary>The successor has all but what could not be handed over: the daemon ends when that is gone.</summary>
    void KeepRest();

    /// <summary>Launchers wait from now on.</summary>
    void Hold();

    /// <summary>Launchers are answered again.</summary>
    void Release();

    /// <summary>A successor that failed may have put its own sockets in the place of ours.</summary>
    void TakePlaceAgain();
}
