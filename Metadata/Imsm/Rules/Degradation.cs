using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>Which of a volume's maps is asked.</summary>
internal enum MapChoice
{
    /// <summary>The first: where the volume goes, or all there is.</summary>
    First,

    /// <summary>The second: where it comes from.</summary>
    Second,
}

/// <summary>A map's state, from the legs that are lost.</summary>
internal static class Degradation
{
    /// <summary>
    /// Counts a map's legs that are missing, failed or marked. A second map with more members than the first is counted to its
    /// end (imsm_count_failed).
    /// </summary>
    public static int CountFailed(ImsmContainer container, ImsmDev dev, MapChoice choice) =>
        (choice == MapChoice.First ? dev.Map : dev.SecondMap)?.Order.Count(entry => IsLost(container, entry)) ?? 0;

    /// <summary>
    /// The state of a volume that has lost so many legs (imsm_check_degraded). RAID 10 is judged by its pairs, slots 2n and
    /// 2n+1, by the map that says what the disks hold now.
    /// </summary>
    public static MapState StateOf(ImsmContainer container, ImsmDev dev, int failed, MapChoice choice = MapChoice.First)
    {
        var map = choice == MapChoice.Second && dev.SecondMap is { } second ? second : dev.Map;
        if (failed == 0)
        {
            return map.State == MapState.Uninitialized ? MapState.Uninitialized : MapState.Normal;
        }

        return map.Level() switch
        {
            0 => MapState.Failed,
            1 => failed < map.Order.Length ? MapState.Degraded : MapState.Failed,
            5 => failed < 2 ? MapState.Degraded : MapState.Failed,
            10 => AnyPairLost(container, Maps.Current(dev)) ? MapState.Failed : MapState.Degraded,
            _ => map.State,
        };
    }

    /// <summary>The state that the volume's first map is in by its legs.</summary>
    public static MapState StateOf(ImsmContainer container, ImsmDev dev) =>
        StateOf(container, dev, CountFailed(container, dev, MapChoice.First));

    private static bool IsLost(ImsmContainer container, uint entry) =>
        Maps.IsMarked(entry) || !Maps.IsUsable(container, Maps.IndexOf(entry));

    private static bool AnyPairLost(ImsmContainer container, ImsmMap map)
    {
        for (var slot = 0; slot + 1 < map.Order.Length; slot += 2)
        {
            if (IsLost(container, map.Order[slot]) && IsLost(container, map.Order[slot + 1]))
            {
                return true;
            }
        }

        return false;
    }
}
