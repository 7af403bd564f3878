using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>What follows from a map's numbers. Sizes in sectors of 512 bytes; what does not fit 64 bits is ulong.MaxValue.</summary>
internal static class MapSizes
{
    /// <summary>Sectors behind each member's data that belong to the volume but hold none of it (NUM_BLOCKS_DIRTY_STRIPE_REGION).</summary>
    public const ulong DirtyStripeRegion = 2048;

    /// <summary>What the metadata needs at a spare's end (MPB_SECTOR_CNT and a dirty stripe region).</summary>
    public const ulong SpareReserve = 2210 + DirtyStripeRegion;

    private const int SectorsPerMiBShift = 11;

    /// <summary>Sectors of data on each member (per_dev_array_size): stripes are counted for each domain.</summary>
    public static ulong PerMember(ImsmMap map)
    {
        var sectors = (UInt128)map.NumDataStripes * map.BlocksPerStrip * (map.Level() is 1 or 10 ? 2u : 1u);
        return Saturate(sectors);
    }

    /// <summary>First sector behind the map's data on each member.</summary>
    public static ulong End(ImsmMap map) => Saturate((UInt128)map.PbaOfLba0 + PerMember(map));

    /// <summary>The map with the stripes that a volume of that size has (update_num_data_stripes).</summary>
    public static ImsmMap WithStripesFor(ImsmMap map, ulong volumeSize)
    {
        var stripes = volumeSize / (ulong)map.DataMembers() / map.NumDomains / map.BlocksPerStrip;
        return map with { NumDataStripes = stripes };
    }

    /// <summary>Whether <see cref="WithStripesFor"/> has something to divide by.</summary>
    public static bool IsDivisible(ImsmMap map) => map.DataMembers() > 0 && map.NumDomains > 0 && map.BlocksPerStrip > 0;

    /// <summary>The volume's size by its map, each member's part rounded down to a MiB.</summary>
    public static ulong VolumeSize(ImsmMap map) =>
        RoundToMiB(Saturate((UInt128)PerMember(map) * (uint)map.DataMembers()), map.DataMembers());

    /// <summary>A volume's size with each of its parts rounded down to a MiB.</summary>
    public static ulong RoundToMiB(ulong size, int parts) =>
        ((size / (ulong)parts) >> SectorsPerMiBShift << SectorsPerMiBShift) * (ulong)parts;

    private static ulong Saturate(UInt128 value) => value > ulong.MaxValue ? ulong.MaxValue : (ulong)value;
}
