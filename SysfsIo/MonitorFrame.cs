using System.Buffers.Binary;

namespace ActorRaid.SysfsIo;

/// <summary>A message from mdadm.</summary>
/// <param name="Length">As it was sent: 0, -1, or the payload's length in bytes.</param>
/// <param name="Payload">The metadata update; empty for a ping.</param>
public readonly record struct MonitorRequest(int Length, ReadOnlyMemory<byte> Payload)
{
    /// <summary>Asks whether all that came before is done and every array was looked at again.</summary>
    public bool IsPingMonitor => Length == 0;

    /// <summary>Asks to look at /proc/mdstat again.</summary>
    public bool IsPingManager => Length == MonitorFrame.PingManagerLength;
}

/// <summary>
/// The framing of mdmon's socket, the same in both directions, little-endian: 4 bytes 0x5a5aa5a5, 4 bytes signed length, that
/// many bytes if it is positive, 4 bytes 0xa5a55a5a. Source: mdadm's msg.c.
/// </summary>
public static class MonitorFrame
{
    /// <summary>The first four bytes.</summary>
    public const uint StartMagic = 0x5a5aa5a5;

    /// <summary>The last four bytes.</summary>
    public const uint EndMagic = 0xa5a55a5a;

    /// <summary>Bytes before the payload.</summary>
    public const int HeaderBytes = 8;

    /// <summary>Bytes behind the payload.</summary>
    public const int TrailerBytes = 4;

    /// <summary>The longest payload.</summary>
    public const int MaxPayload = 4 * 1024 * 1024;

    /// <summary>The length that means: look at /proc/mdstat again.</summary>
    public const int PingManagerLength = -1;

    /// <summary>How long a message is as a whole, in bytes; a length of 0 and below has no payload.</summary>
    public static int TotalBytes(int length) => HeaderBytes + Math.Max(0, length) + TrailerBytes;

    /// <summary>Writes the eight bytes before a payload. Throws when the span is shorter.</summary>
    public static void WriteHeader(Span<byte> into, int length)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(into, StartMagic);
        BinaryPrimitives.WriteInt32LittleEndian(into[4..], length);
    }

    /// <summary>Writes the four bytes behind a payload. Throws when the span is shorter.</summary>
    public static void WriteTrailer(Span<byte> into) => BinaryPrimitives.WriteUInt32LittleEndian(into, EndMagic);

    /// <summary>
    /// The length that a header names. False when the magic is wrong, or the length above <see cref="MaxPayload"/> or below -1,
    /// or the span shorter than <see cref="HeaderBytes"/>.
    /// </summary>
    public static bool TryReadHeader(ReadOnlySpan<byte> header, out int length)
    {
        length = 0;
        if (header.Length < HeaderBytes || BinaryPrimitives.ReadUInt32LittleEndian(header) != StartMagic)
        {
            return false;
        }
        length = BinaryPrimitives.ReadInt32LittleEndian(header[4..]);
        return length is >= PingManagerLength and <= MaxPayload;
    }

    /// <summary>Whether these are the bytes behind a payload.</summary>
    public static bool IsTrailer(ReadOnlySpan<byte> trailer) =>
        trailer.Length >= TrailerBytes && BinaryPrimitives.ReadUInt32LittleEndian(trailer) == EndMagic;

    /// <summary>A whole message with this payload; an empty one has the length 0.</summary>
    public static byte[] Encode(ReadOnlySpan<byte> payload)
    {
        var frame = Encode(payload.Length);
        payload.CopyTo(frame.AsSpan(HeaderBytes));
        return frame;
    }

    /// <summary>The message that asks for a look at /proc/mdstat.</summary>
    public static byte[] EncodePingManager() => Encode(PingManagerLength);

    private static byte[] Encode(int length)
    {
        var frame = new byte[TotalBytes(length)];
        WriteHeader(frame, length);
        WriteTrailer(frame.AsSpan(frame.Length - TrailerBytes));
        return frame;
    }
}
