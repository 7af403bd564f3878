using Akka.Actor;

namespace ActorRaid.Actors.Handoff;

/// <summary>
/// Goes once through a container's coming to rest, playing all its parts: when a successor asks for that arrays wait for as long as it takes, and the
/// first time takes much longer than the second.
/// </summary>
internal sealed class PauseRehearsal : RaidActor
{
    private int _asked;

    public PauseRehearsal()
    {
        Receive<Pause>(_ => Sender.Tell(
            _asked++ switch
            {
                0 => new MemberPaused(new ArraySnapshot("", MemberMemory.New, [])),
                _ => (object)new MetadataPaused(0, "", [], [], []),
            },
            Self));
        Receive<PauseAwaits>(_ => { });
        Receive<AllPaused>(_ => Context.Stop(Self));
    }

    /// <inheritdoc/>
    protected override void PreStart()
    {
        var self = Self;
        var sockets = Task.FromResult(new SysfsIo.PausedSockets(-1, []));
        Context.ActorOf(ActorProps.Of(() => new PauseActor("", self, sockets, [self], self)));
    }
}
