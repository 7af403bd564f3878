using System.Net.Sockets;
using System.Text.Json;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Control;

/// <summary>A client: reads his lines, writes him ours, and never for longer than he may take.</summary>
internal sealed class ControlConnection(Socket socket) : IDisposable
{
    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(5);

    private readonly byte[] _line = new byte[ControlRequest.Limit + 1];
    private int _count;

    /// <summary>His socket.</summary>
    internal Socket Socket => socket;

    /// <summary>Something is being answered: he is not idle.</summary>
    internal bool IsAnswered { get; set; }

    /// <summary>He is told whatever comes, for as long as he stays.</summary>
    internal bool Watches { get; set; }

    /// <summary>The next line, without its end; one that is longer than the limit where he sent more than a line may hold; null when he has left.</summary>
    internal async Task<byte[]?> ReadLine()
    {
        while (true)
        {
            var end = _line.AsSpan(0, _count).IndexOf((byte)'\n');
            if (end >= 0)
            {
                var line = _line[..end];
                _count -= end + 1;
                _line.AsSpan(end + 1, _count).CopyTo(_line);
                return line;
            }
            if (_count == _line.Length)
                return _line;
            var read = await socket.ReceiveAsync(_line.AsMemory(_count)).ConfigureAwait(false);
            if (read == 0)
                return null;
            _count += read;
        }
    }

    /// <summary>Completes when he leaves, or says something where he has nothing to say.</summary>
    internal async Task Left()
    {
        try
        {
            await socket.ReceiveAsync(new byte[1].AsMemory()).ConfigureAwait(false);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // That is leaving too.
        }
    }

    /// <summary>Sends it all.</summary>
    /// <exception cref="TimeoutException">He does not read.</exception>
    internal async Task Send(ReadOnlyMemory<byte> bytes)
    {
        using var limit = new CancellationTokenSource(SendLimit);
        try
        {
            for (var sent = 0; sent < bytes.Length;)
                sent += await socket.SendAsync(bytes[sent..], limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"a client of the control socket has not read its answer for {SendLimit.TotalSeconds:0} s");
        }
    }

    /// <summary>Sends an answer.</summary>
    internal Task Send(ControlReply reply) =>
        Send((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(reply, StatusJson.Default.ControlReply), (byte)'\n']);

    /// <summary>Says why not.</summary>
    internal Task Refuse(string code, string text) => Send(new ControlReply(ControlRequest.Current, Error: new ControlError(code, text)));

    /// <summary>Ends whatever is under way here.</summary>
    internal void Close() => socket.Dispose();

    /// <inheritdoc/>
    public void Dispose() => Close();
}
