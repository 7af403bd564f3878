using System.Text.Json;

namespace ActorRaid.Cluster.Etcd;

/// <summary>A watch that is open. One reader.</summary>
public sealed class EtcdWatch : IDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly LineReader _lines;

    internal EtcdWatch(Uri endpoint, HttpResponseMessage response, Stream stream, int limit)
    {
        Endpoint = endpoint;
        _response = response;
        _lines = new LineReader(stream, limit);
    }

    /// <summary>Who tells.</summary>
    public Uri Endpoint { get; }

    /// <summary>
    /// What is told next; waits for it as long as it takes. Throws <see cref="EtcdException"/> when the watch is over:
    /// <see cref="EtcdFault.Compacted"/>, when what was asked for is forgotten.
    /// </summary>
    public async Task<EtcdWatchReply> Next(CancellationToken cancel)
    {
        try
        {
            var line = await _lines.Next(cancel).ConfigureAwait(false);
            if (line.IsEmpty)
                throw new EtcdException(EtcdFault.Unreachable, $"{Endpoint}: watch: the connection was closed");
            var reader = new Utf8JsonReader(line);
            var item = JsonSerializer.Deserialize(ref reader, EtcdJson.Default.EtcdWatchItem);
            if (item?.Error is { } error)
                throw EtcdClient.Refused(Endpoint, "watch", error.GrpcCode, error.Message);
            if (item?.Result is not { Header: not null } reply)
                throw new EtcdException(EtcdFault.BadAnswer, $"{Endpoint}: watch: neither events nor an error came");
            if (!reply.Canceled)
                return reply;
            throw reply.CompactRevision > 0
                ? new EtcdException(EtcdFault.Compacted, $"{Endpoint}: watch: what is older than revision {reply.CompactRevision} is compacted")
                : new EtcdException(Reason(reply.CancelReason ?? ""), $"{Endpoint}: watch: ended: {Text.Line(reply.CancelReason ?? "no reason given")}");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new EtcdException(EtcdFault.BadAnswer, $"{Endpoint}: watch: what came is not what etcd says: {e.Message}", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new EtcdException(EtcdFault.Unreachable, $"{Endpoint}: watch: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _response.Dispose();

    // The gateway passes the reason on in words only.
    private static EtcdFault Reason(string words) =>
        words.Contains("permission denied", StringComparison.Ordinal) ? EtcdFault.NotAllowed
        : words.Contains("Unauthenticated", StringComparison.Ordinal) || words.Contains("old revision", StringComparison.Ordinal) ? EtcdFault.Authentication
        : EtcdFault.Unavailable;

    internal async Task Created(CancellationToken limit)
    {
        if (!(await Next(limit).ConfigureAwait(false)).Created)
            throw new EtcdException(EtcdFault.BadAnswer, $"{Endpoint}: watch: the first answer is not that it is there");
    }
}
