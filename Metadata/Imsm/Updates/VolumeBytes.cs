using System.Buffers.Binary;
using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A volume's bytes inside an update: struct imsm_dev with one map, as it lies in the metadata (little-endian): 80 bytes of
/// imsm_dev, 32 of imsm_vol, then the map, 48 bytes and 4 for each member.
/// </summary>
internal static class VolumeBytes
{
    /// <summary>Bytes of a volume whose one map has no members; each member adds 4.</summary>
    public const int LengthWithoutMembers = 80 + 32 + 48;

    /// <summary>Where the number of members stands.</summary>
    public const int MembersOffset = 80 + 32 + 16;

    /// <summary>How many bytes the volume takes whose first <see cref="LengthWithoutMembers"/> bytes these are.</summary>
    public static int Length(ReadOnlySpan<byte> bytes) => LengthWithoutMembers + (4 * bytes[MembersOffset]);

    /// <summary>The volume. The bytes are at least <see cref="Length"/> long, and the volume is under no migration.</summary>
    public static ImsmDev Read(ReadOnlySpan<byte> bytes) => new()
    {
        Volume = new Octets(bytes[..16]),
        Size = Halves(bytes, 16, 20),
        Status = Word(bytes, 24),
        ReservedBlocks = Word(bytes, 28),
        Misc = new Octets(bytes[32..40]),
        VolumeId = BinaryPrimitives.ReadUInt16LittleEndian(bytes[40..]),
        NvCache = new Octets(bytes[42..50]),
        RwhPolicy = (RwhPolicy)bytes[50],
        Tail = new Octets(bytes[51..80]),
        CurrentMigrationUnit = Halves(bytes, 80, 96),
        CheckpointId = Word(bytes, 84),
        MigrationState = bytes[88],
        MigrationType = (MigrationType)bytes[89],
        Dirty = bytes[90],
        FsState = bytes[91],
        VerifyErrors = BinaryPrimitives.ReadUInt16LittleEndian(bytes[92..]),
        BadBlocks = BinaryPrimitives.ReadUInt16LittleEndian(bytes[94..]),
        VolFiller = new Octets(bytes[100..112]),
        Map = ReadMap(bytes[112..]),
    };

    private static ImsmMap ReadMap(ReadOnlySpan<byte> bytes)
    {
        var order = ImmutableArray.CreateBuilder<uint>(bytes[16]);
        for (var slot = 0; slot < bytes[16]; slot++)
        {
            order.Add(Word(bytes, 48 + (4 * slot)));
        }

        return new ImsmMap
        {
            PbaOfLba0 = Halves(bytes, 0, 20),
            BlocksPerMember = Halves(bytes, 4, 24),
            NumDataStripes = Halves(bytes, 8, 28),
            BlocksPerStrip = BinaryPrimitives.ReadUInt16LittleEndian(bytes[12..]),
            State = (MapState)bytes[14],
            RaidLevel = bytes[15],
            NumDomains = bytes[17],
            FailedDisk = bytes[18],
            Ddf = bytes[19],
            Filler = new Octets(bytes[32..48]),
            Order = order.MoveToImmutable(),
        };
    }

    private static uint Word(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);

    private static ulong Halves(ReadOnlySpan<byte> bytes, int low, int high) => Word(bytes, low) | ((ulong)Word(bytes, high) << 32);
}
