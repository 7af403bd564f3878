using System.Text;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors;

/// <summary>
/// Translates what mdadm says at a container's socket into messages. However many clients there are, an actor has at
/// most one open question of each kind: while it waits, for a disk for example, more of them would only fill its
/// mailbox.
/// </summary>
internal sealed class MonitorConversation
{
    /// <summary>So many bytes of updates may be queued before they have been applied.</summary>
    internal const int MaxQueued = 1 << 20;

    /// <summary>mdadm reads a version from this and refuses one below 3.2.</summary>
    private static readonly byte[] Version = Encoding.ASCII.GetBytes("mdadm - v4.2 - ActorRaid\0");

    /// <summary>mdadm gives a ping up after 20 s. An update is queued at once, whatever the disks do.</summary>
    private static readonly TimeSpan PingLimit = TimeSpan.FromMinutes(1), UpdateLimit = TimeSpan.FromSeconds(10);

    /// <summary>
    /// A question that an actor has failed at is never answered. It may be asked once more after the first of these, and twice as late each time, as
    /// the actor may wait as well.
    /// </summary>
    private static readonly TimeSpan LostAfter = TimeSpan.FromSeconds(5), LostAtMost = TimeSpan.FromMinutes(5);

    private readonly CancellationTokenSource _over = new();
    private readonly SemaphoreSlim _updating = new(1);
    private readonly IActorRef _metadata;
    private readonly OneAtATime _pingMonitor, _pingManager;
    private readonly TimeSpan _pingLimit, _updateLimit;
    private int _queued;

    /// <summary>A conversation with these actors.</summary>
    /// <param name="container">Answers pings.</param>
    /// <param name="metadata">Takes updates.</param>
    /// <param name="limit">How long they may take, if not as long as above.</param>
    public MonitorConversation(IActorRef container, IActorRef metadata, TimeSpan? limit = null)
    {
        _metadata = metadata;
        _pingLimit = limit ?? PingLimit;
        _updateLimit = limit ?? UpdateLimit;
        _pingMonitor = new OneAtATime(limit => container.Ask<Pong>(new PingMonitor(), limit));
        _pingManager = new OneAtATime(limit => container.Ask<Pong>(new PingManager(), limit));
    }

    /// <summary>Nothing is supervised any more: what is asked has been done, or has nobody left to do it.</summary>
    public void End() => _over.Cancel();

    /// <summary>
    /// Answers. A ping is given up when the server stops for a while, and asked again by whoever goes on. Throws <see
    /// cref="TimeoutException"/> when an actor does not answer in time.
    /// </summary>
    public async Task<ReadOnlyMemory<byte>> Answer(MonitorRequest request, CancellationToken stopped)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_over.Token, stopped);
        try
        {
            if (request.IsPingMonitor)
            {
                await _pingMonitor.Ask().WaitAsync(_pingLimit, ended.Token).ConfigureAwait(false);
            }
            else if (request.IsPingManager)
            {
                await _pingManager.Ask().WaitAsync(_pingLimit, ended.Token).ConfigureAwait(false);
            }
            else
            {
                await Update(request.Payload, ended.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (!stopped.IsCancellationRequested)
        {
            // It is over.
        }

        return request.IsPingMonitor ? Version : ReadOnlyMemory<byte>.Empty;
    }

    private async Task Update(ReadOnlyMemory<byte> bytes, CancellationToken ended)
    {
        if (!await _updating.WaitAsync(_updateLimit, ended).ConfigureAwait(false))
        {
            throw new TimeoutException("an earlier metadata update has not been queued yet");
        }

        // From here on it is not given up because the server stops: whoever goes on would apply it twice.
        var queueing = Queue(bytes, ended);
        await queueing.WaitAsync(_updateLimit, _over.Token).ConfigureAwait(false);
    }

    private async Task Queue(ReadOnlyMemory<byte> bytes, CancellationToken ended)
    {
        try
        {
            await _metadata.Ask<Queued>(new ApplyUpdate(bytes), LostAtMost).ConfigureAwait(false);
            _queued += bytes.Length;
            if (_queued > MaxQueued)
            {
                // This waits in the same queue: with its answer, all before it have been applied.
                await _metadata.Ask<VolumeDescribed>(new DescribeVolume(-1), LostAtMost, ended).ConfigureAwait(false);
                _queued = 0;
            }
        }
        catch (OperationCanceledException)
        {
            // It is queued.
        }
        finally
        {
            _updating.Release();
        }
    }

    /// <summary>
    /// A question that is asked again only when it has been answered, or is lost; who comes meanwhile shares the next one.
    /// </summary>
    private sealed class OneAtATime(Func<TimeSpan, Task> ask)
    {
        private readonly Lock _gate = new();
        private Task _asked = Task.CompletedTask;
        private Task? _next;
        private int _lost;

        /// <summary>Ends with the answer to a question that is asked now or later.</summary>
        public Task Ask()
        {
            lock (_gate)
            {
                return _next is null && _asked.IsCompleted ? Begin() : _next ??= Follow(_asked);
            }
        }

        private Task Begin()
        {
            _lost = _asked.IsCompletedSuccessfully ? 0 : _lost + 1;
            return _asked = ask(Delays.After(_lost, LostAfter, LostAtMost));
        }

        private async Task Follow(Task before)
        {
            await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
            Task asked;
            lock (_gate)
            {
                _next = null;
                asked = Begin();
            }

            await asked.ConfigureAwait(false);
        }
    }
}
