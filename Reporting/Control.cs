using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorRaid.Reporting;

// The control socket, /run/actorraid/control.sock: lines of JSON (UTF-8). A client sends one request a line, each is answered in turn; an answer is
// one line, but for watch and follow, which go on until the client closes. Root may do everything, the group actorraid may read, nobody else gets in.

/// <summary>What a client may ask.</summary>
/// <param name="Version">Of this protocol: <see cref="Current"/>.</param>
/// <param name="Ask">status, watch (status, now and whenever it changes), events, follow (events, those and all later ones), explain,
/// hooks (what is run on events, and how it went), test-hooks (run those that are set on an event as if it had happened; root only).</param>
/// <param name="About">For status and watch: only that container, array or disk, by any name that <see cref="NameLookup"/> knows;
/// for events and follow: the same, by the kernel's name; for explain: which; for test-hooks: which event. Null: all.</param>
/// <param name="Since">For events and follow: only those after that time.</param>
/// <param name="After">For events and follow: only those after that sequence number; with <paramref name="Process"/>.</param>
/// <param name="Process">The daemon that counted <paramref name="After"/>: another one's numbers mean nothing.</param>
/// <param name="Device">
/// The kernel's name (md126), or the device number (9:126), of the block device that <paramref name="About"/> leads to where it was given: the daemon may see
/// another /dev. Null: it leads to none.
/// </param>
/// <param name="Level">For events and follow: only those of at least that level (debug, info, warning, error). Null: all.</param>
public sealed record ControlRequest(
    int Version, string Ask, string? About = null, DateTimeOffset? Since = null, long? After = null, int? Process = null, string? Device = null,
    string? Level = null)
{
    /// <summary>The version of the protocol.</summary>
    public const int Current = 1;

    /// <summary>The longest line that a daemon reads, in bytes.</summary>
    public const int Limit = 4096;
}

/// <summary>A line of an answer: one of these is there.</summary>
/// <param name="Version">Of this protocol.</param>
/// <param name="Status">To status and watch.</param>
/// <param name="Events">To events (all of them) and follow (as they come).</param>
/// <param name="Explanation">To explain: sentences, in order.</param>
/// <param name="Error">Nothing was done, and why.</param>
/// <param name="Hooks">To hooks and test-hooks.</param>
public sealed record ControlReply(
    int Version, HostStatus? Status = null, ImmutableArray<EventStatus>? Events = null, ImmutableArray<string>? Explanation = null, ControlError? Error = null,
    HooksStatus? Hooks = null);

/// <summary>The programs that are run on events.</summary>
/// <param name="Hooks">Each.</param>
/// <param name="Running">How many run now.</param>
/// <param name="Queued">How many wait for their turn.</param>
/// <param name="Dropped">How many were not run, as too many waited.</param>
public sealed record HooksStatus(ImmutableArray<HookStatus> Hooks, int Running, int Queued, long Dropped);

/// <summary>A program that is run on events.</summary>
/// <param name="On">On which.</param>
/// <param name="Run">Its path and first arguments.</param>
/// <param name="Seconds">How long it may take.</param>
/// <param name="LastEvent">On which it was run last; null: never yet.</param>
/// <param name="LastTime">When.</param>
/// <param name="LastOk">Whether it ended with status 0; null: it runs.</param>
/// <param name="LastOutcome">How it ended, in words.</param>
public sealed record HookStatus(
    ImmutableArray<string> On, ImmutableArray<string> Run, int Seconds, string? LastEvent = null, DateTimeOffset? LastTime = null, bool? LastOk = null, string? LastOutcome = null);

/// <summary>Why a request was not answered.</summary>
/// <param name="Code">bad-request, too-long, unknown-version, not-allowed, not-found, ambiguous, busy.</param>
/// <param name="Text">In words: what was found, and what to do.</param>
public sealed record ControlError(string Code, string Text);

/// <summary>Bytes and back, by generated code. Unknown members are passed over: a newer daemon may say more.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ControlRequest))]
[JsonSerializable(typeof(ControlReply))]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(EventStatus))]
[JsonSerializable(typeof(ImmutableArray<EventStatus>))]
public sealed partial class StatusJson : JsonSerializerContext;
