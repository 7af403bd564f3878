using System.Collections.Immutable;
using ActorRaid.SysfsIo;
using ActorRaid.SysfsIo.Dm;

namespace ActorRaid.Tests.Actors.FileMaps;

/// <summary>The process has died.</summary>
internal sealed class CrashException : Exception;

/// <summary>
/// The kernel's statistics regions of a device, as dm-stats.c keeps them: the lowest free number, counting only what
/// begins after a region was created. The process can be made to die at any change, before it or after it.
/// </summary>
internal sealed class ModelDevice : IStatsDevice
{
    private readonly SortedDictionary<ulong, (StatsRegion Region, ulong Reads)> _regions = [];

    /// <summary>After how many changes the process dies; each counts twice, before and after it was made.</summary>
    public int CrashAfter { get; set; } = int.MaxValue;

    /// <summary>Called before each change.</summary>
    public Action? Between { get; set; }

    /// <summary>What @stats_create answers instead.</summary>
    public Errno CreateFails { get; set; }

    /// <summary>The device is gone.</summary>
    public bool IsGone { get; set; }

    public string Name => "fs (253:0)";

    public IEnumerable<StatsRegion> Regions => _regions.Values.Select(entry => entry.Region);

    public Result<Nothing> Check() => IsGone ? new KernelError(Errno.ENXIO, Name, "find") : default(Nothing);

    public Result<ImmutableArray<StatsRegion>> List() => IsGone ? new KernelError(Errno.ENXIO, Name, "list") : Regions.ToImmutableArray();

    public Result<ulong> Create(SectorRange range, StatsOptions options, string programId, string aux)
    {
        Step();
        if (CreateFails != 0)
        {
            return new KernelError(CreateFails, Name, "create");
        }

        var id = 0UL;
        while (_regions.ContainsKey(id))
        {
            id++;
        }

        _regions[id] = (new StatsRegion(id, range, range.Length, programId, aux, options), 0);
        Step();
        return id;
    }

    public Result<Nothing> SetAux(ulong id, string aux) => Change(id, entry => _regions[id] = (entry.Region with { Aux = aux }, entry.Reads));

    public Result<Nothing> Delete(ulong id) => Change(id, _ => _regions.Remove(id));

    public Result<StatsCounters> Counters(ulong id) => _regions.TryGetValue(id, out var entry)
        ? new StatsCounters { Reads = entry.Reads }
        : new KernelError(Errno.ENOENT, Name, "print");

    /// <summary>A read of a sector has ended; every region that has it counts it.</summary>
    public void Read(ulong sector)
    {
        foreach (var (id, entry) in _regions.Where(entry => entry.Value.Region.Range.Contains(new SectorRange(sector, 1))).ToList())
        {
            _regions[id] = entry with { Reads = entry.Reads + 1 };
        }
    }

    /// <summary>The group's text.</summary>
    public GroupTag? Tag(ulong group) =>
        _regions.TryGetValue(group, out var leader) && GroupTag.Parse(group, leader.Region.Aux) is { Ok: true } tag ? tag.Value : null;

    /// <summary>The group's regions.</summary>
    public ImmutableArray<StatsRegion> Members(ulong group) =>
        Tag(group) is { } tag ? [.. Regions.Where(region => tag.Members.Contains(region.Id))] : [];

    /// <summary>What dmstats tells of a group: the sum of its regions.</summary>
    public ulong Shown(ulong group) => Members(group).Aggregate(0UL, (sum, region) => sum + _regions[region.Id].Reads);

    /// <summary>As dmstats creates a group.</summary>
    /// <returns>Its number.</returns>
    public ulong CreateGroup(string alias, StatsOptions options, params IEnumerable<SectorRange> ranges)
    {
        var ids = ranges.Select(range => Create(range, options, "dmstats", "-").Value).ToImmutableSortedSet();
        SetAux(ids[0], new GroupTag(alias, false, ids, "").Build().Value);
        return ids[0];
    }

    private Result<Nothing> Change(ulong id, Action<(StatsRegion Region, ulong Reads)> change)
    {
        Step();
        if (!_regions.TryGetValue(id, out var entry))
        {
            return new KernelError(Errno.ENOENT, Name, "change");
        }

        change(entry);
        Step();
        return default(Nothing);
    }

    private void Step()
    {
        if (CrashAfter-- <= 0)
        {
            throw new CrashException();
        }

        Between?.Invoke();
    }
}
