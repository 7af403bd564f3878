using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using System.Text.Json;
using System.Threading.Channels;
using ActorRaid.Reporting;

namespace ActorRaid.Tests.Gateway;

/// <summary>
/// Listens at a control socket and speaks its protocol, as the daemon does, but tells what a test (or a recording of a real daemon) has it tell.
/// It can be gone for a while, come back as another process, or hang.
/// </summary>
public sealed class ReplayedDaemon : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly HashSet<Channel<ControlReply>> _watching = [], _following = [];
    private readonly List<EventStatus> _events = [];
    private readonly List<Socket> _clients = [];
    private HostStatus _status;
    private Socket? _listener;
    private Task _accepting = Task.CompletedTask;
    private volatile bool _hangs;

    /// <summary>Listens at a socket in a new directory.</summary>
    /// <param name="status">What it tells first.</param>
    public ReplayedDaemon(HostStatus status)
    {
        _status = status;
        Folder = Directory.CreateTempSubdirectory("actorraid-replay-").FullName;
        Path = System.IO.Path.Combine(Folder, "control.sock");
        Start();
    }

    /// <summary>A directory that goes with it.</summary>
    public string Folder { get; }

    /// <summary>Where it listens.</summary>
    public string Path { get; }

    /// <summary>Every request that has come.</summary>
    public ConcurrentQueue<ControlRequest> Asked { get; } = new();

    /// <summary>Whether it takes questions and answers none; those that are connected hear nothing any more.</summary>
    public bool Hangs
    {
        get => _hangs;
        set => _hangs = value;
    }

    /// <summary>What it tells now.</summary>
    public HostStatus Status
    {
        get
        {
            lock (_gate)
                return _status;
        }
    }

    /// <summary>Tells another status, to all that watch.</summary>
    public void Tell(HostStatus status)
    {
        lock (_gate)
        {
            _status = status;
            foreach (var one in _watching)
                one.Writer.TryWrite(new ControlReply(ControlRequest.Current, Status: status));
        }
    }

    /// <summary>Something happens; it is told to all that follow. Its sequence number is the next.</summary>
    public void Happen(EventStatus happened)
    {
        lock (_gate)
        {
            var numbered = happened with { Sequence = _events.Count + 1 };
            _events.Add(numbered);
            foreach (var one in _following)
                one.Writer.TryWrite(new ControlReply(ControlRequest.Current, Events: [numbered]));
        }
    }

    /// <summary>Plays what a real daemon told: lines of "SECONDS JSON", the JSON an answer to watch or to follow, in the pace in which they came.</summary>
    /// <param name="lines">The recording.</param>
    /// <param name="pace">1: as it was; 2: twice as fast.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task Play(IEnumerable<string> lines, double pace, CancellationToken cancel = default)
    {
        double? last = null;
        foreach (var line in lines)
        {
            var space = line.IndexOf(' ');
            var time = double.Parse(line.AsSpan(0, space), System.Globalization.CultureInfo.InvariantCulture);
            if (last is { } before && time > before)
                await Task.Delay(TimeSpan.FromSeconds((time - before) / pace), cancel);
            last = time;
            var reply = JsonSerializer.Deserialize(line.AsSpan(space + 1), StatusJson.Default.ControlReply)!;
            if (reply.Status is { } status)
                Tell(status);
            foreach (var one in reply.Events ?? [])
                Happen(one);
        }
    }

    /// <summary>Is gone: the socket is removed, every connection ends.</summary>
    public async Task Stop()
    {
        lock (_gate)
        {
            _listener?.Dispose();
            _listener = null;
            File.Delete(Path);
            foreach (var client in _clients)
                client.Dispose();
            _clients.Clear();
        }
        await _accepting;
    }

    /// <summary>Is there again.</summary>
    /// <param name="process">As another process, whose events count from 1; null: as the same.</param>
    public void Start(int? process = null)
    {
        lock (_gate)
        {
            if (process is { } number)
            {
                _status = _status with { Process = number };
                _events.Clear();
            }
            _listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            _listener.Bind(new UnixDomainSocketEndPoint(Path));
            _listener.Listen(64);
            _accepting = Accept(_listener);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Stop();
        Directory.Delete(Folder, true);
    }

    private async Task Accept(Socket listener)
    {
        while (true)
        {
            try
            {
                var client = await listener.AcceptAsync();
                lock (_gate)
                    _clients.Add(client);
                _ = Serve(client);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task Serve(Socket client)
    {
        var queue = Channel.CreateUnbounded<ControlReply>();
        try
        {
            using var stream = new NetworkStream(client);
            using var reader = new StreamReader(stream);
            while (await reader.ReadLineAsync() is { } line)
            {
                var request = JsonSerializer.Deserialize(line, StatusJson.Default.ControlRequest)!;
                Asked.Enqueue(request);
                lock (_gate)
                    Answer(request, queue);
                // Whoever watches or follows asks nothing else on that connection.
                var endless = request.Ask is "watch" or "follow";
                var gone = endless ? reader.ReadAsync(new char[1], default).AsTask() : Task.Delay(Timeout.Infinite);
                do
                {
                    if (await Task.WhenAny(queue.Reader.WaitToReadAsync().AsTask(), gone) == gone)
                        return;
                    while (!_hangs && queue.Reader.TryRead(out var reply))
                        await stream.WriteAsync((byte[])[.. JsonSerializer.SerializeToUtf8Bytes(reply, StatusJson.Default.ControlReply), (byte)'\n']);
                    if (_hangs)
                        await Task.WhenAny(gone, Task.Delay(50));
                }
                while (endless && !gone.IsCompleted);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or SocketException or JsonException)
        {
            // The client is gone, or said what is no request: the connection ends.
        }
        finally
        {
            lock (_gate)
            {
                _watching.Remove(queue);
                _following.Remove(queue);
                _clients.Remove(client);
            }
            client.Dispose();
        }
    }

    private void Answer(ControlRequest request, Channel<ControlReply> queue)
    {
        var events = _events.Where(one => request.Process != _status.Process || one.Sequence > (request.After ?? 0)).Where(one => request.Since is not { } since || one.Time > since);
        queue.Writer.TryWrite(request.Ask switch
        {
            "status" or "watch" => new ControlReply(ControlRequest.Current, Status: _status),
            "events" or "follow" => new ControlReply(ControlRequest.Current, Events: [.. events]),
            "explain" => new ControlReply(ControlRequest.Current, Explanation: [$"{request.About} is as it is."]),
            _ => new ControlReply(ControlRequest.Current, Error: new ControlError("bad-request", $"{request.Ask} is no question")),
        });
        if (request.Ask == "watch")
            _watching.Add(queue);
        if (request.Ask == "follow")
            _following.Add(queue);
    }
}
