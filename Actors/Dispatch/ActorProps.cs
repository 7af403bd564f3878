using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// Props from a factory: no expression tree, and no reflection, by which Akka would find out that an actor with a stash needs another mailbox than the
/// others; compiled ahead, it would not.
/// </summary>
internal static class ActorProps
{
    private const string WithStash = "akka.actor.mailbox.unbounded-deque-based";

    /// <summary>Props whose actors are made by <paramref name="factory"/>, on the named dispatcher if one is given.</summary>
    public static Props Of<T>(Func<T> factory, string? dispatcher = null)
        where T : ActorBase
    {
        var props = Props.CreateBy(new Producer<T>(factory));
        props = typeof(T).IsAssignableTo(typeof(IActorStash)) ? props.WithMailbox(WithStash) : props;
        return dispatcher is null ? props : props.WithDispatcher(dispatcher);
    }

    private sealed class Producer<T>(Func<T> factory) : IIndirectActorProducer
        where T : ActorBase
    {
        public Type ActorType => typeof(T);

        public ActorBase Produce() => factory();

        public void Release(ActorBase actor)
        {
        }
    }
}
