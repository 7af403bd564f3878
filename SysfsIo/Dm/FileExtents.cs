using System.Collections.Immutable;
using System.Runtime.InteropServices;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>Where a file's data lies on its device.</summary>
/// <param name="Ranges">
/// The sectors, as a set of <see cref="SectorRanges"/>; those of unwritten (preallocated) extents too.
/// </param>
/// <param name="HasUnplaced">
/// Some of its data has no place yet: it is in memory, and gets one when it is written back.
/// </param>
public sealed record FileExtents(ImmutableArray<SectorRange> Ranges, bool HasUnplaced)
{
    /// <summary>The same sectors.</summary>
    public bool Equals(FileExtents? other) =>
        other is not null && HasUnplaced == other.HasUnplaced && Ranges.AsSpan().SequenceEqual(other.Ranges.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(HasUnplaced, Ranges.Length);
}

/// <summary>An extent as the file system tells it.</summary>
/// <param name="Logical">Where in the file, in bytes.</param>
/// <param name="Physical">Where on its device, in bytes.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Flags">FIEMAP_EXTENT_...</param>
internal readonly record struct FileExtent(ulong Logical, ulong Physical, ulong Length, ExtentFlags Flags);

/// <summary>FIEMAP_EXTENT_... (uapi/linux/fiemap.h).</summary>
[Flags]
internal enum ExtentFlags : uint
{
    /// <summary>The file's last one.</summary>
    Last = 0x1,

    /// <summary>Its place is not known.</summary>
    Unknown = 0x2,

    /// <summary>It has no place yet.</summary>
    Delayed = 0x4,

    /// <summary>The blocks do not hold the data as it is: compressed, encrypted.</summary>
    Encoded = 0x8,

    /// <summary>Encoded because it is encrypted: each block is in its place.</summary>
    Encrypted = 0x80,

    /// <summary>It does not begin with a block.</summary>
    NotAligned = 0x100,

    /// <summary>The data is among the metadata.</summary>
    Inline = 0x200,

    /// <summary>The data shares a block with other files'.</summary>
    Tail = 0x400,

    /// <summary>Allocated, and reads as zeroes.</summary>
    Unwritten = 0x800,
}

/// <summary>
/// FS_IOC_FIEMAP: struct fiemap, 32 bytes (start u64 at 0, length u64 at 8, flags at 16, extents that were found at 20,
/// room for extents at 24), and extents of 56 bytes (logical u64 at 0, physical at 8, length at 16, flags u32 at 40).
/// </summary>
internal static unsafe class Fiemap
{
    internal const int HeaderBytes = 32, ExtentBytes = 56;
    private const nuint Request = 0xC020660B;
    private const int Room = 256, SectorBytes = 512;

    /// <summary>
    /// All extents of a file, without having anything written back before. The file system may move them between two
    /// calls. EOPNOTSUPP: it cannot tell.
    /// </summary>
    internal static Result<FileExtents> Read(int descriptor, string path)
    {
        List<FileExtent> all = [];
        var buffer = new byte[HeaderBytes + (Room * ExtentBytes)];
        var start = 0UL;
        while (true)
        {
            WriteRequest(buffer, start, Room);
            fixed (byte* bytes = buffer)
            {
                if (Native.IoControl(descriptor, Request, bytes) < 0)
                {
                    if (Native.LastError == Errno.EINTR)
                    {
                        continue;
                    }
                    return KernelError.Last(path, "ask for the extents of");
                }
            }
            var some = ReadAnswer(buffer);
            all.AddRange(some);
            if (some.Count == 0 || (some[^1].Flags & ExtentFlags.Last) != 0 || some[^1].Logical + some[^1].Length <= start)
            {
                return Placed(all);
            }
            start = some[^1].Logical + some[^1].Length;
        }
    }

    /// <summary>Which sectors extents are, where each sector is the file's own and holds its data.</summary>
    internal static FileExtents Placed(IEnumerable<FileExtent> extents)
    {
        List<SectorRange> ranges = [];
        var unplaced = false;
        foreach (var extent in extents)
        {
            var flags = extent.Flags;
            unplaced |= (flags & (ExtentFlags.Unknown | ExtentFlags.Delayed)) != 0;
            var encoded = (flags & (ExtentFlags.Encoded | ExtentFlags.Encrypted)) == ExtentFlags.Encoded;
            var elsewhere = flags & (ExtentFlags.Unknown | ExtentFlags.Delayed | ExtentFlags.Inline | ExtentFlags.Tail);
            if (elsewhere == 0 && !encoded && extent.Physical % SectorBytes == 0 && extent.Length % SectorBytes == 0)
            {
                ranges.Add(new SectorRange(extent.Physical / SectorBytes, extent.Length / SectorBytes));
            }
        }
        return new FileExtents(SectorRanges.Join(ranges), unplaced);
    }

    /// <summary>Fills a buffer for a call that begins at a byte of the file.</summary>
    internal static void WriteRequest(Span<byte> buffer, ulong start, uint room)
    {
        buffer[..HeaderBytes].Clear();
        MemoryMarshal.Write(buffer, start);
        MemoryMarshal.Write(buffer[8..], ulong.MaxValue - start);
        MemoryMarshal.Write(buffer[24..], room);
    }

    /// <summary>The extents that an answer holds.</summary>
    internal static List<FileExtent> ReadAnswer(ReadOnlySpan<byte> buffer)
    {
        var count = (int)Math.Min(MemoryMarshal.Read<uint>(buffer[20..]), (uint)((buffer.Length - HeaderBytes) / ExtentBytes));
        List<FileExtent> extents = new(count);
        for (var i = 0; i < count; i++)
        {
            var extent = buffer[(HeaderBytes + (i * ExtentBytes))..];
            extents.Add(new FileExtent(
                MemoryMarshal.Read<ulong>(extent), MemoryMarshal.Read<ulong>(extent[8..]), MemoryMarshal.Read<ulong>(extent[16..]),
                (ExtentFlags)MemoryMarshal.Read<uint>(extent[40..])));
        }
        return extents;
    }
}
