using System.Collections.Immutable;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Handoff;

/// <summary>A handoff cannot go on.</summary>
/// <param name="reason">Why, in words.</param>
/// <param name="gone">Whether the other side is not there any more.</param>
internal sealed class HandoffException(string reason, bool gone = false) : Exception(reason)
{
    /// <summary>Whether the other side is not there any more.</summary>
    internal bool Gone => gone;
}

/// <summary>The messages of a handoff, over a <see cref="DescriptorChannel"/>. What goes wrong is thrown as <see cref="HandoffException"/>.</summary>
internal sealed class HandoffChannel(DescriptorChannel channel)
{
    /// <summary>How long the other side may take for a step.</summary>
    internal static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(5);

    internal void Send(HandoffMessage message, ImmutableArray<int> descriptors = default)
    {
        var sent = channel.Send(HandoffJson.Encode(message), descriptors.IsDefault ? [] : descriptors.AsSpan(), StepLimit);
        if (!sent.Ok)
            throw Failed(sent.Error);
    }

    /// <summary>The next message and what came along; null for one that this version does not know.</summary>
    internal (HandoffMessage? Message, ImmutableArray<int> Descriptors) Receive(TimeSpan limit)
    {
        var received = channel.Receive(limit);
        if (!received.Ok)
            throw Failed(received.Error);
        return (HandoffJson.Decode(received.Value.Bytes), received.Value.Descriptors);
    }

    /// <summary>The next message, which must be of that kind.</summary>
    internal T Expect<T>(TimeSpan limit)
        where T : HandoffMessage
    {
        var message = Receive(limit).Message;
        return message as T ?? throw new HandoffException(
            message is Refused refused ? refused.Reason : $"{message?.GetType().Name ?? "something unknown"} came where {typeof(T).Name} was due");
    }

    private HandoffException Failed(KernelError error) => error.Errno switch
    {
        Errno.EPIPE or Errno.ECONNRESET => new HandoffException($"process {channel.Peer} has closed its end", gone: true),
        Errno.ETIMEDOUT => new HandoffException($"process {channel.Peer} stalls"),
        _ => new HandoffException(error.ToString()),
    };
}
