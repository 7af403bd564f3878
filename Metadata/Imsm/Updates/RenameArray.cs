using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A volume gets another name (struct imsm_update_rename_array, 24 bytes, little-endian: type 3; 16 bytes of name, ended by a
/// zero or full; the volume's index). The name is part of the volume's UUID, so the volume may not be active. White space
/// around the name goes, and upstream keeps at most 15 bytes of it.
/// </summary>
internal sealed record RenameArray(int Volume, string Name) : ImsmUpdate("rename array")
{
    /// <summary>Bytes.</summary>
    public const int Length = 24;

    private const int LongestName = 15;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes)
    {
        var name = new Octets(bytes.Slice(4, LongestName)).ToString();
        return new RenameArray(UpdateBytes.Int(bytes, 20), name.Trim(' ', '\t', '\n', '\v', '\f', '\r'));
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

        return container.Super.Devs.Any(dev => dev.Volume.ToString() == Name) ? $"a volume named {Name} is there already" : null;
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container) =>
        Membership.WithVolume(container, Volume, container.Super.Devs[Volume] with { Volume = Octets.Text(Name, 16) });
}
