using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>The metadata's attributes and version, which say what its volumes use (imsm_update_version_info).</summary>
internal static class Features
{
    private const string Magic = "Intel Raid ISM Cfg Sig. ";
    private const uint Raid0 = 0x1;
    private const uint Raid1 = 0x2;
    private const uint Raid10 = 0x4;
    private const uint Raid5 = 0x10;
    private const uint Raid10Extended = 0x80;
    private const uint VolumesAbove2TiB = 0x20000000;
    private const uint ChecksumVerify = 0x80000000;
    private const uint CloneAndGo = 0x400;

    /// <summary>
    /// The attributes that the volumes need, added to those that are there, and the version that goes with them. A single
    /// volume in metadata that has never had an attribute but the checksum's keeps one of the old versions.
    /// </summary>
    public static ImsmSuper Update(ImsmSuper super)
    {
        var attributes = (uint)super.Attributes;
        string? version = null;
        foreach (var dev in super.Devs)
        {
            if (dev.Size > uint.MaxValue)
            {
                attributes |= VolumesAbove2TiB;
            }

            if (super.Devs.Length > 1 || attributes != ChecksumVerify)
            {
                attributes |= Needed(dev.Map);
                version = "1.3.00";
            }
            else
            {
                version = OldVersion(dev);
            }
        }

        return super with
        {
            Attributes = (ImsmAttributes)attributes,
            Signature = version is null ? super.Signature : Octets.Text(Magic + version, 32),
        };
    }

    private static uint Needed(ImsmMap map) => MapSizes.Level(map) switch
    {
        0 => Raid0,
        1 => Raid1,
        5 => Raid5,
        10 when map.RaidLevel == 10 && map.Order.Length > 4 => Raid10 | Raid10Extended,
        10 => Raid10,
        _ => 0,
    };

    private static string OldVersion(ImsmDev dev) => (dev.Map.Order.Length, MapSizes.Level(dev.Map)) switch
    {
        ( >= 5, _) => "1.2.04",
        _ when dev.Status == CloneAndGo => "1.2.06",
        (_, 5) => "1.2.02",
        ( >= 3, _) => "1.2.01",
        (_, 1) => "1.1.00",
        _ => "1.0.00",
    };
}
