using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch.SysMsg;
using Akka.Event;

namespace Akka.Dispatch;

/// <summary>What a dispatcher may use of its system.</summary>
public interface IDispatcherPrerequisites
{
    /// <summary>The system's event stream.</summary>
    EventStream EventStream { get; }

    /// <summary>The system's scheduler.</summary>
    IScheduler Scheduler { get; }

    /// <summary>The system's settings.</summary>
    Settings Settings { get; }
}

/// <summary>Makes, or hands out, a dispatcher; registered under a name by <see cref="Dispatchers.RegisterConfigurator"/>.</summary>
public abstract class MessageDispatcherConfigurator
{
    /// <summary>A configurator.</summary>
    /// <param name="config">The dispatcher's section; may be <see cref="ConfigurationFactory.Empty"/>.</param>
    /// <param name="prerequisites"><see cref="Dispatchers.Prerequisites"/>.</param>
    protected MessageDispatcherConfigurator(Config config, IDispatcherPrerequisites prerequisites)
    {
        Config = config;
        Prerequisites = prerequisites;
    }

    /// <summary>The dispatcher's section.</summary>
    public Config Config { get; }

    /// <summary>What the dispatcher may use.</summary>
    public IDispatcherPrerequisites Prerequisites { get; }

    /// <summary>The dispatcher: always the same or a new one each time, as the kind of dispatcher demands.</summary>
    public abstract MessageDispatcher Dispatcher();
}

/// <summary>
/// Runs mailboxes. A subclass says where (<see cref="ExecuteTask"/>); that a mailbox runs on one thread at a time, and only
/// when it has messages, is seen to here.
/// </summary>
public abstract class MessageDispatcher
{
    private readonly MessageDispatcherConfigurator _configurator;
    private long _inhabitants;
    private int _shutdownPending;

    /// <summary>A dispatcher with a throughput of 100.</summary>
    protected MessageDispatcher(MessageDispatcherConfigurator configurator)
    {
        _configurator = configurator;
        Throughput = 100;
    }

    /// <summary>The configurator that was given.</summary>
    public MessageDispatcherConfigurator Configurator => _configurator;

    /// <summary>The system's event stream.</summary>
    public EventStream EventStream => _configurator.Prerequisites.EventStream;

    /// <summary>The name; may be null.</summary>
    public string? Id { get; protected set; }

    /// <summary>For how long, in ticks of 100 ns, one actor may go on before others get their turn; null or 0 for no limit.</summary>
    public long? ThroughputDeadlineTime { get; protected set; }

    /// <summary>How many messages one actor may handle before others get their turn.</summary>
    public int Throughput { get; set; }

    /// <summary>How long after its last actor the dispatcher shuts down.</summary>
    public TimeSpan ShutdownTimeout { get; protected set; }

    /// <summary>How many actors, and pieces of scheduled work, live on it.</summary>
    protected long Inhabitants => Interlocked.Read(ref _inhabitants);

    /// <summary>Runs a delegate on this dispatcher.</summary>
    public void Schedule(Action run) => Schedule(new ActionRunnable(run));

    /// <summary>Runs a piece of work on this dispatcher.</summary>
    public void Schedule(IRunnable run)
    {
        Interlocked.Increment(ref _inhabitants);
        ExecuteTask(new ActionRunnable(() =>
        {
            try
            {
                run.Run();
            }
            finally
            {
                Leave();
            }
        }));
    }

    internal static void Dispatch(ActorCell cell, in Envelope envelope)
    {
        cell.Mailbox.Enqueue(envelope);
        cell.Dispatcher.RegisterForExecution(cell.Mailbox, true, false);
    }

    internal static void SystemDispatch(ActorCell cell, SystemMessage message)
    {
        cell.Mailbox.SystemEnqueue(message);
        cell.Dispatcher.RegisterForExecution(cell.Mailbox, false, true);
    }

    internal virtual void Attach(ActorCell cell)
    {
        Interlocked.Increment(ref _inhabitants);
        RegisterForExecution(cell.Mailbox, false, true);
    }

    internal virtual void Detach(ActorCell cell)
    {
        cell.Mailbox.Close();
        Leave();
    }

    internal static void Suspend(ActorCell cell) => cell.Mailbox.Suspend();

    internal void Resume(ActorCell cell)
    {
        if (cell.Mailbox.Resume())
        {
            RegisterForExecution(cell.Mailbox, false, false);
        }
    }

    internal void RegisterForExecution(Mailbox mailbox, bool hasMessage, bool hasSystemMessage)
    {
        if (!mailbox.CanBeScheduled(hasMessage, hasSystemMessage) || !mailbox.SetAsScheduled())
        {
            return;
        }

        try
        {
            ExecuteTask(mailbox);
        }
        catch (Exception e)
        {
            mailbox.SetAsIdle();
            ReportFailure(e);
        }
    }

    /// <summary>Has <see cref="IRunnable.Run"/> called soon, elsewhere or later; from any thread, and never waits.</summary>
    protected abstract void ExecuteTask(IRunnable run);

    /// <summary>Ends what the dispatcher holds; it may be called more than once, and an actor may come afterwards.</summary>
    protected abstract void Shutdown();

    /// <summary>Publishes a failure of the dispatcher itself.</summary>
    protected void ReportFailure(Exception ex) => EventStream.Publish(new Error(ex, GetType().FullName!, GetType(), ex.Message));

    private void Leave()
    {
        if (Interlocked.Decrement(ref _inhabitants) == 0 && Interlocked.Exchange(ref _shutdownPending, 1) == 0)
        {
            try
            {
                _configurator.Prerequisites.Scheduler.Advanced.ScheduleOnce(ShutdownTimeout, ShutdownIfEmpty);
            }
            catch (SchedulerException)
            {
                // The system has ended: there is nobody left to wait for.
                ShutdownIfEmpty();
            }
        }
    }

    private void ShutdownIfEmpty()
    {
        Volatile.Write(ref _shutdownPending, 0);
        if (Inhabitants == 0)
        {
            Shutdown();
        }
    }
}
