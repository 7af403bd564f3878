using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace ActorRaid.Cluster.Etcd;

/// <summary>
/// etcd's v3 API over HTTP and JSON. Every call has a time limit for each endpoint; when one fails, the next is asked, each once.
/// Every method throws <see cref="EtcdException"/> and, when it is cancelled, <see cref="OperationCanceledException"/>; nothing else. For use by many at once.
/// </summary>
public sealed class EtcdClient : IDisposable
{
    private readonly EtcdOptions _options;
    private readonly HttpClient _http;
    private volatile int _endpoint;
    private volatile string? _token;

    /// <summary>Connects to nothing yet.</summary>
    public EtcdClient(EtcdOptions options)
    {
        _options = options;
        _http = EtcdTransport.Create(options);
        // Many clients shall not all ask the first one.
        _endpoint = Random.Shared.Next(options.Endpoints.Length);
    }

    /// <summary>The endpoint that is asked first.</summary>
    public Uri Endpoint => _options.Endpoints[_endpoint];

    /// <summary>A range of keys.</summary>
    public Task<EtcdRangeReply> Range(EtcdRangeRequest request, CancellationToken cancel) =>
        Call("kv/range", request, EtcdJson.Default.EtcdRangeRequest, EtcdJson.Default.EtcdRangeReply, reply => reply.Header, cancel);

    /// <summary>Deletes keys.</summary>
    public Task<EtcdDeleteReply> Delete(EtcdDeleteRequest request, CancellationToken cancel) =>
        Call("kv/deleterange", request, EtcdJson.Default.EtcdDeleteRequest, EtcdJson.Default.EtcdDeleteReply, reply => reply.Header, cancel);

    /// <summary>A transaction. One that timed out may still be done later: let its conditions exclude that it does harm then.</summary>
    public Task<EtcdTxnReply> Txn(EtcdTxnRequest request, CancellationToken cancel) =>
        Call("kv/txn", request, EtcdJson.Default.EtcdTxnRequest, EtcdJson.Default.EtcdTxnReply, reply => reply.Header, cancel);

    /// <summary>A new lease of so many seconds.</summary>
    public async Task<long> Grant(int seconds, CancellationToken cancel)
    {
        var reply = await Call("lease/grant", new EtcdLeaseRequest(seconds), EtcdJson.Default.EtcdLeaseRequest, EtcdJson.Default.EtcdLeaseReply, reply => reply.Header, cancel)
            .ConfigureAwait(false);
        return reply.Id != 0 && reply.Ttl > 0 ? reply.Id : throw new EtcdException(EtcdFault.BadAnswer, $"{Endpoint}: a lease was asked for, and none is in the answer");
    }

    /// <summary>Renews a lease. False: there is none any more.</summary>
    public async Task<bool> KeepAlive(long lease, CancellationToken cancel)
    {
        var item = await Call(
            "lease/keepalive", new EtcdLeaseRequest(Id: lease), EtcdJson.Default.EtcdLeaseRequest, EtcdJson.Default.EtcdLeaseItem,
            reply => reply.Error is null ? reply.Result?.Header : throw Refused(Endpoint, "lease/keepalive", reply.Error.GrpcCode, reply.Error.Message), cancel)
            .ConfigureAwait(false);
        return item.Result!.Ttl > 0;
    }

