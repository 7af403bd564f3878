using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorRaid.Actors.Handoff;
using ActorRaid.Host.Daemon;
using ActorRaid.Host.Status;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Handoff;

// What the process that takes over (the successor) and the one that has the containers (the predecessor) say to each other: JSON over a
// DescriptorChannel at /run/actorraid/handoff.sock. In order:
//
//   successor                        predecessor
//   Hello                    ->      Welcome, or Refused
//   for each container:
//   Take                     ->      brings it to rest: Snapshot with its sockets; Vanished; Kept: it does not come to rest
//   loads, compares, starts, pid file
//   Prepared                 ->      Go: from here on only the successor acts
//   or Leave: it cannot      ->      goes on with it
//   goes on with it
//   Mine                     ->
//   puts its own sockets in place
//   Done                     ->      ends, and touches nothing; but stays with what was kept or left, until that is gone or at rest
//
// One container never keeps another from being handed over: Kept, Leave and what comes of them are said where Hello and Welcome say that they are understood.
// The successor gives up by ending: its end of the socket then closes, and the predecessor goes on with everything. After Go the predecessor
// makes sure of that end (SIGKILL) before it touches a container again. When it is the predecessor that ends, the successor goes on.

/// <summary>One message of a handoff.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(Welcome), "welcome")]
[JsonDerivedType(typeof(Refused), "refused")]
[JsonDerivedType(typeof(Take), "take")]
[JsonDerivedType(typeof(Vanished), "vanished")]
[JsonDerivedType(typeof(Snapshot), "snapshot")]
[JsonDerivedType(typeof(Prepared), "prepared")]
[JsonDerivedType(typeof(Go), "go")]
[JsonDerivedType(typeof(Mine), "mine")]
[JsonDerivedType(typeof(Kept), "kept")]
[JsonDerivedType(typeof(Leave), "leave")]
[JsonDerivedType(typeof(Done), "done")]
internal abstract record HandoffMessage
{
    /// <summary>The version of the messages and of the snapshot. Another one is refused by either side.</summary>
    internal const int Version = 1;
}

/// <summary>The successor's first word. This one message is the same in every version.</summary>
/// <param name="Protocol">The version that it speaks.</param>
/// <param name="Program">Its program's version, for people.</param>
/// <param name="OneByOne">It understands <see cref="Kept"/>.</param>
internal sealed record Hello(int Protocol, string Program, bool OneByOne = false) : HandoffMessage;

/// <summary>The predecessor agrees.</summary>
/// <param name="Protocol">The version that it speaks.</param>
/// <param name="Program">Its program's version, for people.</param>
/// <param name="Containers">What it supervises.</param>
/// <param name="Stay">Whether it would stay with nothing to supervise.</param>
/// <param name="Systemd">What it knows of systemd, whose service's main process the successor will be.</param>
/// <param name="Spared">It is marked to be spared at shutdown (@).</param>
/// <param name="OneByOne">It understands <see cref="Leave"/>, and stays with what is left.</param>
/// <param name="Since">Since when things are what they are; null from a version that does not tell.</param>
internal sealed record Welcome(
    int Protocol, string Program, ImmutableArray<string> Containers, bool Stay, SystemdPlace Systemd, bool Spared = false, bool OneByOne = false,
    ImmutableArray<SinceWhen>? Since = null) : HandoffMessage;

/// <summary>The predecessor goes on with everything.</summary>
internal sealed record Refused(string Reason) : HandoffMessage;

/// <summary>Hand this container over.</summary>
internal sealed record Take(string Container) : HandoffMessage;

/// <summary>It is not there any more.</summary>
internal sealed record Vanished : HandoffMessage;

/// <summary>A container at rest. Descriptors come along: the listening socket, then one for each connection.</summary>
internal sealed record Snapshot(ContainerSnapshot State, ImmutableArray<SnapshotConnection> Connections) : HandoffMessage
{
    /// <summary>For a container that was paused.</summary>
    internal static Snapshot Of(ContainerPaused paused) => new(
        paused.Snapshot, [.. paused.Sockets.Connections.Select(each => new SnapshotConnection(each.Unread.ToArray(), each.Unsent.ToArray()))]);

    /// <summary>The sockets, as they came along; null when they are not as many as there should be.</summary>
    internal PausedSockets? Sockets(ImmutableArray<int> descriptors) => descriptors.Length != Connections.Length + 1
        ? null
        : new PausedSockets(descriptors[0], [.. Connections.Select((each, i) => new PausedConnection(descriptors[i + 1], each.Unread, each.Unsent))]);
}

/// <summary>A connection of mdadm's.</summary>
/// <param name="Unread">Bytes that were received of a message that is not answered yet.</param>
/// <param name="Unsent">What is left of an answer.</param>
internal sealed record SnapshotConnection(byte[] Unread, byte[] Unsent);

/// <summary>The successor is ready to go on with the container, and the pid file names it.</summary>
internal sealed record Prepared : HandoffMessage;

/// <summary>Go on with it.</summary>
internal sealed record Go : HandoffMessage;

/// <summary>The successor goes on with it.</summary>
internal sealed record Mine : HandoffMessage;

/// <summary>The predecessor goes on with the container that was asked for: it does not come to rest. It is given up as soon as it does.</summary>
internal sealed record Kept(string Reason) : HandoffMessage;

/// <summary>In place of <see cref="Prepared"/>: the successor cannot go on with the container, and the predecessor is to.</summary>
internal sealed record Leave(string Reason) : HandoffMessage;

/// <summary>The successor has everything that it could be given.</summary>
/// <param name="Left">What it could not: the predecessor stays with that.</param>
internal sealed record Done(ImmutableArray<string>? Left = null) : HandoffMessage;

/// <summary>Bytes and back, by generated code.</summary>
[JsonSerializable(typeof(HandoffMessage))]
internal sealed partial class HandoffJson : JsonSerializerContext
{
    /// <summary>A message's bytes.</summary>
    internal static byte[] Encode(HandoffMessage message) => JsonSerializer.SerializeToUtf8Bytes(message, Default.HandoffMessage);

    /// <summary>The message, or null: these bytes are none that this version knows.</summary>
    internal static HandoffMessage? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, Default.HandoffMessage);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            return null;
        }
    }
}
