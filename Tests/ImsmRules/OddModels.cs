using System.Collections.Immutable;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>Metadata that says what it should not, in every field that a rule looks at: written, it is whole but for
/// that.</summary>
internal static class OddModels
{
    private static readonly byte[] Levels = [0, 1, 5, 10, 4, 6, 255];
    private static readonly ushort[] Strips = [0, 1, 8, 128, 256, 2048, ushort.MaxValue];
    private static readonly ulong[] Sectors =
        [0, 1, 2048, uint.MaxValue, 1ul << 32, 1ul << 54, long.MaxValue, ulong.MaxValue, ulong.MaxValue - 4095];

    /// <summary>Changes one thing.</summary>
    public static ImsmSuper Change(ImsmSuper super, Random random)
    {
        if (super.Devs.IsEmpty || random.Next(4) == 0)
            return ChangeTables(super, random);
        var volume = random.Next(super.Devs.Length);
        return super with { Devs = super.Devs.SetItem(volume, Change(super.Devs[volume], super.Disks.Length, random)) };
    }

    private static ImsmSuper ChangeTables(ImsmSuper super, Random random)
    {
        var disk = super.Disks.IsEmpty ? -1 : random.Next(super.Disks.Length);
        switch (random.Next(disk < 0 ? 4 : 10))
        {
            case 0:
                return super with { BadBlocks = BadBlocks(super, random) };
            case 1:
                return super.Devs.IsEmpty ? super : super with { Devs = super.Devs.Add(super.Devs[random.Next(super.Devs.Length)]) };
            case 2:
                return super with { Generation = super.Generation + (uint)random.Next(-2, 3) };
            case 3:
                return super with { Rest = Octets.Zeros(random.Next(8) == 0 ? random.Next(20_000) : random.Next(40)) };
            case 4:
                return super with { Disks = super.Disks.RemoveAt(disk) };
            case 5:
                return super with { Disks = super.Disks.Insert(random.Next(super.Disks.Length), super.Disks[disk]) };
            case 6:
                return WithDisk(super, disk, super.Disks[disk] with { Serial = super.Disks[random.Next(super.Disks.Length)].Serial });
            case 7:
                return WithDisk(super, disk, super.Disks[disk] with { TotalBlocks = Size(super.Disks[disk].TotalBlocks, random) });
            default:
                return WithDisk(super, disk, super.Disks[disk] with
                {
                    Status = (ImsmDiskStatus)random.Next(8) | (random.Next(8) == 0 ? ImsmDiskStatus.Journal : 0),
                });
        }
    }

    private static ImsmDev Change(ImsmDev dev, int disks, Random random)
    {
        switch (random.Next(9))
        {
            case 0:
                return dev with { MigrationState = 0, SecondMap = null };
            case 1:
                return dev with
                {
                    MigrationState = (byte)random.Next(1, 3), MigrationType = (MigrationType)random.Next(7), SecondMap = dev.SecondMap ?? dev.Map,
                    Status = random.Next(2) == 0 ? dev.Status : dev.Status ^ VolumeGeometry.VerifyAndFix,
                };
            case 2:
                return dev with { CurrentMigrationUnit = Size(dev.CurrentMigrationUnit, random) };
            case 3:
                return dev with { Size = Size(dev.Size, random), Dirty = (byte)random.Next(4), RwhPolicy = (RwhPolicy)random.Next(8) };
            default:
                return dev.SecondMap is { } second && random.Next(2) == 0
                    ? dev with { SecondMap = Change(second, disks, random) }
                    : dev with { Map = Change(dev.Map, disks, random) };
        }
    }

    private static ImsmMap Change(ImsmMap map, int disks, Random random)
    {
        var slot = map.Order.IsEmpty ? -1 : random.Next(map.Order.Length);
        switch (random.Next(slot < 0 ? 7 : 11))
        {
            case 0:
                return map with { RaidLevel = Levels[random.Next(Levels.Length)] };
            case 1:
                return map with { BlocksPerStrip = Strips[random.Next(Strips.Length)] };
            case 2:
                return map with { NumDomains = (byte)random.Next(4), FailedDisk = (byte)random.Next(256) };
            case 3:
                return map with { State = (MapState)random.Next(4) };
            case 4:
                return map with { NumDataStripes = Size(map.NumDataStripes, random) };
            case 5:
                return map with { PbaOfLba0 = Size(map.PbaOfLba0, random), BlocksPerMember = Size(map.BlocksPerMember, random) };
            case 6:
                return map with { Order = map.Order.Add((uint)random.Next(disks + 1)) };
            case 7:
                return map with { Order = map.Order.RemoveAt(slot) };
            case 8:
                return map with { Order = [] };
            case 9:
                return map with { Order = map.Order.SetItem(slot, map.Order[slot] ^ VolumeGeometry.RebuildBit) };
            default:
                return map with { Order = map.Order.SetItem(slot, (uint)random.Next(disks + 2) | (map.Order[slot] & 0xFF00_0000)) };
        }
    }

    private static ImmutableArray<BbmLogEntry> BadBlocks(ImsmSuper super, Random random)
    {
        var entries = ImmutableArray.CreateBuilder<BbmLogEntry>();
        for (var count = random.Next(8) == 0 ? random.Next(255) : random.Next(4); count > 0; count--)
            entries.Add(new BbmLogEntry(8 * random.Next(1, 32), (byte)random.Next(super.Disks.Length + 2), 8 * (ulong)random.Next(300_000)));
        return entries.DrainToImmutable();
    }

    private static ulong Size(ulong size, Random random) => random.Next(3) switch
    {
        0 => Sectors[random.Next(Sectors.Length)],
        1 => size + (ulong)random.Next(-4096, 4096),
        _ => size << random.Next(40),
    };

    private static ImsmSuper WithDisk(ImsmSuper super, int index, ImsmDisk disk) => super with { Disks = super.Disks.SetItem(index, disk) };
}
