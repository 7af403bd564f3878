using System.Diagnostics;
using Akka.Actor;
using Akka.Event;
using Xunit;

namespace ActorRaid.Tests.Runtime;

/// <summary>Asking an actor and awaiting its answer.</summary>
public sealed class AskTests : RuntimeTest
{
    [Fact]
    public async Task The_answer_completes_the_ask()
    {
        Assert.Equal(42, await Echo().Ask<int>(42, Limit));
        Assert.Equal("any", await Echo().Ask("any"));
    }

    [Fact]
    public async Task No_answer_in_time_fails_the_ask_and_not_early()
    {
        var silent = System.ActorOf(new Script { OnMessage = (_, _) => { } }.Props);
        var time = TimeSpan.FromMilliseconds(200);
        var watch = Stopwatch.StartNew();

        await Assert.ThrowsAsync<AskTimeoutException>(() => silent.Ask<int>("hello", time));

        Assert.True(watch.Elapsed >= time - TimeSpan.FromMilliseconds(20), $"after {watch.Elapsed}");
    }

    [Fact]
    public async Task A_Status_Failure_fails_the_ask_with_its_cause()
    {
        var failing = System.ActorOf(new Script
        {
            OnMessage = (me, _) => me.From.Tell(new Status.Failure(new NotSupportedException("no"))),
        }.Props);

        var e = await Assert.ThrowsAsync<NotSupportedException>(() => failing.Ask<int>("hello", Limit));
        Assert.Equal("no", e.Message);
    }

    [Fact]
    public async Task An_answer_of_another_type_fails_the_ask() =>
        await Assert.ThrowsAsync<ArgumentException>(() => Echo().Ask<int>("no number", Limit));

    [Fact]
    public async Task A_cancelled_ask_gives_up()
    {
        var silent = System.ActorOf(new Script { OnMessage = (_, _) => { } }.Props);
        using var source = new CancellationTokenSource();
        var asked = silent.Ask<int>("hello", source.Token);
        await source.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked.WaitAsync(Limit));
    }

    [Fact]
    public async Task A_second_answer_goes_to_the_dead_letters()
    {
        var letters = NewProbe();
        System.EventStream.Subscribe<DeadLetter>(letters.Ref);
        var twice = System.ActorOf(new Script
        {
            OnMessage = (me, _) =>
            {
                me.From.Tell("first");
                me.From.Tell("second");
            },
        }.Props);

        Assert.Equal("first", await twice.Ask<string>("hello", Limit));
        Assert.Equal("second", letters.Next<DeadLetter>().Message);
    }

    [Fact]
    public async Task Many_asks_at_once_get_their_own_answers()
    {
        var echo = Echo();
        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(number => echo.Ask<int>(number, Limit)));

        Assert.Equal(Enumerable.Range(0, 1000), answers);
    }

    [Fact]
    public async Task The_reference_that_answers_go_to_can_be_part_of_the_message()
    {
        var actor = System.ActorOf(new Script { OnMessage = (_, message) => ((IActorRef)message).Tell("here") }.Props);

        Assert.Equal("here", await actor.Ask<string>(asker => asker, Limit, CancellationToken.None));
    }

    [Fact]
    public void PipeTo_sends_the_result_or_the_failure()
    {
        var probe = NewProbe();
        Task.FromResult(5).PipeTo(probe.Ref);
        probe.Expect(5);
        Task.FromResult(5).PipeTo(probe.Ref, success: number => $"got {number}");
        probe.Expect("got 5");
        Task.FromException<int>(new NotSupportedException("no")).PipeTo(probe.Ref);
        Assert.IsType<NotSupportedException>(probe.Next<Status.Failure>().Cause);
        Task.FromException<int>(new NotSupportedException("no")).PipeTo(probe.Ref, failure: e => e.Message);
        probe.Expect("no");
    }

    private IActorRef Echo() => System.ActorOf(new Script { OnMessage = (me, message) => me.From.Tell(message) }.Props);
}
