using Akka.Actor;
using Akka.Event;

namespace ActorRaid.Actors;

/// <summary>
/// Hands on what Akka itself finds wrong, as events: to Serilog by way of the bounded event log, which no actor waits for. (Akka.Logger.Serilog's logger
/// compiles expressions and writes to the journal itself.)
/// </summary>
internal sealed class AkkaLog : RaidActor
{
    private readonly IEventSink _events;

    /// <summary>A log that writes there what its system's event stream is asked to send it.</summary>
    public AkkaLog(IEventSink events)
    {
        _events = events;
        Receive<Error>(error => Write(EventLevel.Error, "actors-failed", error));
        Receive<Warning>(warning => Write(EventLevel.Warning, "actors-warned", warning));
    }

    private void Write(EventLevel level, string kind, LogEvent logged)
    {
        var cause = logged.Cause is { } exception ? $": {exception}" : "";
        _events.Write(new RaidEvent(DateTimeOffset.Now, level, kind, null, null, null, $"{logged.LogSource}: {logged.Message}{cause}"));
    }
}
