using ActorRaid.Actors;
using ActorRaid.Metadata;
using Xunit;

namespace ActorRaid.Tests.Actors;

public class MdShapeTests
{
    private const int Chunk = 65536;
    private static readonly VolumeShape Striped3 = new(0, 0, Chunk, 3);
    private static readonly VolumeShape Striped4 = new(0, 0, Chunk, 4);
    private static readonly VolumeShape Parity4 = new(5, 0, Chunk, 4);

    [Theory]
    [InlineData("raid0", "0", "65536", "3", 0, 0, Chunk, 3)]
    [InlineData("raid5", "0", "131072 (65536)", "5 (4)", 5, 0, 131072, 5)]
    [InlineData("raid10", "258", "65536", "4", 10, 258, Chunk, 4)]
    public void It_is_read_from_the_attributes(string level, string layout, string chunk, string disks, int l, int y, int c, int d)
    {
        var attributes = new Dictionary<string, string> { ["level"] = level, ["layout"] = layout, ["chunk_size"] = chunk, ["raid_disks"] = disks };

        Assert.Equal(new MdShape(l, y, c, d), MdShape.Read(attributes.GetValueOrDefault));
        attributes.Remove("chunk_size");
        Assert.Null(MdShape.Read(attributes.GetValueOrDefault));
    }

    [Fact]
    public void A_RAID_0_is_itself_also_as_the_RAID_4_or_5_that_md_reshapes_in_its_place()
    {
        Assert.True(new MdShape(0, 0, Chunk, 3).Is(Striped3));
        Assert.True(new MdShape(4, 0, Chunk, 4).Is(Striped3));
        Assert.True(new MdShape(5, 5, Chunk, 4).Is(Striped3));
        Assert.False(new MdShape(5, 0, Chunk, 4).Is(Striped3));
        Assert.False(new MdShape(4, 0, 2 * Chunk, 4).Is(Striped3));
    }

    [Fact]
    public void A_growth_has_ended_when_md_has_the_legs_that_it_leads_to()
    {
        var growth = new ReshapeInfo(Striped3, Striped4, false);

        Assert.False(new MdShape(0, 0, Chunk, 3).HasEnded(growth));
        Assert.False(new MdShape(4, 0, Chunk, 4).HasEnded(growth));
        Assert.True(new MdShape(4, 0, Chunk, 5).HasEnded(growth));
        Assert.True(new MdShape(0, 0, Chunk, 4).HasEnded(growth));
    }

    [Fact]
    public void A_change_of_level_has_ended_when_the_parity_rotates()
    {
        var change = new ReshapeInfo(Striped3, Parity4, false);

        Assert.False(new MdShape(5, 5, Chunk, 4).HasEnded(change));
        Assert.True(new MdShape(5, 0, Chunk, 4).HasEnded(change));
    }

    [Fact]
    public void The_end_of_a_reshape_that_nobody_watched_is_recorded_at_the_first_look()
    {
        var volume = new VolumeInfo(0, "vol0", 4, 0, Chunk, 16384, 49152, false, VolumeActivity.Reshape, 0, [])
        {
            Reshape = new ReshapeInfo(Striped3, Striped4, true),
        };
        var idle = new MemberView(ArrayState.Clean, SyncAction.Idle, ArrayFacts.Complete, 0, false, ArrayFacts.Complete, []);

        var change = Assert.IsType<StateChange>(Assert.Single(MemberDecision.CatchUp(volume, idle, new MdShape(4, 0, Chunk, 5))));
        Assert.Equal((SyncAction.Reshape, ArrayFacts.Complete, Consistency.Clean), (change.Facts.Previous, change.Facts.ReshapePosition, change.Consistency));
        Assert.Empty(MemberDecision.CatchUp(volume, idle, new MdShape(4, 0, Chunk, 4)));
        Assert.Empty(MemberDecision.CatchUp(volume, idle, null));
        Assert.Empty(MemberDecision.CatchUp(volume, idle with { ReshapePosition = 1024 }, new MdShape(4, 0, Chunk, 5)));
        Assert.Empty(MemberDecision.CatchUp(volume, idle with { Action = SyncAction.Reshape }, new MdShape(4, 0, Chunk, 5)));
    }
}
