using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A volume gets another name (struct imsm_update_rename_array, 24 bytes, little-endian: type 3; 16 bytes of name, ended by a
/// zero or full; the volume's index). The name is part of the volume's UUID, so the volume may not be active. White space
/// around the name goes, and upstream keeps at most 15 bytes of it.
/// </summary>
internal sealed record RenameArray(int Volume, Octets Name) : ImsmUpdate("rename array")
{
    /// <summary>Bytes.</summary>
    public const int Length = 24;

    private const int LongestName = 15;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes)
    {
        var name = bytes.Slice(4, LongestName);
        var end = name.IndexOf((byte)0);
        return new RenameArray(UpdateBytes.Int(bytes, 20), new Octets((end < 0 ? name : name[..end]).Trim(" \t\n\v\f\r"u8)));
    }

    /// <inheritdoc/>
    public override bool Disturbs(int volume) => volume == Volume;

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        if (Membership.NoVolume(container, Volume) is { } none)
        {
            return none;
        }

        if (Name.Length == 0)
        {
            return "the name is empty";
        }

        return container.Super.Devs.Any(dev => dev.Volume.Exact == Name.Exact) ? $"a volume named {Name} is there already" : null;
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var name = new byte[ImsmOffsets.SerialLength];
        Name.Span.CopyTo(name);
        return Membership.WithVolume(container, Volume, container.Super.Devs[Volume] with { Volume = new Octets(name) });
    }
}
