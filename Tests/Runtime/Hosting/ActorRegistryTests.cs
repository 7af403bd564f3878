using Akka.Actor;
using Akka.Hosting;
using Xunit;

namespace ActorRaid.Tests.Runtime.Hosting;

/// <summary>Actors found by type.</summary>
public sealed class ActorRegistryTests : RuntimeTest
{
    private ActorRegistry Registry => ActorRegistry.For(System);

    [Fact]
    public void A_system_has_one_registry_of_its_own()
    {
        using var other = ActorSystem.Create("other");
        Registry.Register<First>(NewProbe().Ref);

        Assert.Same(Registry, ActorRegistry.For(System));
        Assert.False(ActorRegistry.For(other).TryGet<First>(out _));
    }

    [Fact]
    public void An_actor_is_found_by_its_key_and_by_no_other()
    {
        var (first, second) = (NewProbe().Ref, NewProbe().Ref);
        Registry.Register<First>(first);
        Assert.True(Registry.TryRegister<Second>(second));

        Assert.Equal(first, Registry.Get<First>());
        Assert.True(Registry.TryGet<Second>(out var found));
        Assert.Equal(second, found);
        Assert.Equal([typeof(First), typeof(Second)], Registry.Select(entry => entry.Key).OrderBy(key => key.Name));
    }

    [Fact]
    public void A_key_without_an_actor_is_missing()
    {
        Assert.False(Registry.TryGet<First>(out var found));
        Assert.Equal(ActorRefs.Nobody, found);
        Assert.Throws<MissingActorRegistryEntryException>(() => Registry.Get<First>());
    }

    [Fact]
    public void A_key_is_taken_once_unless_it_is_to_be_overwritten()
    {
        var (first, second) = (NewProbe().Ref, NewProbe().Ref);
        Registry.Register<First>(first);

        Assert.Throws<DuplicateActorRegistryException>(() => Registry.Register<First>(second));
        Assert.False(Registry.TryRegister<First>(second));
        Assert.Equal(first, Registry.Get<First>());
        Registry.Register<First>(second, overwrite: true);
        Assert.Equal(second, Registry.Get<First>());
    }

    [Fact]
    public void No_actor_cannot_be_registered()
    {
        Assert.Throws<ArgumentNullException>(() => Registry.Register<First>(null!));
        Assert.False(Registry.TryRegister<First>(null!));
    }

    [Fact]
    public void Whoever_requires_an_actor_may_come_before_it()
    {
        var required = new RequiredActor<First>(Registry);
        Assert.Throws<MissingActorRegistryEntryException>(() => required.ActorRef);
        var actor = NewProbe().Ref;
        Registry.Register<First>(actor);

        Assert.Equal(actor, required.ActorRef);
    }

    private sealed class First;

    private sealed class Second;
}
