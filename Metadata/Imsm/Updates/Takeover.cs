using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// RAID 0 becomes RAID 10 or the other way round, without moving data (struct imsm_update_takeover, 12 bytes, little-endian:
/// type 7; the volume's index; the direction, 0 for 10 to 0 and 1 for 0 to 10). RAID 1 counts as RAID 10 of one pair.
/// </summary>
internal static class Takeover
{
    /// <summary>Bytes.</summary>
    public const int Length = 12;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes)
    {
        var volume = UpdateBytes.Int(bytes, 4);
        return UpdateBytes.Int(bytes, 8) switch
        {
            0 => new TakeoverToRaid0(volume),
            1 => new TakeoverToRaid10(volume),
            var direction => Parsed.Refused($"direction {direction} is not known"),
        };
    }

    /// <summary>
    /// Why neither direction is possible; null otherwise. The members change their indices, so no other volume may
    /// use the disk table, and nothing may be under way that has a second map.
    /// </summary>
    public static string? Refusal(ImsmContainer container, int volume)
    {
        if (Membership.NoVolume(container, volume) is { } none)
        {
            return none;
        }

        var dev = container.Super.Devs[volume];
        if (container.Super.Devs.Length > 1)
        {
            return $"the container has {container.Super.Devs.Length} volumes: only a volume of its own can be taken over";
        }

        if (dev.MigrationState != 0)
        {
            return $"volume {dev.Volume} is under migration ({dev.MigrationType})";
        }

        var indices = dev.Map.Order.Select(VolumeGeometry.DiskIndex).Distinct().Count(index => index < container.Super.Disks.Length);
        if (indices != dev.Map.Order.Length || indices != container.Super.Disks.Length)
        {
            return $"the disk table has {container.Super.Disks.Length} entries for {dev.Map.Order.Length} members";
        }

        return MapSizes.IsDivisible(dev.Map) ? null : $"volume {dev.Volume} has a map that sizes cannot be computed for";
    }
}
