using Akka.Actor;
using Akka.Configuration;
using Akka.Serialization;

namespace ActorRaid.Actors;

/// <summary>
/// Stands where Akka would put its two serializers, one of them Newtonsoft's JSON: messages stay in this process, and what can turn any object into text by reflection is neither
/// loaded nor compiled in. Made by Akka, by its name in the configuration (<c>akka.actor.serializers</c>).
/// </summary>
public sealed class NoSerializer : Serializer
{
    /// <summary>In place of the one for bytes.</summary>
    public NoSerializer(ExtendedActorSystem system)
        : base(system) => Identifier = 4;

    /// <summary>In place of the one for everything else, which has settings.</summary>
    public NoSerializer(ExtendedActorSystem system, Config settings)
        : base(system) => Identifier = 1;

    /// <inheritdoc/>
    public override bool IncludeManifest => false;

    /// <inheritdoc/>
    public override int Identifier { get; }

    /// <summary>Throws: nothing is serialized.</summary>
    public override byte[] ToBinary(object obj) => throw new NotSupportedException($"{obj.GetType()} is not to leave the process");

    /// <summary>Throws: nothing is serialized.</summary>
    public override object FromBinary(byte[] bytes, Type type) => throw new NotSupportedException("nothing comes from another process");
}
