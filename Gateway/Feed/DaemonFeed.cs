using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Feed;

/// <summary>
/// Keeps a watch and a follow open at the daemon's control socket, and writes down what is told. The only one that asks the daemon anything. A
/// daemon that is gone for a moment (handed over, started again) is asked anew after a short, growing pause.
/// </summary>
internal sealed class DaemonFeed(string socket, Bulletin bulletin, ILogger<DaemonFeed> log) : BackgroundService
{
    /// <summary>The first pause, and the longest.</summary>
    internal static readonly TimeSpan First = TimeSpan.FromMilliseconds(100), Longest = TimeSpan.FromSeconds(5);

    // What comes with every burst of writes is of no use to those who look from elsewhere, and would push the rest out.
    private const string Least = "info";

    // How long the first answer may take, and how long none may come until the daemon is asked whether it is still there.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5), Silence = TimeSpan.FromSeconds(30);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stop)
    {
        using var clock = new PeriodicTimer(TimeSpan.FromSeconds(1));
        await Task.WhenAll(Ask(stop), Tick(clock, stop)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task Tick(PeriodicTimer clock, CancellationToken stop)
    {
        while (await clock.WaitForNextTickAsync(stop).ConfigureAwait(false))
            bulletin.Tick();
    }

    private async Task Ask(CancellationToken stop)
    {
        var pause = First;
        while (true)
        {
            string problem;
            var began = Environment.TickCount64;
            try
            {
                await Session(stop).ConfigureAwait(false);
                continue;
            }
            catch (ControlException e)
            {
                problem = e.Message;
            }
            catch (OperationCanceledException) when (!stop.IsCancellationRequested)
            {
                problem = $"{socket}: the daemon takes questions, but has not answered for {Patience.TotalSeconds} s";
            }
            if (bulletin.Now.Problem != problem)
                log.LogWarning("{Problem}", problem);
            bulletin.Lose(problem);
            // One that answers and hangs up, again and again, is no reason to hurry.
            if (Environment.TickCount64 - began > Longest.TotalMilliseconds)
                pause = First;
            await Task.Delay(pause, stop).ConfigureAwait(false);
            pause = pause * 2 < Longest ? pause * 2 : Longest;
        }
    }

    /// <summary>One connection for each of the two; ends normally when nothing has come for long, and otherwise by an exception.</summary>
    private async Task Session(CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        patience.CancelAfter(Patience);
        using var client = await ControlClient.Connect(socket, patience.Token).ConfigureAwait(false);
        Task? events = null;
        try
        {
            await foreach (var reply in client.Follow(new ControlRequest(ControlRequest.Current, "watch"), patience.Token).ConfigureAwait(false))
            {
                if (reply.Status is not { } status)
                    throw new ControlException("bad-answer", $"{socket}: an answer to watch without a status");
                if (status.Version > HostStatus.Current)
                    throw new ControlException("unknown-version", $"{socket}: the daemon speaks version {status.Version} of the status, this gateway knows {HostStatus.Current}: restart the gateway (systemctl restart actorraid-gateway)");
                patience.CancelAfter(Silence);
                if (bulletin.Now.Problem is not null)
                    log.LogInformation("{Socket}: the daemon answers (process {Process})", socket, status.Process);
                bulletin.Take(Printable.Of(status));
                events ??= Follow(status.Process, ending.Token);
                if (events.IsFaulted)
                    await events.ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (events is not null && !stop.IsCancellationRequested)
        {
            // Nothing has changed for long, or nobody is there any more: asked anew, it shows.
        }
        finally
        {
            await ending.CancelAsync().ConfigureAwait(false);
            if (events is not null)
                await events.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task Follow(int process, CancellationToken stop)
    {
        long? last = bulletin.Now.Events is [.., var seen] && seen.Process == process ? seen.Event.Sequence : null;
        var request = new ControlRequest(ControlRequest.Current, "follow", After: last, Process: last is null ? null : process, Level: Least);
        using var client = await ControlClient.Connect(socket, stop).ConfigureAwait(false);
        await foreach (var reply in client.Follow(request, stop).ConfigureAwait(false))
        {
            if (reply.Events is { } events)
                bulletin.Take(process, [.. events.Select(Printable.Of)]);
        }
    }
}
