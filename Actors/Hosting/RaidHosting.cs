using Akka.Actor;
using Akka.Configuration;
using Akka.Event;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace ActorRaid.Actors;

/// <summary>Supervision as one of a host's services.</summary>
public static class RaidHosting
{
    /// <summary>
    /// What is otherwise than Akka has it. It writes nothing to the standard streams; its errors are events of ours. It looks at the clock only when
    /// something is due. A signal is ours to answer: the farewell to the arrays comes first, then the host ends, and the actors with it. No message of
    /// ours is ever serialized, so nothing that could is made.
    /// </summary>
    private const string Configuration = """
        akka {
          loggers = []
          loglevel = WARNING
          stdout-loglevel = OFF
          log-dead-letters = off
          log-serializer-override-on-start = off
          scheduler.implementation = "ActorRaid.Actors.DueScheduler, ActorRaid.Actors"
          coordinated-shutdown {
            run-by-clr-shutdown-hook = off
            phases.actor-system-terminate.timeout = 10 s
          }
          actor.serializers {
            json = "ActorRaid.Actors.NoSerializer, ActorRaid.Actors"
            bytes = "ActorRaid.Actors.NoSerializer, ActorRaid.Actors"
          }
        }
        """;

    /// <summary>
    /// Adds a <see cref="RaidSystem"/>, with nothing to supervise yet. Its events go to the <see cref="IEventSink"/> of the services.
    /// </summary>
    public static IServiceCollection AddRaidSystem(this IServiceCollection services, RaidSettings settings) => services
        .AddSingleton(provider => new RaidSystem(provider.GetRequiredService<IRequiredActor<HostActor>>(), settings.Policy))
        .AddAkka("actorraid", (akka, provider) => akka
            .WithActors((system, registry) =>
            {
                var events = provider.GetRequiredService<IEventSink>();
                var raid = provider.GetRequiredService<RaidSystem>();
                var memory = new HostMemory();
                var log = system.ActorOf(ActorProps.Of(() => new AkkaLog(events)), "log");
                system.EventStream.Subscribe(log, typeof(Error));
                system.EventStream.Subscribe(log, typeof(Warning));
                registry.Register<HostActor>(system.ActorOf(
                    ActorProps.Of(() => new HostActor(settings, events, raid.TellEmpty, memory), system.ThreadOfItsOwn("host")), "host"));
            }))
        // Akka.Hosting's own would look for an app.config, by reflection.
        .Replace(ServiceDescriptor.Singleton(_ => CreateSystem("actorraid")));

    /// <summary>An actor system as ours are.</summary>
    /// <param name="name">Akka's: letters, digits and hyphens.</param>
    /// <param name="otherwise">What a test has otherwise.</param>
    internal static ActorSystem CreateSystem(string name, string otherwise = "") =>
        ActorSystem.Create(name, ConfigurationFactory.ParseString(Configuration + "\n" + otherwise));

    /// <summary>The dispatcher, to be named in its props, that runs one actor on a thread of that name.</summary>
    internal static string ThreadOfItsOwn(this ActorSystem system, string name)
    {
        OneDispatcher.OnThread(system, name);
        return name;
    }
}
