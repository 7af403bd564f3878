using Akka.Actor;
using Akka.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Akka.Hosting;

/// <summary>An actor system as one of a host's services.</summary>
public static class AkkaHostingExtensions
{
    /// <summary>Adds an actor system that starts and ends with the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="actorSystemName">The system's name.</param>
    /// <param name="builder">Says how it is to be started; called once, when the system is first needed.</param>
    public static IServiceCollection AddAkka(
        this IServiceCollection services, string actorSystemName, Action<AkkaConfigurationBuilder> builder) =>
        services.AddAkka(actorSystemName, (akka, _) => builder(akka));

    /// <summary>Adds an actor system that starts and ends with the host.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="actorSystemName">The system's name.</param>
    /// <param name="builder">Says how it is to be started, and is given the services; called once, when the system is first needed.</param>
    public static IServiceCollection AddAkka(
        this IServiceCollection services, string actorSystemName, Action<AkkaConfigurationBuilder, IServiceProvider> builder)
    {
        var akka = new AkkaConfigurationBuilder(services, actorSystemName);
        services.AddSingleton(provider =>
        {
            builder(akka, provider);
            return akka;
        });
        akka.Bind();
        return services.AddHostedService(provider => new AkkaHostedService(provider, provider.GetService<IHostApplicationLifetime>()));
    }

    /// <summary>Adds configuration.</summary>
    public static AkkaConfigurationBuilder AddHocon(this AkkaConfigurationBuilder builder, Config hocon, HoconAddMode addMode) =>
        builder.Add(hocon, addMode);

    /// <summary>Makes actors when the system has started.</summary>
    public static AkkaConfigurationBuilder WithActors(
        this AkkaConfigurationBuilder builder, Action<ActorSystem, IActorRegistry> actorStarter) => builder.StartActors(actorStarter);

    /// <summary>Makes actors when the system has started; the host's start waits for the task.</summary>
    public static AkkaConfigurationBuilder WithActors(this AkkaConfigurationBuilder builder, ActorStarter actorStarter) =>
        builder.StartActors(actorStarter);
}
