using ActorRaid.Actors;
using ActorRaid.SysfsIo;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorRaid.Tests.Actors.Dispatch;

/// <summary>An actor system as the daemon's, a container's loop to run actors on, and actors made of delegates.</summary>
public abstract class DispatchTest : TestKit
{
    /// <summary>Longer than anything takes, even on a busy machine.</summary>
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    private readonly EventLoop _loop = new("test");

    protected DispatchTest()
        : base(RaidHosting.CreateSystem("test-" + Guid.NewGuid().ToString("N"))) =>
        OneDispatcher.OnLoop(Sys, "loop", _loop);

    /// <summary>An actor on the loop that does with each message what the delegate says.</summary>
    protected IActorRef OnLoop(Action<Player, object> receive) => Sys.ActorOf(ActorProps.Of(() => new Player(receive), "loop"));

    /// <inheritdoc/>
    protected override void AfterAll()
    {
        base.AfterAll();
        // Its actors end on the loop.
        Shutdown();
        _loop.Dispose();
    }

    /// <summary>Does what a delegate says, in each of its lives.</summary>
    protected sealed class Player : RaidActor, IWithTimers, IWithStash
    {
        public Player(Action<Player, object> receive) => ReceiveAny(message => receive(this, message));

        public ITimerScheduler Timers { get; set; } = null!;

        public IStash Stash { get; set; } = null!;

        /// <summary>The actor's context.</summary>
        public IActorContext Cell => Context;

        /// <summary>Has another behaviour from now on.</summary>
        public void BecomeNow(Action<object> receive) => Become(() => ReceiveAny(receive));
    }
}
