using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// What a directory of sysfs holds, or the kernel's error: the runtime's own listing throws the same exception for a directory that is gone and for
/// one that could not be read.
/// </summary>
public static class SysfsDirectory
{
    private const int BufferBytes = 8192;

    // struct linux_dirent64 (getdents64(2)): inode and offset, 8 bytes each; the entry's length, 2 bytes; its type, 1 byte; its name and a NUL.
    private const int LengthAt = 16, NameAt = 19;

    /// <summary>The names that begin so, in ordinal order. Either all of them, or an error.</summary>
    /// <param name="path">The directory.</param>
    /// <param name="prefix">What the names begin with: <c>dev-</c>.</param>
    public static unsafe Result<ImmutableArray<string>> List(string path, string prefix)
    {
        var opened = FileDescriptor.OpenForMoment(path, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        using var directory = opened.Value;
        var names = ImmutableArray.CreateBuilder<string>();
        var buffer = new byte[BufferBytes];
        fixed (byte* start = buffer)
        {
            while (true)
            {
                var got = (int)Native.SystemCall(Native.SysGetEntries, directory.Number, (nint)start, BufferBytes, 0, 0);
                if (got < 0)
                {
                    return KernelError.Last(path, "list");
                }
                if (got == 0)
                {
                    names.Sort(StringComparer.Ordinal);
                    return names.ToImmutable();
                }
                Take(buffer.AsSpan(0, got), prefix, names);
            }
        }
    }

    private static void Take(ReadOnlySpan<byte> entries, string prefix, ImmutableArray<string>.Builder names)
    {
        while (!entries.IsEmpty)
        {
            var length = BinaryPrimitives.ReadUInt16LittleEndian(entries[LengthAt..]);
            var name = entries[NameAt..length];
            var text = Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
            if (text is not ("." or "..") && text.StartsWith(prefix, StringComparison.Ordinal))
            {
                names.Add(text);
            }
            entries = entries[length..];
        }
    }
}
