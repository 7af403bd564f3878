namespace Akka.Actor;

/// <summary>Asking an actor from outside, or from another actor's asynchronous handler.</summary>
public static class Futures
{
    /// <summary>Sends a message and awaits the first answer.</summary>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<object>(message, timeout, CancellationToken.None);

    /// <summary>Sends a message and awaits the first answer.</summary>
    public static Task<object> Ask(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<object>(message, null, cancellationToken);

    /// <summary>Sends a message and awaits the first answer.</summary>
    public static Task<object> Ask(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<object>(message, timeout, cancellationToken);

    /// <inheritdoc cref="Ask{T}(ICanTell, Func{IActorRef, object}, TimeSpan?, CancellationToken)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout = null) =>
        self.Ask<T>(message, timeout, CancellationToken.None);

    /// <inheritdoc cref="Ask{T}(ICanTell, Func{IActorRef, object}, TimeSpan?, CancellationToken)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, CancellationToken cancellationToken) =>
        self.Ask<T>(message, null, cancellationToken);

    /// <inheritdoc cref="Ask{T}(ICanTell, Func{IActorRef, object}, TimeSpan?, CancellationToken)"/>
    public static Task<T> Ask<T>(this ICanTell self, object message, TimeSpan? timeout, CancellationToken cancellationToken) =>
        self.Ask<T>(_ => message, timeout, cancellationToken);

    /// <summary>
    /// Sends a message and awaits the first answer. The task fails with <see cref="AskTimeoutException"/> when the time is up, with
    /// the cause of a <see cref="Status.Failure"/> answer, and with <see cref="ArgumentException"/> for an answer of another type.
    /// </summary>
    /// <param name="self">Who is asked.</param>
    /// <param name="messageFactory">The message, given the reference that the answer goes to.</param>
    /// <param name="timeout">For how long; null or less than zero for ever.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<T> Ask<T>(
        this ICanTell self, Func<IActorRef, object> messageFactory, TimeSpan? timeout, CancellationToken cancellationToken)
    {
        var system = (self as ActorRefBase)?.System ?? ActorCell.Current?.SystemImpl
            ?? throw new ArgumentException("Unable to resolve the target Provider", nameof(self));
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var asker = new FutureActorRef<T>(system, answer);
        ICancelable? timer = null;
        if (timeout is { } time && time > TimeSpan.Zero)
        {
            timer = new Cancelable(system.Scheduler);
            system.Scheduler.Advanced.ScheduleOnce(
                time,
                () => answer.TrySetException(new AskTimeoutException($"Timeout after {time.TotalSeconds:F2} seconds")),
                timer);
        }

        var registration = cancellationToken.UnsafeRegister(_ => answer.TrySetCanceled(cancellationToken), null);
        if (timer is not null || cancellationToken.CanBeCanceled)
        {
            answer.Task.ContinueWith(
                _ =>
                {
                    timer?.Cancel();
                    registration.Dispose();
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }

        self.Tell(messageFactory(asker), asker);
        return answer.Task;
    }
}

/// <summary>Takes the one answer to an ask.</summary>
internal sealed class FutureActorRef<T>(ActorSystemImpl system, TaskCompletionSource<T> answer) : ActorRefBase
{
    private ActorPath? _path;

    public override ActorPath Path
    {
        get
        {
            if (_path is null)
            {
                Interlocked.CompareExchange(ref _path, system.NextTempPath(), null);
            }

            return _path;
        }
    }

    internal override ActorSystemImpl System => system;

    internal override bool IsTerminated => answer.Task.IsCompleted;

    private protected override void TellInternal(object message, IActorRef? sender)
    {
        var taken = message switch
        {
            T typed => answer.TrySetResult(typed),
            null => answer.TrySetResult(default!),
            Status.Failure failure => answer.TrySetException(failure.Cause
                ?? new TaskCanceledException("Task cancelled by actor via Failure message.")),
            _ => Refuse(message),
        };
        if (!taken && !answer.Task.IsCanceled && message is not null)
        {
            system.DeadLetters.Tell(message, this);
        }
    }

    private bool Refuse(object message)
    {
        answer.TrySetException(new ArgumentException(
            $"Received message of type [{message.GetType()}] - Ask expected message of type [{typeof(T)}]"));
        return false;
    }
}
