using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorRaid.Actors;

/// <summary>
/// Stands where Akka would put Newtonsoft's JSON: messages stay in this process, and what can turn any object into text by reflection is neither
/// loaded nor compiled in. Made by Akka, by its name in the configuration (<c>akka.actor.serializers</c>).
/// </summary>
public sealed class NoSerializer : Serializer
{
    /// <summary>What Akka's configuration calls.</summary>
    public NoSerializer(ExtendedActorSystem system, Config settings)
        : base(system)
    {
    }

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override int Identifier => 1;

    /// <summary>Throws: nothing is serialized.</summary>
    public override byte[] ToBinary(object obj) => throw new NotSupportedException($"{obj.GetType()} is not to leave the process");

    /// <summary>Throws: nothing is serialized.</summary>
    public override object FromBinary(byte[] bytes, Type type) => throw new NotSupportedException("nothing comes from another process");
}
