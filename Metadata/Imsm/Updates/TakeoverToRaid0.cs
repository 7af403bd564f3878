using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Updates;

/// <summary>
/// RAID 10 or 1 becomes RAID 0 of the halves that mdadm has left in it: it fails one disk of each pair first. The failed
/// disks leave the table; those that are present are spares from then on. The survivors move up, in the order of their pairs.
/// </summary>
internal sealed record TakeoverToRaid0(int Volume) : ImsmUpdate("takeover to RAID 0")
{
    /// <inheritdoc/>
    internal override string? Refusal(ImsmContainer container)
    {
        if (Takeover.Refusal(container, Volume) is { } reason)
        {
            return reason;
        }

        var dev = container.Super.Devs[Volume];
        if (dev.Map.Level() is not (1 or 10) || dev.Map.NumDomains != 2)
        {
            return $"volume {dev.Volume} is RAID {dev.Map.Level()} of {dev.Map.NumDomains} domains, not RAID 1 or 10 of 2";
        }

        var lost = Enumerable.Range(0, dev.Map.Order.Length).Count(slot => IsLost(container, dev.Map.Order[slot]));
        if (lost * 2 != dev.Map.Order.Length)
        {
            return $"{lost} of {dev.Map.Order.Length} members of volume {dev.Volume} have failed, half of them must have";
        }

        return Survivors(container, dev.Map).Length * 2 == dev.Map.Order.Length
            ? null
            : $"both members of a pair of volume {dev.Volume} have failed";
    }

    /// <inheritdoc/>
    internal override ImsmContainer Apply(ImsmContainer container)
    {
        var super = container.Super;
        var dev = super.Devs[Volume];
        var survivors = Survivors(container, dev.Map);
        var moved = Enumerable.Repeat(-1, super.Disks.Length).ToArray();
        foreach (var index in survivors.Order())
        {
            moved[index] = survivors.Order().ToImmutableArray().IndexOf(index);
        }

        var map = dev.Map with
        {
            RaidLevel = 0,
            NumDomains = 1,
            State = MapState.Normal,
            FailedDisk = 0xFF,
            Order = [.. survivors.Select(index => (uint)moved[index])],
        };
        return container with
        {
            Super = Features.Update(super with
            {
                Disks = [.. super.Disks.Where((_, index) => moved[index] >= 0)],
                Devs = super.Devs.SetItem(Volume, dev with { Map = MapSizes.WithStripesFor(map, dev.Size) }),
                BadBlocks = [.. super.BadBlocks.Where(entry => entry.DiskIndex < moved.Length && moved[entry.DiskIndex] >= 0)
                    .Select(entry => entry with { DiskIndex = (byte)moved[entry.DiskIndex] })],
            }),
            Departed = [],
            Present = [.. container.Present.Select(disk => Moved(disk, moved))],
        };
    }

    private static PresentDisk Moved(PresentDisk disk, int[] moved)
    {
        var member = disk.Index >= 0 && moved[disk.Index] >= 0;
        var failed = disk.Index >= 0 || disk.Disk.Status.HasFlag(ImsmDiskStatus.Failed);
        return member ? disk with { Index = moved[disk.Index] }
            : failed ? disk with
            {
                Index = -1, SpareRecord = null, Disk = disk.Disk with { Status = ImsmDiskStatus.Spare, Serial = disk.OwnSerial },
            }
            : disk;
    }

    // Slots 2n and 2n + 1 mirror each other: one index for each pair that has a member left.
    private static ImmutableArray<int> Survivors(ImsmContainer container, ImsmMap map)
    {
        var survivors = ImmutableArray.CreateBuilder<int>(map.Order.Length / 2);
        for (var slot = 0; slot + 1 < map.Order.Length; slot += 2)
        {
            var left = IsLost(container, map.Order[slot]) ? map.Order[slot + 1] : map.Order[slot];
            if (!IsLost(container, left))
            {
                survivors.Add(VolumeGeometry.DiskIndex(left));
            }
        }

        return survivors.ToImmutable();
    }

    private static bool IsLost(ImsmContainer container, uint entry) =>
        (entry & VolumeGeometry.RebuildBit) != 0
        || Membership.ByIndex(container, VolumeGeometry.DiskIndex(entry)) is not { } disk
        || Membership.IsFailed(container, disk);
}
