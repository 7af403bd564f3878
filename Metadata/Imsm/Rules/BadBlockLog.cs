using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Metadata.Imsm.Rules;

/// <summary>
/// The container's bad-block log: at most 254 entries of 1 to 256 sectors, each of one disk of the table. Sectors are the
/// disk's own.
/// </summary>
internal static class BadBlockLog
{
    /// <summary>How many entries the log has room for (BBM_LOG_MAX_ENTRIES).</summary>
    public const int Capacity = 254;

    /// <summary>How many sectors an entry covers at most (BBM_LOG_MAX_LBA_ENTRY_VAL).</summary>
    public const int EntrySectors = 256;

    /// <summary>
    /// Records a range. An entry that lies inside of it is reused for its beginning; the rest gets entries of its own. Null
    /// when the log has no room for all of it, or the range is none; the same container when all of it is recorded already.
    /// </summary>
    public static ImsmContainer? Record(ImsmContainer container, int volume, int slot, ulong sector, int length)
    {
        if (TableIndex(container, volume, slot) is not { } index || length <= 0 || sector + (ulong)length > 1ul << 48)
        {
            return null;
        }

        var log = container.Super.BadBlocks;
        var position = 0;
        while (length > 0 && (position = FindInside(log, index, sector, length, position)) >= 0)
        {
            var found = log[position];
            if (found.Count == EntrySectors && found.Start == sector)
            {
                sector += EntrySectors;
                length -= EntrySectors;
                position++;
                continue;
            }

            var count = Math.Min(length, EntrySectors);
            log = log.SetItem(position, found with { Start = sector, Count = count });
            sector += (ulong)count;
            length -= count;
            break;
        }

        var added = (length + EntrySectors - 1) / EntrySectors;
        if (log.Length + added > Capacity)
        {
            return null;
        }

        log = log.AddRange(Enumerable.Range(0, added).Select(number => new BbmLogEntry(
            Math.Min(length - number * EntrySectors, EntrySectors), index, sector + (ulong)(number * EntrySectors))));
        return log.AsSpan().SequenceEqual(container.Super.BadBlocks.AsSpan()) ? container : With(container, log);
    }

    /// <summary>
    /// Forgets a leg's entries that are not listed; the log's last entry takes the place of one that goes. What is listed of an entry
    /// stays, as entries of their own; where these have no room, the entry stays as it is.
    /// </summary>
    public static ImsmContainer Keep(ImsmContainer container, int volume, int slot, ImmutableArray<BadBlock> listed)
    {
        if (TableIndex(container, volume, slot) is not { } index)
        {
            return container;
        }

        var joined = Joined(listed);
        foreach (var entry in Of(container, volume, slot))
        {
            var left = joined.Select(range => Common(entry, range)).Where(range => range.Length > 0).ToArray();
            if (left is [var all] && all == entry)
            {
                continue;
            }

            var log = container.Super.BadBlocks;
            log = Without(log, log.IndexOf(new BbmLogEntry(entry.Length, index, entry.Sector)));
            if (log.Length + left.Length <= Capacity)
            {
                container = With(container, log.AddRange(left.Select(range => new BbmLogEntry(range.Length, index, range.Sector))));
            }
        }

        return container;
    }

    /// <summary>A leg's entries that touch the volume.</summary>
    public static ImmutableArray<BadBlock> Of(ImsmContainer container, int volume, int slot)
    {
        if (TableIndex(container, volume, slot) is not { } index)
        {
            return [];
        }

        var map = container.Super.Devs[volume].Map;
        var start = map.PbaOfLba0;
        var end = start + map.PerMemberSectors();
        return container.Super.BadBlocks
            .Where(entry => entry.DiskIndex == index && Touches(entry, start, end))
            .Select(entry => new BadBlock(entry.Start, entry.Count))
            .ToImmutableArray();
    }

    /// <summary>Forgets every bad block of a disk of the table; each gap is filled with the log's last entry.</summary>
    public static ImsmContainer ForgetDisk(ImsmContainer container, int index)
    {
        var log = container.Super.BadBlocks;
        for (var position = 0; position < log.Length;)
        {
            if (log[position].DiskIndex == index)
            {
                log = Without(log, position);
            }
            else
            {
                position++;
            }
        }

        return log.Length == container.Super.BadBlocks.Length ? container : With(container, log);
    }

    /// <summary>The same sectors, ranges that adjoin (md's are of 512 sectors at most) made one.</summary>
    private static List<BadBlock> Joined(ImmutableArray<BadBlock> listed)
    {
        var joined = new List<BadBlock>();
        foreach (var range in listed.Sort((one, other) => one.Sector.CompareTo(other.Sector)))
        {
            if (joined is [.., var last] && last.Sector + (ulong)last.Length >= range.Sector)
            {
                var end = Math.Max(last.Sector + (ulong)last.Length, range.Sector + (ulong)range.Length);
                joined[^1] = last with { Length = (int)(end - last.Sector) };
            }
            else
            {
                joined.Add(range);
            }
        }

        return joined;
    }

    private static BadBlock Common(BadBlock one, BadBlock other)
    {
        var start = Math.Max(one.Sector, other.Sector);
        var end = Math.Min(one.Sector + (ulong)one.Length, other.Sector + (ulong)other.Length);
        return end > start ? new BadBlock(start, (int)(end - start)) : default;
    }

    private static bool Touches(BbmLogEntry entry, ulong start, ulong end)
    {
        var last = entry.Start + (ulong)entry.Count;
        return (entry.Start >= start && entry.Start < end) || (last >= start && last <= end);
    }

    private static int FindInside(ImmutableArray<BbmLogEntry> log, byte index, ulong sector, int length, int from)
    {
        for (var position = from; position < log.Length; position++)
        {
            var entry = log[position];
            if (entry.DiskIndex == index && entry.Start >= sector && entry.Start + (ulong)entry.Count <= sector + (ulong)length)
            {
                return position;
            }
        }

        return -1;
    }

    private static ImmutableArray<BbmLogEntry> Without(ImmutableArray<BbmLogEntry> log, int position) =>
        log.SetItem(position, log[^1]).RemoveAt(log.Length - 1);

    private static ImsmContainer With(ImsmContainer container, ImmutableArray<BbmLogEntry> log) =>
        container with { Super = container.Super with { BadBlocks = log } };

    private static byte? TableIndex(ImsmContainer container, int volume, int slot)
    {
        if (volume < 0 || volume >= container.Super.Devs.Length)
        {
            return null;
        }

        var order = container.Super.Devs[volume].Map.Order;
        return slot >= 0 && slot < order.Length && Maps.IndexOf(order[slot]) is <= byte.MaxValue and var index ? (byte)index : null;
    }
}
