using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// A member's copy that takes no side while the container's family changes. mdadm uses a copy only if no disk that it lists holds a
/// copy of another family in which that disk finds itself (imsm_thunderdome, validate_members); so two families that list each
/// other's disks keep each other from being used. A veiled copy is of a family of its own and does not list its own disk: whichever
/// family the others are of, this disk is a member of theirs. It says all that the copy said, and differs in the anchor's sector
/// alone: in the family, the generation, the checksum and the first character of one serial number (of the seven first disks
/// of the table, on disks with sectors of 512 bytes).
/// </summary>
internal static class Veil
{
    /// <summary>No serial number has it: it marks placeholders (see <see cref="ImsmSerial.Trim"/>).</summary>
    private const byte Placeholder = (byte)':';

    /// <summary>The copy for one member.</summary>
    /// <param name="super">The metadata.</param>
    /// <param name="index">The member's place in the disk table.</param>
    public static ImsmSuper Over(ImsmSuper super, int index) => super with
    {
        FamilyNumber = super.FamilyNumber + 1 + (uint)index,
        Disks = super.Disks.SetItem(index, super.Disks[index] with { Serial = Masked(super.Disks[index].Serial) }),
    };

    /// <summary>What a veiled copy says; null for one that is not veiled.</summary>
    /// <param name="super">The copy.</param>
    /// <param name="serial">The serial number of the disk that it is on, trimmed.</param>
    public static ImsmSuper? Lifted(ImsmSuper super, string serial)
    {
        if (super.Devs.IsEmpty || super.IndexOf(serial) >= 0)
            return null;
        var own = ImsmSerial.Octets(serial);
        var index = super.IndexOf(Masked(own).Exact);
        if (index < 0 || (super.Disks[index].Status & (ImsmDiskStatus.Configured | ImsmDiskStatus.Failed)) != ImsmDiskStatus.Configured)
            return null;
        return super with
        {
            FamilyNumber = super.FamilyNumber - 1 - (uint)index,
            Disks = super.Disks.SetItem(index, super.Disks[index] with { Serial = own }),
        };
    }

    private static Octets Masked(Octets serial)
    {
        var bytes = serial.Span.ToArray();
        bytes[0] = Placeholder;
        return new Octets(bytes);
    }
}
