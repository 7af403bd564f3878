using Akka.Actor;
using Akka.Dispatch.SysMsg;

namespace Akka.Dispatch;

/// <summary>
/// Runs an asynchronous handler piece by piece on its actor: each piece comes as a system message, so <c>Self</c>, <c>Sender</c>
/// and the rule of one message at a time hold after every await. User messages wait until the handler is done.
/// </summary>
public class ActorTaskScheduler : TaskScheduler
{
    private readonly ActorCell _cell;

    internal ActorTaskScheduler(ActorCell cell) => _cell = cell;

    /// <summary>The message whose handler is running; null between handlers.</summary>
    public object? CurrentMessage { get; private set; }

    /// <summary>Always 1.</summary>
    public override int MaximumConcurrencyLevel => 1;

    /// <summary>Runs a handler of the actor that is running on this thread.</summary>
    /// <exception cref="InvalidOperationException">No actor is running on this thread.</exception>
    public static void RunTask(Action action) => RunTask(() =>
    {
        action();
        return Task.CompletedTask;
    });

    /// <summary>Runs an asynchronous handler of the actor that is running on this thread.</summary>
    /// <exception cref="InvalidOperationException">No actor is running on this thread.</exception>
    public static void RunTask(Func<Task> asyncAction)
    {
        var cell = ActorCell.Current ?? throw new InvalidOperationException("RunTask must be called from an actor context.");
        cell.Mailbox.Suspend();
        var scheduler = cell.TaskScheduler;
        scheduler.CurrentMessage = cell.CurrentMessage;
        Task.Factory.StartNew(asyncAction, CancellationToken.None, TaskCreationOptions.None, scheduler)
            .Unwrap()
            .ContinueWith(scheduler.Finish, CancellationToken.None, TaskContinuationOptions.None, scheduler);
    }

    internal void Execute(Task task) => TryExecuteTask(task);

    /// <inheritdoc/>
    protected override IEnumerable<Task>? GetScheduledTasks() => null;

    /// <inheritdoc/>
    protected override void QueueTask(Task task)
    {
        if (ActorCell.Current == _cell && !task.CreationOptions.HasFlag(TaskCreationOptions.LongRunning))
        {
            TryExecuteTask(task);
        }
        else
        {
            _cell.SendSystemMessage(new ActorTaskMessage(this, task, null, CurrentMessage));
        }
    }

    /// <inheritdoc/>
    protected override bool TryExecuteTaskInline(Task task, bool taskWasPreviouslyQueued) => false;

    private void Finish(Task done)
    {
        var failure = done.Status switch
        {
            TaskStatus.Canceled => new TaskCanceledException(),
            TaskStatus.Faulted when done.Exception!.InnerExceptions.Count == 1 => done.Exception.InnerExceptions[0],
            TaskStatus.Faulted => done.Exception,
            _ => null,
        };
        if (failure is null)
        {
            _cell.Dispatcher.Resume(_cell);
            _cell.CheckReceiveTimeout(_cell.CurrentMessage is not INotInfluenceReceiveTimeout);
        }
        else
        {
            _cell.SendSystemMessage(new ActorTaskMessage(this, null, failure, CurrentMessage));
        }

        CurrentMessage = null;
    }
}