    /// <summary>
    /// Opens a watch at the endpoint that answered last. The caller reads it until it throws, and then opens another one; <see cref="Blame"/>
    /// lets that be elsewhere.
    /// </summary>
    public async Task<EtcdWatch> Watch(EtcdWatchCreate create, CancellationToken cancel)
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(new EtcdWatchRequest(create), EtcdJson.Default.EtcdWatchRequest);
        return await Anywhere(async (endpoint, limit) =>
        {
            var response = await Send(endpoint, "watch", body, limit).ConfigureAwait(false);
            try
            {
                var watch = new EtcdWatch(endpoint, response, await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false), _options.AnswerLimit);
                await watch.Created(limit).ConfigureAwait(false);
                return watch;
            }
            catch
            {
                response.Dispose();
                throw;
            }
        }, cancel).ConfigureAwait(false);
    }

    /// <summary>Has the next call go to another endpoint than this one.</summary>
    public void Blame(Uri endpoint)
    {
        var asked = _endpoint;
        if (_options.Endpoints[asked] == endpoint)
            _endpoint = (asked + 1) % _options.Endpoints.Length;
    }

    /// <inheritdoc/>
    public void Dispose() => _http.Dispose();

    private Task<TReply> Call<TRequest, TReply>(
        string path, TRequest request, JsonTypeInfo<TRequest> requestType, JsonTypeInfo<TReply> replyType, Func<TReply, EtcdHeader?> header, CancellationToken cancel)
        where TReply : class
    {
        var body = JsonSerializer.SerializeToUtf8Bytes(request, requestType);
        return Anywhere(async (endpoint, limit) =>
        {
            var bytes = await Post(endpoint, path, body, limit).ConfigureAwait(false);
            var reply = Decode(endpoint, path, bytes, replyType);
            if (header(reply) is not { Revision: >= 0, ClusterId: not 0 })
                throw new EtcdException(EtcdFault.BadAnswer, $"{endpoint}: {path}: the answer has no header, as etcd's have: is that etcd?");
            return reply;
        }, cancel);
    }

    private async Task<T> Anywhere<T>(Func<Uri, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        for (var tried = 1; ; tried++)
        {
            var asked = _endpoint;
            try
            {
                return await Authenticated(_options.Endpoints[asked], ask, cancel).ConfigureAwait(false);
            }
            catch (EtcdException e) when (e.IsOfEndpoint)
            {
                Blame(_options.Endpoints[asked]);
                if (tried >= _options.Endpoints.Length)
                    throw tried == 1 ? e : new EtcdException(e.Fault, $"{e.Message} (and none of the other {tried - 1} endpoints did better)", e);
            }
        }
    }

    // A token is forgotten by etcd when its user does nothing for five minutes, and when roles change.
    private async Task<T> Authenticated<T>(Uri endpoint, Func<Uri, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        var token = _token;
        if (_options.User is not null && token is null)
            token = _token = await Limited(endpoint, Authenticate, cancel).ConfigureAwait(false);
        try
        {
            return await Limited(endpoint, ask, cancel).ConfigureAwait(false);
        }
        catch (EtcdException e) when (e.Fault == EtcdFault.Authentication && token is not null)
        {
            _token = await Limited(endpoint, Authenticate, cancel).ConfigureAwait(false);
            return await Limited(endpoint, ask, cancel).ConfigureAwait(false);
        }
    }

    private async Task<string> Authenticate(Uri endpoint, CancellationToken limit)
    {
        const string path = "auth/authenticate";
        var body = JsonSerializer.SerializeToUtf8Bytes(
            new EtcdAuthenticateRequest(_options.User!, _options.Password ?? ""), EtcdJson.Default.EtcdAuthenticateRequest);
        _token = null;
        var reply = Decode(endpoint, path, await Post(endpoint, path, body, limit).ConfigureAwait(false), EtcdJson.Default.EtcdAuthenticateReply);
        return reply.Token is { Length: > 0 } token && token.All(char.IsAscii) && !token.Any(char.IsControl)
            ? token
            : throw new EtcdException(EtcdFault.BadAnswer, $"{endpoint}: {path}: no token is in the answer");
    }

    private async Task<T> Limited<T>(Uri endpoint, Func<Uri, CancellationToken, Task<T>> ask, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(_options.CallLimit);
        try
        {
            return await ask(endpoint, limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new EtcdException(EtcdFault.TimedOut, $"{endpoint}: no answer within {_options.CallLimit.TotalSeconds:0.#} s", e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new EtcdException(EtcdFault.Unreachable, $"{endpoint}: {Innermost(e)}", e);
        }
    }

    private async Task<ReadOnlySequence<byte>> Post(Uri endpoint, string path, byte[] body, CancellationToken limit)
    {
        using var response = await Send(endpoint, path, body, limit).ConfigureAwait(false);
        await using var stream = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
        var lines = new LineReader(stream, _options.AnswerLimit);
        return await lines.Next(limit).ConfigureAwait(false) switch
        {
            { Length: > 0 } line => line,
            _ => throw new EtcdException(EtcdFault.BadAnswer, $"{endpoint}: {path}: an empty answer"),
        };
    }

    private async Task<HttpResponseMessage> Send(Uri endpoint, string path, byte[] body, CancellationToken limit)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(endpoint, $"/v3/{path}"))
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        if (_token is { } token && path != "auth/authenticate")
            request.Headers.TryAddWithoutValidation("Authorization", token);
        // A member that has lost its leader is to end its watches, instead of telling nothing any more.
        request.Headers.TryAddWithoutValidation("Grpc-Metadata-hasleader", "true");
        var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit).ConfigureAwait(false);
        if (response.StatusCode == HttpStatusCode.OK)
            return response;
        using (response)
        {
            await using var stream = await response.Content.ReadAsStreamAsync(limit).ConfigureAwait(false);
            var bytes = new byte[4096];
            var length = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, limit).ConfigureAwait(false);
            throw Refused(endpoint, path, response.StatusCode, bytes.AsSpan(0, length));
        }
    }

    private static EtcdException Refused(Uri endpoint, string path, HttpStatusCode status, ReadOnlySpan<byte> answer)
    {
        try
        {
            if (JsonSerializer.Deserialize(answer, EtcdJson.Default.EtcdError) is { Error: { } text } error)
                return Refused(endpoint, path, error.Code, text);
        }
        catch (JsonException)
        {
            // Told below as it is.
        }
        return new EtcdException(EtcdFault.BadAnswer, $"{endpoint}: {path}: status {(int)status}, \"{Text.Line(Encoding.UTF8.GetString(answer))}\": is that etcd 3.4 or later?");
    }

    /// <summary>gRPC's code and etcd's words as an exception.</summary>
    internal static EtcdException Refused(Uri endpoint, string path, int code, string? text)
    {
        var said = Text.Line(text ?? "");
        var (fault, hint) = code switch
        {
            3 when said.Contains("authentication failed", StringComparison.Ordinal) => (EtcdFault.Authentication, ": user or password is wrong"),
            3 when said.Contains("user name is empty", StringComparison.Ordinal) => (EtcdFault.Authentication, ": it wants a user and a password"),
            3 when said.Contains("old revision", StringComparison.Ordinal) => (EtcdFault.Authentication, ""),
            4 => (EtcdFault.TimedOut, ""),
            5 => (EtcdFault.NotFound, ""),
            7 => (EtcdFault.NotAllowed, ": the user's roles do not allow it"),
            8 when said.Contains("too many requests", StringComparison.Ordinal) => (EtcdFault.Unavailable, ""),
            8 => (EtcdFault.NoSpace, ": its space quota, or its limit for one request (etcdctl endpoint status, etcdctl alarm list)"),
            9 when said.Contains("not enabled", StringComparison.Ordinal) => (EtcdFault.Authentication, ": a user is configured here, and etcd's authentication is off (etcdctl auth enable)"),
            11 => (EtcdFault.Compacted, ""),
            1 or 2 or 13 or 14 => (EtcdFault.Unavailable, ""),
            16 => (EtcdFault.Authentication, ""),
            _ => (EtcdFault.Refused, ""),
        };
        return new EtcdException(fault, $"{endpoint}: {path}: {said}{hint}");
    }

    private static T Decode<T>(Uri endpoint, string path, ReadOnlySequence<byte> bytes, JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            var reader = new Utf8JsonReader(bytes);
            return JsonSerializer.Deserialize(ref reader, type) ?? throw new JsonException("null");
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            throw new EtcdException(EtcdFault.BadAnswer, $"{endpoint}: {path}: the answer is not what etcd says: {e.Message}", e);
        }
    }

    private static string Innermost(Exception e) => e.InnerException is { } inner && e is not EtcdException ? Innermost(inner) : Text.Line(e.Message);
}
