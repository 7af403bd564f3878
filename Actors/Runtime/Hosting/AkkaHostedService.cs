using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Akka.Hosting;

/// <summary>
/// Starts the actor system and its actors with the host and terminates it with the host; a system that ends by itself
/// ends the host.
/// </summary>
internal sealed class AkkaHostedService(IServiceProvider provider, IHostApplicationLifetime? lifetime) : IHostedService
{
    /// <summary>How long the host waits for actors that do not come to an end: as coordinated shutdown's last phase.</summary>
    private static readonly TimeSpan TerminationLimit = TimeSpan.FromSeconds(10);

    private ActorSystem? _system;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var builder = provider.GetRequiredService<AkkaConfigurationBuilder>();
            _system = provider.GetRequiredService<ActorSystem>();
            await builder.Start(_system).ConfigureAwait(false);
        }
        catch
        {
            await StopAsync(CancellationToken.None).ConfigureAwait(false);
            throw;
        }

        _ = EndWithTheSystem(_system);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_system is null)
        {
            return;
        }

        try
        {
            await _system.Terminate().WaitAsync(TerminationLimit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _system.Log.Warning("Actors of {0} are still running {1} s after they were told to stop", _system.Name, TerminationLimit.TotalSeconds);
        }
    }

    private async Task EndWithTheSystem(ActorSystem system)
    {
        await system.WhenTerminated.ConfigureAwait(false);
        lifetime?.StopApplication();
    }
}
