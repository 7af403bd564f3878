using Akka.Configuration;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Actor;

internal sealed class ActorSystemImpl : ActorSystem, IDispatcherPrerequisites
{
    private const string Defaults = """
        akka {
          loglevel = INFO
          actor {
            default-dispatcher {
              type = Dispatcher
              throughput = 30
              shutdown-timeout = 1s
            }
          }
        }
        """;

    private readonly TaskCompletionSource _terminated = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimerThreadScheduler _scheduler;
    private readonly LocalActorRef _guardian;
    private readonly Stack<Action> _onTermination = new();
    private long _lastUid = Random.Shared.Next();
    private long _lastTemp;

    internal ActorSystemImpl(string name, Config config)
    {
        if (name.Length == 0 || !char.IsAsciiLetterOrDigit(name[0])
            || !name.All(symbol => char.IsAsciiLetterOrDigit(symbol) || symbol is '-' or '_'))
        {
            throw new ArgumentException(
                $"Invalid ActorSystem name [{name}], must contain only word characters (i.e. [a-zA-Z0-9] plus non-leading '-' and '_')",
                nameof(name));
        }

        Name = name;
        Settings = new Settings(this, config.WithFallback(ConfigurationFactory.ParseString(Defaults)));
        RootPath = new RootActorPath(name);
        EventStream = new EventStream(false) { LogLevel = Logging.LogLevelFor(Settings.LogLevel) };
        _scheduler = new TimerThreadScheduler(EventStream);
        Log = Logging.GetLogger(EventStream, $"ActorSystem({name})");
        DeadLetterRef = new DeadLetterActorRef(this);
        Dispatchers = new Dispatchers(this);
        _guardian = new LocalActorRef(
            this, Props.CreateBy(new GuardianProducer()), Dispatchers.DefaultGlobalDispatcher, new RootGuardianRef(this),
            new ChildActorPath(RootPath, "user", NextUid()));
        _guardian.Cell.Start();
    }

    public override Settings Settings { get; }

    public override string Name { get; }

    public override EventStream EventStream { get; }

    public override IActorRef DeadLetters => DeadLetterRef;

    public override Dispatchers Dispatchers { get; }

    public override IScheduler Scheduler => _scheduler;

    public override ILoggingAdapter Log { get; }

    public override Task WhenTerminated => _terminated.Task;

    internal ActorPath RootPath { get; }

    internal DeadLetterActorRef DeadLetterRef { get; }

    public override void RegisterOnTermination(Action code)
    {
        lock (_onTermination)
        {
            _onTermination.Push(code);
        }
    }

    public override Task Terminate()
    {
        _guardian.Stop();
        return WhenTerminated;
    }

    public override void Stop(IActorRef actor) => ((ActorRefBase)actor).Stop();

    public override IActorRef ActorOf(Props props, string? name = null) => _guardian.Cell.ActorOf(props, name);

    public override string ToString() => RootPath.ToString()[..^1];

    internal long NextUid() => Interlocked.Increment(ref _lastUid);

    internal ActorPath NextTempPath() => RootPath / "temp" / $"${Interlocked.Increment(ref _lastTemp)}";

    internal void GuardianTerminated()
    {
        lock (_onTermination)
        {
            while (_onTermination.TryPop(out var code))
            {
                try
                {
                    code();
                }
                catch (Exception e)
                {
                    EventStream.Publish(new Error(e, ToString(), GetType(), $"A termination callback failed: {e.Message}"));
                }
            }
        }

        _scheduler.End();
        Dispatchers.End();
        _terminated.TrySetResult();
    }

    /// <summary>The parent of all actors that the system itself is asked for.</summary>
    private sealed class Guardian : ActorBase
    {
        protected override bool Receive(object message)
        {
            Context.System.DeadLetters.Tell(message, Sender);
            return true;
        }
    }

    private sealed class GuardianProducer : IIndirectActorProducer
    {
        public Type ActorType => typeof(Guardian);

        public ActorBase Produce() => new Guardian();

        public void Release(ActorBase actor)
        {
        }
    }
}
