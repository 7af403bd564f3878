namespace ActorRaid.Metadata.Imsm.Model;

/// <summary>The attributes word at 0x34 (MPB_ATTRIB_* in upstream's super-intel.c): the features that a copy uses.</summary>
[Flags]
public enum ImsmAttributes : uint
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>RAID 0 volumes.</summary>
    Raid0 = 0x0000_0001,

    /// <summary>RAID 1 volumes.</summary>
    Raid1 = 0x0000_0002,

    /// <summary>RAID 10 volumes.</summary>
    Raid10 = 0x0000_0004,

    /// <summary>RAID 1E volumes. Not supported.</summary>
    Raid1E = 0x0000_0008,

    /// <summary>RAID 5 volumes.</summary>
    Raid5 = 0x0000_0010,

    /// <summary>Clone and go. Not supported.</summary>
    CloneAndGo = 0x0000_0020,

    /// <summary>Chunks of 256 KiB, 512 KiB and 1 MiB.</summary>
    ExpandedStripeSize = 0x0000_0040,

    /// <summary>RAID 10 of more than four disks.</summary>
    Raid10Extended = 0x0000_0080,

    /// <summary>Caching of volumes on a solid-state disk. Not supported.</summary>
    NonVolatileMemory = 0x0200_0000,

    /// <summary>The upper halves of disk and member sizes count: disks beyond 2 TiB.</summary>
    Disk2TB = 0x0400_0000,

    /// <summary>A bad-block log is there.</summary>
    BadBlockManagement = 0x0800_0000,

    /// <summary>Caching in non-volatile memory. Not supported.</summary>
    NeverUse2 = 0x1000_0000,

    /// <summary>Volumes beyond 2 TiB.</summary>
    Volume2TB = 0x2000_0000,

    /// <summary>Once meant port multipliers; means nothing and is ignored.</summary>
    NeverUse = 0x4000_0000,

    /// <summary>The checksum is to be verified.</summary>
    ChecksumVerify = 0x8000_0000,
}

/// <summary>What is supported of <see cref="ImsmAttributes"/>.</summary>
public static class AttributeSupport
{
    /// <summary>Everything that a container may use and be supervised: upstream's MPB_ATTRIB_SUPPORTED and MPB_ATTRIB_IGNORED.</summary>
    public const ImsmAttributes Supported =
        ImsmAttributes.Raid0 | ImsmAttributes.Raid1 | ImsmAttributes.Raid10 | ImsmAttributes.Raid5 |
        ImsmAttributes.ExpandedStripeSize | ImsmAttributes.Raid10Extended | ImsmAttributes.Disk2TB |
        ImsmAttributes.BadBlockManagement | ImsmAttributes.Volume2TB | ImsmAttributes.NeverUse | ImsmAttributes.ChecksumVerify;

    /// <summary>The unsupported bits by name (<c>Raid1E</c>), unknown ones as hexadecimal numbers; null when all are supported.</summary>
    public static string? UnsupportedNames(this ImsmAttributes attributes)
    {
        var rest = attributes & ~Supported;
        if (rest == ImsmAttributes.None)
            return null;
        var names = new List<string>();
        for (var bit = 1u; bit != 0; bit <<= 1)
        {
            var attribute = (ImsmAttributes)bit;
            if ((rest & attribute) != 0)
                names.Add(Name(attribute) ?? $"0x{bit:x8}");
        }

        return string.Join(", ", names);
    }

    private static string? Name(ImsmAttributes attribute) => attribute switch
    {
        ImsmAttributes.Raid1E => nameof(ImsmAttributes.Raid1E),
        ImsmAttributes.CloneAndGo => nameof(ImsmAttributes.CloneAndGo),
        ImsmAttributes.NonVolatileMemory => nameof(ImsmAttributes.NonVolatileMemory),
        ImsmAttributes.NeverUse2 => nameof(ImsmAttributes.NeverUse2),
        _ => null,
    };
}
