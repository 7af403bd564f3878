using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>Sizes that follow from a volume's maps, all in sectors of 512 bytes.</summary>
internal static class Geometry
{
    private const ulong MegabyteSectors = 2048;
    private const ulong MirrorUnitSectors = 128 * 1024 / 512;
    private const ulong SmallestParityUnitSectors = 64 * 1024 / 512;

    /// <summary>The level as md counts: IMSM's level 1 with more than two members is RAID 10.</summary>
    public static int Level(ImsmMap map) => map.RaidLevel == 1 && map.Order.Length != 2 ? 10 : map.RaidLevel;

    /// <summary>How many members' worth of data the volume holds; 0 for a level that is not known.</summary>
    public static int DataMembers(ImsmMap map) => Level(map) switch
    {
        0 => map.Order.Length,
        1 or 10 => map.Order.Length / 2,
        5 => map.Order.Length - 1,
        _ => 0,
    };

    /// <summary>Sectors of each member that hold data and parity: stripes times chunk, twice that where stripes are counted per copy.</summary>
    public static ulong PerMember(ImsmMap map)
    {
        var sectors = map.NumDataStripes * map.BlocksPerStrip;
        return Level(map) is 1 or 10 ? sectors * 2 : sectors;
    }

    /// <summary>
    /// What md calls the component size. It follows from the stripes, unless they disagree with the volume's size by more than
    /// the rounding to MiB explains: then a grown volume's stripes were left behind, and the size counts (calc_component_size).
    /// </summary>
    public static ulong ComponentSectors(ImsmMap map, ulong volumeSectors)
    {
        var members = (ulong)DataMembers(map);
        if (members == 0)
        {
            return 0;
        }

        var perMember = PerMember(map);
        var product = (UInt128)perMember * members;
        var difference = product > volumeSectors ? product - volumeSectors : volumeSectors - product;
        return difference > MegabyteSectors * members ? volumeSectors / members : perMember;
    }

    /// <summary>The size that a volume over those members gets: each member's part rounded down to whole MiB.</summary>
    public static ulong RoundedVolumeSectors(ulong perMember, int members) => perMember / MegabyteSectors * MegabyteSectors * (ulong)members;

    /// <summary>Where md's resync ends: the component, or for RAID 10, which counts in sectors of the array, half of all members.</summary>
    public static ulong ResyncEnd(ImsmDev dev)
    {
        var component = ComponentSectors(dev.Map, dev.Size);
        return Level(dev.Map) switch
        {
            1 or 5 => component,
            10 => component * (ulong)dev.Map.Order.Length / 2,
            _ => 0,
        };
    }

    /// <summary>
    /// How many of md's sectors one unit of <see cref="ImsmDev.CurrentMigrationUnit"/> is worth; 0 when nothing that we can
    /// convert is under way (blocks_per_migr_unit).
    /// </summary>
    public static ulong MigrationUnitSectors(ImsmDev dev, MigrationRecord? record) =>
        dev is not { MigrationState: not 0, SecondMap: { } second } ? 0 : Migration.Kind(dev) switch
        {
            MigrationType.GeneralMigration => record?.BlocksPerUnit ?? 0,
            MigrationType.Init or MigrationType.Verify or MigrationType.Repair => ResyncUnit(dev.Map, second),
            MigrationType.Rebuild => RebuildUnit(dev.Map, second),
            _ => 0,
        };

    private static ulong StripesPerUnit(ImsmMap map, ImsmMap second) =>
        map.BlocksPerStrip == 0 ? 1 : Math.Max(1ul, (ulong)second.BlocksPerStrip / map.BlocksPerStrip);

    private static ulong RebuildUnit(ImsmMap map, ImsmMap second)
    {
        ulong chunk = second.BlocksPerStrip;
        var strip = Level(second) switch
        {
            1 or 10 => second.NumDomains != 0 && second.Order.Length % second.NumDomains == 0 ? MirrorUnitSectors : chunk,
            5 => Math.Max(SmallestParityUnitSectors, chunk),
            _ => MirrorUnitSectors,
        };
        return strip * (Level(map) is 1 or 10 ? second.NumDomains : StripesPerUnit(map, second));
    }

    private static ulong ResyncUnit(ImsmMap map, ImsmMap second)
    {
        ulong chunk = map.BlocksPerStrip;
        var members = (ulong)DataMembers(map);
        var stripe = chunk * members;
        if (stripe == 0)
        {
            return 0;
        }

        // A unit is a stretch of the volume: whole stripes of it advance every member by a parity segment, and the rest
        // is mapped to where it lies on its member.
        var unit = StripesPerUnit(map, second) * (Level(map) is 5 or 10 ? chunk : MirrorUnitSectors) * members;
        var segments = unit / stripe;
        var depth = Level(map) switch
        {
            1 or 10 => chunk * map.NumDomains,
            5 => chunk * (ulong)map.Order.Length,
            _ => chunk,
        };
        return OnMember(second, unit - segments * stripe) + depth * segments;
    }

    private static ulong OnMember(ImsmMap second, ulong sector)
    {
        ulong chunk = second.BlocksPerStrip;
        if (chunk == 0 || second.Order.Length < 2)
        {
            return 0;
        }

        var strip = sector / chunk;
        return Level(second) switch
        {
            1 or 10 => (strip * second.NumDomains + 1) / (ulong)second.Order.Length * chunk + sector % chunk,
            5 => strip / ((ulong)second.Order.Length - 1) * chunk + sector % chunk,
            _ => 0,
        };
    }
}
