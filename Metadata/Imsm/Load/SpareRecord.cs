using System.Buffers.Binary;
using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Load;

/// <summary>
/// What a spare holds: metadata of its own with one disk, no volume, generation 1 and a family that is its own checksum from before
/// the family was set (upstream: write_super_imsm_spare of 4.2).
/// </summary>
public static class SpareRecord
{
    private const string Version = "1.0.00";

    /// <summary>Makes a spare's record.</summary>
    /// <param name="disk">The disk's entry.</param>
    /// <param name="cacheSize">The container's cache size in MiB.</param>
    /// <param name="sectorSize">The disk's logical sector size in bytes: the family is the sum of the words as they are on disk.</param>
    public static ImsmSuper Make(ImsmDisk disk, uint cacheSize, int sectorSize)
    {
        var wide = disk.TotalBlocks > uint.MaxValue ? ImsmAttributes.Disk2TB : ImsmAttributes.None;
        var record = new ImsmSuper
        {
            Signature = Octets.Text(ImsmOffsets.Magic + Version, ImsmOffsets.SignatureLength),
            FamilyNumber = 0,
            Generation = 1,
            Attributes = ImsmAttributes.ChecksumVerify | wide,
            CacheSize = cacheSize,
            PowerCycleCount = 1,
            Filler = Octets.Zeros(ImsmOffsets.FillerLength),
            Disks = [disk],
            Devs = [],
        };
        var checksum = BinaryPrimitives.ReadUInt32LittleEndian(ImsmWriter.Write(record, sectorSize).AsSpan(ImsmOffsets.Checksum));
        return record with { FamilyNumber = checksum };
    }

    /// <summary>Whether metadata is a spare's record that says of this disk just that.</summary>
    public static bool IsOf(ImsmSuper? record, ImsmDisk disk) =>
        record is { Devs.IsEmpty: true, Disks.Length: 1, BadBlocks.IsEmpty: true } && record.Disks[0] == disk;

    /// <summary>The entry of a disk that is nothing but a spare.</summary>
    /// <param name="serial">Its serial number, trimmed or not.</param>
    /// <param name="sectors">Its size in sectors of 512 bytes.</param>
    /// <param name="scsiId">Its SCSI id.</param>
    public static ImsmDisk Disk(string serial, ulong sectors, uint scsiId = 0) =>
        new(ImsmSerial.Octets(serial), sectors, scsiId, ImsmDiskStatus.Spare, 0, Octets.Zeros(ImsmOffsets.Disk.FillerLength));
}
