using ActorRaid.Gateway.Feed;

namespace ActorRaid.Gateway.Web;

/// <summary>/metrics, in Prometheus' text format.</summary>
internal static class Metrics
{
    /// <summary>Of the text format.</summary>
    internal const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    /// <summary>All of them.</summary>
    internal static string Text(Bulletin bulletin) =>
        $"# HELP actorraid_up Whether the daemon answers the gateway.\n# TYPE actorraid_up gauge\nactorraid_up {(bulletin.Now.Problem is null ? 1 : 0)}\n";
}
