using System.Collections.Concurrent;
using ActorRaid.Actors;
using ActorRaid.SysfsIo;
using ActorRaid.Tests.SysfsIo;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit2;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>
/// Akka's TestKit over an actor system as the daemon's, with a container's loop, a real one. A probe takes what it is
/// told on the thread of whoever tells it: what actors on the loop have told is there when the loop has settled, and
/// <c>ExpectNoMsg()</c> does not wait. Timers and clocks of actors stand still until <see cref="Pass"/>.
/// </summary>
public class LoopKit : TestKit, INoImplicitSender
{
    /// <summary>The loop's dispatcher, to be named in props.</summary>
    internal const string OnTheLoop = "loop";

    /// <summary>With virtual time, unless <paramref name="realTime"/>.</summary>
    protected LoopKit(bool realTime)
        : base(RaidHosting.CreateSystem(
            $"test-{Guid.NewGuid():N}", Limits + (realTime ? "" : VirtualTime.Configuration))) =>
        OneDispatcher.OnLoop(Sys, OnTheLoop, Loop);

    /// <summary>With virtual time.</summary>
    public LoopKit()
        : this(realTime: false)
    {
    }

    private static string Limits => $"""
        akka.test.single-expect-default = {Patience.Limit.TotalSeconds:0} s
        akka.test.expect-no-message-default = 0 s

        """;

    /// <summary>The container's loop.</summary>
    internal EventLoop Loop { get; } = new("test");

    /// <summary>What was told.</summary>
    internal EventList Told { get; } = new();

    /// <summary>What was told, as a container's.</summary>
    internal ContainerEvents Events => new(Told, "md127");

    /// <summary>An actor on a thread of its own.</summary>
    internal IActorRef Pinned<T>(Func<T> make)
        where T : ActorBase => Sys.ActorOf(ActorProps.Of(make, Sys.ThreadOfItsOwn(Guid.NewGuid().ToString())));

    /// <summary>An actor on the container's loop, the child of that probe.</summary>
    internal static IActorRef OnLoop<T>(Func<T> make, TestProbe parent)
        where T : ActorBase => parent.ChildActorOf(ActorProps.Of(make, OnTheLoop));

    /// <summary>
    /// Waits until the loop has done what it had to do when this was called, and what followed from that at once.
    /// </summary>
    /// <param name="pinned">Actors elsewhere that have to do with it: they too have received everything.</param>
    internal void Settle(params IActorRef[] pinned)
    {
        for (var turn = 0; turn < 3; turn++)
        {
            using var reached = new ManualResetEventSlim();
            Loop.Post(reached.Set);
            Assert.True(reached.Wait(Patience.Limit), "the loop stands still");
            Array.ForEach(pinned, Received);
        }
    }

    /// <summary>So much time passes, and what is due then on the loop, or for these actors, is done.</summary>
    internal void Pass(TimeSpan time, params IActorRef[] pinned)
    {
        Settle(pinned);
        VirtualTime.Of(Sys).Advance(time);
        Settle(pinned);
    }

    /// <summary>Waits until the actor has received what it was sent before.</summary>
    internal void Received(IActorRef actor)
    {
        var asker = CreateTestProbe();
        actor.Tell(new Identify(null), asker.Ref);
        asker.ExpectMsg<ActorIdentity>();
    }

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        // Its actors end on the loop.
        Shutdown(Patience.Limit, verifySystemShutdown: true);
        (Sys.Scheduler as VirtualTime)?.End();
        Loop.Dispose();
    }
}

/// <summary>Keeps what it is told.</summary>
internal sealed class EventList : IEventSink
{
    private readonly ConcurrentQueue<RaidEvent> _events = new();

    /// <summary>Called with each event, by whoever tells it.</summary>
    public Action<RaidEvent>? Seen { get; set; }

    public void Write(RaidEvent e)
    {
        _events.Enqueue(e);
        Seen?.Invoke(e);
    }

    public bool Has(string kind) => Count(kind) > 0;

    public int Count(string kind) => _events.Count(e => e.Kind == kind);

    /// <summary>The only event of that kind.</summary>
    public RaidEvent Only(string kind) => Assert.Single(_events, e => e.Kind == kind);

    /// <summary>All of it, a line each.</summary>
    public override string ToString() =>
        string.Join('\n', _events.Select(e => $"{e.Time:mm:ss.fff} {e.Kind}: {e.Text}"));
}
