using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>Sizes that rules need, in sectors of 512 bytes; what a volume's maps mean is in <see cref="VolumeGeometry"/>.</summary>
internal static class Geometry
{
    private const ulong MegabyteSectors = 2048;

    /// <summary>The logical sector size in bytes that a container's members have; of its first disk, while it has none.</summary>
    public static int SectorSize(ImsmContainer container) =>
        (container.Present.FirstOrDefault(disk => disk.Index >= 0) ?? container.Present.FirstOrDefault())?.SectorSize ?? 512;

    /// <summary>What md calls the component size.</summary>
    public static ulong ComponentSectors(ImsmContainer container, ImsmDev dev) => dev.ComponentSectors(SectorSize(container));

    /// <summary>The size that a volume over those members gets: each member's part rounded down to whole MiB.</summary>
    public static ulong RoundedVolumeSectors(ImsmMap map) =>
        map.PerMemberSectors() / MegabyteSectors * MegabyteSectors * (ulong)map.DataMembers();

    /// <summary>Where md's resync ends: the component, or for RAID 10, which counts in sectors of the array, half of all members.</summary>
    public static ulong ResyncEnd(ImsmContainer container, ImsmDev dev) => dev.Map.Level() switch
    {
        1 or 5 => ComponentSectors(container, dev),
        10 => ComponentSectors(container, dev) * (ulong)dev.Map.Order.Length / 2,
        _ => 0,
    };
}
