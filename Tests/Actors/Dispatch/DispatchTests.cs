using System.Diagnostics;
using ActorRaid.Actors;
using Akka.Actor;
using Akka.Event;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace ActorRaid.Tests.Actors.Dispatch;

/// <summary>What of ours stands in Akka's places: base class, dispatchers, scheduler, log.</summary>
public sealed class DispatchTests : DispatchTest
{
    [Fact]
    public void The_first_handler_whose_type_and_condition_fit_takes_a_message_and_what_none_takes_is_unhandled()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(UnhandledMessage));
        var actor = Sys.ActorOf(ActorProps.Of(() => new Choosy(TestActor)));
        actor.Tell(1);
        actor.Tell(20);
        actor.Tell("text");
        actor.Tell(3.0);
        actor.Tell("change");
        actor.Tell(4);
        actor.Tell("back");
        actor.Tell(5);

        ExpectMsg("int 1", Limit);
        ExpectMsg("large 20", Limit);
        ExpectMsg("string text", Limit);
        Assert.Equal(3.0, ExpectMsg<UnhandledMessage>(Limit).Message);
        ExpectMsg("changed 4", Limit);
        ExpectMsg("int 5", Limit);
    }

    [Fact]
    public void An_actor_has_its_thread_for_itself_over_restarts_and_the_thread_ends_after_it_and_begins_anew_for_the_next()
    {
        var own = Sys.ThreadOfItsOwn("own");
        IActorRef Make(string dispatcher) => Sys.ActorOf(ActorProps.Of(
            () => new Player((me, message) => me.Cell.Sender.Tell(message is Exception e ? throw e : Thread.CurrentThread)), dispatcher));
        var (actor, other) = (Make(own), Make(Sys.ThreadOfItsOwn("other")));
        actor.Tell("which thread?", TestActor);
        var thread = ExpectMsg<Thread>(Limit);
        actor.Tell(new InvalidOperationException());
        actor.Tell("which thread?", TestActor);
        Assert.Same(thread, ExpectMsg<Thread>(Limit));
        other.Tell("which thread?", TestActor);
        Assert.NotSame(thread, ExpectMsg<Thread>(Limit));
        actor.Tell(PoisonPill.Instance);

        Assert.True(thread.Join(Limit), "the thread still runs");
        Make(own).Tell("which thread?", TestActor);
        Assert.NotSame(thread, ExpectMsg<Thread>(Limit));
    }

    [Fact]
    public void Orders_come_when_they_are_due_and_not_before_and_not_when_they_were_cancelled()
    {
        const int count = 2000;
        var random = new Random(1);
        var early = 0;
        using var left = new CountdownEvent(count);
        var wrong = 0;
        for (var order = 0; order < count; order++)
        {
            var after = TimeSpan.FromMilliseconds(random.Next(200));
            var ordered = Stopwatch.GetTimestamp();
            Sys.Scheduler.Advanced.ScheduleOnce(after, () =>
            {
                early += Stopwatch.GetElapsedTime(ordered) < after ? 1 : 0;
                left.Signal();
            });
            var cancelled = new Cancelable(Sys.Scheduler);
            Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(random.Next(100, 200)), () => wrong++, cancelled);
            cancelled.Cancel();
        }

        Assert.True(left.Wait(Limit));
        var last = new ManualResetEventSlim();
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.FromMilliseconds(200), last.Set);
        Assert.True(last.Wait(Limit));
        Assert.Equal((0, 0), (early, wrong));
    }

    [Fact]
    public void An_order_that_fails_is_told_and_the_next_one_comes_all_the_same()
    {
        Sys.EventStream.Subscribe(TestActor, typeof(Error));
        Sys.Scheduler.Advanced.ScheduleOnce(TimeSpan.Zero, () => throw new InvalidOperationException("no luck"));
        Sys.Scheduler.ScheduleTellOnce(TimeSpan.FromMilliseconds(1), TestActor, "next", ActorRefs.NoSender);

        Assert.Equal("no luck", ExpectMsg<Error>(Limit).Cause.Message);
        ExpectMsg("next", Limit);
    }

    [Fact]
    public void Whatever_is_pushed_and_removed_the_first_of_a_heap_is_what_is_due_first()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var (heap, model) = (new OrderHeap(), new List<Order>());
            for (var step = 0; step < 100; step++)
            {
                if (model.Count > 0 && random.Next(3) == 0)
                {
                    var order = model[random.Next(model.Count)];
                    model.Remove(order);
                    heap.Remove(order);
                    heap.Remove(order);
                }
                else
                {
                    var order = new NoOrder { Due = random.Next(50) };
                    model.Add(order);
                    heap.Push(order);
                }

                Assert.Equal(model.Count == 0 ? null : model.Min(order => order.Due), heap.First?.Due);
            }
        }
    }

    [Fact]
    public async Task What_Akka_finds_wrong_becomes_an_event_and_the_actors_end_with_their_host()
    {
        var told = new EventList();
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IEventSink>(told).AddRaidSystem(new RaidSettings([]));
        using var host = builder.Build();
        await host.StartAsync().WaitAsync(Limit);
        var system = host.Services.GetRequiredService<ActorSystem>();
        var failing = system.ActorOf(ActorProps.Of(() => new Player((_, _) => throw new InvalidOperationException("no luck"))));
        failing.Tell("fail");

        Assert.True(SpinWait.SpinUntil(() => told.Has("actors-failed"), Limit));
        Assert.Contains("no luck", told.Only("actors-failed").Text);
        await host.StopAsync().WaitAsync(Limit);
        Assert.True(system.WhenTerminated.IsCompletedSuccessfully);
    }

    [Fact]
    public void Nothing_is_serialized() =>
        Assert.Throws<NotSupportedException>(() => Sys.Serialization.FindSerializerFor("text").ToBinary("text"));

    private sealed class NoOrder : Order
    {
        internal override void Do()
        {
        }
    }

    private sealed class Choosy : RaidActor
    {
        public Choosy(IActorRef told)
        {
            Receive first = null!;
            first = BehaviourOf(() =>
            {
                Receive<int>(number => told.Tell($"large {number}"), number => number > 10);
                Receive<int>(number => told.Tell($"int {number}"));
                Receive<string>(_ => Become(Changed), text => text == "change");
                Receive<string>(text => told.Tell($"string {text}"));
            });
            Become(first);

            void Changed()
            {
                Receive<int>(number => told.Tell($"changed {number}"));
                Receive<string>(_ => Become(first));
            }
        }
    }
}
