using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace ActorRaid.Cluster.Etcd;

// etcd's v3 messages as its JSON gateway spells them: snake case, 64-bit numbers as strings, keys and values in base64, zero and empty left out.

/// <summary>What every answer begins with.</summary>
/// <param name="ClusterId">Which etcd cluster answers.</param>
/// <param name="MemberId">Which of its members.</param>
/// <param name="Revision">The store's revision when it answered.</param>
/// <param name="RaftTerm">Counts the elections of a leader.</param>
public sealed record EtcdHeader(ulong ClusterId, ulong MemberId, long Revision, ulong RaftTerm);

/// <summary>A key and what is there.</summary>
/// <param name="Key">The key's bytes.</param>
/// <param name="ModRevision">The revision of its last change.</param>
/// <param name="CreateRevision">The revision in which it came into being.</param>
/// <param name="Value">The value's bytes; null: empty.</param>
/// <param name="Lease">The lease that it dies with; 0: none.</param>
public sealed record EtcdKeyValue(byte[] Key, long ModRevision, long CreateRevision = 0, byte[]? Value = null, long Lease = 0);

/// <summary>Asks for a range.</summary>
/// <param name="Key">The first key.</param>
/// <param name="RangeEnd">The first key that is not meant any more; null: only <paramref name="Key"/>.</param>
/// <param name="Limit">At most so many; 0: all.</param>
/// <param name="Revision">As it was then; 0: now.</param>
/// <param name="SortOrder">DESCEND: the last key first; null: in order.</param>
/// <param name="KeysOnly">No values.</param>
/// <param name="MinModRevision">Only those that were changed then or later.</param>
public sealed record EtcdRangeRequest(
    byte[] Key, byte[]? RangeEnd = null, long Limit = 0, long Revision = 0, string? SortOrder = null, bool KeysOnly = false, long MinModRevision = 0);

/// <summary>A range.</summary>
/// <param name="Header">See there; null within a transaction.</param>
/// <param name="Kvs">In the order of the keys; null: none.</param>
/// <param name="More">There are more than the limit.</param>
/// <param name="Count">How many there are, the limit and the filter not counted.</param>
public sealed record EtcdRangeReply(EtcdHeader? Header, ImmutableArray<EtcdKeyValue>? Kvs = null, bool More = false, long Count = 0);

/// <summary>Writes a key.</summary>
public sealed record EtcdPutRequest(byte[] Key, byte[] Value, long Lease = 0);

/// <summary>Deletes a range of keys.</summary>
public sealed record EtcdDeleteRequest(byte[] Key, byte[]? RangeEnd = null);

/// <summary>How many were deleted.</summary>
public sealed record EtcdDeleteReply(EtcdHeader? Header, long Deleted = 0);

/// <summary>A condition: equality of a key's lease or of the revision of its last change. A key that is not there has 0 for both.</summary>
public sealed record EtcdCompare(byte[] Key, string Target, long? ModRevision = null, long? Lease = null, string Result = "EQUAL")
{
    /// <summary>The key's last change was that of this revision.</summary>
    public static EtcdCompare Changed(byte[] key, long revision) => new(key, "MOD", ModRevision: revision);

    /// <summary>The key dies with this lease.</summary>
    public static EtcdCompare LeasedBy(byte[] key, long lease) => new(key, "LEASE", Lease: lease);
}

/// <summary>One step of a transaction: one of these is there.</summary>
public sealed record EtcdStep(EtcdPutRequest? RequestPut = null, EtcdDeleteRequest? RequestDeleteRange = null, EtcdRangeRequest? RequestRange = null);

/// <summary>A transaction: what is done when all conditions hold, and when one does not.</summary>
public sealed record EtcdTxnRequest(ImmutableArray<EtcdCompare> Compare, ImmutableArray<EtcdStep> Success, ImmutableArray<EtcdStep> Failure);

/// <summary>A step's answer.</summary>
public sealed record EtcdStepReply(EtcdRangeReply? ResponseRange = null);

