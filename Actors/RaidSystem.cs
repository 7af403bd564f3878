using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.SysfsIo;
using Akka.Actor;
using Akka.Configuration;

namespace ActorRaid.Actors;

/// <summary>Where things are, and what is known.</summary>
/// <param name="Formats">The metadata formats that can be supervised.</param>
/// <param name="SysRoot">sysfs.</param>
/// <param name="RunDirectory">Where mdadm looks for pid files and sockets.</param>
/// <param name="MdStatPath">/proc/mdstat.</param>
public sealed record RaidSettings(
    ImmutableArray<IMetadataFormat> Formats, string SysRoot = "/sys", string RunDirectory = "/run/mdadm", string MdStatPath = "/proc/mdstat");

/// <summary>The whole of supervision: start it, give it containers, end it.</summary>
public sealed class RaidSystem : IAsyncDisposable
{
    /// <summary>The dispatcher that gives an actor a thread of its own.</summary>
    internal const string PinnedDispatcher = "actorraid.pinned-dispatcher";

    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);
    private readonly ActorSystem _system;
    private readonly IActorRef _host;
    private readonly MdStatWatcher? _watcher;
    private readonly Emptiness _emptiness;

    private RaidSystem(ActorSystem system, IActorRef host, MdStatWatcher? watcher, Emptiness emptiness)
    {
        _system = system;
        _host = host;
        _watcher = watcher;
        _emptiness = emptiness;
    }

    /// <summary>Whether any container is supervised; called with each change, on some thread.</summary>
    public event Action<bool> EmptyChanged
    {
        add => _emptiness.Changed += value;
        remove => _emptiness.Changed -= value;
    }

    /// <summary>Starts supervision, of nothing yet.</summary>
    public static RaidSystem Start(RaidSettings settings, IEventSink events)
    {
        var system = ActorSystem.Create(
            "actorraid", ConfigurationFactory.ParseString($"{PinnedDispatcher} {{ type = PinnedDispatcher }}"));
        var emptiness = new Emptiness();
        var host = system.ActorOf(ActorProps.Of(() => new HostActor(settings, events, emptiness.Tell)), "host");
        var watcher = MdStatWatcher.Start(
            mdstat =>
            {
                if (mdstat.Ok)
                {
                    host.Tell(new MdStatChanged(MdStat.Parse(mdstat.Value)), ActorRefs.NoSender);
                }
            },
            settings.MdStatPath);
        if (!watcher.Ok)
        {
            events.Write(new RaidEvent(DateTimeOffset.Now, EventLevel.Warning, "mdstat-unreadable", null, null, null, watcher.Error.ToString()));
        }

        return new RaidSystem(system, host, watcher.Ok ? watcher.Value : null, emptiness);
    }

    /// <summary>Completes when the actors answer.</summary>
    public Task Ready() => _host.Ask<Pong>(new PingManager(), StartLimit);

    /// <summary>Takes a container under supervision.</summary>
    /// <param name="container">The kernel's name: md127.</param>
    public Task<SuperviseReply> Supervise(string container) => _host.Ask<SuperviseReply>(new Supervise(container), StartLimit);

    /// <summary>Lets go of everything as mdmon does: arrays are made clean first, for at most <paramref name="limit"/>.</summary>
    /// <returns>Whether all of them came to rest.</returns>
    public async Task<bool> Stop(TimeSpan limit)
    {
        try
        {
            await _host.Ask<Gone>(new Farewell(), limit).ConfigureAwait(false);
            return true;
        }
        catch (AskTimeoutException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _watcher?.Dispose();
        await _system.Terminate().ConfigureAwait(false);
    }

    private sealed class Emptiness
    {
        public event Action<bool>? Changed;

        public void Tell(bool empty) => Changed?.Invoke(empty);
    }
}
