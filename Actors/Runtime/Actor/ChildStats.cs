namespace Akka.Actor;

/// <summary>A child and how often it was restarted.</summary>
internal sealed class ChildStats(LocalActorRef child)
{
    private int _count;
    private long? _windowStart;

    internal LocalActorRef Child => child;

    /// <summary>
    /// Counts a restart. A limit of -1 is none, 0 forbids; within a time range at most the limit (without one: 1) in each window.
    /// </summary>
    internal bool RequestRestartPermission(int limit, int withinMilliseconds)
    {
        if (limit == 0)
        {
            return false;
        }

        if (withinMilliseconds <= 0)
        {
            return limit < 0 || ++_count <= limit;
        }

        var now = Environment.TickCount64;
        _windowStart ??= now;
        if (now - _windowStart <= withinMilliseconds)
        {
            return ++_count <= Math.Max(limit, 1);
        }

        _windowStart = now;
        _count = 1;
        return true;
    }
}
