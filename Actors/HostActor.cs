using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Actors.Recording;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// The host: owns which containers are ours, and watches /proc/mdstat for all of them. A container that fails is restarted;
/// it reads everything anew. One that cannot be taken up though its arrays run is tried again. No request makes this actor fail: what cannot be done is
/// answered with the reason. Were it restarted all the same, it goes on with what it had (<see cref="HostMemory"/>).
/// </summary>
internal sealed class HostActor : RaidActor, IWithTimers
{
    private const int RestartsWithin = 3;
    private static readonly TimeSpan RetakeLimit = TimeSpan.FromSeconds(5), RestartsLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TryAgainFirst = TimeSpan.FromSeconds(1), TryAgainLast = TimeSpan.FromMinutes(1), WatchAgainAfter = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FreeYet = TimeSpan.FromMilliseconds(200);
    private readonly RaidSettings _settings;
    private readonly IEventSink _events;
    private readonly Action<bool> _empty;
    private readonly HostMemory _memory;
    private IActorRef? _status;
    private MdStatWatcher? _watcher;
    private bool _toldUnwatched;

    /// <summary>A host.</summary>
    /// <param name="settings">The system's settings.</param>
    /// <param name="events">Receives what happens.</param>
    /// <param name="empty">Told whether there is any container, whenever that may have changed.</param>
    /// <param name="memory">What it knows: the same for every instance of this actor.</param>
    public HostActor(RaidSettings settings, IEventSink events, Action<bool> empty, HostMemory memory)
    {
        _settings = settings;
        _events = events;
        _empty = empty;
        _memory = memory;
        On<Supervise>(request => Begin(request, Sender), (request, e) => Refusal(request.Container, e));
        On<ContainerStarted>(Started);
        On<ContainerLeft>(left =>
        {
            _memory.Closing.Add(left.Closed);
            AwaitLastAnswer(left.Closed);
            Forget(left.Container);
        });
        On<LastAnswered>(_ => LeaveIfEmpty());
        On<Terminated>(dead => Ended(dead.ActorRef));
        On<MdStatChanged>(changed =>
        {
            TellAll(changed);
            TryRefusedAgain(changed.MdStat);
        });
        On<PolicyChanged>(TellAll);
        On<Farewell>(farewell =>
        {
            _memory.FarewellTo = Sender;
            _memory.Refused.Clear();
            TellAll(farewell);
            LeaveIfEmpty();
        });
        On<Describe>(BeginDescription);
        On<LetGo>(letGo =>
        {
            foreach (var name in letGo.Containers)
            {
                if (Containers.TryGetValue(name, out var container))
                {
                    container.Leaving = true;
                    container.Actor.Tell(new Farewell(letGo.Limit), Self);
                }
            }
        });
        On<ListContainers>(_ => Sender.Tell(
            new ContainerList([.. Containers.Where(known => known.Value is { Started: true, Leaving: false }).Select(known => known.Key).Order(StringComparer.Ordinal)]), Self));
        On<RetakeContainer>(Retake, (request, e) => Refusal(request.Container, e));
        On<PrepareContainer>(Prepare, (request, e) => Refusal(request.Container, e));
        On<ContainersGivenAway>(given =>
        {
            foreach (var name in given.Containers)
            {
                if (Containers.Remove(name, out var container))
                {
                    Context.Stop(container.Actor);
                }
            }

            LeaveIfEmpty();
        });
        On<Retaken>(retaken =>
        {
            if (Containers.Remove(retaken.Container, out var known))
            {
                Context.Stop(known.Actor);
            }

            TryToBegin(new Supervise(retaken.Container, retaken.Handed), retaken.Asker);
        });
        On<IForContainer>(message =>
        {
            if (Containers.TryGetValue(message.Container, out var container))
            {
                container.Actor.Forward(message);
            }
            else
            {
                Sender.Tell(new NotSupervised(message.Container), Self);
            }
        });
        On<PingManager>(_ => Sender.Tell(new Pong(), Self));
        On<TryAgain>(again => Try(again.Container));
        On<SuperviseWhenFree>(awaited =>
        {
            foreach (var name in awaited.Containers.Where(name => !Containers.ContainsKey(name)))
            {
                _memory.Refused.TryAdd(name, new RefusedContainer { Reason = "another process still has it" });
                Try(name);
            }

            _empty(_memory.Refused.Count + Containers.Count == 0);
        });
        On<WatchAgain>(_ => Watch());
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    private Dictionary<string, HostedContainer> Containers => _memory.Containers;

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        RestartsWithin, RestartsLimit,
        exception =>
        {
            // One that fails again and again is ended, and tried again as one that was refused is.
            Write(EventLevel.Error, "container-failed", Sender.Path.Name, $"supervision starts again: {exception}");
            return Directive.Restart;
        });

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Context.ActorOf(ActorProps.Of(() => new PauseRehearsal()));
        Watch();
    }

    /// <inheritdoc/>
    protected override void PreRestart(Exception reason, object? message)
    {
        // The containers stay: they are restarted themselves, and read everything anew.
        Write(EventLevel.Error, "host-failed", null, $"the host's actor starts again, with {Containers.Count} containers: {reason}");
        PostStop();
    }

    /// <inheritdoc/>
    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        foreach (var closed in _memory.Closing)
        {
            AwaitLastAnswer(closed);
        }

        foreach (var name in _memory.Refused.Keys)
        {
            TryAgainLater(name);
        }
    }

    /// <inheritdoc/>
    protected override void PostStop()
    {
        _watcher?.Dispose();
        _watcher = null;
    }

    /// <summary>Handles messages of a type; reports what goes wrong, and answers where somebody waits.</summary>
    private void On<T>(Action<T> handle, Func<T, Exception, object>? answer = null) => Receive<T>(message =>
    {
        try
        {
            handle(message);
        }
        catch (Exception e)
        {
            Write(EventLevel.Error, "host-request-failed", null, $"{typeof(T).Name}: {e}");
            if (answer is not null)
            {
                Sender.Tell(answer(message, e), Self);
            }
        }
    });

    private void Watch()
    {
        var self = Self;
        var watcher = MdStatWatcher.Start(
            mdstat =>
            {
                if (mdstat.Ok)
                {
                    self.Tell(new MdStatChanged(MdStat.Parse(mdstat.Value)), ActorRefs.NoSender);
                }
                else
                {
                    self.Tell(new WatchAgain(), ActorRefs.NoSender);
                }
            },
            _settings.MdStatPath);
        if (watcher.Ok)
        {
            _watcher?.Dispose();
            _watcher = watcher.Value;
            _toldUnwatched = false;
            return;
        }

        if (!_toldUnwatched)
        {
            _toldUnwatched = true;
            Write(EventLevel.Warning, "mdstat-unreadable", null, $"{watcher.Error}; tried again");
        }

        Timers.StartSingleTimer("watch", new WatchAgain(), WatchAgainAfter);
    }

    private void Begin(Supervise request, IActorRef asker, bool prepare = false)
    {
        var handed = request.Handed;
        if (Containers.TryGetValue(request.Container, out var known))
        {
            if (known.Prepared)
            {
                known.Prepared = false;
                known.Waiting.Add(asker);
                known.Actor.Tell(new TakeUpContainer(handed), Self);
            }
            else if (known.Started)
            {
                asker.Tell(new SuperviseReply(SuperviseOutcome.AlreadySupervised, $"process {Environment.ProcessId} (ActorRaid) supervises it"), Self);
            }
            else
            {
                known.Waiting.Add(asker);
            }

            return;
        }

        var loop = EventLoop.Start(request.Container);
        if (!loop.Ok)
        {
            handed?.Close();
            Refused(request.Container, new SuperviseReply(SuperviseOutcome.Failed, $"{request.Container}: {loop.Error}") { IsOurFault = true }, [asker], prepare);
            return;
        }

        var dispatcher = $"container-{request.Container}-{Guid.NewGuid():N}";
        var events = new ContainerEvents(_events, request.Container);
        loop.Value.Failed += exception => events.Error("loop-failed", exception.ToString());
        OneDispatcher.OnLoop(Context.System, dispatcher, loop.Value);
        var thread = Context.System.ThreadOfItsOwn($"{dispatcher}-control");
        var home = new ContainerHome(loop.Value, dispatcher, new WritesUnderWay()) { IsPrepared = prepare };
        var settings = new ContainerSettings(_settings, request.Container, home, events);
        IActorRef actor;
        try
        {
            actor = Context.ActorOf(
                ActorProps.Of(() => new ContainerActor(settings, Interlocked.Exchange(ref handed, null)), thread), dispatcher);
        }
        catch (Exception)
        {
            loop.Value.Dispose();
            throw;
        }

        Context.Watch(actor);
        _memory.Loops[actor] = loop.Value;
        Containers[request.Container] = new HostedContainer(actor, [asker]) { Prepared = prepare };
        _empty(false);
    }

    /// <summary>As <see cref="Begin"/>, where it is not the sender of the message who waits.</summary>
    private void TryToBegin(Supervise request, IActorRef asker)
    {
        try
        {
            Begin(request, asker);
        }
        catch (Exception e)
        {
            Refused(request.Container, Refusal(request.Container, e), [asker], wasPrepared: false);
        }
    }

    private static SuperviseReply Refusal(string container, Exception e) =>
        new(SuperviseOutcome.Failed, $"{container}: supervision could not be started: {e.Message}") { IsOurFault = true };

    private void Started(ContainerStarted started)
    {
        if (!Containers.TryGetValue(started.Container, out var container))
        {
            return;
        }

        if (started.Reply.Outcome != SuperviseOutcome.Supervised)
        {
            Containers.Remove(started.Container);
            Refused(started.Container, started.Reply, container.Waiting, container.Prepared);
            return;
        }

        container.Started = !container.Prepared;
        if (container.Started)
        {
            _memory.Refused.Remove(started.Container);
        }

        foreach (var waiting in container.Waiting)
        {
            waiting.Tell(started.Reply, Self);
        }

        container.Waiting.Clear();
    }

    /// <summary>A container could not be taken up, or its supervision has ended. While arrays of it run that is not given up.</summary>
    private void Refused(string name, SuperviseReply reply, IReadOnlyCollection<IActorRef> waiting, bool wasPrepared)
    {
        var again = !wasPrepared && _memory.FarewellTo is null && reply.Outcome == SuperviseOutcome.Failed && Runs(name, ReadMdStat());
        if (!_memory.Refused.ContainsKey(name))
        {
            Write(EventLevel.Error, "container-refused", name, again ? $"{reply.Message}; arrays of it run, so it is tried again and again" : reply.Message);
        }

        foreach (var asker in waiting)
        {
            asker.Tell(reply, Self);
        }

        if (!again)
        {
            _memory.Refused.Remove(name);
            LeaveIfEmpty();
            return;
        }

        if (!_memory.Refused.TryGetValue(name, out var refused))
        {
            _memory.Refused[name] = refused = new RefusedContainer();
        }

        refused.Reason = reply.Message;
        refused.IsOurFault = reply.IsOurFault;
        refused.TriedAt = Clock;
        TryAgainLater(name);
        _empty(false);
    }

    private void TryAgainLater(string name) =>
        Timers.StartSingleTimer(("try", name), new TryAgain(name), Delays.After(_memory.Refused[name].Tries, TryAgainFirst, TryAgainLast));

    private void TryRefusedAgain(MdStatFile mdstat)
    {
        foreach (var (name, refused) in _memory.Refused.ToList())
        {
            if (!Runs(name, mdstat))
            {
                Write(EventLevel.Info, "container-left", name, $"{name} could not be taken up, and no array of it runs any more");
                _memory.Refused.Remove(name);
                LeaveIfEmpty();
            }
            else if (Clock - refused.TriedAt > TryAgainFirst)
            {
                Try(name);
            }
        }
    }

    private void Try(string name)
    {
        if (!_memory.Refused.TryGetValue(name, out var refused) || Containers.ContainsKey(name))
        {
            return;
        }

        // Whoever has it meanwhile does what we could not, and its arrays are not to wait long when that has ended.
        if (Processes.OtherMonitor($"{_settings.RunDirectory}/{name}.pid") is not { Ok: true, Value: 0 })
        {
            Timers.StartSingleTimer(("try", name), new TryAgain(name), FreeYet);
            return;
        }

        refused.Tries++;
        refused.TriedAt = Clock;
        TryToBegin(new Supervise(name), ActorRefs.Nobody);
    }

    private MdStatFile? ReadMdStat() => SysfsAttribute.ReadOnce(_settings.MdStatPath) is { Ok: true, Value: var text } ? MdStat.Parse(text) : null;

    /// <summary>Whether arrays of a container run; also when that is not known.</summary>
    private static bool Runs(string container, MdStatFile? mdstat) =>
        mdstat is null || mdstat.Arrays.Any(array => array.Container == container && array.State is MdStatState.Active or MdStatState.Broken);

    private void BeginDescription(Describe describe)
    {
        var asker = Sender;
        ImmutableArray<AskedContainer> containers =
        [
            .. from container in Containers
               where _memory.Loops.ContainsKey(container.Value.Actor) && !_memory.Refused.ContainsKey(container.Key)
               orderby container.Key
               select new AskedContainer(container.Key, container.Value.Actor, _memory.Loops[container.Value.Actor], container.Value.Started),
        ];
        ImmutableArray<ContainerReport> refused =
        [
            .. from container in _memory.Refused
               orderby container.Key
               select new ContainerReport(container.Key, container.Value.IsOurFault ? ContainerHealth.Lost : ContainerHealth.Refused, [], "", 0, [], [])
               {
                   Refusal = container.Value.Reason,
               },
        ];
        _status ??= Context.ActorOf(ActorProps.Of(() => new StatusActor()));
        _status.Tell(new AskContainers(containers, refused, asker, describe.Limit), Self);
    }

    private void Prepare(PrepareContainer request)
    {
        if (Containers.ContainsKey(request.Container))
        {
            Sender.Tell(new SuperviseReply(SuperviseOutcome.AlreadySupervised, $"process {Environment.ProcessId} (ActorRaid) supervises it"), Self);
            return;
        }

        Begin(new Supervise(request.Container), Sender, prepare: true);
    }

    /// <summary>A container that others went on with, and who are gone: its actor knows nothing of what they did.</summary>
    private void Retake(RetakeContainer request)
    {
        if (!Containers.TryGetValue(request.Container, out var known))
        {
            Begin(new Supervise(request.Container), Sender);
            return;
        }

        var asker = Sender;
        known.Actor.Ask<ServerLeft>(new LeaveServer(), RetakeLimit).PipeTo(
            Self,
            success: left => new Retaken(request.Container, asker, new HandedContainer(null, null, Paused: false, left.Server)),
            failure: _ => new Retaken(request.Container, asker, null));
    }

    private void Forget(string name)
    {
        if (!Containers.Remove(name, out var container))
        {
            return;
        }

        foreach (var waiting in container.Waiting)
        {
            waiting.Tell(new SuperviseReply(SuperviseOutcome.Failed, $"{name}: it has been left"), Self);
        }

        LeaveIfEmpty();
    }

    /// <summary>A container's actor and all below it are gone. Until then they need the loop: it is where they end.</summary>
    private void Ended(IActorRef actor)
    {
        if (_memory.Loops.Remove(actor, out var loop))
        {
            // Waits for what is being written: not here.
            _ = Task.Run(loop.Dispose);
        }

        // What was left, or refused, is not known any more: this one was not.
        if (Containers.FirstOrDefault(known => known.Value.Actor.Equals(actor)) is { Key: { } name, Value: var container })
        {
            Containers.Remove(name);
            Refused(name, new SuperviseReply(SuperviseOutcome.Failed, $"{name}: its supervision has ended by a fault") { IsOurFault = true }, container.Waiting, container.Prepared);
        }
    }

    private void AwaitLastAnswer(Task<bool> closed) => closed.PipeTo(Self, success: _ => new LastAnswered(), failure: _ => new LastAnswered());

    private void LeaveIfEmpty()
    {
        _memory.Closing.RemoveAll(closed => closed.IsCompleted);
        if (Containers.Count == 0 && _memory.Closing.Count == 0 && _memory.Refused.Count == 0)
        {
            _memory.FarewellTo?.Tell(new Gone(), Self);
            _empty(true);
        }
    }

    private void TellAll(object message)
    {
        foreach (var container in Containers.Values)
        {
            container.Actor.Tell(message, Self);
        }
    }

    private void Write(EventLevel level, string kind, string? container, string text) =>
        _events.Write(new RaidEvent(DateTimeOffset.Now, level, kind, container, null, null, text));

    /// <summary>The socket of a container that is to be begun again was kept, or could not be.</summary>
    private sealed record Retaken(string Container, IActorRef Asker, HandedContainer? Handed);

    /// <summary>A container that was left has nobody left to answer.</summary>
    private sealed record LastAnswered;

    private sealed record TryAgain(string Container);

    private sealed record WatchAgain;
}
