using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using Xunit;

namespace ActorRaid.Tests.ImsmFormat;

public class RepairTests
{
    /// <summary>The three members; the fourth disk, loop2, is a spare.</summary>
    private static readonly ImmutableArray<DiskSource> Healthy = [.. Fixtures.Disks("raid5-dirty").Where(disk => disk.Name != "loop2")];

    private static RepairStep StepOf(RepairPlan plan, string name) => plan.Steps.Single(step => step.Name == name);

    private static DiskSource Torn(DiskSource disk)
    {
        var tail = disk.Tail.ToArray();
        tail[tail.Length - (3 * disk.SectorSize)] ^= 0x01;
        return disk with { Tail = tail };
    }

    private static DiskSource Written(DiskSource disk, DiskImage image)
    {
        var tail = disk.Tail.ToArray();
        image.Bytes.CopyTo(tail.AsMemory((int)(image.Offset - ((long)disk.Sectors * 512 - tail.Length))));
        return disk with { Tail = tail };
    }

    [Fact]
    public void Nothing_is_done_to_a_healthy_container()
    {
        var plan = RepairPlan.For(Healthy);
        Assert.Null(plan.Refusal);
        Assert.All(plan.Steps, step => Assert.Equal(RepairDecision.Nothing, step.Decision));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void A_torn_member_is_rewritten_and_loads_as_a_member_again(int number)
    {
        var disks = Healthy.SetItem(number, Torn(Healthy[number]));
        var step = RepairPlan.For(disks).Steps[number];
        Assert.Equal(RepairDecision.Rewrite, step.Decision);
        Assert.Contains("torn", step.Reason);
        var (container, verdicts, _) = ImsmLoader.Load(disks.SetItem(number, Written(disks[number], step.Image!)));
        Assert.Equal(DiskStanding.Member, verdicts[number].Standing);
        Assert.True(container!.Volumes[0].Dirty);
    }

    [Fact]
    public void Torn_disks_are_found_container_by_container_and_containers_without_one_are_left_out()
    {
        var other = Fixtures.Disks("k4");
        var blank = Healthy[0] with { Tail = new byte[Healthy[0].Tail.Length] };
        DiskSource[] mixed = [other[0], Healthy[0], blank, Torn(Healthy[1]), other[1], Healthy[2]];
        Assert.Equal([false, false, false, true, false, false], mixed.Select(TornDisks.IsTorn));
        Assert.Equal([1, 3, 5], Assert.Single(TornDisks.Containers(mixed)).AsEnumerable());
        Assert.Empty(TornDisks.Containers([.. other, .. Healthy, blank]));
    }

    [Fact]
    public void A_stale_member_is_rewritten_from_the_newer_copies()
    {
        var disks = Healthy.SetItem(1, Fixtures.Disk("raid5", 1));
        var plan = RepairPlan.For(disks);
        var step = plan.Steps[1];
        Assert.Equal(RepairDecision.Rewrite, step.Decision);
        Assert.Contains("stale", step.Reason);
        Assert.Equal(DiskStanding.Member, ImsmLoader.Load(disks.SetItem(1, Written(disks[1], step.Image!))).Verdicts[1].Standing);
        Assert.Equal(RepairDecision.Nothing, plan.Steps[0].Decision);
    }

    [Fact]
    public void A_spare_is_left_alone_and_a_torn_one_is_refused()
    {
        var spare = Fixtures.Disk("raid5-dirty", 2);
        Assert.Equal(RepairDecision.Nothing, RepairPlan.For(Healthy.Add(spare)).Steps[3].Decision);
        var tail = spare.Tail.ToArray();
        tail[^1020] ^= 1;
        Assert.Equal(RepairDecision.Refuse, RepairPlan.For(Healthy.Add(spare with { Tail = tail })).Steps[3].Decision);
    }

    [Fact]
    public void A_failed_disk_is_refused()
    {
        var step = StepOf(RepairPlan.For(Fixtures.Disks("raid5-rebuilt")), "loop0");
        Assert.Equal(RepairDecision.Refuse, step.Decision);
        Assert.Contains("failed or replaced", step.Reason);
        Assert.Null(step.Image);
    }

    [Fact]
    public void A_blank_disk_a_torn_stranger_and_another_size_are_refused()
    {
        var blank = RepairPlan.For(Healthy.SetItem(0, Healthy[0] with { Tail = new byte[2048] })).Steps[0];
        Assert.Equal(RepairDecision.Refuse, blank.Decision);
        Assert.Contains("replaced", blank.Reason);

        var stranger = Torn(Fixtures.Disk("ppl", 0));
        var foreign = RepairPlan.For(Healthy.SetItem(0, stranger)).Steps[0];
        Assert.Equal(RepairDecision.Refuse, foreign.Decision);
        Assert.Contains("family", foreign.Reason);

        var larger = RepairPlan.For(Healthy.SetItem(0, Torn(Healthy[0]) with { Sectors = 262144 })).Steps[0];
        Assert.Equal(RepairDecision.Refuse, larger.Decision);
        Assert.Contains("262144", larger.Reason);
    }

    [Fact]
    public void A_valid_copy_with_unsupported_attributes_is_not_overwritten()
    {
        var odd = LoadTests.Rewritten(Healthy[0], super => super with { Attributes = super.Attributes | ImsmAttributes.CloneAndGo });
        var step = RepairPlan.For(Healthy.SetItem(0, odd)).Steps[0];
        Assert.Equal(RepairDecision.Refuse, step.Decision);
        Assert.Contains("CloneAndGo", step.Reason);
    }

    [Fact]
    public void Without_a_valid_copy_everything_is_refused()
    {
        var plan = RepairPlan.For([.. Healthy.Select(Torn)]);
        Assert.NotNull(plan.Refusal);
        Assert.All(plan.Steps, step => Assert.Equal(RepairDecision.Refuse, step.Decision));
    }
}
