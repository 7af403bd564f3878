namespace ActorRaid.Host.Handoff;

/// <summary>
/// Both sides of a handoff have a thread that waits: what the steps of an async method are made of is compiled when they first run, and that would be
/// while arrays wait.
/// </summary>
internal static class Blocking
{
    /// <summary>Does it on a thread of that name; the task has its result, or its exception.</summary>
    internal static Task<T> OnOwnThread<T>(string name, Func<T> work)
    {
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(
            () =>
            {
                try
                {
                    done.SetResult(work());
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            },
            256 * 1024) { IsBackground = true, Name = name }.Start();
        return done.Task;
    }

    /// <summary>Waits for the end; throws what the task has failed with.</summary>
    internal static void Await(Task task) => task.GetAwaiter().GetResult();

    /// <summary>The same, for a result.</summary>
    internal static T Await<T>(Task<T> task) => task.GetAwaiter().GetResult();
}
