using ActorRaid.Actors;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Xunit;
using GenericHost = Microsoft.Extensions.Hosting.Host;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// A host with supervision as its service, whose actors' timers and clocks stand still until <see cref="Pass"/>.
/// </summary>
internal sealed class RaidHost : IDisposable
{
    private readonly IHost _host;

    public RaidHost(IEventSink told, RaidSettings settings)
    {
        var builder = GenericHost.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton(told).AddRaidSystem(settings)
            .Replace(ServiceDescriptor.Singleton(
                _ => RaidHosting.CreateSystem("actorraid", VirtualTime.Configuration)));
        _host = builder.Build();
        Assert.True(_host.StartAsync().Wait(Patience.Limit));
    }

    public RaidSystem Raid => _host.Services.GetRequiredService<RaidSystem>();

    public ActorSystem System => _host.Services.GetRequiredService<ActorSystem>();

    /// <summary>So much time passes. What is due then is not waited for.</summary>
    public void Pass(TimeSpan time) => VirtualTime.Of(System).Advance(time);

    /// <inheritdoc/>
    public void Dispose()
    {
        var system = System;
        Assert.True(_host.StopAsync().Wait(Patience.Limit));
        Assert.True(system.WhenTerminated.IsCompleted, "some actor did not stop with the host");
        VirtualTime.Of(system).End();
        _host.Dispose();
    }
}
