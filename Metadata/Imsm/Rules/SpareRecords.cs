using System.Buffers.Binary;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>What mdadm left on a disk that it adds to a container.</summary>
internal static class SpareRecords
{
    private const int DiskCount = 0x38;
    private const int FirstDisk = 0xD8;

    /// <summary>
    /// The SCSI id (bytes 20 to 23 of the disk's entry, little-endian) in the spare record that mdadm wrote before it added
    /// the disk; 0 when the last but one sector holds no record of this disk alone.
    /// </summary>
    public static uint ScsiId(DiskSource source, Octets serial)
    {
        var at = source.Tail.Length - 2 * source.SectorSize;
        if (at < 0 || source.SectorSize < 512)
        {
            return 0;
        }

        var anchor = source.Tail.Span.Slice(at, source.SectorSize);
        return anchor.StartsWith("Intel Raid ISM Cfg Sig. "u8) && anchor[DiskCount] == 1
            && anchor.Slice(FirstDisk, serial.Length).SequenceEqual(serial.Span)
                ? BinaryPrimitives.ReadUInt32LittleEndian(anchor[(FirstDisk + 20)..])
                : 0;
    }
}
