namespace ActorRaid.Metadata.Imsm.Model;

/// <summary>
/// What a volume's maps mean. Sizes are sectors of 512 bytes; arithmetic is 32 bits wide where upstream's is, so that the numbers
/// agree (upstream: get_imsm_raid_level, per_dev_array_size, calc_component_size, blocks_per_migr_unit). Nothing here throws,
/// whatever the maps hold: where upstream would divide by zero the answer is 0.
/// </summary>
public static class VolumeGeometry
{
    /// <summary>Bit of an order entry: the member is being rebuilt or out of sync.</summary>
    public const uint RebuildBit = 1u << 24;

    /// <summary>Bit of <see cref="ImsmDev.Dirty"/>: being written.</summary>
    public const byte DirtyBit = 1;

    /// <summary>Bit of <see cref="ImsmDev.Status"/>: the verification repairs what it finds.</summary>
    public const uint VerifyAndFix = 0x80;

    private const ulong MiB = 2048;

    /// <summary>The disk table index in an order entry.</summary>
    public static int DiskIndex(uint order) => (int)(order & 0xFF_FFFF);

    /// <summary>The slot in which the map has the disk with that index; -1 when it has not.</summary>
    public static int SlotOf(this ImsmMap map, int index)
    {
        for (var slot = 0; slot < map.Order.Length; slot++)
        {
            if (index >= 0 && DiskIndex(map.Order[slot]) == index)
                return slot;
        }

        return -1;
    }

    /// <summary>md's level: IMSM stores RAID 10 of four disks as level 1.</summary>
    public static int Level(this ImsmMap map) => map.RaidLevel == 1 && map.Order.Length != 2 ? 10 : map.RaidLevel;

    /// <summary>md's layout number for a level: RAID 5 left-asymmetric, RAID 10 two near copies.</summary>
    public static int LayoutOf(int level) => level == 10 ? 0x102 : 0;

    /// <summary>How many members hold data, copies and parity not counted; 0 for an unknown level.</summary>
    public static int DataMembers(this ImsmMap map) => map.Level() switch
    {
        0 => map.Order.Length,
        1 or 10 => map.Order.Length / 2,
        5 => Math.Max(map.Order.Length - 1, 0),
        _ => 0,
    };

    /// <summary>Sectors of each member that hold data, by the number of stripes.</summary>
    public static ulong PerMemberSectors(this ImsmMap map)
    {
        var sectors = unchecked(map.NumDataStripes * map.BlocksPerStrip);
        return map.Level() is 1 or 10 ? unchecked(sectors * 2) : sectors;
    }

    /// <summary>
    /// Sectors of each member that the volume uses. The number of stripes decides, unless it is off by more than 1 MiB for each
    /// data member from the volume's size: then that was expanded and the stripes were not brought up to date.
    /// </summary>
    public static ulong ComponentSectors(this ImsmDev dev)
    {
        var members = (ulong)dev.Map.DataMembers();
        if (members == 0)
            return 0;
        var sectors = dev.Map.PerMemberSectors();
        var difference = unchecked((long)((sectors * members) - dev.Size));
        return Magnitude(difference) > MiB * members ? dev.Size / members : sectors;
    }

    /// <summary>
    /// What md is given as component size: <see cref="ComponentSectors(ImsmDev)"/>, cut to whole chunks but for RAID 1. The chunk
    /// is counted in the disk's own sectors there, as upstream does.
    /// </summary>
    public static ulong ComponentSectors(this ImsmDev dev, int sectorSize)
    {
        var sectors = dev.ComponentSectors();
        var current = dev.SecondMap ?? dev.Map;
        var chunk = (ulong)(current.BlocksPerStrip * 512 / sectorSize);
        return chunk == 0 || current.Level() == 1 ? sectors : sectors - (sectors % chunk);
    }

    /// <summary>The kind of migration; one that verifies and repairs is <see cref="MigrationType.Repair"/>.</summary>
    public static MigrationType Migration(this ImsmDev dev) =>
        dev.MigrationType == MigrationType.Verify && (dev.Status & VerifyAndFix) != 0 ? MigrationType.Repair : dev.MigrationType;

