using Akka.Event;

namespace Akka.Actor;

/// <summary>How an actor supervises its children.</summary>
public abstract class SupervisorStrategy
{
    /// <summary>
    /// Restart, but stop what could not be created, was killed, or died with an actor that it watched.
    /// </summary>
    public static IDecider DefaultDecider = Actor.Decider.From(
        Directive.Restart,
        Directive.Stop.When<ActorInitializationException>(),
        Directive.Stop.When<ActorKilledException>(),
        Directive.Stop.When<DeathPactException>());

    /// <summary>One for one, by <see cref="DefaultDecider"/>, without a limit.</summary>
    public static readonly SupervisorStrategy DefaultStrategy = new OneForOneStrategy(DefaultDecider);

    /// <summary>One for one: stop.</summary>
    public static readonly OneForOneStrategy StoppingStrategy = new(_ => Directive.Stop);

    private readonly int _retries;
    private readonly int _within;

    private protected SupervisorStrategy(int retries, int withinMilliseconds, IDecider decider, bool loggingEnabled)
    {
        _retries = retries;
        _within = withinMilliseconds;
        Decider = decider;
        LoggingEnabled = loggingEnabled;
    }

    /// <summary>Who decides.</summary>
    public IDecider Decider { get; }

    /// <summary>How many restarts are allowed (within the time range, if there is one); -1 for no limit, 0 for none.</summary>
    public int MaxNumberOfRetries => _retries;

    /// <summary>The time range in milliseconds; -1 for none.</summary>
    public int WithinTimeRangeMilliseconds => _within;

    /// <summary>Failures are published as log events.</summary>
    protected bool LoggingEnabled { get; set; }

    /// <summary>Deals with a failed child.</summary>
    /// <returns>False if the supervisor has to fail itself.</returns>
    internal bool HandleFailure(
        ActorCell supervisor, ActorRefBase child, Exception cause, ChildStats stats, IReadOnlyCollection<ChildStats> children)
    {
        var directive = Decider.Decide(cause);
        Log(supervisor, child, cause, directive);
        switch (directive)
        {
            case Directive.Resume:
                child.SendSystemMessage(new Dispatch.SysMsg.Resume(cause));
                return true;
            case Directive.Restart:
                ProcessFailure(supervisor, true, child, cause, stats, children);
                return true;
            case Directive.Stop:
                ProcessFailure(supervisor, false, child, cause, stats, children);
                return true;
            default:
                return false;
        }
    }

    private protected static void Restart(ActorRefBase child, Exception cause) =>
        child.SendSystemMessage(new Dispatch.SysMsg.Recreate(cause));

    private protected bool MayRestart(ChildStats stats) => stats.RequestRestartPermission(_retries, _within);

    private protected abstract void ProcessFailure(
        ActorCell supervisor, bool restart, ActorRefBase child, Exception cause, ChildStats stats,
        IReadOnlyCollection<ChildStats> children);

    private protected static int Milliseconds(TimeSpan? range) => range is { } time ? (int)time.TotalMilliseconds : -1;

    private void Log(ActorCell supervisor, ActorRefBase child, Exception cause, Directive directive)
    {
        if (!LoggingEnabled || directive == Directive.Escalate)
        {
            return;
        }

        var message = cause is ActorInitializationException { InnerException: { } inner } ? inner.Message : cause.Message;
        var source = child.Path.ToString();
        supervisor.Publish(directive == Directive.Resume
            ? new Warning(cause, source, GetType(), message)
            : new Error(cause, source, GetType(), message));
    }
}

/// <summary>The directive concerns the failed child alone.</summary>
public class OneForOneStrategy : SupervisorStrategy
{
    /// <summary>With a limit of restarts, a time range for it, and a function that decides.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), new LocalOnlyDecider(localOnlyDecider))
    {
    }

    /// <summary>With a limit of restarts, a time range for it, and a decider.</summary>
    public OneForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), decider)
    {
    }

    /// <summary>With a limit of restarts, a time range for it in milliseconds, and a function that decides.</summary>
    public OneForOneStrategy(
        int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
    {
    }

    /// <summary>With a limit of restarts, a time range for it in milliseconds, and a decider.</summary>
    public OneForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
        : base(maxNrOfRetries, withinTimeMilliseconds, decider, loggingEnabled)
    {
    }

    /// <summary>With a function that decides.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    /// <summary>With a function that decides, and failures published or not.</summary>
    public OneForOneStrategy(Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(-1, -1, localOnlyDecider, loggingEnabled)
    {
    }

    /// <summary>With a decider.</summary>
    public OneForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    private protected override void ProcessFailure(
        ActorCell supervisor, bool restart, ActorRefBase child, Exception cause, ChildStats stats,
        IReadOnlyCollection<ChildStats> children)
    {
        if (restart && MayRestart(stats))
        {
            Restart(child, cause);
        }
        else
        {
            supervisor.Stop(child);
        }
    }
}

/// <summary>The directive concerns all children; resume, only the failed one.</summary>
public class AllForOneStrategy : SupervisorStrategy
{
    /// <summary>With a limit of restarts, a time range for it, and a function that decides.</summary>
    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, Func<Exception, Directive> localOnlyDecider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), new LocalOnlyDecider(localOnlyDecider))
    {
    }

    /// <summary>With a limit of restarts, a time range for it, and a decider.</summary>
    public AllForOneStrategy(int? maxNrOfRetries, TimeSpan? withinTimeRange, IDecider decider)
        : this(maxNrOfRetries ?? -1, Milliseconds(withinTimeRange), decider)
    {
    }

    /// <summary>With a limit of restarts, a time range for it in milliseconds, and a function that decides.</summary>
    public AllForOneStrategy(
        int maxNrOfRetries, int withinTimeMilliseconds, Func<Exception, Directive> localOnlyDecider, bool loggingEnabled = true)
        : this(maxNrOfRetries, withinTimeMilliseconds, new LocalOnlyDecider(localOnlyDecider), loggingEnabled)
    {
    }

    /// <summary>With a limit of restarts, a time range for it in milliseconds, and a decider.</summary>
    public AllForOneStrategy(int maxNrOfRetries, int withinTimeMilliseconds, IDecider decider, bool loggingEnabled = true)
        : base(maxNrOfRetries, withinTimeMilliseconds, decider, loggingEnabled)
    {
    }

    /// <summary>With a function that decides.</summary>
    public AllForOneStrategy(Func<Exception, Directive> localOnlyDecider)
        : this(-1, -1, localOnlyDecider)
    {
    }

    /// <summary>With a decider.</summary>
    public AllForOneStrategy(IDecider decider)
        : this(-1, -1, decider)
    {
    }

    private protected override void ProcessFailure(
        ActorCell supervisor, bool restart, ActorRefBase child, Exception cause, ChildStats stats,
        IReadOnlyCollection<ChildStats> children)
    {
        var all = restart && children.All(MayRestart);
        foreach (var one in children)
        {
            if (!all)
            {
                supervisor.Stop(one.Child);
                continue;
            }

            if (!one.Child.Equals(child))
            {
                one.Child.SendSystemMessage(new Dispatch.SysMsg.Suspend());
            }

            Restart(one.Child, cause);
        }
    }
}
