using System.Buffers.Binary;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>
/// The migration record's 128 bytes (struct migr_record): words in the order status, unit low, family, ascending, blocks per unit,
/// depth per unit, checkpoint area low, first member low, units low, capacity low, capacity high, read disk, unit high, area high,
/// first member high, units high, then 64 bytes of filler. On disks with 4096-byte sectors lengths and positions count those.
/// </summary>
public static class MigrationRecordBytes
{
    /// <summary>How many bytes it has.</summary>
    public const int Length = 128;

    private const int FillerAt = 64;

    /// <summary>Reads a record; null when it is all zeros (none), too short, or beyond what the model can hold.</summary>
    public static MigrationRecord? Read(ReadOnlySpan<byte> sector, int sectorSize)
    {
        if (sector.Length < Length || !sector[..Length].ContainsAnyExcept((byte)0))
            return null;
        var units = sectorSize == 4096 ? 8u : 1u;
        var perUnit = (ulong)Word(sector, 4) * units;
        var depth = (ulong)Word(sector, 5) * units;
        var area = Join(sector, 6, 13);
        var first = Join(sector, 7, 14);
        var capacity = Join(sector, 9, 10);
        var most = ulong.MaxValue / units;
        if (perUnit > uint.MaxValue || depth > uint.MaxValue || area > most || first > most || capacity > most)
            return null;
        return new MigrationRecord
        {
            Status = Word(sector, 0),
            CurrentUnit = Join(sector, 1, 12),
            FamilyNumber = Word(sector, 2),
            Ascending = Word(sector, 3),
            BlocksPerUnit = (uint)perUnit,
            DestinationDepthPerUnit = (uint)depth,
            CheckpointArea = area * units,
            DestinationFirstMember = first * units,
            Units = Join(sector, 8, 15),
            PostMigrationCapacity = capacity * units,
            CheckpointReadDisk = Word(sector, 11),
            Filler = new Octets(sector[FillerAt..Length]),
        };
    }

    /// <summary>Whether a record says nothing: what is left when one was cleared.</summary>
    public static bool IsCleared(MigrationRecord record) => !Write(record, 512).AsSpan().ContainsAnyExcept((byte)0);

    /// <summary>Writes a record into a sector of zeros.</summary>
    public static byte[] Write(MigrationRecord record, int sectorSize)
    {
        var units = sectorSize == 4096 ? 8u : 1u;
        var sector = new byte[sectorSize];
        Put(sector, 0, record.Status);
        Split(sector, 1, 12, record.CurrentUnit);
        Put(sector, 2, record.FamilyNumber);
        Put(sector, 3, record.Ascending);
        Put(sector, 4, record.BlocksPerUnit / units);
        Put(sector, 5, record.DestinationDepthPerUnit / units);
        Split(sector, 6, 13, record.CheckpointArea / units);
        Split(sector, 7, 14, record.DestinationFirstMember / units);
        Split(sector, 8, 15, record.Units);
        Split(sector, 9, 10, record.PostMigrationCapacity / units);
        Put(sector, 11, record.CheckpointReadDisk);
        record.Filler.Span[..Math.Min(record.Filler.Length, Length - FillerAt)].CopyTo(sector.AsSpan(FillerAt));
        return sector;
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int word) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * word)..]);

    private static ulong Join(ReadOnlySpan<byte> bytes, int low, int high) => Word(bytes, low) | ((ulong)Word(bytes, high) << 32);

    private static void Put(Span<byte> bytes, int word, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(bytes[(4 * word)..], value);

    private static void Split(Span<byte> bytes, int low, int high, ulong value)
    {
        Put(bytes, low, (uint)value);
        Put(bytes, high, (uint)(value >> 32));
    }
}
