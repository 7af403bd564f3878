using System.Net.Sockets;

namespace ActorRaid.SysfsIo;

/// <summary>
/// A container's socket, as mdmon has it. Every connection is its own affair: what a hostile or broken client sends ends that
/// connection and nothing else.
/// </summary>
public sealed class MonitorServer : IAsyncDisposable
{
    /// <summary>The connections served at one time. One more takes the place of the one that has been idle for longest.</summary>
    public const int MaxConnections = 64;

    private const int Backlog = 10;
    private const uint OwnerOnly = 0x180;

    private readonly Socket listener;
    private readonly Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> answer;
    private readonly TimeSpan silence;
    private readonly CancellationTokenSource ending = new();
    private readonly Lock gate = new();
    private readonly HashSet<MonitorConnection> connections = [];
    private readonly Task accepting;
    private int isDisposed;

    private MonitorServer(
        string path, Socket listener, Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> answer, TimeSpan silence)
    {
        Path = path;
        this.listener = listener;
        this.answer = answer;
        this.silence = silence;
        accepting = Task.Run(Accept);
    }

    /// <summary>What answering throws (that connection is closed), and what accepting fails with. Called on the pool's threads.</summary>
    public event Action<Exception>? Failed;

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
    /// <param name="path">At most 103 bytes (108 with the suffix of the temporary name).</param>
    /// <param name="answer">
    /// Gives the payload that answers a request; empty answers with the length 0. Requests of one connection are answered one
    /// after another, those of several connections at the same time. The token is cancelled when the server ends.
    /// </param>
    /// <param name="silence">How long a client may be silent when it is its turn; 3 s as mdmon if not given.</param>
    public static Result<MonitorServer> Listen(
        string path, Func<MonitorRequest, CancellationToken, Task<ReadOnlyMemory<byte>>> answer, TimeSpan? silence = null)
    {
        var temporary = path + ".new";
        Native.Unlink(temporary);
        Socket? listener = null;
        try
        {
            listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            listener.Bind(new UnixDomainSocketEndPoint(temporary));
            KernelError? refused = null;
            if (Native.ChangeMode(temporary, OwnerOnly) < 0)
            {
                refused = KernelError.Last(path, "chmod");
            }
            if (refused is null)
            {
                listener.Listen(Backlog);
                if (Native.Rename(temporary, path) < 0)
                {
                    refused = KernelError.Last(path, "rename to");
                }
            }
            if (refused is { } error)
            {
                listener.Dispose();
                return error;
            }
            return new MonitorServer(path, listener, answer, silence ?? TimeSpan.FromSeconds(3));
        }
        catch (SocketException failure)
        {
            listener?.Dispose();
            return SocketErrors.ToKernelError(failure, path, "listen at");
        }
        catch (ArgumentException)
        {
            listener?.Dispose();
            return new KernelError(Errno.ENAMETOOLONG, path, "listen at");
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
            Native.Unlink(Path);
        }
        await ending.CancelAsync().ConfigureAwait(false);
        listener.Dispose();
        await accepting.ConfigureAwait(false);
        Task[] served;
        lock (gate)
        {
            served = [.. connections.Select(connection => connection.Served)];
        }
        await Task.WhenAll(served).ConfigureAwait(false);
        ending.Dispose();
    }

    private async Task Accept()
    {
        while (!ending.IsCancellationRequested)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptAsync(ending.Token).ConfigureAwait(false);
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                if (ending.IsCancellationRequested)
                {
                    return;
                }
                // No descriptor left, or the client gave up in the queue: neither must end the server, nor make it spin.
                Report(failure);
                await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None).ConfigureAwait(false);
                continue;
            }
            Admit(new MonitorConnection(socket, silence));
        }
    }

    private void Admit(MonitorConnection connection)
    {
        MonitorConnection? idlest = null;
        lock (gate)
        {
            if (connections.Count >= MaxConnections)
            {
                idlest = connections.Where(other => !other.IsAnswering).MinBy(other => other.LastMessageAt) ?? connection;
            }
            if (idlest is not null)
            {
                connections.Remove(idlest);
                idlest.Close();
            }
            if (ReferenceEquals(idlest, connection))
            {
                return;
            }
            connections.Add(connection);
            connection.Served = Task.Run(() => Serve(connection));
        }
    }

    private async Task Serve(MonitorConnection connection)
    {
        try
        {
            while (await connection.Receive(ending.Token).ConfigureAwait(false) is { } request)
            {
                var payload = await answer(request, ending.Token).ConfigureAwait(false);
                await connection.Send(payload, ending.Token).ConfigureAwait(false);
            }
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
        finally
        {
            lock (gate)
            {
                connections.Remove(connection);
            }
            connection.Close();
        }
    }

    private void Report(Exception failure) => Failed?.Invoke(failure);
}
