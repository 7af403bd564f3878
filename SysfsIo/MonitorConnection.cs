using System.Net.Sockets;

namespace ActorRaid.SysfsIo;

/// <summary>
/// One client of a <see cref="MonitorServer"/>. What was received of a message that is not answered yet, and what is
/// left of an answer, is kept: the connection can be stopped at any moment and go on elsewhere.
/// </summary>
/// <param name="socket">The connection.</param>
/// <param name="silence">How long the client may be silent when it is its turn.</param>
/// <param name="unread">Bytes that were received before, to be read first.</param>
/// <param name="unsent">What is left of an answer.</param>
internal sealed class MonitorConnection(Socket socket, TimeSpan silence, ReadOnlyMemory<byte> unread = default, ReadOnlyMemory<byte> unsent = default)
{
    private const int FirstPiece = 4096;

    /// <summary>What mdadm sends is far below this.</summary>
    private const int LongPayload = 64 * 1024;

    /// <summary>
    /// In the whole process one payload at a time may be longer, from when it is until it is answered: each may have 4
    /// MiB, and the heap has 32.
    /// </summary>
    private static readonly SemaphoreSlim Long = new(1);

    /// <summary>How long one waits for another.</summary>
    private static readonly TimeSpan LongLimit = TimeSpan.FromSeconds(30);

    private readonly byte[] header = new byte[MonitorFrame.HeaderBytes];
    private readonly byte[] trailer = new byte[MonitorFrame.TrailerBytes];
    private byte[] payload = [];
    private int headerGot;
    private int payloadGot;
    private int trailerGot;
    private int isLong;

    /// <summary>When its last whole message came, or it connected, in milliseconds of the system's up time.</summary>
    internal long LastMessageAt { get; private set; } = Environment.TickCount64;

    /// <summary>Whether it has sent a message that is not answered yet.</summary>
    internal bool IsAnswering { get; private set; }

    /// <summary>Its service; ends after the connection, or when the server pauses.</summary>
    internal Task Served { get; set; } = Task.CompletedTask;

    /// <summary>The socket.</summary>
    internal Socket Socket => socket;

    /// <summary>What is left of an answer.</summary>
    internal ReadOnlyMemory<byte> Unsent => unsent;

    /// <summary>What was received of the message that is not answered yet, and behind it.</summary>
    internal byte[] Unread() => [.. header[..headerGot], .. payload[..payloadGot], .. trailer[..trailerGot], .. unread.Span];

    /// <summary>
    /// The next message; null when the client has ended or what it sent is no message. The payload's buffer grows with
    /// what has come, whatever length was announced. Throws <see cref="OperationCanceledException"/> after too long a
    /// silence.
    /// </summary>
    internal async Task<MonitorRequest?> Receive(CancellationToken ending)
    {
        while (headerGot < header.Length)
        {
            var more = await Some(header.AsMemory(headerGot), ending).ConfigureAwait(false);
            if (more == 0)
            {
                return null;
            }
            headerGot += more;
        }
        if (!MonitorFrame.TryReadHeader(header, out var length))
        {
            return null;
        }
        while (payloadGot < length)
        {
            if (payloadGot == payload.Length)
            {
                if (payloadGot >= LongPayload && isLong == 0 && !await BecomeLong(ending).ConfigureAwait(false))
                {
                    return null;
                }
                Array.Resize(ref payload, Math.Min(length, Math.Max(FirstPiece, 2 * payloadGot)));
            }
            var more = await Some(payload.AsMemory(payloadGot), ending).ConfigureAwait(false);
            if (more == 0)
            {
                return null;
            }
            payloadGot += more;
        }
        while (trailerGot < trailer.Length)
        {
            var more = await Some(trailer.AsMemory(trailerGot), ending).ConfigureAwait(false);
            if (more == 0)
            {
                return null;
            }
            trailerGot += more;
        }
        if (!MonitorFrame.IsTrailer(trailer))
        {
            return null;
        }
        LastMessageAt = Environment.TickCount64;
        IsAnswering = true;
        return new MonitorRequest(length, payload);
    }

    /// <summary>Answers the message received last, and sends. Throws as <see cref="SendRest"/>.</summary>
    internal Task Answer(ReadOnlyMemory<byte> answer, CancellationToken ending)
    {
        unsent = MonitorFrame.Encode(answer.Span);
        (headerGot, payloadGot, trailerGot) = (0, 0, 0);
        payload = [];
        EndLong();
        IsAnswering = false;
        return SendRest(ending);
    }

    /// <summary>
    /// Sends what is left of an answer. Throws <see cref="OperationCanceledException"/> when the client takes nothing
    /// for too long.
    /// </summary>
    internal async Task SendRest(CancellationToken ending)
    {
        while (!unsent.IsEmpty)
        {
            var sent = await WithinLimit(
                token => socket.SendAsync(unsent, SocketFlags.None, token),
                () => socket.Poll(0, SelectMode.SelectWrite),
                ending).ConfigureAwait(false);
            unsent = unsent[sent..];
        }
    }

    internal void Close()
    {
        socket.Dispose();
        EndLong();
    }

    /// <summary>Others may have long payloads: this one's is answered, or somebody else goes on with it.</summary>
    internal void EndLong()
    {
        if (Interlocked.Exchange(ref isLong, 0) == 1)
        {
            Long.Release();
        }
    }

    private async Task<bool> BecomeLong(CancellationToken ending)
    {
        if (!await Long.WaitAsync(LongLimit, ending).ConfigureAwait(false))
        {
            return false;
        }
        isLong = 1;
        return true;
    }

    private async Task<int> Some(Memory<byte> buffer, CancellationToken ending)
    {
        if (!unread.IsEmpty)
        {
            var count = Math.Min(unread.Length, buffer.Length);
            unread[..count].CopyTo(buffer);
            unread = unread[count..];
            return count;
        }
        return await WithinLimit(token => socket.ReceiveAsync(buffer, SocketFlags.None, token), () => socket.Available > 0, ending).ConfigureAwait(false);
    }

    /// <summary>The limit is the client's: where it has done its part and only we were late, we try again.</summary>
    private async Task<int> WithinLimit(Func<CancellationToken, ValueTask<int>> attempt, Func<bool> isReady, CancellationToken ending)
    {
        while (true)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(ending);
            limit.CancelAfter(silence);
            try
            {
                return await attempt(limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!ending.IsCancellationRequested && isReady())
            {
                continue;
            }
        }
    }
}
