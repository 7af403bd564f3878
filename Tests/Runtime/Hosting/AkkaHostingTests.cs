using System.Collections.Concurrent;
using System.Diagnostics;
using Akka.Actor;
using Akka.Configuration;
using Akka.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;
using GenericHost = Microsoft.Extensions.Hosting.Host;

namespace ActorRaid.Tests.Runtime.Hosting;

/// <summary>An actor system that starts and ends with a host.</summary>
public sealed class AkkaHostingTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly ConcurrentQueue<string> _story = new();

    [Fact]
    public async Task Nothing_starts_before_the_host_and_then_starters_in_order_and_startups_last()
    {
        using var host = Build((akka, _) => akka
            .AddStartup((_, registry) => Tell($"startup finds {registry.Get<Recorder>().Path.Name}"))
            .WithActors((system, registry) =>
            {
                registry.Register<Recorder>(system.ActorOf(NewRecorder(), "first"));
                Tell("first starter");
            })
            .WithActors(async (_, _) =>
            {
                await Task.Yield();
                Tell("second starter");
            })
            .AddStartup((_, _) =>
            {
                Tell("second startup");
                return Task.CompletedTask;
            }));
        Assert.Empty(_story);
        await host.StartAsync().WaitAsync(Limit);

        Assert.Equal(["first starter", "second starter", "startup finds first", "second startup"], _story.Where(told => !told.StartsWith("actor")));
    }

    [Fact]
    public async Task The_services_have_the_system_its_registry_and_its_actors()
    {
        using var host = Build((akka, _) => akka
            .WithActors((system, registry) => registry.Register<Recorder>(system.ActorOf(NewRecorder(), "recorder"))));
        var early = host.Services.GetRequiredService<IRequiredActor<Recorder>>();
        await host.StartAsync().WaitAsync(Limit);

        var system = host.Services.GetRequiredService<ActorSystem>();
        Assert.Equal("hosted", system.Name);
        Assert.Same(ActorRegistry.For(system), host.Services.GetRequiredService<ActorRegistry>());
        Assert.Same(ActorRegistry.For(system), host.Services.GetRequiredService<IActorRegistry>());
        Assert.Same(ActorRegistry.For(system), host.Services.GetRequiredService<IReadOnlyActorRegistry>());
        Assert.Equal("pong", await early.ActorRef.Ask<string>("ping", Limit));
    }

    [Fact]
    public async Task The_builder_is_given_the_hosts_services()
    {
        var given = new Uri("given:thing");
        Uri? found = null;
        using var host = Build((_, provider) => found = provider.GetRequiredService<Uri>(), services => services.AddSingleton(given));
        await host.StartAsync().WaitAsync(Limit);

        Assert.Same(given, found);
    }

    [Fact]
    public async Task What_is_prepended_takes_precedence_and_what_is_appended_gives_what_is_missing()
    {
        using var host = Build((akka, _) => akka
            .AddHocon(ConfigurationFactory.ParseString("a = first, b = first"), HoconAddMode.Append)
            .AddHocon(ConfigurationFactory.ParseString("b = appended, c = appended"), HoconAddMode.Append)
            .AddHocon(ConfigurationFactory.ParseString("a = prepended"), HoconAddMode.Prepend));
        await host.StartAsync().WaitAsync(Limit);

        var config = host.Services.GetRequiredService<ActorSystem>().Settings.Config;
        Assert.Equal(["prepended", "first", "appended"], new[] { "a", "b", "c" }.Select(key => config.GetString(key)));
    }

    [Fact]
    public async Task When_the_host_has_stopped_the_actors_have_stopped()
    {
        using var host = Build((akka, _) => akka.WithActors((system, _) => system.ActorOf(NewRecorder())));
        await host.StartAsync().WaitAsync(Limit);
        var system = host.Services.GetRequiredService<ActorSystem>();
        Assert.False(system.WhenTerminated.IsCompleted);
        await host.StopAsync().WaitAsync(Limit);

        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
        Assert.Contains("actor stopped", _story);
    }

    [Fact]
    public async Task A_system_that_ends_by_itself_ends_the_host()
    {
        using var host = Build((_, _) => { });
        await host.StartAsync().WaitAsync(Limit);
        var stopping = new TaskCompletionSource();
        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.Register(stopping.SetResult);
        await host.Services.GetRequiredService<ActorSystem>().Terminate().WaitAsync(Limit);

        await stopping.Task.WaitAsync(Limit);
    }

    [Fact]
    public async Task A_starter_that_fails_fails_the_hosts_start_and_leaves_no_actor_behind()
    {
        using var host = Build((akka, _) => akka
            .WithActors((system, _) => system.ActorOf(NewRecorder()))
            .WithActors((ActorSystem _, IActorRegistry _) => throw new InvalidOperationException("no luck")));

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(() => host.StartAsync().WaitAsync(Limit));
        Assert.Equal("no luck", failure.Message);
        await host.Services.GetRequiredService<ActorSystem>().WhenTerminated.WaitAsync(Limit);
        Assert.Contains("actor stopped", _story);
    }

    [Fact]
    public async Task What_is_added_after_the_start_is_ignored()
    {
        AkkaConfigurationBuilder? kept = null;
        using var host = Build((akka, _) => kept = akka);
        await host.StartAsync().WaitAsync(Limit);

        Assert.Same(kept, kept!.WithActors((_, _) => Tell("too late")).AddStartup((_, _) => Tell("too late")));
        await host.StopAsync().WaitAsync(Limit);
        Assert.DoesNotContain("too late", _story);
    }

    [Fact]
    public async Task An_actor_that_does_not_come_to_an_end_holds_up_the_hosts_end_for_a_limited_time()
    {
        using var hangs = new ManualResetEventSlim();
        using var hanging = new ManualResetEventSlim();
        var host = Build((akka, _) => akka
            .AddHocon(ConfigurationFactory.ParseString("pinned { type = PinnedDispatcher }"), HoconAddMode.Prepend)
            .WithActors((system, _) => system
                .ActorOf(Props.CreateBy(new Maker(() => new Hanging(hanging, hangs))).WithDispatcher("pinned"))
                .Tell("hang")));
        await host.StartAsync().WaitAsync(Limit);
        Assert.True(hanging.Wait(Limit));
        var began = Stopwatch.GetTimestamp();
        await host.StopAsync().WaitAsync(Limit);

        Assert.False(host.Services.GetRequiredService<ActorSystem>().WhenTerminated.IsCompleted);
        Assert.True(Stopwatch.GetElapsedTime(began) >= TimeSpan.FromSeconds(5));
        hangs.Set();
        await host.Services.GetRequiredService<ActorSystem>().WhenTerminated.WaitAsync(Limit);
        host.Dispose();
    }

    private static IHost Build(Action<AkkaConfigurationBuilder, IServiceProvider> builder, Action<IServiceCollection>? more = null)
    {
        var application = GenericHost.CreateEmptyApplicationBuilder(null);
        application.Services.AddAkka("hosted", builder);
        more?.Invoke(application.Services);
        return application.Build();
    }

    private void Tell(string told) => _story.Enqueue(told);

    private Props NewRecorder() => Props.CreateBy(new Maker(() => new Recorder(Tell)));

    private sealed class Recorder : ReceiveActor
    {
        private readonly Action<string> _tell;

        public Recorder(Action<string> tell)
        {
            _tell = tell;
            Receive<string>(_ => Sender.Tell("pong"));
        }

        protected override void PostStop() => _tell("actor stopped");
    }

    private sealed class Hanging : ReceiveActor
    {
        public Hanging(ManualResetEventSlim hanging, ManualResetEventSlim until) => ReceiveAny(_ =>
        {
            hanging.Set();
            until.Wait();
        });
    }

    private sealed class Maker(Func<ActorBase> make) : IIndirectActorProducer
    {
        public Type ActorType => typeof(ActorBase);

        public ActorBase Produce() => make();

        public void Release(ActorBase actor)
        {
        }
    }
}