/// <summary>A transaction's answer.</summary>
public sealed record EtcdTxnReply(EtcdHeader? Header, bool Succeeded = false, ImmutableArray<EtcdStepReply>? Responses = null);

/// <summary>Asks for a lease.</summary>
public sealed record EtcdLeaseRequest([property: JsonPropertyName("TTL")] long Ttl = 0, [property: JsonPropertyName("ID")] long Id = 0);

/// <summary>A lease, and how many seconds it lives; 0: it is gone.</summary>
public sealed record EtcdLeaseReply(EtcdHeader? Header, [property: JsonPropertyName("ID")] long Id = 0, [property: JsonPropertyName("TTL")] long Ttl = 0);

/// <summary>An element of a stream: what came, or why the stream ends.</summary>
public sealed record EtcdLeaseItem(EtcdLeaseReply? Result, EtcdStreamError? Error = null);

/// <summary>Asks for a token.</summary>
public sealed record EtcdAuthenticateRequest(string Name, string Password);

/// <summary>The token.</summary>
public sealed record EtcdAuthenticateReply(EtcdHeader? Header, string? Token);

/// <summary>Asks for a watch.</summary>
public sealed record EtcdWatchRequest(EtcdWatchCreate CreateRequest);

/// <summary>Which keys from which revision on.</summary>
public sealed record EtcdWatchCreate(byte[] Key, byte[] RangeEnd, long StartRevision, bool ProgressNotify = true);

/// <summary>An element of a watch's stream.</summary>
public sealed record EtcdWatchItem(EtcdWatchReply? Result, EtcdStreamError? Error = null);

/// <summary>What a watch tells.</summary>
/// <param name="Header">Its revision: the watch has told everything up to it.</param>
/// <param name="Created">The first one: the watch is there.</param>
/// <param name="Canceled">The last one.</param>
/// <param name="CompactRevision">Why: the revision asked for is forgotten, this is the oldest one known.</param>
/// <param name="CancelReason">Why, in words.</param>
/// <param name="Events">What happened, in order.</param>
public sealed record EtcdWatchReply(
    EtcdHeader? Header, bool Created = false, bool Canceled = false, long CompactRevision = 0, string? CancelReason = null,
    ImmutableArray<EtcdEvent>? Events = null);

/// <summary>A change of a key.</summary>
/// <param name="Kv">The key, and what is there now.</param>
/// <param name="Type">DELETE; null: put.</param>
public sealed record EtcdEvent(EtcdKeyValue? Kv, string? Type = null);

/// <summary>Why a call failed.</summary>
public sealed record EtcdError(string? Error, string? Message = null, int Code = 0);

/// <summary>Why a stream ends.</summary>
public sealed record EtcdStreamError(int GrpcCode = 0, string? Message = null);

/// <summary>Bytes and back, by generated code.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    NumberHandling = JsonNumberHandling.AllowReadingFromString)]
[JsonSerializable(typeof(EtcdRangeRequest))]
[JsonSerializable(typeof(EtcdRangeReply))]
[JsonSerializable(typeof(EtcdDeleteRequest))]
[JsonSerializable(typeof(EtcdDeleteReply))]
[JsonSerializable(typeof(EtcdTxnRequest))]
[JsonSerializable(typeof(EtcdTxnReply))]
[JsonSerializable(typeof(EtcdLeaseRequest))]
[JsonSerializable(typeof(EtcdLeaseReply))]
[JsonSerializable(typeof(EtcdLeaseItem))]
[JsonSerializable(typeof(EtcdAuthenticateRequest))]
[JsonSerializable(typeof(EtcdAuthenticateReply))]
[JsonSerializable(typeof(EtcdWatchRequest))]
[JsonSerializable(typeof(EtcdWatchItem))]
[JsonSerializable(typeof(EtcdError))]
public sealed partial class EtcdJson : JsonSerializerContext;
