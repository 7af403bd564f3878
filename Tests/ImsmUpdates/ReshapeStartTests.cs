using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmUpdates;

public class ReshapeStartTests
{
    private static readonly ImsmContainer Before =
        Sample.Container(3, 2, Sample.Volume("vol0", 5, 3), Sample.Volume("vol1", 0, 3, first: 30720));

    private static readonly ImsmContainer Growing =
        Before.After(ImsmUpdateMessages.ReshapeContainer(3, 5, [Sample.Device(3), Sample.Device(4)]));

    [Fact]
    public void A_reshape_that_did_not_begin_is_undone_and_its_disks_are_spares_again()
    {
        var after = Growing.CancelReshape(0);

        Assert.Equal(Before.Super, after.Super);
        Assert.Equal(Before.Present.Select(disk => disk.Index), after.Present.Select(disk => disk.Index));
        Assert.All(after.Present.Where(disk => disk.Index == -1), disk => Assert.Equal(ImsmDiskStatus.Spare, disk.Disk.Status));
        Assert.All(after.Present, disk => Assert.NotNull(after.Sectors(disk.Device)));
    }

    [Fact]
    public void One_that_has_begun_is_not_undone()
    {
        var begun = Growing.After(ImsmUpdateMessages.Checkpoint(1));

        Assert.Same(begun, begun.CancelReshape(0));
        Assert.True(begun.Volumes[0].Reshape!.HasBegun);
        Assert.False(Growing.Volumes[0].Reshape!.HasBegun);
    }

    [Fact]
    public void A_volume_that_is_not_reshaped_stays_what_it_is()
    {
        Assert.Same(Before, Before.CancelReshape(0));
        Assert.Same(Growing, Growing.CancelReshape(1));
        Assert.Same(Growing, Growing.CancelReshape(7));
    }

    [Fact]
    public void New_legs_are_recorded_in_the_slots_that_md_gave_them()
    {
        var after = Growing.PlaceNewLegs(0, [.. Enumerable.Range(0, 3).Select(Leg), new LegFact(3, Sample.Device(4)), new LegFact(4, Sample.Device(3))]);

        Assert.Equal([0u, 1u, 2u, 4u, 3u], after.Super.Devs[0].Map.Order.ToArray());
        Assert.Equal(Growing.Super.Devs[0].SecondMap, after.Super.Devs[0].SecondMap);
        Assert.Equal([3, 4], after.Volumes[0].Legs.Where(leg => leg.Slot >= 3).Select(leg => leg.Device == Sample.Device(4) ? 3 : 4));
    }

    [Fact]
    public void Slots_that_hold_data_and_legs_that_the_reshape_did_not_bring_are_left_alone()
    {
        Assert.Same(Growing, Growing.PlaceNewLegs(0, [.. Enumerable.Range(0, 5).Select(Leg)]));
        Assert.Same(Growing, Growing.PlaceNewLegs(0, [new LegFact(0, Sample.Device(3)), new LegFact(3, Sample.Device(0))]));
        Assert.Same(Growing, Growing.PlaceNewLegs(0, [new LegFact(3, new DeviceNumber(99, 1))]));
        var begun = Growing.After(ImsmUpdateMessages.Checkpoint(1));
        Assert.Same(begun, begun.PlaceNewLegs(0, [new LegFact(3, Sample.Device(4)), new LegFact(4, Sample.Device(3))]));
    }

    [Fact]
    public void A_volume_under_reshape_tells_where_it_comes_from_and_where_it_goes()
    {
        var reshape = Growing.Volumes[0].Reshape!;

        Assert.Equal((5, 3), (reshape.From.Level, reshape.From.Legs));
        Assert.Equal((5, 5), (reshape.To.Level, reshape.To.Legs));
        Assert.Equal(reshape.From.ChunkBytes, reshape.To.ChunkBytes);
        Assert.Null(Growing.Volumes[1].Reshape);
    }

    private static LegFact Leg(int slot) => new(slot, Sample.Device(slot));
}
