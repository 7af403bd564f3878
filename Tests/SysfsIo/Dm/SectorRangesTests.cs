using System.Collections.Immutable;
using ActorRaid.SysfsIo.Dm;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.SysfsIo.Dm;

/// <summary>Sets of sectors, against sets of numbers.</summary>
public sealed class SectorRangesTests
{
    private static readonly Gen<SectorRange> Range =
        from start in Gen.Choose(0, 40)
        from length in Gen.Choose(0, 6)
        select new SectorRange((ulong)start, (ulong)length);

    [Fact]
    public void Joined_ranges_are_the_same_sectors_and_neither_touch_nor_overlap() => Prop.ForAll(Arb.From(Range.ListOf()), ranges =>
    {
        var joined = SectorRanges.Join(ranges);
        Assert.Equal(Sectors(ranges), Sectors(joined));
        Assert.All(joined.Zip(joined.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Start));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void What_is_left_without_others_is_the_difference() => Prop.ForAll(Arb.From(Range.ListOf()), Arb.From(Range.ListOf()), (all, some) =>
    {
        var left = SectorRanges.Without(SectorRanges.Join(all), SectorRanges.Join(some));
        Assert.Equal(Sectors(all).Except(Sectors(some)), Sectors(left));
        Assert.Equal<SectorRange>([.. left], [.. SectorRanges.Join(left)]);
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_range_is_covered_when_all_its_sectors_are_there() => Prop.ForAll(Arb.From(Range.ListOf()), Arb.From(Range), (all, range) =>
    {
        if (range.Length > 0)
        {
            Assert.Equal(Sectors([range]).IsSubsetOf(Sectors(all)), SectorRanges.Cover(SectorRanges.Join(all), range));
        }
    }).QuickCheckThrowOnFailure();

    private static ImmutableSortedSet<ulong> Sectors(IEnumerable<SectorRange> ranges) =>
        ranges.SelectMany(range => Enumerable.Range(0, (int)range.Length).Select(i => range.Start + (ulong)i)).ToImmutableSortedSet();
}
