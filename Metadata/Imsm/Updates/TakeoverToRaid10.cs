using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// RAID 0 becomes a degraded RAID 10: each member moves to the first slot of a pair, and its table entry to the same index;
/// the second slots get entries of disks that are missing, for spares to replace. Upstream renumbers by index instead of by
/// slot, which is the same as long as the order table is in order, and loses data where it is not.
/// </summary>
internal sealed record TakeoverToRaid10(int Volume) : ImsmUpdate("takeover to RAID 10")
{
    private const uint NoScsiId = uint.MaxValue;

    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        if (Takeover.Refusal(container, Volume) is { } reason)
        {
            return reason;
        }

        var dev = container.Super.Devs[Volume];
        if (dev.Map.Level() != 0)
        {
            return $"volume {dev.Volume} is RAID {dev.Map.Level()}, not RAID 0";
        }

        if (dev.Map.Order.Length is < 2 or > Membership.MaximumDisks / 2)
        {
            return $"volume {dev.Volume} has {dev.Map.Order.Length} members: it takes 2 to {Membership.MaximumDisks / 2}";
        }

        foreach (var index in dev.Map.Order.Select(VolumeGeometry.DiskIndex))
        {
            if (Membership.ByIndex(container, index) is not { } disk || Membership.IsFailed(container, disk))
            {
                return $"disk {container.Super.Disks[index].Serial} is missing or has failed";
            }
        }

        return Destination(dev).NumDataStripes == 0 ? $"volume {dev.Volume} is too small" : null;
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var super = container.Super;
        var dev = super.Devs[Volume];
        var disks = ImmutableArray.CreateBuilder<ImsmDisk>(2 * super.Disks.Length);
        var moved = new int[super.Disks.Length];
        for (var slot = 0; slot < dev.Map.Order.Length; slot++)
        {
            var index = VolumeGeometry.DiskIndex(dev.Map.Order[slot]);
            moved[index] = 2 * slot;
            disks.Add(super.Disks[index]);
            disks.Add(MissingMirror(container, (2 * slot) + 1));
        }

        return container with
        {
            Super = Features.Update(super with
            {
                Disks = disks.MoveToImmutable(),
                Devs = super.Devs.SetItem(Volume, dev with { Map = Destination(dev) }),
                BadBlocks = [.. super.BadBlocks.Select(entry => entry.DiskIndex < moved.Length
                    ? entry with { DiskIndex = (byte)moved[entry.DiskIndex] }
                    : entry)],
            }),
            Departed = [],
            Present = [.. container.Present.Select(disk => disk.Index >= 0 ? disk with { Index = moved[disk.Index] } : disk)],
        };
    }

    // Two members become the four that level 1 has always stood for; only more of them need the level's own number.
    private static ImsmMap Destination(ImsmDev dev)
    {
        var members = 2 * dev.Map.Order.Length;
        var map = dev.Map with
        {
            RaidLevel = members == 4 ? (byte)1 : (byte)10,
            NumDomains = 2,
            State = MapState.Degraded,
            FailedDisk = 1,
            Order = [.. Enumerable.Range(0, members).Select(slot => (uint)slot | (slot % 2 == 0 ? 0 : VolumeGeometry.RebuildBit))],
        };
        return MapSizes.WithStripesFor(map, dev.Size);
    }

    // Upstream copies the first disk of its list, where spares stand before members, and keeps that disk's status.
    private static ImsmDisk MissingMirror(ImsmContainer container, int index)
    {
        var copied = (container.Present.FirstOrDefault(disk => disk.Index == -1) ?? container.Present.First(disk => disk.Index >= 0)).Disk;
        return copied with
        {
            Serial = Octets.Text($"MISSING_{index}:0", 16),
            ScsiId = NoScsiId,
            Status = copied.Status | ImsmDiskStatus.Failed,
        };
    }
}
