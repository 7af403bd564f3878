using System.Collections.Immutable;
using System.Net.Sockets;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>A connection of a server that is paused.</summary>
/// <param name="Descriptor">The socket's number.</param>
/// <param name="Unread">Bytes that were received of a message that is not answered yet.</param>
/// <param name="Unsent">What is left of an answer.</param>
public sealed record PausedConnection(int Descriptor, ReadOnlyMemory<byte> Unread, ReadOnlyMemory<byte> Unsent);

/// <summary>A server's sockets while it is paused: with them another process can go on.</summary>
/// <param name="Listener">The number of the socket that clients connect to.</param>
/// <param name="Connections">Those who are connected.</param>
public sealed record PausedSockets(int Listener, ImmutableArray<PausedConnection> Connections)
{
    /// <summary>Their numbers, the listener's first.</summary>
    public ImmutableArray<int> Descriptors => [Listener, .. Connections.Select(connection => connection.Descriptor)];

    /// <summary>Closes all of them: for whoever was handed them and cannot use them.</summary>
    public void Close()
    {
        foreach (var descriptor in Descriptors)
        {
            Syscall.close(descriptor);
        }
    }
}

/// <summary>
/// A container's socket, as mdmon has it. Every connection is its own affair: what a hostile or broken client sends ends that
/// connection and nothing else. It can pause, and go on as if nothing had happened, in this process or in another.
/// </summary>
public sealed class MonitorServer : IAsyncDisposable
{
    /// <summary>The connections served at one time. One more takes the place of the one that has been idle for longest.</summary>
    public const int MaxConnections = 64;

    private const int Backlog = 10;

    private readonly Socket listener;
    private readonly TimeSpan silence;
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private readonly HashSet<MonitorConnection> connections = [];
    private CancellationTokenSource running = new();
    private Task accepting = Task.CompletedTask;
    private int isDisposed;

    private MonitorServer(
        string path, Socket listener, Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> answer, TimeSpan? silence)
    {
        Path = path;
        this.listener = listener;
        Answer = answer;
        this.silence = silence ?? TimeSpan.FromSeconds(3);
        running.Cancel();
    }

    /// <summary>What answering throws (that connection is closed), and what accepting fails with. Called on the pool's threads.</summary>
    public event Action<Exception>? Failed;

    /// <summary>Who answers, as for <see cref="Listen"/>; to be changed only while the server is paused.</summary>
    public Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> Answer { get; set; }

    /// <summary>The socket's path.</summary>
    public string Path { get; }

    /// <summary>Whether the end of the server removes the socket's file: not when another process has put its own there.</summary>
    public bool UnlinkOnDispose { get; set; }

    /// <summary>The connections that are open.</summary>
    public int Connections
    {
        get
        {
            lock (gate)
            {
                return connections.Count;
            }
        }
    }

    /// <summary>
    /// Listens at a path: a stream socket, mode 0600, backlog 10, put in place of what was there without a moment between.
    /// </summary>
    /// <param name="path">As <see cref="LocalSocket.Listen"/>.</param>
    /// <param name="answer">
    /// Gives the payload that answers a request; empty answers with the length 0. Requests of one connection are answered one
    /// after another, those of several connections at the same time. The token is cancelled when the server ends or pauses: a request
    /// that is given up with <see cref="OperationCanceledException"/> then comes again when it goes on.
    /// </param>
    /// <param name="silence">How long a client may be silent when it is its turn; 3 s as mdmon if not given.</param>
    public static Result<MonitorServer> Listen(
        string path, Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> answer, TimeSpan? silence = null)
    {
        var listener = LocalSocket.Listen(path, Backlog);
        if (!listener.Ok)
        {
            return listener.Error;
        }
        var server = new MonitorServer(path, listener.Value, answer, silence);
        server.Resume();
        return server;
    }

    /// <summary>A server that goes on with what another one had when it paused; it is paused itself until <see cref="Resume"/>.</summary>
    /// <param name="path">The socket's path.</param>
    /// <param name="sockets">The other's sockets; they belong to this server from now on.</param>
    /// <param name="answer">As for <see cref="Listen"/>.</param>
    /// <param name="silence">As for <see cref="Listen"/>.</param>
    public static MonitorServer Adopt(
        string path, PausedSockets sockets, Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> answer, TimeSpan? silence = null)
    {
        var server = new MonitorServer(path, Own(sockets.Listener), answer, silence);
        foreach (var connection in sockets.Connections)
        {
            server.connections.Add(new MonitorConnection(Own(connection.Descriptor), server.silence, connection.Unread, connection.Unsent));
        }
        return server;

        static Socket Own(int descriptor) => new(new SafeSocketHandle(descriptor, ownsHandle: true));
    }

