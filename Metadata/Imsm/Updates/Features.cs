using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>The metadata's attributes and version, which say what its volumes use (imsm_update_version_info).</summary>
internal static class Features
{
    private const string Magic = "Intel Raid ISM Cfg Sig. ";
    private const uint CloneAndGo = 0x400;

    /// <summary>
    /// The attributes that the volumes need, added to those that are there, and the version that goes with them. A single
    /// volume in metadata that has never had an attribute but the checksum's keeps one of the old versions.
    /// </summary>
    public static ImsmSuper Update(ImsmSuper super)
    {
        var attributes = super.Attributes;
        string? version = null;
        foreach (var dev in super.Devs)
        {
            if (dev.Size > uint.MaxValue)
            {
                attributes |= ImsmAttributes.Volume2TB;
            }

            if (super.Devs.Length > 1 || attributes != ImsmAttributes.ChecksumVerify)
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
            Attributes = attributes,
            Signature = version is null ? super.Signature : Octets.Text(Magic + version, 32),
        };
    }

    private static ImsmAttributes Needed(ImsmMap map) => map.Level() switch
    {
        0 => ImsmAttributes.Raid0,
        1 => ImsmAttributes.Raid1,
        5 => ImsmAttributes.Raid5,
        10 when map.RaidLevel == 10 && map.Order.Length > 4 => ImsmAttributes.Raid10 | ImsmAttributes.Raid10Extended,
        10 => ImsmAttributes.Raid10,
        _ => ImsmAttributes.None,
    };

    private static string OldVersion(ImsmDev dev) => (dev.Map.Order.Length, dev.Map.Level()) switch
    {
        ( >= 5, _) => "1.2.04",
        _ when dev.Status == CloneAndGo => "1.2.06",
        (_, 5) => "1.2.02",
        ( >= 3, _) => "1.2.01",
        (_, 1) => "1.1.00",
        _ => "1.0.00",
    };
}
