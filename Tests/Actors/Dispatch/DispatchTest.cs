using ActorRaid.Actors;
using Akka.Actor;

namespace ActorRaid.Tests.Actors.Dispatch;

/// <summary>The daemon's actor system in real time, and actors made of delegates on a container's loop.</summary>
public abstract class DispatchTest : LoopKit
{
    /// <summary>Longer than anything takes, even on a busy machine.</summary>
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);

    protected DispatchTest()
        : base(realTime: true)
    {
    }

    /// <summary>An actor on the loop that does with each message what the delegate says.</summary>
    protected IActorRef OnLoop(Action<Player, object> receive) =>
        Sys.ActorOf(ActorProps.Of(() => new Player(receive), OnTheLoop));

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
