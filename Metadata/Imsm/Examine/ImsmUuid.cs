using System.Buffers.Binary;
using System.Numerics;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Examine;

/// <summary>
/// The UUIDs that mdadm makes up for IMSM (uuid_from_super_imsm): the first 16 bytes of SHA-1 over the signature's 24 bytes, the
/// original family and, for a volume, its index (both 4 bytes, little-endian) and the 16 bytes of its name.
/// </summary>
public static class ImsmUuid
{
    /// <summary>What a container without volumes has where a UUID belongs.</summary>
    public const string None = "00000000:00000000:00000000:00000000";

    private const int MagicLength = 24;
    private const int VolumeMessageLength = MagicLength + 4 + 4 + ImsmOffsets.SerialLength;

    /// <summary>The container's UUID, as mdadm prints it: four words of eight hexadecimal digits.</summary>
    public static string OfContainer(ImsmSuper super)
    {
        Span<byte> message = stackalloc byte[MagicLength + 4];
        Begin(message, super);
        return Text(message);
    }

    /// <summary>A volume's UUID.</summary>
    public static string OfVolume(ImsmSuper super, int volume)
    {
        Span<byte> message = stackalloc byte[VolumeMessageLength];
        Begin(message, super, volume);
        return Text(message);
    }

    /// <summary>A volume's UUID as mdadm writes it to disks: 16 bytes.</summary>
    public static byte[] BytesOfVolume(ImsmSuper super, int volume)
    {
        Span<byte> message = stackalloc byte[VolumeMessageLength];
        Begin(message, super, volume);
        Span<uint> hash = stackalloc uint[5];
        Sha1OfShort(message, hash);
        var bytes = new byte[16];
        for (var i = 0; i < 4; i++)
            BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4 * i), hash[i]);
        return bytes;
    }

    private static void Begin(Span<byte> message, ImsmSuper super, int volume)
    {
        Begin(message, super);
        BinaryPrimitives.WriteInt32LittleEndian(message[(MagicLength + 4)..], volume);
        super.Devs[volume].Volume.Span.CopyTo(message[(MagicLength + 8)..]);
    }

    private static void Begin(Span<byte> message, ImsmSuper super)
    {
        super.Signature.Span[..Math.Min(MagicLength, super.Signature.Length)].CopyTo(message);
        var family = super.OriginalFamilyNumber != 0 ? super.OriginalFamilyNumber : super.FamilyNumber;
        BinaryPrimitives.WriteUInt32LittleEndian(message[MagicLength..], family);
    }

    private static string Text(ReadOnlySpan<byte> message)
    {
        Span<uint> hash = stackalloc uint[5];
        Sha1OfShort(message, hash);
        for (var i = 0; i < 4; i++)
            hash[i] = BinaryPrimitives.ReverseEndianness(hash[i]);
        return $"{hash[0]:x8}:{hash[1]:x8}:{hash[2]:x8}:{hash[3]:x8}";
    }

    /// <summary>SHA-1 (FIPS 180-4) of at most 55 bytes, one block. The runtime's own needs OpenSSL's library, which a rescue system or an
    /// initramfs may not have.</summary>
    private static void Sha1OfShort(ReadOnlySpan<byte> message, Span<uint> hash)
    {
        Span<byte> block = stackalloc byte[64];
        block.Clear();
        message.CopyTo(block);
        block[message.Length] = 0x80;
        BinaryPrimitives.WriteInt32BigEndian(block[60..], message.Length * 8);
        Span<uint> w = stackalloc uint[80];
        for (var t = 0; t < 16; t++)
            w[t] = BinaryPrimitives.ReadUInt32BigEndian(block[(4 * t)..]);
        for (var t = 16; t < 80; t++)
            w[t] = BitOperations.RotateLeft(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
        uint a = 0x67452301, b = 0xEFCDAB89, c = 0x98BADCFE, d = 0x10325476, e = 0xC3D2E1F0;
        ReadOnlySpan<uint> start = [a, b, c, d, e];
        for (var t = 0; t < 80; t++)
        {
            var (f, k) = (t / 20) switch
            {
                0 => ((b & c) | (~b & d), 0x5A827999u),
                1 => (b ^ c ^ d, 0x6ED9EBA1u),
                2 => ((b & c) | (b & d) | (c & d), 0x8F1BBCDCu),
                _ => (b ^ c ^ d, 0xCA62C1D6u),
            };
            var next = unchecked(BitOperations.RotateLeft(a, 5) + f + e + k + w[t]);
            (e, d, c, b, a) = (d, c, BitOperations.RotateLeft(b, 30), a, next);
        }

        ReadOnlySpan<uint> end = [a, b, c, d, e];
        for (var i = 0; i < 5; i++)
            hash[i] = unchecked(start[i] + end[i]);
    }
}
