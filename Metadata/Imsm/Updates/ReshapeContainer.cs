using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// All volumes of the container get more members (struct imsm_update_reshape). All little-endian:
/// <code>
///   0  type, 5
///   4  members before
///   8  members after
///  12  device numbers of the new members, 32 bits each, at least one (see <see cref="UpdateBytes.Device"/>)
/// </code>
/// The first volume starts its migration; the others follow when it is through (imsm_progress_container_reshape). A new
/// member's slot is its index in the disk table, so the table must hold the old members and nothing else.
/// </summary>
internal sealed record ReshapeContainer(int Before, int After, ImmutableArray<DeviceNumber> Devices) : ImsmUpdate("reshape container")
{
    /// <summary>Bytes with one new member.</summary>
    public const int MinimumLength = 16;

    /// <summary>Reads it; the bytes are at least <see cref="MinimumLength"/>.</summary>
    public static Parsed Parse(ReadOnlySpan<byte> bytes)
    {
        var (before, after) = (UpdateBytes.Int(bytes, 4), UpdateBytes.Int(bytes, 8));
        if (before < 1 || after <= before || after > Membership.MaximumDisks)
        {
            return Parsed.Refused($"from {before} to {after} members is no growth");
        }

        var length = 12 + (4 * (after - before));
        if (bytes.Length < length)
        {
            return Parsed.Refused($"{bytes.Length} bytes, {length} are needed for {after - before} new members");
        }

        var devices = ImmutableArray.CreateBuilder<DeviceNumber>(after - before);
        for (var i = 0; i < after - before; i++)
        {
            devices.Add(UpdateBytes.Device(bytes, 12 + (4 * i)));
        }

        return new ReshapeContainer(before, after, devices.MoveToImmutable());
    }

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        var super = container.Super;
        if (super.Devs.IsEmpty)
        {
            return "the container has no volume";
        }

        foreach (var dev in super.Devs)
        {
            if (dev.MigrationState != 0)
            {
                return $"volume {dev.Volume} is under migration ({dev.MigrationType})";
            }

            if (dev.Map.Level() is not (0 or 5))
            {
                return $"volume {dev.Volume} is RAID {dev.Map.Level()}: only RAID 0 and 5 can get more members";
            }

            if (dev.Map.Order.Length != Before)
            {
                return $"volume {dev.Volume} has {dev.Map.Order.Length} members, not {Before}";
            }
        }

        if (super.Disks.Length != Before)
        {
            return $"the disk table has {super.Disks.Length} entries for {Before} members";
        }

        return UnfitDevice(container);
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var changed = Devices.Aggregate(container, (admitted, device) =>
            Membership.Admit(admitted, admitted.Present.First(disk => disk.Device == device)));
        var dev = changed.Super.Devs[0];
        var order = dev.Map.Order.AddRange(Enumerable.Range(Before, After - Before).Select(slot => (uint)slot));
        return Membership.WithVolume(changed, 0, GeneralMigration.Start(dev, dev.Map with { Order = order })) with { Migration = null };
    }

    private string? UnfitDevice(ImsmContainer container)
    {
        if (Devices.Distinct().Count() != Devices.Length)
        {
            return $"a disk is named twice: {string.Join(", ", Devices)}";
        }

        foreach (var device in Devices)
        {
            var disk = container.Present.FirstOrDefault(present => present.Device == device);
            var reason = disk is null ? $"there is no disk {device}" : Membership.Unfit(container, disk);
            if (reason is not null)
            {
                return reason;
            }
        }

        return null;
    }
}
