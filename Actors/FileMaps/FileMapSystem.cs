using Akka.Actor;
using Akka.Event;

namespace ActorRaid.Actors.FileMaps;

/// <summary>File maps, for those outside: an actor system of their own, apart from what supervises arrays.</summary>
public static class FileMapSystem
{
    /// <summary>Follows one file until its map ends, and ends the actors.</summary>
    public static async Task<FileMapEnded> Follow(FileMapOrder order)
    {
        using var system = RaidHosting.CreateSystem("filemaps");
        var log = system.ActorOf(ActorProps.Of(() => new AkkaLog(new Teller(order.Tell))), "log");
        system.EventStream.Subscribe(log, typeof(Error));
        var ended = new TaskCompletionSource<FileMapEnded>(TaskCreationOptions.RunContinuationsAsynchronously);
        system.ActorOf(ActorProps.Of(() => new FileMapsActor(order, system.ThreadOfItsOwn("filemap"), ended.SetResult)), "maps");
        var end = await ended.Task.ConfigureAwait(false);
        await system.Terminate().ConfigureAwait(false);
        return end;
    }

    private sealed class Teller(Action<int, string> tell) : IEventSink
    {
        public void Write(RaidEvent e) => tell(0, e.Text);
    }
}

/// <summary>The parent of file maps: one that fails begins again.</summary>
internal sealed class FileMapsActor : RaidActor
{
    private readonly FileMapOrder _order;
    private readonly string _dispatcher;

    /// <summary>Follows one file.</summary>
    /// <param name="order">Which, and how.</param>
    /// <param name="dispatcher">Where its actor runs, which may wait for the kernel.</param>
    /// <param name="ended">Called once it has ended.</param>
    public FileMapsActor(FileMapOrder order, string dispatcher, Action<FileMapEnded> ended)
    {
        _order = order;
        _dispatcher = dispatcher;
        Receive<FileMapEnded>(ended);
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        base.PreStart();
        Context.ActorOf(ActorProps.Of(() => new FileMapActor(_order), _dispatcher), $"group-{_order.Group}");
    }

    /// <inheritdoc/>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);
}
