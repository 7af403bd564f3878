using System.Diagnostics.CodeAnalysis;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.ExceptionServices;

namespace Akka.Actor;

/// <summary>Makes an actor's instances; in place of reflection on its type.</summary>
public interface IIndirectActorProducer
{
    /// <summary>The type that <see cref="Produce"/> makes; says whether the actor may stash.</summary>
    Type ActorType { get; }

    /// <summary>A new instance; called at the start and at each restart, in the actor's context.</summary>
    ActorBase Produce();

    /// <summary>An instance is done with.</summary>
    void Release(ActorBase actor);
}

/// <summary>How an actor is created; immutable, may be used again and again.</summary>
public class Props
{
    private readonly IIndirectActorProducer _producer;

    private Props(IIndirectActorProducer producer, object[] arguments, string? dispatcher, SupervisorStrategy? strategy)
    {
        _producer = producer;
        Arguments = arguments;
        Dispatcher = dispatcher ?? Dispatch.Dispatchers.DefaultDispatcherId;
        SupervisorStrategy = strategy;
    }

    /// <summary>The actor's type.</summary>
    public Type Type => _producer.ActorType;

    /// <summary>The name of the dispatcher that it runs on.</summary>
    public string Dispatcher { get; }

    /// <summary>How the actor supervises its children; null for as its class says.</summary>
    public SupervisorStrategy? SupervisorStrategy { get; }

    /// <summary>The constructor's arguments.</summary>
    public object[] Arguments { get; }

    /// <summary>
    /// Props of a constructor call, <c>() =&gt; new MyActor(a, b)</c>; the arguments are evaluated here, once. Uses expression
    /// trees: <see cref="CreateBy(IIndirectActorProducer, object[])"/> starts faster.
    /// </summary>
    /// <exception cref="ArgumentException">The expression is no constructor call.</exception>
    public static Props Create<TActor>(Expression<Func<TActor>> factory, SupervisorStrategy? supervisorStrategy = null)
        where TActor : ActorBase
    {
        if (factory.Body is not NewExpression { Constructor: { } constructor } call)
        {
            throw new ArgumentException("The create function must be a 'new T (args)' expression", nameof(factory));
        }

        var arguments = call.Arguments
            .Select(argument => Expression.Lambda<Func<object>>(Expression.Convert(argument, typeof(object))).Compile(true)())
            .ToArray();
        return new Props(new ConstructorProducer(typeof(TActor), constructor, arguments), arguments, null, supervisorStrategy);
    }

    /// <summary>Props of the constructor that takes these arguments.</summary>
    public static Props Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActor>(
        params object[] args)
        where TActor : ActorBase => new(new ActivatorProducer(typeof(TActor), args), args, null, null);

    /// <summary>Props of the constructor without arguments.</summary>
    public static Props Create<[DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActor>(
        SupervisorStrategy supervisorStrategy)
        where TActor : ActorBase, new() => new(new ActivatorProducer(typeof(TActor), []), [], null, supervisorStrategy);

    /// <summary>Props of a producer.</summary>
    public static Props CreateBy(IIndirectActorProducer producer, params object[] args) => new(producer, args, null, null);

    /// <summary>The same props on another dispatcher.</summary>
    public Props WithDispatcher(string dispatcher) => new(_producer, Arguments, dispatcher, SupervisorStrategy);

    /// <summary>The same props with another strategy for the actor's children.</summary>
    public Props WithSupervisorStrategy(SupervisorStrategy supervisorStrategy) =>
        new(_producer, Arguments, Dispatcher, supervisorStrategy);

    /// <summary>A new instance; only in the actor's context.</summary>
    public virtual ActorBase NewActor() => _producer.Produce();

    internal void Release(ActorBase actor) => _producer.Release(actor);

    private static ActorBase Unwrapped(Func<object?> make)
    {
        try
        {
            return (ActorBase)make()!;
        }
        catch (TargetInvocationException e) when (e.InnerException is { } inner)
        {
            ExceptionDispatchInfo.Throw(inner);
            throw;
        }
    }

    private sealed class ActivatorProducer(
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] Type type, object[] args)
        : IIndirectActorProducer
    {
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)]
        private readonly Type _type = type;

        public Type ActorType => _type;

        public ActorBase Produce() => Unwrapped(() => Activator.CreateInstance(_type, args));

        public void Release(ActorBase actor)
        {
        }
    }

    private sealed class ConstructorProducer(Type type, ConstructorInfo constructor, object[] args) : IIndirectActorProducer
    {
        public Type ActorType => type;

        public ActorBase Produce() => Unwrapped(() => constructor.Invoke(args));

        public void Release(ActorBase actor)
        {
        }
    }
}
