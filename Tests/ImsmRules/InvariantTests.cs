using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.Metadata.Imsm.Model;
using FsCheck;
using FsCheck.Fluent;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

/// <summary>Whatever happens in whatever order, the metadata stays metadata and no data is called whole that is not.</summary>
public class InvariantTests
{
    private const int Disks = 9;

    [Fact]
    public void Any_sequence_of_rules_keeps_the_metadata_sound()
    {
        var steps = Gen.Choose(0, int.MaxValue - 1).ListOf().ToArbitrary();
        var property = Prop.ForAll(steps, numbers =>
        {
            foreach (var start in Starts())
            {
                Walk(start, [.. numbers]);
            }
        });
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(100).WithEndSize(60), property);
    }

    private static IEnumerable<ImsmContainer> Starts()
    {
        yield return Container(disks: 2, spares: 2).Volume(level: 1, disks: 2);
        yield return Container(disks: 4, spares: 2).Volume(level: 10, disks: 4, state: MapState.Uninitialized);
        yield return Container(disks: 3, spares: 2).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3, state: MapState.Uninitialized);
        yield return Container(disks: 4, spares: 1).Volume(level: 10, disks: 4).Volume(level: 0, disks: 4);
        yield return Container(disks: 4, spares: 2).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2, first: 2);
    }

    private static void Walk(ImsmContainer container, ImmutableArray<int> numbers)
    {
        foreach (var number in numbers)
        {
            var before = container;
            var filled = (-1, -1);
            container = Step(before, number, ref filled);
            AssertSound(container);
            AssertNothingLost(before, container);
            AssertNothingHealsByItself(before, container, filled);
        }
    }

    private static ImsmContainer Step(ImsmContainer container, int number, ref (int Volume, int Slot) filled)
    {
        var (what, rest) = (number % 12, number / 12);
        var volume = rest % container.Super.Devs.Length;
        var slot = rest / 2 % container.Dev(volume).Map.Order.Length;
        switch (what)
        {
            case 0 or 1 or 2:
                return container.State((Consistency)(rest % 3), Random(rest / 3), volume);
            case 3:
                return container.Fail(volume, slot);
            case 4 or 5:
                filled = (volume, slot);
                return container.InSync(volume, slot);
            case 6:
                return container.SetLeg(volume, slot, LegState.None);
            case 7 or 8:
                var facts = Legs(container, volume);
                var plan = container.PlanSpare(volume, facts);
                var lacksNone = facts.Legs.Length == container.Dev(volume).Map.Order.Length;
                Assert.Equal(plan.Update is null && !lacksNone, plan.Refusal is not null);
                Assert.True(plan.Assignments.Length <= 1);
                return plan.Update is null ? container : container.Process(plan.Update);
            case 9:
                return container.AddDisk(Source(rest % Disks));
            case 10:
                return rest % 2 == 0 ? container.RemoveDisk(Device(rest / 2 % Disks)) : container.NextGeneration();
            default:
                var (sector, length) = ((ulong)(rest % 3000), 1 + rest / 3000 % 700);
                return rest % 2 == 0
                    ? container.RecordBadBlock(volume, slot, sector, length) ?? container
                    : container.KeepBadBlocks(volume, slot, [new BadBlock(sector, length)]);
        }
    }

    private static ArrayFacts Random(int number)
    {
        ReadOnlySpan<SyncAction> actions = [SyncAction.Idle, SyncAction.Resync, SyncAction.Recover];
        return Facts(
            resyncStart: number % 2 == 0 ? ArrayFacts.Complete : (ulong)(number % 204_800),
            checkpoint: (ulong)(number % 204_800), previous: actions[number % 3], current: actions[number / 3 % 3]);
    }

    private static void AssertSound(ImsmContainer container)
    {
        var super = container.Super;
        foreach (var dev in super.Devs)
        {
            Assert.Equal(dev.MigrationState != 0, dev.SecondMap is not null);
            Assert.True(dev.MigrationState != 0 || dev.CurrentMigrationUnit == 0);
            AssertMap(dev.Map, super.Disks.Length);
            if (dev.SecondMap is { } second)
            {
                AssertMap(second, super.Disks.Length);
                Assert.Equal<int>(dev.Map.Order.Select(Index), second.Order.Select(Index));
                Assert.True(dev.Map.Order.Zip(second.Order).Count(pair => (pair.Second & Mark) != 0 && (pair.First & Mark) == 0) <= 1);
            }
        }

        Assert.True(super.BadBlocks.Length <= 254);
        Assert.All(super.BadBlocks, entry => Assert.True(entry.Count is >= 1 and <= 256 && entry.DiskIndex < super.Disks.Length));
        var members = container.Present.Where(disk => disk.Index >= 0).ToList();
        Assert.Equal(members.Count, members.Select(disk => disk.Index).Distinct().Count());
        Assert.All(members, disk => Assert.Equal(super.Disks[disk.Index], disk.Disk));
        Assert.All(container.Departed, index => Assert.InRange(index, 0, super.Disks.Length - 1));
        var bytes = ImsmWriter.Write(super);
        var read = ImsmReader.Read(bytes);
        Assert.Null(read.Error);
        Assert.Equal(bytes, ImsmWriter.Write(read.Super!));
        Assert.All(container.Present, disk => Assert.Equal(disk.Index < -1 || container.Disks.Single(
            info => info.Device == disk.Device).IsFailed, container.Sectors(disk.Device) is null));
    }

    private static void AssertMap(ImsmMap map, int disks)
    {
        Assert.True(map.FailedDisk == 0xFF || map.FailedDisk < map.Order.Length);
        Assert.All(map.Order, entry => Assert.True((entry & 0xFE00_0000) == 0 && Index(entry) < disks));
        Assert.Equal(map.Order.Length, map.Order.Select(Index).Distinct().Count());
    }

    private static void AssertNothingLost(ImsmContainer before, ImsmContainer after)
    {
        Assert.Equal(before.Super.Devs.Select(dev => dev.Volume), after.Super.Devs.Select(dev => dev.Volume));
        Assert.InRange(after.Present.Length, before.Present.Length - 1, before.Present.Length + 1);
        Assert.All(after.Super.Devs, dev => Assert.Equal(before.Super.Devs.Single(other => other.Volume == dev.Volume).Size, dev.Size));
        foreach (var (old, dev) in before.Super.Devs.Zip(after.Super.Devs))
        {
            // At most one slot changes its disk, and that one was lost.
            var moved = Enumerable.Range(0, dev.Map.Order.Length).Count(slot => Disk(before, old, slot) != Disk(after, dev, slot));
            Assert.InRange(moved, 0, 1);
        }
    }

    private static void AssertNothingHealsByItself(ImsmContainer before, ImsmContainer after, (int, int) filled)
    {
        for (var volume = 0; volume < before.Super.Devs.Length; volume++)
        {
            var (old, now) = (Current(before.Dev(volume)), Current(after.Dev(volume)));
            for (var slot = 0; slot < old.Length; slot++)
            {
                Assert.True((old[slot] & Mark) == 0 || (now[slot] & Mark) != 0 || (volume, slot) == filled,
                    $"slot {slot} of volume {volume} was lost and is whole now");
            }
        }
    }

    // Failed and missing disks' serials change; the numbers of the letter in them, or the size if nothing else is left, stay.
    private static string Disk(ImsmContainer container, ImsmDev dev, int slot)
    {
        var serial = container.Super.Disks[Index(dev.Map.Order[slot])].Serial.ToString().Replace(":0", "", StringComparison.Ordinal);
        return serial.Length == 0 ? "" : serial[^1..];
    }

    private static ImmutableArray<uint> Current(ImsmDev dev) => (dev.SecondMap ?? dev.Map).Order;

    private static int Index(uint entry) => (int)(entry & 0xFF_FFFF);
}
