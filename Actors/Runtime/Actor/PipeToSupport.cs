namespace Akka.Actor;

/// <summary>Sends what comes of a task to an actor.</summary>
public static class PipeToSupport
{
    /// <summary>Sends the result (by default as it is) or the failure (by default as <see cref="Status.Failure"/>).</summary>
    public static async Task PipeTo<T>(
        this Task<T> taskToPipe,
        ICanTell recipient,
        IActorRef? sender = null,
        Func<T, object>? success = null,
        Func<Exception, object>? failure = null)
    {
        object message;
        try
        {
            var result = await taskToPipe.ConfigureAwait(false);
            message = success is null ? result! : success(result);
        }
        catch (Exception e)
        {
            message = failure is null ? new Status.Failure(e) : failure(e);
        }

        recipient.Tell(message, sender);
    }
}
