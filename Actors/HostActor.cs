using System.Collections.Immutable;
using ActorRaid.Actors.Handoff;
using ActorRaid.Actors.Recording;
using ActorRaid.SysfsIo;
using Akka.Actor;
using Akka.Dispatch;

namespace ActorRaid.Actors;

/// <summary>
/// The host: owns which containers are ours, and watches /proc/mdstat for all of them. A container that fails is restarted;
/// it reads everything anew.
/// </summary>
internal sealed class HostActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan RetakeLimit = TimeSpan.FromSeconds(5);
    private readonly RaidSettings _settings;
    private readonly IEventSink _events;
    private readonly Action<bool> _empty;
    private readonly Dictionary<string, Container> _containers = [];
    private readonly Dictionary<IActorRef, EventLoop> _loops = [];
    private IActorRef? _farewellTo;
    private IActorRef? _status;
    private MdStatWatcher? _watcher;
    private int _closing;

    /// <summary>A host.</summary>
    /// <param name="settings">The system's settings.</param>
    /// <param name="events">Who is told.</param>
    /// <param name="empty">Told whether there is any container, whenever that may have changed.</param>
    public HostActor(RaidSettings settings, IEventSink events, Action<bool> empty)
    {
        _settings = settings;
        _events = events;
        _empty = empty;
        Receive<Supervise>(request => Begin(request, Sender));
        Receive<ContainerStarted>(Started);
        Receive<ContainerLeft>(left =>
        {
            _closing++;
            left.Closed.PipeTo(Self, success: _ => new LastAnswered(), failure: _ => new LastAnswered());
            Forget(left.Container);
        });
        Receive<LastAnswered>(_ =>
        {
            _closing--;
            LeaveIfEmpty();
        });
        Receive<Terminated>(dead => Ended(dead.ActorRef));
        Receive<MdStatChanged>(changed =>
        {
            foreach (var container in _containers.Values)
            {
                container.Actor.Tell(changed, Self);
            }
        });
        Receive<PredecessorEnded>(ended =>
        {
            foreach (var container in _containers.Values)
            {
                container.Actor.Tell(ended, Self);
            }
        });
        Receive<Farewell>(farewell =>
        {
            _farewellTo = Sender;
            foreach (var container in _containers.Values)
            {
                container.Actor.Tell(farewell, Self);
            }

            LeaveIfEmpty();
        });
        Receive<Describe>(describe =>
        {
            var asker = Sender;
            ImmutableArray<AskedContainer> containers =
            [
                .. from container in _containers
                   where _loops.ContainsKey(container.Value.Actor)
                   orderby container.Key
                   select new AskedContainer(container.Key, container.Value.Actor, _loops[container.Value.Actor], container.Value.Started),
            ];
            _status ??= Context.ActorOf(ActorProps.Of(() => new StatusActor()));
            _status.Tell(new AskContainers(containers, asker, describe.Limit), Self);
        });
        Receive<PolicyChanged>(changed =>
        {
            foreach (var container in _containers.Values)
            {
                container.Actor.Tell(changed, Self);
            }
        });
        Receive<LetGo>(letGo =>
        {
            foreach (var name in letGo.Containers)
            {
                if (_containers.TryGetValue(name, out var container))
                {
                    container.Leaving = true;
                    container.Actor.Tell(new Farewell(letGo.Limit), Self);
                }
            }
        });
        Receive<ListContainers>(_ => Sender.Tell(
            new ContainerList([.. _containers.Where(known => known.Value is { Started: true, Leaving: false }).Select(known => known.Key).Order(StringComparer.Ordinal)]), Self));
        Receive<RetakeContainer>(Retake);
        Receive<PrepareContainer>(Prepare);
        Receive<Retaken>(retaken =>
        {
            if (_containers.Remove(retaken.Container, out var known))
            {
                Context.Stop(known.Actor);
            }

            Begin(new Supervise(retaken.Container, retaken.Handed), retaken.Asker);
        });
        Receive<IForContainer>(message =>
        {
            if (_containers.TryGetValue(message.Container, out var container))
            {
                container.Actor.Forward(message);
            }
            else
            {
                Sender.Tell(new NotSupervised(message.Container), Self);
            }
        });
        Receive<PingManager>(_ => Sender.Tell(new Pong(), Self));
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(
        exception =>
        {
            _events.Write(new RaidEvent(DateTimeOffset.Now, EventLevel.Error, "container-failed", Sender.Path.Name, null, null, $"supervision starts again: {exception}"));
            return Directive.Restart;
        });

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var self = Self;
        var watcher = MdStatWatcher.Start(
            mdstat =>
            {
                if (mdstat.Ok)
                {
                    self.Tell(new MdStatChanged(MdStat.Parse(mdstat.Value)), ActorRefs.NoSender);
                }
            },
            _settings.MdStatPath);
        Context.ActorOf(ActorProps.Of(() => new PauseRehearsal()));
        if (watcher.Ok)
        {
            _watcher = watcher.Value;
            return;
        }

        _events.Write(new RaidEvent(DateTimeOffset.Now, EventLevel.Warning, "mdstat-unreadable", null, null, null, watcher.Error.ToString()));
    }

    /// <inheritdoc/>
    protected override void PostStop() => _watcher?.Dispose();

    private void Begin(Supervise request, IActorRef asker, bool prepare = false)
    {
        var handed = request.Handed;
        if (_containers.TryGetValue(request.Container, out var known))
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

        var loop = new EventLoop(request.Container);
        var dispatcher = $"container-{request.Container}-{Guid.NewGuid():N}";
        var events = new ContainerEvents(_events, request.Container);
        loop.Failed += exception => events.Error("loop-failed", exception.ToString());
        Context.System.Dispatchers.RegisterConfigurator(
            dispatcher, new ContainerDispatcherConfigurator(loop, Context.System.Dispatchers.Prerequisites));
        var home = new ContainerHome(loop, dispatcher, new WritesUnderWay()) { IsPrepared = prepare };
        var settings = new ContainerSettings(_settings, request.Container, home, events);
        var actor = Context.ActorOf(
            ActorProps.Of(() => new ContainerActor(settings, Interlocked.Exchange(ref handed, null)), RaidSystem.PinnedDispatcher), dispatcher);
        Context.Watch(actor);
        _loops[actor] = loop;
        _containers[request.Container] = new Container(actor, [asker]) { Prepared = prepare };
        _empty(false);
    }

    private void Started(ContainerStarted started)
    {
        if (!_containers.TryGetValue(started.Container, out var container))
        {
            return;
        }

        var well = started.Reply.Outcome == SuperviseOutcome.Supervised;
        container.Started = well && !container.Prepared;
        foreach (var waiting in container.Waiting)
        {
            waiting.Tell(started.Reply, Self);
        }

        container.Waiting.Clear();
        if (!well)
        {
            Forget(started.Container);
        }
    }

    private void Prepare(PrepareContainer request)
    {
        if (_containers.ContainsKey(request.Container))
        {
            Sender.Tell(new SuperviseReply(SuperviseOutcome.AlreadySupervised, $"process {Environment.ProcessId} (ActorRaid) supervises it"), Self);
            return;
        }

        Begin(new Supervise(request.Container), Sender, prepare: true);
    }

    /// <summary>A container that others went on with, and who are gone: its actor knows nothing of what they did.</summary>
    private void Retake(RetakeContainer request)
    {
        if (!_containers.TryGetValue(request.Container, out var known))
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

    private void Forget(string? name)
    {
        if (name is null || !_containers.Remove(name, out var container))
        {
            return;
        }

        foreach (var waiting in container.Waiting)
        {
            waiting.Tell(new SuperviseReply(SuperviseOutcome.Failed, $"{name}: supervision could not be started"), Self);
        }

        LeaveIfEmpty();
    }

    /// <summary>A container's actor and all below it are gone. Until then they need the loop: it is where they end.</summary>
    private void Ended(IActorRef actor)
    {
        Forget(_containers.FirstOrDefault(known => known.Value.Actor.Equals(actor)).Key);
        if (_loops.Remove(actor, out var loop))
        {
            // Waits for what is being written: not here.
            _ = Task.Run(loop.Dispose);
        }
    }

    private void LeaveIfEmpty()
    {
        if (_containers.Count == 0 && _closing == 0)
        {
            _farewellTo?.Tell(new Gone(), Self);
            _empty(true);
        }
    }

    /// <summary>The socket of a container that is to be begun again was kept, or could not be.</summary>
    private sealed record Retaken(string Container, IActorRef Asker, HandedContainer? Handed);

    /// <summary>A container that was left has nobody left to answer.</summary>
    private sealed record LastAnswered;

    private sealed class Container(IActorRef actor, List<IActorRef> waiting)
    {
        public IActorRef Actor { get; } = actor;

        public List<IActorRef> Waiting { get; } = waiting;

        public bool Started { get; set; }

        /// <summary>All is ready to take it up, but another process supervises it.</summary>
        public bool Prepared { get; set; }

        /// <summary>Others have it; it is about to be left.</summary>
        public bool Leaving { get; set; }
    }
}
