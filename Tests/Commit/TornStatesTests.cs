using ActorRaid.Metadata;
using ActorRaid.Tests.ImsmFormat;
using Xunit;

namespace ActorRaid.Tests.Commit;

public sealed class TornStatesTests
{
    private static readonly ArrayFacts AtRest = new(ArrayFacts.Complete, 0, SyncAction.Idle, SyncAction.Idle, ArrayFacts.Complete);

    private static IContainerModel Dirty(IContainerModel model) => model.SetArrayState(0, Consistency.Dirty, AtRest).Model;

    [Fact]
    public void Of_eight_real_disks_one_is_torn_at_a_time_and_the_volume_starts()
    {
        var states = TornStates.Of(Fixtures.Disks("raid5x8"), Dirty, atomicBytes: 512, count: 20, seed: 1);
        Assert.Equal(20, states.Length);
        Assert.Contains(states, state => state.Torn.Length == 1);
        Assert.All(states, state => Assert.InRange(state.Torn.Length, 0, 1));
        Assert.All(states, state => Assert.Single(state.Starts));
        Assert.All(states, state => Assert.True(!state.Recorded || state.Dirty.Length == 1));
        Assert.Contains(states, state => state.Generations.Distinct().Count() == 2);
    }

    [Fact]
    public void Of_four_real_disks_none_is_torn_because_one_sector_changes()
    {
        var states = TornStates.Of(Fixtures.Disks("raid5"), Dirty, atomicBytes: 512, count: 30, seed: 1);
        Assert.NotEmpty(states);
        Assert.All(states, state => Assert.Empty(state.Torn));
    }

    [Fact]
    public void Disks_without_a_container_are_refused() =>
        Assert.Throws<ArgumentException>(() => TornStates.Of([], Dirty, atomicBytes: 512, count: 1, seed: 1));

    [Fact]
    public void States_are_written_as_files_to_be_restored_by()
    {
        var folder = Directory.CreateTempSubdirectory("torn-").FullName;
        try
        {
            var states = TornStates.Of(Fixtures.Disks("raid5x8"), Dirty, atomicBytes: 512, count: 3, seed: 2);
            TornStates.Write(states, folder);
            Assert.Equal(["000", "001", "002"], Directory.GetDirectories(folder).Select(path => Path.GetFileName(path)!).Order());
            Assert.Equal(states[2].Disks[7].Tail.ToArray(), File.ReadAllBytes(Path.Combine(folder, "002", "loop7.tail")));
            var expect = File.ReadAllLines(Path.Combine(folder, "000", "expect"));
            Assert.Equal(2 + 8 + states[0].Starts.Length, expect.Length);
            Assert.Contains($"disk {states[0].Torn[0]} torn", expect);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
