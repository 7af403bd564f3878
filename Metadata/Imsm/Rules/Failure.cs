using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>Failed and missing disks, and what a leg's state means for its volume.</summary>
internal static class Failure
{
    private const int SerialLength = 16;
    private const uint NoScsiId = ~0u;

    /// <summary>
    /// Records in a volume that a disk of the table failed: the disk's status and serial, its marks in both maps, the first
    /// failed slot; its bad blocks are forgotten. Nothing changes when that is known already or the volume does not use it.
    /// </summary>
    public static ImsmContainer MarkFailed(ImsmContainer container, int volume, int index)
    {
        var dev = container.Super.Devs[volume];
        var slot = Maps.SlotOf(dev.Map, index);
        if (slot < 0 || index >= container.Super.Disks.Length)
        {
            return container;
        }

        var disk = container.Super.Disks[index];
        if (Maps.IsFailed(disk) && Maps.IsMarked(dev.Map.Order[slot]))
        {
            return container;
        }

        var map = Maps.WithEntry(dev.Map, slot, Maps.Marked(index));
        var second = dev.SecondMap;
        if (second is not null && Maps.SlotOf(second, index) is >= 0 and var secondSlot)
        {
            second = Maps.WithEntry(second, secondSlot, Maps.Marked(index));
        }

        if (map.FailedDisk == Maps.NoFailedDisk || (!Migration.IsRebuilding(dev) && map.FailedDisk > slot))
        {
            map = map with { FailedDisk = (byte)slot };
        }

        var failed = disk with { Serial = FailedSerial(disk.Serial), Status = disk.Status | ImsmDiskStatus.Failed };
        var marked = Maps.WithDev(Maps.WithDisk(container, index, failed), volume, dev with { Map = map, SecondMap = second });
        return BadBlockLog.ForgetDisk(marked, index);
    }

    /// <summary>As <see cref="MarkFailed"/>; and the disk loses its SCSI id and the first character of its serial, once.</summary>
    public static ImsmContainer MarkMissing(ImsmContainer container, int volume, int index)
    {
        var marked = MarkFailed(container, volume, index);
        var disk = marked.Super.Disks[index];
        return disk.ScsiId == NoScsiId
            ? marked
            : Maps.WithDisk(marked, index, disk with { ScsiId = NoScsiId, Serial = MissingSerial(disk.Serial) });
    }

    /// <summary>
    /// Before a volume is started: the disks of the table that are not there are recorded as missing. If legs are lost, an
    /// initialization or rebuild ends, unless one of the marked legs is the one that it was to fill.
    /// </summary>
    public static ImsmContainer HandleMissing(ImsmContainer container, int volume)
    {
        var missing = Membership.Missing(container);
        if (missing.IsEmpty)
        {
            return container;
        }

        var dev = container.Super.Devs[volume];
        if (!dev.IsGeneralMigration() && Degradation.CountFailed(container, dev, MapChoice.First) > 0 && !AnyMarkedInBoth(dev))
        {
            container = Maps.WithDev(container, volume, Migration.End(container, dev, Degradation.StateOf(container, dev)));
        }

        return missing.Aggregate(container, (current, index) => MarkMissing(current, volume, index));
    }

    /// <summary>Records what md says of one leg, and what follows for the volume.</summary>
    public static ImsmContainer SetLeg(ImsmContainer container, int volume, int slot, LegState state)
    {
        var dev = container.Super.Devs[volume];
        var current = Maps.Current(dev).Order;

        // The legs that a growth adds are in its first map alone (upstream reads beyond the end of the second).
        var order = slot < current.Length ? current : dev.Map.Order;
        if (slot < 0 || slot >= order.Length)
        {
            return container;
        }

        var entry = order[slot];
        if ((state & LegState.Faulty) != 0)
        {
            container = MarkFailed(container, volume, Maps.IndexOf(entry));
            dev = container.Super.Devs[volume];
        }

        var filled = (state & LegState.InSync) != 0 && Maps.IsMarked(entry) && Migration.IsRebuilding(dev);
        if (filled && dev.SecondMap is { } second)
        {
            dev = dev with { SecondMap = Maps.WithEntry(second, slot, Maps.Whole(Maps.IndexOf(entry))) };
            container = Maps.WithDev(container, volume, dev);
        }

        return Maps.WithDev(container, volume, AfterLeg(container, dev, slot, (state & LegState.Faulty) != 0, filled));
    }

