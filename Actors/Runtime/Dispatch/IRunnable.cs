namespace Akka.Dispatch;

/// <summary>Work that a dispatcher runs; <see cref="IThreadPoolWorkItem.Execute"/> does the same as <see cref="Run"/>.</summary>
public interface IRunnable : IThreadPoolWorkItem
{
    /// <summary>Does the work, on the calling thread.</summary>
    void Run();
}

/// <summary>Work given as a delegate.</summary>
public sealed class ActionRunnable : IRunnable
{
    private readonly Action _action;

    /// <summary>Work that calls that delegate.</summary>
    public ActionRunnable(Action action) => _action = action;

    /// <inheritdoc/>
    public void Run() => _action();

    /// <inheritdoc/>
    public void Execute() => _action();
}
