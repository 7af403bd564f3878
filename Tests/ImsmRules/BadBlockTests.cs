using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;
using static ActorRaid.Tests.ImsmRules.Build;

namespace ActorRaid.Tests.ImsmRules;

public class BadBlockTests
{
    private readonly ImsmContainer _container = Container(disks: 3).Volume(level: 5, disks: 3).Volume(level: 5, disks: 3);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(256, 1)]
    [InlineData(257, 2)]
    [InlineData(1000, 4)]
    public void A_range_takes_one_entry_for_every_256_sectors(int length, int entries)
    {
        var log = _container.RecordBadBlock(0, 1, 5000, length)!.Super.BadBlocks;
        Assert.Equal(entries, log.Length);
        Assert.Equal(length, log.Sum(entry => entry.Count));
        Assert.All(log, entry => Assert.Equal(1, entry.DiskIndex));
    }

    [Fact]
    public void An_entry_inside_of_the_range_is_reused()
    {
        var log = _container.RecordBadBlock(0, 1, 5008, 8)!.RecordBadBlock(0, 1, 5000, 24)!.Super.BadBlocks;
        Assert.Equal<BbmLogEntry>([new(24, 1, 5000)], log);
    }

    [Fact]
    public void Another_disks_entry_is_not_reused()
    {
        var log = _container.RecordBadBlock(0, 0, 5008, 8)!.RecordBadBlock(0, 1, 5000, 24)!.Super.BadBlocks;
        Assert.Equal<BbmLogEntry>([new(8, 0, 5008), new(24, 1, 5000)], log);
    }

    [Fact]
    public void What_is_recorded_already_is_no_failure_and_no_change()
    {
        var once = _container.RecordBadBlock(0, 1, 5000, 512)!;
        Assert.Same(once, once.RecordBadBlock(0, 1, 5000, 512));
    }

    [Fact]
    public void The_log_has_room_for_254_entries_and_then_refuses()
    {
        var full = _container.RecordBadBlock(0, 1, 1000, 254 * 256)!;
        Assert.Null(full.RecordBadBlock(0, 2, 5000, 1));
        Assert.Null(_container.RecordBadBlock(0, 1, 1000, (254 * 256) + 1));
    }

    [Fact]
    public void A_range_that_is_none_is_refused()
    {
        Assert.Null(_container.RecordBadBlock(0, 3, 1000, 1));
        Assert.Null(_container.RecordBadBlock(2, 0, 1000, 1));
        Assert.Null(_container.RecordBadBlock(0, 0, 1000, 0));
        Assert.Null(_container.RecordBadBlock(0, 0, 1ul << 48, 1));
    }

    [Fact]
    public void A_leg_has_the_entries_that_lie_in_its_volume()
    {
        var start = _container.Dev(1).Map.PbaOfLba0;
        var logged = _container.RecordBadBlock(0, 1, 5000, 8)!.RecordBadBlock(1, 1, start + 5000, 8)!;
        Assert.Equal<BadBlock>([new(5000, 8)], logged.BadBlocks(0, 1));
        Assert.Equal<BadBlock>([new(start + 5000, 8)], logged.BadBlocks(1, 1));
        Assert.Empty(logged.BadBlocks(0, 0));
        Assert.Empty(logged.BadBlocks(5, 0));
    }

    [Fact]
    public void What_md_no_longer_lists_is_forgotten_and_the_last_entry_takes_its_place()
    {
        var logged = _container.RecordBadBlock(0, 1, 5100, 8)!.RecordBadBlock(0, 1, 5200, 8)!.RecordBadBlock(0, 1, 5300, 8)!;
        Assert.Same(logged, logged.KeepBadBlocks(0, 0, []));
        Assert.Same(logged, logged.KeepBadBlocks(0, 1, [new(5300, 8), new(5100, 8), new(5200, 8), new(9000, 8)]));
        Assert.Equal([5300ul, 5200ul], logged.KeepBadBlocks(0, 1, [new(5200, 8), new(5300, 8)]).Super.BadBlocks.Select(entry => entry.Start));
        Assert.Empty(logged.KeepBadBlocks(0, 1, []).Super.BadBlocks);
    }

    [Fact]
    public void Of_a_range_that_was_overwritten_in_part_the_rest_stays()
    {
        var logged = _container.RecordBadBlock(0, 1, 5000, 24)!;
        Assert.Equal<BbmLogEntry>([new(16, 1, 5008)], logged.KeepBadBlocks(0, 1, [new(5008, 16)]).Super.BadBlocks);
        Assert.Equal<BbmLogEntry>([new(8, 1, 5000), new(8, 1, 5016)], logged.KeepBadBlocks(0, 1, [new(5000, 8), new(5016, 8)]).Super.BadBlocks);
    }

    [Fact]
    public void Ranges_that_md_cuts_elsewhere_are_the_same_ranges()
    {
        var logged = _container.RecordBadBlock(0, 1, 5000, 8)!.RecordBadBlock(0, 1, 5008, 600)!;
        Assert.Same(logged, logged.KeepBadBlocks(0, 1, [new(5000, 512), new(5512, 96)]));
    }

    [Fact]
    public void A_full_log_keeps_a_range_whole_whose_parts_it_has_no_room_for()
    {
        var full = _container.RecordBadBlock(0, 1, 5000, 254 * 256)!;
        var split = full.BadBlocks(0, 1).SetItem(0, new(5000, 100)).Add(new(5200, 56));
        Assert.Same(full, full.KeepBadBlocks(0, 1, split));
    }

    [Fact]
    public void The_attribute_says_whether_there_is_a_log()
    {
        const ImsmAttributes bad = ImsmAttributes.BadBlockManagement;
        var logged = _container.RecordBadBlock(0, 1, 5000, 8)!.NextGeneration();
        Assert.Equal(bad, logged.Super.Attributes & bad);
        Assert.Equal(ImsmAttributes.None, logged.KeepBadBlocks(0, 1, []).NextGeneration().Super.Attributes & bad);
    }
}