    /// <summary>
    /// Stops accepting, reading and sending; nothing is closed, and nothing that a client has sent is lost. Completes when what is being
    /// answered is answered or given up.
    /// </summary>
    public async Task<PausedSockets> Pause()
    {
        await running.CancelAsync().ConfigureAwait(false);
        await Stopped().ConfigureAwait(false);
        lock (gate)
        {
            return new PausedSockets(
                Number(listener), [.. connections.Select(each => new PausedConnection(Number(each.Socket), each.Unread(), each.Unsent))]);
        }

        static int Number(Socket socket) => (int)socket.SafeHandle.DangerousGetHandle();
    }

    /// <summary>Goes on after <see cref="Pause"/> or <see cref="Adopt"/>; not before a pause has come to its end.</summary>
    public void Resume()
    {
        if (!running.IsCancellationRequested || ending.IsCancellationRequested)
        {
            return;
        }
        running.Dispose();
        running = CancellationTokenSource.CreateLinkedTokenSource(ending.Token);
        var run = running.Token;
        lock (gate)
        {
            MonitorConnection[] paused = [.. connections];
            connections.Clear();
            foreach (var each in paused)
            {
                var unread = each.Unread();
                each.EndLong();
                Begin(new MonitorConnection(each.Socket, silence, unread, each.Unsent), run);
            }
        }
        accepting = Task.Run(() => Accept(run));
    }

    /// <summary>While paused: closes this process's ends of the connections. Who has them too goes on with them.</summary>
    public void ForgetConnections()
    {
        lock (gate)
        {
            foreach (var each in connections)
            {
                each.Close();
            }
            connections.Clear();
        }
    }

    /// <summary>Closes the socket and every connection, waits until no answer is being made, and unlinks if told so.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref isDisposed, 1) == 1)
        {
            return;
        }
        if (UnlinkOnDispose)
        {
            Syscall.unlink(Path);
        }
        await ending.CancelAsync().ConfigureAwait(false);
        await Stopped().ConfigureAwait(false);
        listener.Dispose();
        ForgetConnections();
        running.Dispose();
        ending.Dispose();
    }

    private async Task Stopped()
    {
        await accepting.ConfigureAwait(false);
        Task[] served;
        lock (gate)
        {
            served = [.. connections.Select(connection => connection.Served)];
        }
        await Task.WhenAll(served).ConfigureAwait(false);
    }

    private async Task Accept(CancellationToken run)
    {
        while (!run.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(run).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (run.IsCancellationRequested)
                {
                    return;
                }
                // No descriptor left, or the client gave up in the queue: neither must end the server, nor make it spin.
                Report(failure);
                await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None).ConfigureAwait(false);
                continue;
            }
            Admit(new MonitorConnection(socket, silence), run);
        }
    }

    private void Admit(MonitorConnection connection, CancellationToken run)
    {
        lock (gate)
        {
            if (connections.Count >= MaxConnections)
            {
                var idlest = connections.Where(other => !other.IsAnswering).MinBy(other => other.LastMessageAt) ?? connection;
                connections.Remove(idlest);
                idlest.Close();
                if (ReferenceEquals(idlest, connection))
                {
                    return;
                }
            }
            Begin(connection, run);
        }
    }

    private void Begin(MonitorConnection connection, CancellationToken run)
    {
        connections.Add(connection);
        connection.Served = Task.Run(() => Serve(connection, run));
    }

    private async Task Serve(MonitorConnection connection, CancellationToken run)
    {
        try
        {
            await connection.SendRest(run).ConfigureAwait(false);
            while (await connection.Receive(run).ConfigureAwait(false) is { } request)
            {
                var payload = await Answer(request, run).ConfigureAwait(false);
                await connection.Answer(payload, run).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (run.IsCancellationRequested && !ending.IsCancellationRequested)
        {
            return; // Paused: it stays as it is.
        }
        catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The client's silence or end, or ours; but an answer may have been cancelled for its own reasons.
            if (connection.IsAnswering && failure is not (ObjectDisposedException or SocketException) && !ending.IsCancellationRequested)
            {
                Report(failure);
            }
        }
        catch (Exception failure)
        {
            Report(failure);
        }
        lock (gate)
        {
            connections.Remove(connection);
        }
        connection.Close();
    }

    private void Report(Exception failure) => Failed?.Invoke(failure);
}
