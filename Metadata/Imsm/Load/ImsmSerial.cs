using System.Text;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>Serial numbers as the metadata spells them (upstream: imsm_read_serial).</summary>
public static class ImsmSerial
{
    /// <summary>
    /// White space and what cannot be printed is dropped, <c>:</c> becomes <c>;</c> (it marks the placeholders of
    /// failed disks), and of more than 16 characters the last 16 count. Trimming twice changes nothing.
    /// </summary>
    public static string Trim(string serial)
    {
        var text = new StringBuilder(serial.Length);
        foreach (var c in serial)
        {
            if (c is > ' ' and < (char)0x80)
                text.Append(c == ':' ? ';' : c);
        }

        var from = Math.Max(text.Length - ImsmOffsets.SerialLength, 0);
        return text.ToString(from, text.Length - from);
    }

    /// <summary>The 16 bytes of it.</summary>
    public static Octets Octets(string serial) => Model.Octets.Text(Trim(serial), ImsmOffsets.SerialLength);

    /// <summary>
    /// The index in the disk table of the disk with that (trimmed) serial number; -1 when it is not listed. Of an entry
    /// that a volume uses and one that was left behind, as when a disk is taken out of the container and added again,
    /// it is the one in use.
    /// </summary>
    public static int IndexOf(this ImsmSuper super, string serial)
    {
        var found = -1;
        for (var i = 0; i < super.Disks.Length; i++)
        {
            if (super.Disks[i].Serial.Exact == serial && (found < 0 || (!super.Uses(found) && super.Uses(i))))
                found = i;
        }

        return found;
    }

    /// <summary>Whether any volume's maps name the disk of that index.</summary>
    public static bool Uses(this ImsmSuper super, int index)
    {
        foreach (var dev in super.Devs)
        {
            if (dev.Map.SlotOf(index) >= 0 || dev.SecondMap?.SlotOf(index) >= 0)
                return true;
        }

        return false;
    }
}
