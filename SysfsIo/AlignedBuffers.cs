using System.Runtime.InteropServices;

namespace ActorRaid.SysfsIo;

/// <summary>
/// Memory for direct input and output, aligned to 4096 bytes and kept for reuse. A buffer belongs to whoever rented it until it
/// is returned; one whose write hangs is simply not returned.
/// </summary>
internal static unsafe class AlignedBuffers
{
    internal const int Alignment = 4096;
    private const int Classes = 5;
    private const int KeptPerClass = 64;

    private static readonly Lock Gate = new();
    private static readonly nint[][] Kept = [.. Enumerable.Range(0, Classes).Select(_ => new nint[KeptPerClass])];
    private static readonly int[] Counts = new int[Classes];

    /// <summary>At least that many bytes; what they hold is undefined.</summary>
    internal static byte* Rent(int bytes)
    {
        var sizeClass = ClassOf(bytes);
        if (sizeClass < Classes)
        {
            lock (Gate)
            {
                if (Counts[sizeClass] > 0)
                {
                    return (byte*)Kept[sizeClass][--Counts[sizeClass]];
                }
            }
        }
        var size = sizeClass < Classes ? Alignment << sizeClass : (bytes + Alignment - 1) / Alignment * Alignment;
        return (byte*)NativeMemory.AlignedAlloc((nuint)size, Alignment);
    }

    /// <summary>Gives back what <see cref="Rent"/> gave, with the same number of bytes.</summary>
    internal static void Return(byte* buffer, int bytes)
    {
        var sizeClass = ClassOf(bytes);
        if (sizeClass < Classes)
        {
            lock (Gate)
            {
                if (Counts[sizeClass] < KeptPerClass)
                {
                    Kept[sizeClass][Counts[sizeClass]++] = (nint)buffer;
                    return;
                }
            }
        }
        NativeMemory.AlignedFree(buffer);
    }

    /// <summary>0 for up to 4 KiB, 1 for up to 8 KiB, ... ; <see cref="Classes"/> or more for what is not kept.</summary>
    private static int ClassOf(int bytes)
    {
        var sizeClass = 0;
        while (sizeClass < Classes && Alignment << sizeClass < bytes)
        {
            sizeClass++;
        }
        return sizeClass;
    }
}
