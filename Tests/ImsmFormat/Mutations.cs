using System.Buffers.Binary;
using ActorRaid.Metadata.Imsm.Format;

namespace ActorRaid.Tests.ImsmFormat;

/// <summary>Metadata's bytes changed at random, and given the checksum that they have then.</summary>
internal static class Mutations
{
    private static readonly uint[] Words = [0, 1, 0x7FFF_FFFF, 0x8000_0000, uint.MaxValue];
    private static readonly int[] Counts = [0x24, 0x25, 0x38, 0x39, 0x48, 0x49];

    /// <summary>Changes a byte, a bit, a word, the length, or a count.</summary>
    public static void Mutate(ref byte[] bytes, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                break;
            case 1:
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(random.Next(bytes.Length - 4)), Words[random.Next(Words.Length)]);
                break;
            case 3:
                Array.Resize(ref bytes, Math.Max(random.Next(bytes.Length + 64), 0x40));
                break;
            default:
                // Counts and lengths are where readers go wrong.
                bytes[Counts[random.Next(Counts.Length)] % bytes.Length] = (byte)random.Next(256);
                break;
        }
    }

    /// <summary>Puts the right checksum in, if the metadata's size by its own account is there.</summary>
    public static void Seal(Span<byte> bytes)
    {
        if (bytes.Length < 0x28)
            return;
        var size = BinaryPrimitives.ReadUInt32LittleEndian(bytes[0x24..]);
        if (size >= 0x28 && size <= bytes.Length)
            BinaryPrimitives.WriteUInt32LittleEndian(bytes[0x20..], ImsmChecksum.Compute(bytes[..(int)size]));
    }
}
