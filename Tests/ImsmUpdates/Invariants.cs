using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

/// <summary>What is true of every container; it can be written, and read again.</summary>
internal static class Invariants
{
    public static void Hold(ImsmContainer container, int disks)
    {
        var super = container.Super;
        Assert.Equal(disks, container.Present.Length);
        Assert.InRange(super.Disks.Length, 0, 255);
        var members = container.Present.Where(disk => disk.Index >= 0).ToArray();
        Assert.Equal(members.Length, members.Select(disk => disk.Index).Distinct().Count());
        foreach (var disk in members)
        {
            Assert.InRange(disk.Index, 0, super.Disks.Length - 1);
            Assert.Equal(super.Disks[disk.Index], disk.Disk);
            Assert.False(disk.Disk.Status.HasFlag(ImsmDiskStatus.Spare));
        }

        foreach (var dev in super.Devs)
        {
            Assert.Equal(dev.MigrationState != 0, dev.SecondMap is not null);
            OrderHolds(dev.Map, super.Disks.Length);
            if (dev.SecondMap is not null)
            {
                OrderHolds(dev.SecondMap, super.Disks.Length);
            }
        }

        Assert.Null(ImsmReader.Read(ImsmWriter.Write(super)).Error);
        Assert.All(super.BadBlocks, entry => Assert.InRange(entry.DiskIndex, 0, super.Disks.Length - 1));
    }

    private static void OrderHolds(ImsmMap map, int disks)
    {
        var indices = map.Order.Select(order => (int)(order & 0xFFFFFF)).ToArray();
        Assert.All(indices, index => Assert.InRange(index, 0, disks - 1));
        Assert.Equal(indices.Length, indices.Distinct().Count());
    }
}
