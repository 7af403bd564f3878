using System.Buffers.Binary;
using At = ActorRaid.Metadata.Imsm.Format.ImsmOffsets;

namespace ActorRaid.Metadata.Imsm.Format;

/// <summary>The checksum at 0x20: the sum of all whole 32-bit words of the metadata, the checksum's own left out.</summary>
public static class ImsmChecksum
{
    /// <summary>Computes it over metadata of exactly its own size, at least 0x24 bytes; a last partial word is not counted.</summary>
    public static uint Compute(ReadOnlySpan<byte> metadata)
    {
        var sum = 0u;
        for (var i = 0; i + 4 <= metadata.Length; i += 4)
            sum = unchecked(sum + BinaryPrimitives.ReadUInt32LittleEndian(metadata[i..]));
        return unchecked(sum - BinaryPrimitives.ReadUInt32LittleEndian(metadata[At.Checksum..]));
    }
}
