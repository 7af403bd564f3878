namespace ActorRaid.Actors;

/// <summary>How long to wait before something is tried once more.</summary>
internal static class Delays
{
    /// <summary>Twice as long after each try, within bounds.</summary>
    /// <param name="tries">How many there were since the first.</param>
    /// <param name="first">After the first.</param>
    /// <param name="last">Never longer.</param>
    public static TimeSpan After(int tries, TimeSpan first, TimeSpan last)
    {
        var delay = first * Math.Pow(2, Math.Min(tries, 30));
        return delay < last ? delay : last;
    }
}
