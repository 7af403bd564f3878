using System.Net;

namespace ActorRaid.Gateway.Settings;

/// <summary>An address to listen at.</summary>
/// <param name="Address">An address of this machine; 0.0.0.0 or [::] for all.</param>
/// <param name="Port">0: any that is free.</param>
internal sealed record ListenAddress(IPAddress Address, int Port)
{
    /// <summary>Whether only this machine can reach it.</summary>
    internal bool IsLoopback => IPAddress.IsLoopback(Address);

    /// <summary>From 127.0.0.1:9747, [::1]:9747, or *:9747 (every address, of both kinds); null when it is neither.</summary>
    internal static ListenAddress? Parse(string text)
    {
        if (text.StartsWith("*:", StringComparison.Ordinal))
            text = $"[::]{text[1..]}";
        // The framework takes an address without a port for one with port 0.
        return IPEndPoint.TryParse(text, out var found) && text.EndsWith($":{found.Port}", StringComparison.Ordinal)
            ? new ListenAddress(found.Address, found.Port)
            : null;
    }

    /// <inheritdoc/>
    public override string ToString() => new IPEndPoint(Address, Port).ToString();
}
