using System.Numerics;
using ActorRaid.Metadata;

namespace ActorRaid.Tests.Commit;

/// <summary>The commit's rules once more, said the slow way: over every subset of disks. Sets of slots are bit masks.</summary>
internal static class Oracle
{
    /// <summary>Whether an array starts from exactly these slots.</summary>
    public static bool Starts(int level, int legs, int there) => level switch
    {
        0 => there == All(legs),
        1 => there != 0,
        5 => there != 0 && BitOperations.PopCount((uint)there) >= legs - 1,
        6 => there != 0 && BitOperations.PopCount((uint)there) >= legs - 2,
        10 when legs % 2 == 0 => Enumerable.Range(0, legs / 2).All(pair => ((there >> (2 * pair)) & 3) != 0),
        10 => Enumerable.Range(0, legs).All(slot => (there & ((1 << slot) | (1 << ((slot + 1) % legs)))) != 0),
        _ => throw new ArgumentOutOfRangeException(nameof(level)),
    };

    public static bool Starts(VolumeInfo volume, Func<LegInfo, bool> there) =>
        Starts(volume.Level, volume.Legs.Length, Mask(volume, leg => leg.InSync && there(leg)));

    /// <summary>
    /// Every set of legs in sync that could start the volume, and that a disk which can be written to belongs to, has a disk
    /// in it that has the commit.
    /// </summary>
    public static bool Knows(VolumeInfo volume, Func<DeviceNumber, bool> has, Func<DeviceNumber, bool> isTarget)
    {
        var inSync = Mask(volume, leg => leg.InSync);
        var having = Mask(volume, leg => leg.InSync && leg.Device is { } device && has(device));
        var targets = Mask(volume, leg => leg.InSync && leg.Device is { } device && isTarget(device));
        for (var set = inSync; set != 0; set = (set - 1) & inSync)
        {
            if (Starts(volume.Level, volume.Legs.Length, set) && (set & targets) != 0 && (set & having) == 0)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Whichever of the disks being written are torn, the volume starts without them and those that are gone; but a single
    /// disk may always be written.
    /// </summary>
    public static bool Survives(VolumeInfo volume, Func<DeviceNumber, bool> exposed, Func<DeviceNumber, bool> gone)
    {
        var left = Mask(volume, leg => leg.InSync && leg.Device is { } device && !gone(device));
        var atRisk = Mask(volume, leg => leg.InSync && leg.Device is { } device && exposed(device));
        if (BitOperations.PopCount((uint)atRisk) <= 1)
        {
            return true;
        }

        for (var torn = atRisk; torn != 0; torn = (torn - 1) & atRisk)
        {
            if (!Starts(volume.Level, volume.Legs.Length, left & ~torn))
            {
                return false;
            }
        }

        return true;
    }

    public static int All(int legs) => (1 << legs) - 1;

    private static int Mask(VolumeInfo volume, Func<LegInfo, bool> chosen) =>
        volume.Legs.Where(chosen).Aggregate(0, (mask, leg) => mask | (1 << leg.Slot));
}
