using System.Diagnostics;

namespace ActorRaid.Actors;

/// <summary>What goes on is told once, and once more when it comes again after it was over for a while.</summary>
internal sealed class Telling
{
    private static readonly TimeSpan OverAfter = TimeSpan.FromMinutes(1);
    private long _last;

    /// <summary>It is so now: whether that is to be told.</summary>
    public bool IsNew()
    {
        var isNew = _last == 0 || Stopwatch.GetElapsedTime(_last) > OverAfter;
        _last = Stopwatch.GetTimestamp();
        return isNew;
    }
}