    /// <summary>Whether a migration of any kind runs.</summary>
    public static bool IsMigrating(this ImsmDev dev) => dev.MigrationState != 0 && dev.SecondMap is not null;

    /// <summary>Whether a reshape runs.</summary>
    public static bool IsGeneralMigration(this ImsmDev dev) => dev.IsMigrating() && dev.Migration() == MigrationType.GeneralMigration;

    /// <summary>
    /// The order entry that tells what state a slot is in now: the second map's while a migration runs, else the first's. Null when
    /// that map has no such slot.
    /// </summary>
    public static uint? CurrentOrder(this ImsmDev dev, int slot)
    {
        var map = dev.IsMigrating() ? dev.SecondMap! : dev.Map;
        return slot >= 0 && slot < map.Order.Length ? map.Order[slot] : null;
    }

    /// <summary>
    /// Sectors of each member that a unit of <see cref="ImsmDev.CurrentMigrationUnit"/> stands for; 0 when no migration runs or its
    /// kind has no units. A general migration's is in the migration record.
    /// </summary>
    public static ulong SectorsPerUnit(this ImsmDev dev, MigrationRecord? record)
    {
        if (!dev.IsMigrating())
            return 0;
        return dev.Migration() switch
        {
            MigrationType.GeneralMigration => record?.BlocksPerUnit ?? 0,
            MigrationType.Init or MigrationType.Verify or MigrationType.Repair => ResyncUnit(dev.Map, dev.SecondMap!),
            MigrationType.Rebuild => unchecked(RebuildStrip(dev.SecondMap!) * RebuildStripes(dev.Map, dev.SecondMap!)),
            _ => 0,
        };
    }

    private static ulong Magnitude(long value) => value < 0 ? unchecked((ulong)-value) : (ulong)value;

    private static uint ResyncUnit(ImsmMap map, ImsmMap second)
    {
        var level = map.Level();
        uint strip = level is 5 or 10 ? map.BlocksPerStrip : 256u;
        var members = (uint)map.DataMembers();
        var stripe = map.BlocksPerStrip * members;
        if (stripe == 0)
            return 0;
        var blocks = unchecked(StripesPerUnit(map, second) * strip * members);
        var segment = blocks / stripe;
        uint depth = level switch
        {
            1 or 10 => (uint)map.BlocksPerStrip * map.NumDomains,
            5 => (uint)map.BlocksPerStrip * (uint)map.Order.Length,
            _ => map.BlocksPerStrip,
        };
        return unchecked(BlockOnMember(second, blocks - (segment * stripe)) + (depth * segment));
    }

    private static uint StripesPerUnit(ImsmMap map, ImsmMap second) =>
        map.BlocksPerStrip == 0 ? 1 : Math.Max(1, (uint)second.BlocksPerStrip / map.BlocksPerStrip);

    private static uint RebuildStripes(ImsmMap map, ImsmMap second) =>
        map.Level() is 1 or 10 ? second.NumDomains : StripesPerUnit(map, second);

    private static uint RebuildStrip(ImsmMap second) => second.Level() switch
    {
        1 or 10 when second.NumDomains != 0 && second.Order.Length % second.NumDomains != 0 => second.BlocksPerStrip,
        5 => Math.Max(128u, second.BlocksPerStrip),
        _ => 256u,
    };

    private static uint BlockOnMember(ImsmMap second, uint block)
    {
        uint chunk = second.BlocksPerStrip;
        var members = (uint)second.Order.Length;
        if (chunk == 0)
            return 0;
        var strip = block / chunk;
        return second.Level() switch
        {
            1 or 10 when members > 0 => unchecked((((strip * second.NumDomains) + 1) / members * chunk) + (block % chunk)),
            5 when members > 1 => (strip / (members - 1) * chunk) + (block % chunk),
            _ => 0,
        };
    }
}
