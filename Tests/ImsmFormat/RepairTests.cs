using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Metadata.Imsm.Model;
using ActorRaid.Tests.Commit;
using ActorRaid.Tests.ImsmRules;
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

    /// <summary>Two disks and a spare's place, two volumes: two sectors of metadata.</summary>
    private static ImmutableArray<DiskSource> Disks(ImsmContainer container) => [.. container.Present.Take(2).Select(disk =>
    {
        var source = new DiskSource(disk.Device, disk.Name, disk.OwnSerial.ToString(), disk.Sectors, 512, new byte[CrashDisk.TailBytes]);
        return container.Sectors(disk.Device) is { } image ? Written(source, image) : source;
    })];

    /// <summary>The first disk's copy with the sectors before the anchor, or the anchor, of another commit.</summary>
    private static DiskSource Mixed(DiskSource anchor, DiskSource rest)
    {
        var tail = rest.Tail.ToArray();
        anchor.Tail.Span[^1024..^512].CopyTo(tail.AsSpan(tail.Length - 1024));
        var mixed = anchor with { Tail = tail };
        Assert.True(TornDisks.IsTorn(mixed));
        return mixed;
    }

    private static ImsmContainer Mirrors() => Build.Container(disks: 2).Volume(level: 1, disks: 2).Volume(level: 1, disks: 2);

    private static ImsmContainer Dirty(ImsmContainer container) =>
        container.State(Consistency.Dirty, Build.Facts(), 1).State(Consistency.Dirty, Build.Facts()).NextGeneration();

    private static ImsmContainer Alone(ImsmContainer container) => container.Fail(0, 1).Fail(1, 1).NextGeneration();

    private static RepairStep First(ImmutableArray<DiskSource> disks, bool automatic) => RepairPlan.For(disks, automatic).Steps[0];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void The_half_of_a_mirror_that_was_thrown_out_is_not_believed_over_the_torn_half_that_went_on(bool automatic)
    {
        var before = Mirrors();
        var old = Disks(before)[1];
        var alone = Alone(before);
        var later = Dirty(Dirty(alone.State(Consistency.Clean, Build.Facts()).NextGeneration()));

        // Torn in the very commit that throws the other out, in the next, and much later.
        foreach (var torn in new[]
        {
            Mixed(anchor: Disks(alone)[0], rest: Disks(before)[0]), Mixed(anchor: Disks(alone)[0], rest: Disks(Dirty(alone))[0]),
            Mixed(anchor: Disks(later)[0], rest: Disks(before)[0]),
        })
        {
            var step = First([torn, old], automatic);
            Assert.Equal(RepairDecision.Refuse, step.Decision);
            Assert.Contains("may be the only one with current data", step.Reason);
            Assert.Contains("sdb", step.Reason);
        }

        // Not written yet when the power went: what the other knows is all there is.
        Assert.Equal(RepairDecision.Rewrite, First([Mixed(anchor: Disks(before)[0], rest: Disks(alone)[0]), old], automatic).Decision);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_commit_that_was_cut_short_is_undone_and_one_that_the_others_have_is_finished(bool automatic)
    {
        var (before, after) = (Mirrors(), Dirty(Mirrors()));
        foreach (var other in new[] { before, after })
        {
            foreach (var torn in new[]
            {
                Mixed(anchor: Disks(before)[0], rest: Disks(after)[0]), Mixed(anchor: Disks(after)[0], rest: Disks(before)[0]),
            })
            {
                var step = First([torn, Disks(other)[1]], automatic);
                Assert.True(step.Decision == RepairDecision.Rewrite, step.Reason);
            }
        }

        // More than one commit ahead: its own metadata tells of commits that the other never heard of.
        var ahead = First([Mixed(anchor: Disks(Dirty(after))[0], rest: Disks(before)[0]), Disks(before)[1]], automatic);
        Assert.Equal(automatic ? RepairDecision.Refuse : RepairDecision.Rewrite, ahead.Decision);
        Assert.Equal(automatic, ahead.Reason.Contains("more than one interrupted commit explains", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_the_array_cannot_do_without_the_torn_disk_an_anchor_ahead_is_left_to_a_person()
    {
        var before = Build.Container(disks: 2).Volume(level: 0, disks: 2).Volume(level: 0, disks: 2).RecordBadBlock(1, 0, 4096, 8)!;
        var after = before.RecordBadBlock(1, 0, 8192, 8)!.NextGeneration();
        ImmutableArray<DiskSource> disks = [Mixed(anchor: Disks(after)[0], rest: Disks(before)[0]), Disks(before)[1]];
        var left = First(disks, automatic: true);
        Assert.Equal(RepairDecision.Refuse, left.Decision);
        Assert.Contains("no array can do without it", left.Reason);
        Assert.Equal(RepairDecision.Rewrite, First(disks, automatic: false).Decision);
        Assert.Equal(RepairDecision.Rewrite, First([Mixed(anchor: Disks(before)[0], rest: Disks(after)[0]), Disks(before)[1]], automatic: true).Decision);
    }

    /// <summary>An administrator's change while it was away gives the old half the generation of the one that went on.</summary>
    [Fact]
    public void Of_two_histories_with_the_same_generation_neither_is_written_over_the_other()
    {
        var before = Mirrors();
        var alone = Alone(before);
        var renamed = before.RecordBadBlock(1, 0, 4096, 8)!.NextGeneration();
        var step = First([Mixed(anchor: Disks(alone)[0], rest: Disks(Dirty(alone))[0]), Disks(renamed)[1]], automatic: true);
        Assert.Equal(RepairDecision.Refuse, step.Decision);
        Assert.Contains("has sdb as failed", step.Reason);
    }

    [Fact]
    public void What_is_not_torn_but_not_understood_is_not_written_over()
    {
        var tail = Healthy[0].Tail.ToArray();
        tail[^(1024 - 0x24)] = 0xFF;
        tail[^(1024 - 0x25)] = 0xFF;
        Assert.False(TornDisks.IsTorn(Healthy[0] with { Tail = tail }));
        Assert.Equal(RepairDecision.Refuse, First([Healthy[0] with { Tail = tail }, Healthy[1], Healthy[2]], automatic: false).Decision);
    }
}
