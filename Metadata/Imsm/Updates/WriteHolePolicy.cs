using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A volume's write-hole policy changes (struct imsm_update_rwh_policy, 12 bytes, little-endian: type 11; the policy; the volume's
/// index). mdadm sends 5 (off, with room for PPL), 3 (PPL), 6 (bitmap) and 0 (off).
/// </summary>
internal sealed record WriteHolePolicy(int Volume, int Policy) : ImsmUpdate("write-hole policy")
{
    /// <summary>Bytes.</summary>
    public const int Length = 12;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes) => new WriteHolePolicy(UpdateBytes.Int(bytes, 8), UpdateBytes.Int(bytes, 4));

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container) =>
        Membership.NoVolume(container, Volume)
        ?? (Policy is >= (int)RwhPolicy.Off and <= (int)RwhPolicy.Bitmap ? null : $"policy {Policy} is not known");

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var dev = container.Super.Devs[Volume];
        return dev.RwhPolicy == (RwhPolicy)Policy
            ? container
            : Membership.WithVolume(container, Volume, dev with { RwhPolicy = (RwhPolicy)Policy });
    }
}
