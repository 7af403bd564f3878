using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A volume's size changes in place (struct imsm_update_size_change, 16 bytes, little-endian: type 9; the volume's index, 0 or 1;
/// 64 bits, signed: the new size of the whole volume in sectors). mdadm sends it when a volume grows into free space, and before a
/// reshape to bring the number of stripes in line with the size.
/// </summary>
internal sealed record SizeChange(int Volume, long Size) : ImsmUpdate("size change")
{
    /// <summary>Bytes.</summary>
    public const int Length = 16;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes) => new SizeChange(UpdateBytes.Int(bytes, 4), UpdateBytes.Long(bytes, 8));

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        if (Membership.NoVolume(container, Volume) is { } none)
        {
            return none;
        }

        var dev = container.Super.Devs[Volume];
        if (dev.IsGeneralMigration())
        {
            return $"volume {dev.Volume} is under migration";
        }

        if (!MapSizes.IsDivisible(dev.Map))
        {
            return $"volume {dev.Volume} has a map that sizes cannot be computed for";
        }

        if (Size <= 0 || MapSizes.WithStripesFor(dev.Map, (ulong)Size).NumDataStripes == 0)
        {
            return $"{Size} sectors are no size for volume {dev.Volume}";
        }

        return Beyond(container);
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var dev = container.Super.Devs[Volume];
        var members = dev.Map.DataMembers();
        var map = MapSizes.WithStripesFor(dev.Map, (ulong)Size) with
        {
            BlocksPerMember = ((ulong)Size / (ulong)members) + MapSizes.DirtyStripeRegion,
        };
        return Membership.WithVolume(container, Volume, dev with { Size = MapSizes.RoundToMiB((ulong)Size, members), Map = map });
    }

    // Growth only is measured: what shrinks lay where it lay before.
    private string? Beyond(ImsmContainer container)
    {
        var dev = container.Super.Devs[Volume];
        var (before, after) = (MapSizes.End(dev.Map), MapSizes.End(MapSizes.WithStripesFor(dev.Map, (ulong)Size)));
        if (after <= before)
        {
            return null;
        }

        foreach (var index in dev.Map.Order.Select(VolumeGeometry.DiskIndex))
        {
            if (Membership.ByIndex(container, index) is { } disk && after > disk.Sectors)
            {
                return $"the volume would end at sector {after}, disk {disk.Name} has {disk.Sectors}";
            }

            var next = container.Super.Devs.FirstOrDefault(other => !ReferenceEquals(other, dev)
                && other.Map.PbaOfLba0 >= dev.Map.PbaOfLba0
                && other.Map.PbaOfLba0 < after
                && other.Map.Order.Any(order => VolumeGeometry.DiskIndex(order) == index));
            if (next is not null)
            {
                return $"the volume would end at sector {after}, volume {next.Volume} begins at {next.Map.PbaOfLba0}";
            }
        }

        return null;
    }
}
