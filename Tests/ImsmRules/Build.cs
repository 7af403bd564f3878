using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>Containers for tests: disks sda, sdb, ... (8:0, 8:16, ...) of 1 GiB, volumes one behind the other.</summary>
internal static class Build
{
    public const uint Mark = 1u << 24;
    public const ulong DiskSectors = 2_097_152;

    public static ImsmContainer Container(int disks, int spares = 0)
    {
        var members = Enumerable.Range(0, disks).Select(number => Present(number, number, ImsmDiskStatus.Configured)).ToImmutableArray();
        var free = Enumerable.Range(disks, spares).Select(number => Present(number, -1, ImsmDiskStatus.Spare)).ToImmutableArray();
        var super = new ImsmSuper
        {
            Signature = Octets.Text("Intel Raid ISM Cfg Sig. 1.3.00", 32),
            FamilyNumber = 0x1234_5678,
            OriginalFamilyNumber = 0x1234_5678,
            Generation = 7,
            Attributes = (ImsmAttributes)0x8000_0000,
            Filler = Octets.Zeros(128),
            Disks = members.Select(disk => disk.Disk).ToImmutableArray(),
            Devs = [],
        };
        return new ImsmContainer(super, [.. members, .. free], null);
    }

    public static ImsmContainer Volume(
        this ImsmContainer container, int level, int disks, MapState state = MapState.Normal, RwhPolicy policy = RwhPolicy.Off,
        int first = 0, ulong perMember = 204_800)
    {
        const ushort chunk = 256;
        var mirrors = level is 1 or 10;
        var data = level switch { 0 => disks, 5 => disks - 1, _ => disks / 2 };
        var start = container.Super.Devs.Select(dev => dev.Map.PbaOfLba0 + dev.Map.BlocksPerMember + 8192).DefaultIfEmpty(0ul).Max();
        var map = new ImsmMap
        {
            PbaOfLba0 = start,
            BlocksPerMember = perMember + 8,
            NumDataStripes = perMember / chunk / (mirrors ? 2ul : 1ul),
            BlocksPerStrip = chunk,
            State = state,
            RaidLevel = (byte)(mirrors ? 1 : level),
            NumDomains = (byte)(mirrors ? 2 : 1),
            FailedDisk = 0xFF,
            Ddf = 1,
            Filler = Octets.Zeros(16),
            Order = Enumerable.Range(first, disks).Select(index => (uint)index).ToImmutableArray(),
        };
        var dev = new ImsmDev
        {
            Volume = Octets.Text($"vol{container.Super.Devs.Length}", 16),
            Size = perMember * (ulong)data,
            Status = 0,
            Misc = Octets.Zeros(12),
            VolumeId = (ushort)container.Super.Devs.Length,
            NvCache = Octets.Zeros(8),
            RwhPolicy = policy,
            Tail = Octets.Zeros(29),
            CurrentMigrationUnit = 0,
            MigrationState = 0,
            MigrationType = MigrationType.Init,
            Dirty = 0,
            VolFiller = Octets.Zeros(12),
            Map = map,
        };
        return container with { Super = container.Super with { Devs = container.Super.Devs.Add(dev) } };
    }

    public static DeviceNumber Device(int number) => new(8, number * 16);

    public static PresentDisk Present(int number, int index, ImsmDiskStatus status, ulong sectors = DiskSectors, int sectorSize = 512)
    {
        var name = $"sd{(char)('a' + number)}";
        var disk = new ImsmDisk(Octets.Text($"SERIAL-{name}", 16), sectors, (uint)number << 16, status, 0, Octets.Zeros(12));
        return new PresentDisk(Device(number), name, index, disk, sectorSize, sectors, null);
    }

    public static DiskSource Source(int number, ulong sectors = DiskSectors, string? serial = null)
    {
        var name = $"sd{(char)('a' + number)}";
        return new DiskSource(Device(number), name, serial ?? $"SERIAL-{name}", sectors, 512, ReadOnlyMemory<byte>.Empty);
    }

    /// <summary>md's facts: by default nothing runs, nothing is left to be synchronized.</summary>
    public static ArrayFacts Facts(
        ulong resyncStart = ArrayFacts.Complete, ulong checkpoint = 0, SyncAction previous = SyncAction.Idle,
        SyncAction current = SyncAction.Idle) => new(resyncStart, checkpoint, previous, current, ArrayFacts.Complete);

    /// <summary>What md has in a volume's slots: every usable disk of its current map.</summary>
    public static SpareFacts Legs(ImsmContainer container, int volume)
    {
        var dev = container.Super.Devs[volume];
        var order = (dev.SecondMap ?? dev.Map).Order;
        return new SpareFacts(order
            .Select((entry, slot) => (slot, disk: container.Present.FirstOrDefault(disk => disk.Index == (int)(entry & 0xFF_FFFF))))
            .Where(leg => leg.disk is not null && (leg.disk.Disk.Status & ImsmDiskStatus.Failed) == 0 && (order[leg.slot] & Mark) == 0)
            .Select(leg => new LegFact(leg.slot, leg.disk!.Device))
            .ToImmutableArray());
    }

    public static ImsmContainer Fail(this ImsmContainer container, int volume, int slot) =>
        container.SetLeg(volume, slot, LegState.Faulty);

    public static ImsmContainer InSync(this ImsmContainer container, int volume, int slot) =>
        container.SetLeg(volume, slot, LegState.InSync);

    public static ImsmContainer State(this ImsmContainer container, Consistency consistency, ArrayFacts facts, int volume = 0) =>
        container.Set(consistency, facts, volume).Container;

    public static (ImsmContainer Container, bool Clean) Set(
        this ImsmContainer container, Consistency consistency, ArrayFacts facts, int volume = 0)
    {
        var change = container.SetArrayState(volume, consistency, facts);
        return (Assert.IsType<ImsmContainer>(change.Model), change.Clean);
    }

    /// <summary>Plans a spare and puts it into its slot; the plan must not be refused.</summary>
    public static ImsmContainer Rebuild(this ImsmContainer container, int volume = 0)
    {
        var plan = container.PlanSpare(volume, Legs(container, volume));
        Assert.Null(plan.Refusal);
        return container.Apply(Assert.IsType<ActorRaid.Metadata.Imsm.Rules.ActivateSpare>(plan.Update));
    }

    public static ImsmContainer Without(this ImsmContainer container, int number) =>
        container with { Present = container.Present.Where(disk => disk.Device != Device(number)).ToImmutableArray() };

    public static ImsmDev Dev(this ImsmContainer container, int volume = 0) => container.Super.Devs[volume];

    /// <summary>A volume as text, arrays included, to be compared.</summary>
    public static string Text(ImsmDev dev) =>
        $"{dev} | {string.Join(' ', dev.Map.Order)} | {(dev.SecondMap is { } second ? string.Join(' ', second.Order) : "-")}"
            .Replace("System.Collections.Immutable.ImmutableArray`1[System.UInt32]", "order", StringComparison.Ordinal);
}
