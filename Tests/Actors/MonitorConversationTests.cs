using ActorRaid.Actors;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>mdadm's questions to actors that answer late or never.</summary>
public sealed class MonitorConversationTests : LoopKit
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(30);
    private static readonly MonitorRequest Ping = new(0, default);

    private readonly TestProbe _container, _metadata;

    public MonitorConversationTests() => (_container, _metadata) = (CreateTestProbe(), CreateTestProbe());

    [Fact]
    public async Task However_many_ping_there_is_one_question_and_then_one_more_for_all_who_came_after_it()
    {
        var conversation = Make();
        var first = conversation.Answer(Ping, default);
        var others = Enumerable.Range(0, 50).Select(_ => conversation.Answer(Ping, default)).ToArray();
        var question = Asker<PingMonitor>(_container);
        _container.ExpectNoMsg();
        question.Tell(new Pong());
        await first.WaitAsync(Patience.Limit);
        question = Asker<PingMonitor>(_container);
        Assert.DoesNotContain(others, other => other.IsCompleted);
        question.Tell(new Pong());
        await Task.WhenAll(others).WaitAsync(Patience.Limit);
        _container.ExpectNoMsg();
    }

    [Fact]
    public async Task Nobody_waits_for_ever_for_an_actor_that_does_not_answer_and_it_is_not_asked_once_more()
    {
        var conversation = Make(Short);
        var pingManager = new MonitorRequest(MonitorFrame.PingManagerLength, default);
        foreach (var request in (MonitorRequest[])[Ping, pingManager, Update(10), Update(10), Ping])
        {
            var answer = conversation.Answer(request, default).WaitAsync(Patience.Limit);
            await Assert.ThrowsAsync<TimeoutException>(() => answer);
        }

        Asker<PingMonitor>(_container);
        Asker<PingManager>(_container);
        Asker<ApplyUpdate>(_metadata);
        _container.ExpectNoMsg();
        _metadata.ExpectNoMsg();
    }

    [Fact]
    public async Task A_server_comes_to_rest_and_ends_though_the_metadata_does_not_take_an_update()
    {
        using var folder = new TemporaryFolder();
        var path = folder["md127.sock"];
        var conversation = Make(Short);
        var server = MonitorServer.Listen(path, conversation.Answer).Value;
        using var client = MonitorClient.Connect(path, Patience.Limit).Value;
        var update = Task.Run(() => client.Update(new byte[10]));
        Asker<ApplyUpdate>(_metadata);
        await server.Pause().WaitAsync(Patience.Limit);
        server.Resume();
        Assert.False(Patience.Within(update).Ok);
        await server.DisposeAsync().AsTask().WaitAsync(Patience.Limit);
    }

    [Fact]
    public async Task A_stop_gives_a_ping_up_but_not_an_update_that_is_on_its_way()
    {
        var conversation = Make();
        using var stop = new CancellationTokenSource();
        var ping = conversation.Answer(Ping, stop.Token);
        var update = conversation.Answer(Update(10), stop.Token);
        var question = Asker<ApplyUpdate>(_metadata);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ping.WaitAsync(Patience.Limit));
        Assert.False(update.IsCompleted);
        question.Tell(new Queued());
        Assert.Equal(0, (await update.WaitAsync(Patience.Limit)).Length);
    }

    [Fact]
    public async Task Updates_that_are_queued_but_not_applied_are_so_many_bytes_at_most()
    {
        const int size = 64 * 1024;
        var conversation = Make();
        for (var sent = 0; sent <= MonitorConversation.MaxQueued - size; sent += size)
        {
            var soon = conversation.Answer(Update(size), default);
            Asker<ApplyUpdate>(_metadata).Tell(new Queued());
            await soon.WaitAsync(Patience.Limit);
        }

        var late = conversation.Answer(Update(size), default);
        Asker<ApplyUpdate>(_metadata).Tell(new Queued());
        var applied = Asker<DescribeVolume>(_metadata);
        var next = conversation.Answer(Update(size), default);
        _metadata.ExpectNoMsg(Short);
        Assert.False(late.IsCompleted);
        applied.Tell(new VolumeDescribed(null));
        await late.WaitAsync(Patience.Limit);
        Asker<ApplyUpdate>(_metadata).Tell(new Queued());
        await next.WaitAsync(Patience.Limit);
    }

    private static MonitorRequest Update(int size) => new(size, new byte[size]);

    private MonitorConversation Make(TimeSpan? limit = null) => new(_container.Ref, _metadata.Ref, limit);

    /// <summary>Who asks that actor this.</summary>
    private static IActorRef Asker<T>(TestProbe asked)
    {
        asked.ExpectMsg<T>();
        return asked.LastSender;
    }
}
