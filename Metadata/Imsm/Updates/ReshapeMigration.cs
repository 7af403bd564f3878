using System.Collections.Immutable;
using System.Numerics;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// One volume changes its level from 0 to 5, its chunk or its layout (struct imsm_update_reshape_migration, 32 bytes,
/// little-endian):
/// <code>
///   0  type, 6
///   4  members before, as mdadm counts them     16  new level, -1 to keep     28  device number of the new member, or -1
///   8  members after                            20  new layout
///  12  the volume's index, 0 or 1               24  new chunk in KiB, 0 or less to keep
/// </code>
/// The layout goes with the level in this format and is not recorded. mdadm leaves the choice of the new member to the
/// monitor and sends -1 for it. Before a level change it has turned the md array already, so its counts of members are not
/// those of the metadata: only the volume's own map is believed.
/// </summary>
internal sealed record ReshapeMigration(int Volume, int Level, int ChunkKiB, DeviceNumber? Device) : ImsmUpdate("migrate volume")
{
    /// <summary>Bytes.</summary>
    public const int Length = 32;

    private const int LargestChunkKiB = 16384;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes)
    {
        var chunk = UpdateBytes.Int(bytes, 24);
        if (chunk > LargestChunkKiB || (chunk > 0 && !BitOperations.IsPow2(chunk)))
        {
            return Parsed.Refused($"{chunk} KiB are no chunk size");
        }

        DeviceNumber? device = UpdateBytes.Int(bytes, 28) < 0 ? null : UpdateBytes.Device(bytes, 28);
        return new ReshapeMigration(UpdateBytes.Int(bytes, 12), UpdateBytes.Int(bytes, 16), chunk, device);
    }

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        if (Membership.NoVolume(container, Volume) is { } none)
        {
            return none;
        }

        var dev = container.Super.Devs[Volume];
        var level = dev.Map.Level();
        if (dev.MigrationState != 0)
        {
            return $"volume {dev.Volume} is under migration ({dev.MigrationType})";
        }

        if (!MapSizes.IsDivisible(dev.Map))
        {
            return $"volume {dev.Volume} has a map that sizes cannot be computed for";
        }

        if (Level != -1 && Level != level && !AddsParity(dev.Map))
        {
            return $"volume {dev.Volume} is RAID {level} and cannot become RAID {Level}";
        }

        if (level is 1 or 10)
        {
            return $"volume {dev.Volume} is RAID {level}, which has nothing to migrate";
        }

        return (AddsParity(dev.Map) ? NoSpare(container, dev.Map) : null)
            ?? (Destination(dev).NumDataStripes == 0 ? $"volume {dev.Volume} is smaller than a stripe with that chunk" : null);
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var dev = container.Super.Devs[Volume];
        var changed = AddsParity(dev.Map) ? Membership.Admit(container, Spare(container)!) : container;
        return Membership.WithVolume(changed, Volume, GeneralMigration.Start(dev, Destination(dev))) with { Migration = null };
    }

    private bool AddsParity(ImsmMap map) => Level == 5 && map.Level() == 0;

    private ImsmMap Destination(ImsmDev dev)
    {
        var order = dev.Map.Order.Select(entry => (uint)VolumeGeometry.DiskIndex(entry)).ToImmutableArray();
        var map = dev.Map with { Order = order };
        if (AddsParity(dev.Map))
        {
            map = map with { RaidLevel = 5, Order = order.Add((uint)order.Length), State = MapState.Normal };
        }

        if (ChunkKiB > 0)
        {
            map = MapSizes.WithStripesFor(map with { BlocksPerStrip = (ushort)(ChunkKiB * 2) }, dev.Size);
        }

        return map with { BlocksPerMember = MapSizes.PerMember(map) + MapSizes.DirtyStripeRegion };
    }

    private string? NoSpare(ImsmContainer container, ImsmMap map)
    {
        if (container.Super.Disks.Length != map.Order.Length)
        {
            return $"the disk table has {container.Super.Disks.Length} entries for {map.Order.Length} members";
        }

        if (Spare(container) is not null)
        {
            return null;
        }

        var reasons = container.Present.Where(disk => disk.Index == -1).Select(disk => Membership.Unfit(container, disk)).ToArray();
        return Device is { } device ? $"there is no fit spare {device}"
            : reasons.Length == 0 ? "there is no spare"
            : string.Join("; ", reasons);
    }

    // Upstream takes the last of its list, where the rules that replace a lost leg take the first.
    private PresentDisk? Spare(ImsmContainer container) => container.Present.LastOrDefault(disk =>
        (Device is null || disk.Device == Device) && Membership.Unfit(container, disk) is null);
}
