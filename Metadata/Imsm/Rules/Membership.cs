using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>Disks that come and go, and entries that leave the disk table.</summary>
internal static class Membership
{
    /// <summary>
    /// A disk that came is a spare: it was added by mdadm, which overwrites what it held, or it is what this container lost; of that only
    /// the SCSI id is taken. It goes in front of the others, and so is the first to be chosen. One that is present already changes
    /// nothing. Where the table still has it as the member that it was, that member has failed: the disk is in the table once.
    /// What <see cref="Returned"/> knows is left alone, or a member again.
    /// </summary>
    public static ImsmContainer Add(ImsmContainer container, DiskSource source)
    {
        if (container.Present.Any(disk => disk.Device == source.Device))
        {
            return container;
        }

        if (Returned.Take(container, source) is { } returned)
        {
            return returned;
        }

        var serial = ImsmSerial.Octets(source.Serial);
        var found = ImsmPlacement.Read(source.Tail.Span, source.SectorSize).Super?.Disks.FirstOrDefault(disk => disk.Serial == serial);
        var entry = SpareRecord.Disk(source.Serial, source.Sectors, found is null || Maps.IsFailed(found) ? 0 : found.ScsiId);
        var record = SpareRecord.Make(entry, container.Super.CacheSize, source.SectorSize);
        var spare = new PresentDisk(source.Device, source.Name, -1, entry, source.SectorSize, source.Sectors, record);
        var added = WithoutMember(container, serial);
        added = added with { Present = added.Present.Insert(0, spare) };
        return source.Sectors >> 32 == 0
            ? added
            : added with { Super = added.Super with { Attributes = added.Super.Attributes | ImsmAttributes.Disk2TB } };
    }

    /// <summary>
    /// A disk that left is no longer present; its entry stays in the table and counts as lost. One that was recorded as failed
    /// before it left is not recorded as missing as well when a volume is started.
    /// </summary>
    public static ImsmContainer Remove(ImsmContainer container, DeviceNumber device)
    {
        var position = container.Present.ToList().FindIndex(disk => disk.Device == device);
        if (position < 0)
        {
            return container;
        }

        var disk = container.Present[position];
        var removed = container with { Present = container.Present.RemoveAt(position) };
        return disk.Index >= 0 && Maps.IsFailed(disk.Disk) ? removed with { Departed = removed.Departed.Add(disk.Index) } : removed;
    }

    /// <summary>
    /// The disk table's entries whose disk was not there when the container was loaded, or left without having failed; from
    /// the last to the first.
    /// </summary>
    public static ImmutableArray<int> Missing(ImsmContainer container)
    {
        var missing = ImmutableArray.CreateBuilder<int>();
        for (var index = container.Super.Disks.Length - 1; index >= 0; index--)
        {
            var entry = container.Super.Disks[index];
            if (!container.Departed.Contains(index) && !container.Present.Any(disk => IsAt(disk, index, entry)))
            {
                missing.Add(index);
            }
        }

        return missing.ToImmutable();
    }

    /// <summary>
    /// Takes an entry that no volume names out of the disk table: the entries behind it move up by one, in maps, bad-block
    /// log and present disks. The disk itself, if it is there, is no longer ours to write.
    /// </summary>
    public static ImsmContainer DeleteEntry(ImsmContainer container, int index)
    {
        container = BadBlockLog.ForgetDisk(container, index);
        var super = container.Super;
        return container with
        {
            Super = super with
            {
                Disks = super.Disks.RemoveAt(index),
                Devs = super.Devs.Select(dev => dev with
                {
                    Map = MovedUp(dev.Map, index),
                    SecondMap = dev.SecondMap is { } second ? MovedUp(second, index) : null,
                }).ToImmutableArray(),
                BadBlocks = super.BadBlocks
                    .Select(entry => entry.DiskIndex > index ? entry with { DiskIndex = (byte)(entry.DiskIndex - 1) } : entry)
                    .ToImmutableArray(),
            },
            Present = container.Present.Select(disk => disk.Index == index ? disk with { Index = -2 }
                : disk.Index > index ? disk with { Index = disk.Index - 1 } : disk).ToImmutableArray(),
            Departed = container.Departed.Where(departed => departed != index)
                .Select(departed => departed > index ? departed - 1 : departed).ToImmutableArray(),
        };
    }

    private static ImsmContainer WithoutMember(ImsmContainer container, Octets serial)
    {
        for (var index = 0; index < container.Super.Disks.Length; index++)
        {
            if (container.Super.Disks[index].Serial != serial || Maps.PresentAt(container, index) is not null)
            {
                continue;
            }

            for (var volume = 0; volume < container.Super.Devs.Length; volume++)
            {
                container = Failure.MarkFailed(container, volume, index);
            }
        }

        return container;
    }

    // A disk without an index of its own may still be the one that an entry stands for: a spare or failed disk of the table.
    private static bool IsAt(PresentDisk disk, int index, ImsmDisk entry) => disk.Index switch
    {
        >= 0 => disk.Index == index,
        -1 => (entry.Status & ImsmDiskStatus.Spare) != 0 && disk.Disk.Serial == entry.Serial,
        _ => Maps.IsFailed(entry) && disk.Disk.Serial == entry.Serial,
    };

    private static ImsmMap MovedUp(ImsmMap map, int index) => map with
    {
        Order = map.Order.Select(entry => Maps.IndexOf(entry) > index ? entry - 1 : entry).ToImmutableArray(),
    };
}
