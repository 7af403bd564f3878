using System.Net.Sockets;

namespace ActorRaid.SysfsIo;

/// <summary>One client of a <see cref="MonitorServer"/>.</summary>
internal sealed class MonitorConnection(Socket socket, TimeSpan silence)
{
    private const int FirstPiece = 4096;

    private readonly byte[] header = new byte[MonitorFrame.HeaderBytes];

    /// <summary>When its last whole message came, or it connected, in milliseconds of the system's up time.</summary>
    internal long LastMessageAt { get; private set; } = Environment.TickCount64;

    /// <summary>Whether it has sent a message that is not answered yet.</summary>
    internal bool IsAnswering { get; private set; }

    /// <summary>Its service; ends after the connection.</summary>
    internal Task Served { get; set; } = Task.CompletedTask;

    /// <summary>
    /// The next message; null when the client has ended or what it sent is no message. The payload's buffer grows with what has
    /// come, whatever length was announced. Throws <see cref="OperationCanceledException"/> after too long a silence.
    /// </summary>
    internal async Task<MonitorRequest?> Receive(CancellationToken ending)
    {
        if (!await Fill(header, ending).ConfigureAwait(false) || !MonitorFrame.TryReadHeader(header, out var length))
        {
            return null;
        }
        var payload = Array.Empty<byte>();
        var got = 0;
        while (got < length)
        {
            if (got == payload.Length)
            {
                Array.Resize(ref payload, Math.Min(length, Math.Max(FirstPiece, 2 * got)));
            }
            var more = await Some(payload.AsMemory(got), ending).ConfigureAwait(false);
            if (more == 0)
            {
                return null;
            }
            got += more;
        }
        if (!await Fill(header.AsMemory(0, MonitorFrame.TrailerBytes), ending).ConfigureAwait(false) || !MonitorFrame.IsTrailer(header))
        {
            return null;
        }
        LastMessageAt = Environment.TickCount64;
        IsAnswering = true;
        return new MonitorRequest(length, payload);
    }

    /// <summary>Sends an answer. Throws <see cref="OperationCanceledException"/> when the client takes nothing for too long.</summary>
    internal async Task Send(ReadOnlyMemory<byte> payload, CancellationToken ending)
    {
        var rest = (ReadOnlyMemory<byte>)MonitorFrame.Encode(payload.Span);
        IsAnswering = false;
        while (!rest.IsEmpty)
        {
            var sent = await WithinLimit(
                token => socket.SendAsync(rest, SocketFlags.None, token),
                () => socket.Poll(0, SelectMode.SelectWrite),
                ending).ConfigureAwait(false);
            rest = rest[sent..];
        }
    }

    internal void Close() => socket.Dispose();

    private async Task<bool> Fill(Memory<byte> buffer, CancellationToken ending)
    {
        while (!buffer.IsEmpty)
        {
            var got = await Some(buffer, ending).ConfigureAwait(false);
            if (got == 0)
            {
                return false;
            }
            buffer = buffer[got..];
        }
        return true;
    }

    private Task<int> Some(Memory<byte> buffer, CancellationToken ending) =>
        WithinLimit(token => socket.ReceiveAsync(buffer, SocketFlags.None, token), () => socket.Available > 0, ending);

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
