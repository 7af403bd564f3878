using System.Runtime.InteropServices;
using System.Text;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>
/// Device-mapper's ioctl as bytes (uapi/linux/dm-ioctl.h), in the machine's own order. A call begins with struct
/// dm_ioctl, 312 bytes: version u32[3] at 0, size of the whole buffer at 12, where what follows begins at 16, number of
/// targets at 20, flags at 28, device number u64 at 40, name[128] at 48, uuid[129] at 176. For a message struct
/// dm_target_msg follows: sector u64 (0: the whole device), and the text with a NUL.
/// </summary>
internal static class DmIoctl
{
    internal const int HeaderBytes = 312, MessageBytes = HeaderBytes + sizeof(ulong);

    /// <summary>The calls' numbers.</summary>
    internal const int DeviceStatus = 7, TargetMessage = 14;

    private const uint PersistentDevice = 1 << 3, BufferFull = 1 << 8, DataOut = 1 << 16;
    private const int NameBytes = 128, UuidBytes = 129;

    /// <summary>The interface that is asked for: 4.0.0, what every kernel since 2.6 speaks.</summary>
    private const int Major = 4;

    /// <summary>_IOWR(0xFD, number, struct dm_ioctl).</summary>
    internal static nuint Request(int number) => 0xC138FD00 | (nuint)number;

    /// <summary>Fills a buffer for a call on a device, which it names by its number.</summary>
    internal static void WriteHeader(Span<byte> buffer, ulong device)
    {
        buffer[..HeaderBytes].Clear();
        Put(buffer, 0, Major);
        Put(buffer, 12, (uint)buffer.Length);
        Put(buffer, 16, HeaderBytes);
        Put(buffer, 28, PersistentDevice);
        MemoryMarshal.Write(buffer[40..], device);
    }

    /// <summary>Fills a buffer for a message to a device; the buffer must have <see cref="Room"/> for it.</summary>
    internal static void WriteMessage(Span<byte> buffer, ulong device, string text)
    {
        WriteHeader(buffer, device);
        MemoryMarshal.Write(buffer[HeaderBytes..], 0UL);
        var end = MessageBytes + Encoding.Latin1.GetBytes(text, buffer[MessageBytes..]);
        buffer[end] = 0;
    }

    /// <summary>How many bytes a message needs.</summary>
    internal static int Room(string text) => MessageBytes + text.Length + 1;

    /// <summary>Whether the answer did not fit.</summary>
    internal static bool IsFull(ReadOnlySpan<byte> buffer) => (Flags(buffer) & BufferFull) != 0;

    /// <summary>The answer to a message; empty without one.</summary>
    internal static string Answer(ReadOnlySpan<byte> buffer)
    {
        if ((Flags(buffer) & DataOut) == 0)
        {
            return "";
        }
        var start = (int)Math.Min(Get(buffer, 16), (uint)buffer.Length);
        return Terminated(buffer[start..]);
    }

    /// <summary>The device's name and UUID; either may be empty.</summary>
    internal static (string Name, string Uuid) Device(ReadOnlySpan<byte> buffer) =>
        (Terminated(buffer.Slice(48, NameBytes)), Terminated(buffer.Slice(176, UuidBytes)));

    private static uint Flags(ReadOnlySpan<byte> buffer) => Get(buffer, 28);

    private static string Terminated(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Encoding.Latin1.GetString(end < 0 ? bytes : bytes[..end]);
    }

    private static void Put(Span<byte> buffer, int at, uint value) => MemoryMarshal.Write(buffer[at..], value);

    private static uint Get(ReadOnlySpan<byte> buffer, int at) => MemoryMarshal.Read<uint>(buffer[at..]);
}
