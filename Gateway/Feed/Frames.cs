using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using ActorRaid.Reporting;

namespace ActorRaid.Gateway.Feed;

/// <summary>Server-sent events, as bytes. JSON is on one line: no line end can be in it.</summary>
internal static class Frames
{
    /// <summary>After how many milliseconds a client comes back.</summary>
    internal static readonly byte[] Retry = "retry: 2000\n\n"u8.ToArray();

    /// <summary>Says that the line is not dead.</summary>
    internal static readonly byte[] Alive = ": alive\n\n"u8.ToArray();

    /// <summary>event: status, a <see cref="HostStatus"/>.</summary>
    internal static byte[] Status(HostStatus status) => Frame("status", null, JsonSerializer.SerializeToUtf8Bytes(status, StatusJson.Default.HostStatus));

    /// <summary>event: event, an <see cref="EventStatus"/>, with an id by which a client that comes back can say what it has.</summary>
    internal static byte[] Event(SeenEvent seen) => Frame("event", Id(seen), JsonSerializer.SerializeToUtf8Bytes(seen.Event, StatusJson.Default.EventStatus));

    /// <summary>event: daemon, a <see cref="DaemonState"/>.</summary>
    internal static byte[] Daemon(string? problem, TimeSpan age) =>
        Frame("daemon", null, JsonSerializer.SerializeToUtf8Bytes(new DaemonState(problem is null, (long)age.TotalSeconds, problem), GatewayJson.Default.DaemonState));

    /// <summary>PROCESS-SEQUENCE</summary>
    internal static string Id(SeenEvent seen) => string.Create(CultureInfo.InvariantCulture, $"{seen.Process}-{seen.Event.Sequence}");

    private static byte[] Frame(string name, string? id, byte[] json) =>
        [.. Encoding.UTF8.GetBytes(id is null ? $"event: {name}\ndata: " : $"id: {id}\nevent: {name}\ndata: "), .. json, (byte)'\n', (byte)'\n'];
}

/// <summary>Whether the daemon answers the gateway.</summary>
/// <param name="Answers">It does.</param>
/// <param name="AgeSeconds">For how long it has not.</param>
/// <param name="Text">Why.</param>
internal sealed record DaemonState(bool Answers, long AgeSeconds, string? Text);

/// <summary>An answer that is none.</summary>
/// <param name="Error">What was found, and what to do.</param>
internal sealed record Refusal(ControlError Error);

/// <summary>JSON without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DaemonState))]
[JsonSerializable(typeof(Refusal))]
internal sealed partial class GatewayJson : JsonSerializerContext;
