using System.Runtime.InteropServices;
using ActorRaid.SysfsIo;
using Microsoft.Extensions.Hosting;
using Mono.Unix.Native;

namespace ActorRaid.Host.Daemon;

/// <summary>
/// What signals mean to the daemon: SIGTERM and SIGINT ask it to leave; SIGUSR1, with which mdmon's taker pokes the one that
/// it waits for, means nothing and kills nobody; SIGHUP asks for a reload. (SIGPIPE the runtime ignores by itself.)
/// </summary>
internal sealed class Signals : IHostLifetime, ILeaveRequests, IDisposable
{
    private const PosixSignal User1 = (PosixSignal)Signum.SIGUSR1;

    private volatile TaskCompletionSource<string> _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly PosixSignalRegistration[] _registrations;

    /// <summary>From here on signals are handled.</summary>
    internal Signals()
    {
        // Started by nohup, or by who ignores it: the runtime would leave it at that, and it means something to us.
        Stdlib.SetSignalAction(Signum.SIGHUP, SignalAction.Default);
        // Not Mono's UnixSignal: that takes the signal from the runtime, and needs a thread of ours that waits for it.
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Leave(context, "SIGTERM")),
            PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Leave(context, "SIGINT")),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload),
            PosixSignalRegistration.Create(User1, context => context.Cancel = true),
        ];
    }

    /// <summary>SIGHUP: called on some thread. Before anybody listens it means nothing.</summary>
    internal event Action? ReloadAsked;

    /// <inheritdoc/>
    public Task<string> Asked => _asked.Task;

    /// <inheritdoc/>
    public void Answered() => _asked = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Asks us to leave for another reason.</summary>
    internal void Ask(string reason) => _asked.TrySetResult(reason);

    /// <summary>Back to the defaults.</summary>
    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
    }

    private void Reload(PosixSignalContext context)
    {
        context.Cancel = true;
        if (ReloadAsked is { } reload)
            _ = Task.Run(reload);
    }

    private void Leave(PosixSignalContext context, string name)
    {
        context.Cancel = true;
        Ask(name);
    }
}

/// <summary>Who asks the daemon to leave.</summary>
internal interface ILeaveRequests
{
    /// <summary>Completes when we are asked to leave, with the signal's name or another reason.</summary>
    Task<string> Asked { get; }

    /// <summary>What was asked is done, and we are still here: we may be asked again.</summary>
    void Answered();
}
