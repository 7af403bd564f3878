using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.Commit;

public sealed class SectorDiffTests
{
    private const int Sector = 512;
    private const long Offset = 1 << 20;

    private static DiskImage Image(params byte[] sectors) =>
        new(Offset, Sector, sectors.SelectMany(value => Enumerable.Repeat(value, Sector)).ToArray(), (sectors.Length - 1) * Sector);

    private static CommitTarget For(DiskImage? onDisk, DiskImage target, int atomicBytes = Sector) =>
        CommitTarget.For(new DeviceNumber(7, 0), onDisk, target, atomicBytes);

    [Fact]
    public void Nothing_is_known_of_the_disk_so_everything_is_written()
    {
        var write = Assert.Single(SectorDiff.Changes(null, Image(1, 2, 3)));
        Assert.Equal((Offset, 3 * Sector), (write.Offset, write.Bytes.Length));
    }

    [Fact]
    public void A_copy_that_shrinks_is_written_as_far_as_it_changes_and_cannot_tear()
    {
        var smaller = Image(9, 4) with { Offset = Offset + Sector, AnchorOffset = 0 };
        var target = For(Image(1, 2, 4), smaller);
        Assert.Equal((Offset + Sector, Sector), (Assert.Single(target.Writes).Offset, target.Writes[0].Bytes.Length));
        Assert.False(target.CanTear);
    }

    [Fact]
    public void A_copy_that_grows_is_written_anchor_last_and_on_its_own_and_cannot_tear()
    {
        var smaller = Image(5, 4) with { Offset = Offset + (2 * Sector), AnchorOffset = 0 };
        var target = For(smaller, Image(1, 2, 3, 4) with { AnchorOffset = 2 * Sector });
        Assert.False(target.CanTear);
        var writes = target.Writes.Select(write => (write.Offset, write.Bytes.Length));
        Assert.Equal([(Offset, 2 * Sector), (Offset + (2 * Sector), Sector)], writes);
    }

    [Fact]
    public void A_copy_that_grows_and_moves_what_the_old_one_uses_can_tear()
    {
        var smaller = Image(5, 6, 4) with { Offset = Offset + Sector, AnchorOffset = Sector };
        var target = For(smaller, Image(1, 2, 3, 4) with { AnchorOffset = 2 * Sector });
        Assert.True(target.CanTear);
        Assert.Equal((Offset, 3 * Sector), (Assert.Single(target.Writes).Offset, target.Writes[0].Bytes.Length));
    }

    [Fact]
    public void Another_sector_size_is_written_whole() =>
        Assert.Single(SectorDiff.Changes(Image(1, 2, 3) with { SectorSize = 256 }, Image(1, 2, 3)));

    [Fact]
    public void Equal_images_need_no_write()
    {
        Assert.Empty(SectorDiff.Changes(Image(1, 2), Image(1, 2)));
        Assert.False(For(Image(1, 2), Image(1, 2)).CanTear);
    }

    [Fact]
    public void The_anchor_goes_out_last_even_when_it_is_not_the_last_sector()
    {
        var target = Image(9, 2, 8, 4, 7) with { AnchorOffset = 2 * Sector };
        var offsets = SectorDiff.Changes(Image(1, 2, 3, 4, 5), target).Select(write => (write.Offset - Offset) / Sector);
        Assert.Equal([0, 4, 2], offsets);
    }

    [Fact]
    public void One_sector_cannot_tear_and_two_can()
    {
        Assert.False(For(Image(1, 2), Image(1, 3)).CanTear);
        Assert.True(For(Image(1, 2), Image(2, 3)).CanTear);
        Assert.True(For(null, Image(1, 2)).CanTear);
    }

    [Fact]
    public void Sectors_in_one_atomic_unit_go_out_as_one_write_with_what_lies_between()
    {
        var target = For(Image(1, 2, 3, 4), Image(9, 2, 8, 4), 4096);
        Assert.False(target.CanTear);
        var write = Assert.Single(target.Writes);
        Assert.Equal((Offset, 3 * Sector), (write.Offset, write.Bytes.Length));
    }

    [Fact]
    public void An_atomic_unit_is_aligned()
    {
        var straddling = Image(9, 8) with { Offset = Offset + 7 * Sector };
        Assert.True(For(null, straddling, 4096).CanTear);
    }

    [Fact]
    public void Applying_the_writes_in_order_yields_the_target_and_an_unfinished_sequence_never_has_the_new_anchor()
    {
        var images = Gen.Zip(Gen.Zip(Sectors(6), Sectors(6)), Gen.Choose(0, 5), (pair, anchor) =>
            (Before: Image(pair.Item1), After: Image(pair.Item2) with { AnchorOffset = anchor * Sector }));
        Prop.ForAll(images.ToArbitrary(), pair =>
        {
            var disk = pair.Before.Bytes.ToArray();
            var writes = SectorDiff.Changes(pair.Before, pair.After);
            foreach (var (write, number) in writes.Select((write, number) => (write, number)))
            {
                var holdsAnchor = write.Offset - Offset <= pair.After.AnchorOffset && pair.After.AnchorOffset < write.End - Offset;
                Assert.True(!holdsAnchor || number == writes.Length - 1);
                write.Bytes.Span.CopyTo(disk.AsSpan((int)(write.Offset - Offset)));
            }

            Assert.Equal(pair.After.Bytes.ToArray(), disk);
            var changed = Enumerable.Range(0, 6).Count(at => pair.Before.Bytes.Span[at * Sector] != pair.After.Bytes.Span[at * Sector]);
            Assert.Equal(changed * Sector, writes.Sum(write => write.Bytes.Length));
        }).QuickCheckThrowOnFailure();
    }

    private static Gen<byte[]> Sectors(int count) => Gen.Choose(0, 1).Select(value => (byte)value).ArrayOf(count);
}