    private static ImsmDev AfterLeg(ImsmContainer container, ImsmDev dev, int slot, bool failed, bool filled)
    {
        var state = Degradation.StateOf(container, dev);
        var general = dev.IsGeneralMigration();
        switch (state)
        {
            case MapState.Normal when Migration.IsRebuilding(dev):
                return Maps.AnyBeingFilled(dev) ? dev : WithFailedDisk(Migration.End(container, dev, state), Maps.NoFailedDisk);
            case MapState.Normal when general:
                return WithFailedDisk(WithState(dev, state), Maps.NoFailedDisk);
            case MapState.Degraded when dev.MigrationState == 0:
                return WithState(dev, state);
            case MapState.Degraded when Migration.IsRebuilding(dev):
                return AfterLegWhileRebuilding(container, dev, slot, failed, filled);
            case MapState.Degraded when general:
                return Reshape.WithSecondState(container, WithState(dev, state));
            case MapState.Degraded when Migration.IsInitializing(dev):
                return WithState(dev, state);
            case MapState.Failed when general:
                return WithState(dev, state);
            case MapState.Failed when dev.Map.State != state:
                return Migration.End(container, dev, state);
            default:
                return dev;
        }
    }

    private static ImsmDev AfterLegWhileRebuilding(ImsmContainer container, ImsmDev dev, int slot, bool failed, bool filled)
    {
        var over = !Maps.AnyBeingFilled(dev);
        if (failed)
        {
            // The rebuild goes on as long as a leg is being filled, whichever other leg was lost; but not when the volume has
            // failed by that and this is the first failure that was recorded of it.
            var ended = Migration.End(container, dev, MapState.Degraded);
            dev = over || (slot == dev.Map.FailedDisk && ended.Map.State == MapState.Failed) ? ended : WithState(dev, MapState.Degraded);
        }
        else if (filled && over)
        {
            dev = Migration.End(container, dev, MapState.Degraded);
        }

        return filled && over ? WithFailedDisk(dev, LastMarked(dev.Map)) : dev;
    }

    private static byte LastMarked(ImsmMap map)
    {
        for (var slot = map.Order.Length - 1; slot >= 0; slot--)
        {
            if (Maps.IsMarked(map.Order[slot]))
            {
                return (byte)slot;
            }
        }

        return map.FailedDisk;
    }

    private static ImsmDev WithState(ImsmDev dev, MapState state) => dev with { Map = dev.Map with { State = state } };

    private static ImsmDev WithFailedDisk(ImsmDev dev, byte slot) => dev with { Map = dev.Map with { FailedDisk = slot } };

    private static bool AnyMarkedInBoth(ImsmDev dev)
    {
        if (dev.SecondMap is not { } second)
        {
            return false;
        }

        for (var slot = 0; slot < Math.Min(dev.Map.Order.Length, second.Order.Length); slot++)
        {
            if (Maps.IsMarked(dev.Map.Order[slot]) && Maps.IsMarked(second.Order[slot]))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The serial with <c>:0</c> behind it; what does not fit into 15 characters is cut off in front.</summary>
    private static Octets FailedSerial(Octets serial)
    {
        var bytes = Bytes(serial);
        var end = bytes.IndexOf((byte)0);
        Span<byte> text = stackalloc byte[SerialLength + 2];
        var length = end < 0 ? SerialLength : end;
        bytes[..length].CopyTo(text);
        text[length++] = (byte)':';
        text[length++] = (byte)'0';
        var kept = length >= SerialLength ? text[(length - SerialLength + 1)..length] : text[..length];
        kept.CopyTo(bytes);
        bytes[kept.Length] = 0;
        return new Octets(bytes);
    }

    private static Octets MissingSerial(Octets serial)
    {
        var bytes = Bytes(serial);
        bytes[1..].CopyTo(bytes);
        return new Octets(bytes);
    }

    private static Span<byte> Bytes(Octets serial)
    {
        var bytes = new byte[SerialLength];
        serial.Span[..Math.Min(serial.Length, SerialLength)].CopyTo(bytes);
        return bytes;
    }
}
