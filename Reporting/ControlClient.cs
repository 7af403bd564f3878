using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;

namespace ActorRaid.Reporting;

/// <summary>The daemon could not be asked, or said no.</summary>
/// <param name="code">
/// See <see cref="ControlError.Code"/>; unreachable: nobody listens there; no-answer: it listens, but does not answer; bad-answer: what came is no answer.
/// </param>
/// <param name="text">In words.</param>
/// <param name="inner">What was met below.</param>
public sealed class ControlException(string code, string text, Exception? inner = null) : Exception(text, inner)
{
    /// <summary>For programs.</summary>
    public string Code { get; } = code;

    /// <summary>There is no socket, or nobody listens on it: no daemon runs.</summary>
    public bool IsNobodyThere => Code == "unreachable"
        && InnerException is SocketException { SocketErrorCode: SocketError.AddressNotAvailable or SocketError.ConnectionRefused };
}

/// <summary>
/// Asks the daemon over its control socket. One question at a time. Every method throws <see cref="ControlException"/> when there is no answer.
/// </summary>
public sealed class ControlClient : IDisposable
{
    /// <summary>Where the daemon listens.</summary>
    public const string DefaultPath = "/run/actorraid/control.sock";

    /// <summary>The longest line of an answer that is read, in bytes: a thousand containers fit.</summary>
    private const int Limit = 16 << 20;

    /// <summary>How long the daemon may take for one answer. It tells of actors that do not answer sooner than that.</summary>
    public static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(3);

    private static readonly TimeSpan QueuePause = TimeSpan.FromMilliseconds(20), QueueLimit = TimeSpan.FromSeconds(2);

    /// <summary>Where nothing has come for so long, the daemon is asked whether it is still there.</summary>
    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly PipeReader _answers;
    private readonly string _path;

    private ControlClient(Socket socket, string path)
    {
        _socket = socket;
        _path = path;
        _answers = PipeReader.Create(new NetworkStream(socket));
    }

    /// <summary>Connects.</summary>
    public static async Task<ControlClient> Connect(string path = DefaultPath, CancellationToken cancel = default)
    {
        for (var waited = TimeSpan.Zero; ; waited += QueuePause)
        {
            // A socket that has failed to connect cannot be used again.
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel).ConfigureAwait(false);
                return new ControlClient(socket, path);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                // EAGAIN: as many as may wait to be let in already do.
                if (e.SocketErrorCode != SocketError.WouldBlock || waited >= QueueLimit)
                    throw Unreachable(path, e);
            }
            await Task.Delay(QueuePause, cancel).ConfigureAwait(false);
        }
    }

    private static ControlException Unreachable(string path, SocketException e)
    {
        var hint = e.SocketErrorCode switch
        {
            SocketError.AccessDenied => "only root and the group actorraid may ask",
            SocketError.WouldBlock => "too many clients wait to be let in, or the daemon hangs (systemctl status actorraid)",
            _ => "is the daemon running? (systemctl status actorraid)",
        };
        // .NET has no word of its own for a socket that is not there.
        var found = e.SocketErrorCode == SocketError.AddressNotAvailable ? "there is no such socket" : e.Message;
        return new ControlException("unreachable", $"{path}: {found}: {hint}", e);
    }

    /// <summary>Asks for one line.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="limit">How long the daemon may take; <see cref="AnswerLimit"/> if not given.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<ControlReply> Ask(ControlRequest request, TimeSpan? limit = null, CancellationToken cancel = default)
    {
        var within = limit ?? AnswerLimit;
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(within);
        try
        {
            await Send(request, patience.Token).ConfigureAwait(false);
            return await Next(patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new ControlException(
                "no-answer", $"{_path}: the daemon listens, but has not answered for {within.TotalSeconds:0} s: it is stopped, or hangs, and writers "
                + "may be waiting (systemctl status actorraid)");
        }
    }

    /// <summary>
    /// Asks for what goes on and on (watch, follow): every line as it comes, until the daemon ends or the caller does. A daemon that is silent
    /// and does not answer another client either is an error: what came last may not be so any more.
    /// </summary>
    public async IAsyncEnumerable<ControlReply> Follow(ControlRequest request, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await Send(request, cancel).ConfigureAwait(false);
        while (true)
        {
            var next = Next(cancel);
            while (await Task.WhenAny(next, Task.Delay(QuietLimit, cancel)).ConfigureAwait(false) != next)
            {
                cancel.ThrowIfCancellationRequested();
                using var other = await Connect(_path, cancel).ConfigureAwait(false);
                await other.Ask(new ControlRequest(ControlRequest.Current, "status"), cancel: cancel).ConfigureAwait(false);
            }
            yield return await next.ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _answers.Complete();
        _socket.Dispose();
    }

    private async Task Send(ControlRequest request, CancellationToken cancel)
    {
        byte[] line = [.. JsonSerializer.SerializeToUtf8Bytes(request, StatusJson.Default.ControlRequest), (byte)'\n'];
        try
        {
            for (var sent = 0; sent < line.Length;)
                sent += await _socket.SendAsync(line.AsMemory(sent), cancel).ConfigureAwait(false);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.Shutdown or SocketError.ConnectionReset)
        {
            // Closed by the daemon, which has said why: that can still be read.
        }
        catch (SocketException e)
        {
            throw new ControlException("unreachable", $"{_path}: {e.Message}", e);
        }
    }

    private async Task<ControlReply> Next(CancellationToken cancel)
    {
        while (true)
        {
            ReadResult read;
            try
            {
                read = await _answers.ReadAsync(cancel).ConfigureAwait(false);
            }
            catch (IOException e)
            {
                throw new ControlException("unreachable", $"{_path}: {e.Message}", e);
            }
            if (read.Buffer.PositionOf((byte)'\n') is { } end)
            {
                try
                {
                    return Decode(read.Buffer.Slice(0, end));
                }
                finally
                {
                    _answers.AdvanceTo(read.Buffer.GetPosition(1, end));
                }
            }
            if (read.IsCompleted)
                throw new ControlException("unreachable", $"{_path}: the daemon has closed the connection");
            if (read.Buffer.Length > Limit)
                throw new ControlException("bad-answer", $"{_path}: a line of more than {Limit >> 20} MiB");
            _answers.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }

    private ControlReply Decode(ReadOnlySequence<byte> line)
    {
        ControlReply? reply;
        try
        {
            var reader = new Utf8JsonReader(line);
            reply = JsonSerializer.Deserialize(ref reader, StatusJson.Default.ControlReply);
        }
        catch (JsonException e)
        {
            throw new ControlException("bad-answer", $"{_path}: what came is no answer: {e.Message}", e);
        }
        if (reply is null)
            throw new ControlException("bad-answer", $"{_path}: what came is no answer");
        if (reply.Error is { } error)
            throw new ControlException(error.Code, error.Text);
        return reply;
    }
}
