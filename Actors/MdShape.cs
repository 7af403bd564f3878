using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>An array's shape as md has it: level, layout, chunk_size (bytes) and raid_disks; during a reshape the one it leads to.</summary>
public sealed record MdShape(int Level, int Layout, int ChunkBytes, int RaidDisks)
{
    private const int ParityLast = 5;

    /// <summary>
    /// Whether the array is what the metadata says. A RAID 0 that is or was reshaped may still be what md can reshape: RAID 4, or
    /// RAID 5 with its parity last, with one slot more for a parity that is not there (upstream: Grow.c).
    /// </summary>
    public bool Is(VolumeShape shape)
    {
        if (ChunkBytes != shape.ChunkBytes)
        {
            return false;
        }

        var disguised = Level == 4 || (Level == 5 && Layout == ParityLast);
        return shape.Level == 0
            ? (Level == 0 && RaidDisks == shape.Legs) || (disguised && RaidDisks == shape.Legs + 1)
            : Level == shape.Level && RaidDisks == shape.Legs && Layout == shape.Layout;
    }

    /// <summary>Whether a recorded reshape has ended although nobody recorded that: md rests in the shape that it leads to.</summary>
    public bool HasEnded(ReshapeInfo reshape) => Is(reshape.To) && !Is(reshape.From);

    /// <summary>Reads it from an array's md directory; null when an attribute is missing.</summary>
    public static MdShape? Of(string directory) =>
        Read(name => SysfsAttribute.ReadOnce($"{directory}/{name}") is { Ok: true } read ? read.Value : null);

    /// <summary>Puts it together from attributes; null when one is missing.</summary>
    /// <param name="read">Reads an attribute; null when it cannot be read.</param>
    public static MdShape? Read(Func<string, string?> read)
    {
        // While a reshape runs an attribute shows the present value behind the new one: "4 (3)".
        int? Number(string name) =>
            read(name) is { } text && int.TryParse(text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture, out var value) ? value : null;
        var level = read("level") switch
        {
            { } word when word.StartsWith("raid", StringComparison.Ordinal) && int.TryParse(word.AsSpan(4), out var number) => number,
            _ => (int?)null,
        };
        return level is { } known && Number("layout") is { } layout && Number("chunk_size") is { } chunk && Number("raid_disks") is { } legs
            ? new MdShape(known, layout, chunk, legs)
            : null;
    }
}
