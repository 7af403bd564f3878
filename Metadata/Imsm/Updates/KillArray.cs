namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// A volume goes (struct imsm_update_kill_array, 8 bytes, little-endian: type 2, the volume's index). The volumes behind it
/// move up by one, which changes their UUIDs: so neither it nor one behind it may be active. The last volume stays, as
/// upstream has it: mdadm removes that one itself when the monitor is gone. Its disks keep their places in the table.
/// </summary>
internal sealed record KillArray(int Volume) : ImsmUpdate("kill array")
{
    /// <summary>Bytes.</summary>
    public const int Length = 8;

    /// <summary>Reads it; the bytes are at least <see cref="Length"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes) => new KillArray(UpdateBytes.Int(bytes, 4));

    /// <inheritdoc/>
    public override bool Disturbs(int volume) => volume >= Volume;

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container) =>
        Membership.NoVolume(container, Volume)
        ?? (container.Super.Devs.Length == 1 ? $"volume {Volume} is the only one" : null);

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container) =>
        container with { Super = container.Super with { Devs = container.Super.Devs.RemoveAt(Volume) } };
}
