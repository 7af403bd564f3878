using System.Buffers.Binary;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>The first four bytes of an update, little-endian (enum imsm_update_type in super-intel.c).</summary>
internal enum UpdateType : uint
{
    /// <summary>Inside the monitor only: its C struct holds pointers.</summary>
    ActivateSpare,

    /// <summary>See <see cref="CreateArray"/>.</summary>
    CreateArray,

    /// <summary>See <see cref="KillArray"/>.</summary>
    KillArray,

    /// <summary>See <see cref="RenameArray"/>.</summary>
    RenameArray,

    /// <summary>See <see cref="Unchanging"/>.</summary>
    AddRemoveDisk,

    /// <summary>See <see cref="ReshapeContainer"/>.</summary>
    ReshapeContainerDisks,

    /// <summary>See <see cref="ReshapeMigration"/>.</summary>
    ReshapeMigration,

    /// <summary>See <see cref="TakeoverToRaid10"/> and <see cref="TakeoverToRaid0"/>.</summary>
    Takeover,

    /// <summary>See <see cref="MigrationCheckpoint"/>.</summary>
    GeneralMigrationCheckpoint,

    /// <summary>See <see cref="SizeChange"/>.</summary>
    SizeChange,

    /// <summary>See <see cref="Unchanging"/>.</summary>
    PreallocateBadBlocks,

    /// <summary>See <see cref="WriteHolePolicy"/>.</summary>
    WriteHolePolicy,
}

/// <summary>An update as it was parsed: all that the bytes say, nothing of the model.</summary>
/// <param name="Kind">What it asks for, in words.</param>
internal abstract record ImsmUpdate(string Kind) : PreparedUpdate(Kind)
{
    /// <summary>Why the container cannot take the update; null if it can.</summary>
    internal abstract string? Refusal(ImsmContainer container);

    /// <summary>The container with the update in it. Only for a container that does not refuse it.</summary>
    internal abstract ImsmContainer Apply(ImsmContainer container);
}

/// <summary>What parsing came to: one of the two.</summary>
internal readonly record struct Parsed(ImsmUpdate? Update, string? Refusal)
{
    /// <summary>The bytes make sense.</summary>
    public static implicit operator Parsed(ImsmUpdate update) => new(update, null);

    /// <summary>They do not.</summary>
    public static Parsed Refused(string reason) => new(null, reason);
}

/// <summary>Numbers in an update: the host's order, which is little-endian wherever we run.</summary>
internal static class UpdateBytes
{
    /// <summary>A C int.</summary>
    public static int Int(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt32LittleEndian(bytes[offset..]);

    /// <summary>A C long long.</summary>
    public static long Long(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt64LittleEndian(bytes[offset..]);

    /// <summary>A C unsigned long long.</summary>
    public static ulong ULong(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes[offset..]);

    /// <summary>A device number in 32 bits, as glibc's makedev has it: major in bits 8 to 19, minor in bits 0 to 7 and 20 to 31.</summary>
    public static DeviceNumber Device(ReadOnlySpan<byte> bytes, int offset)
    {
        var value = BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
        return new DeviceNumber((int)((value >> 8) & 0xFFF), (int)((value & 0xFF) | ((value >> 12) & 0xFFF00)));
    }
}
