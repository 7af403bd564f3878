using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Tests.Commit;
using Xunit;

namespace ActorRaid.Tests.Actors;

/// <summary>What is advised about a disk that its container does not use.</summary>
public sealed class StrangersTests
{
    [Theory]
    [InlineData(DiskStanding.Stale, "--zero-superblock")]
    [InlineData(DiskStanding.Foreign, "--update=uuid")]
    public void While_a_volume_has_not_its_data_nothing_is_to_be_done_to_a_disk_that_may_hold_it(DiskStanding standing, string command)
    {
        var whole = FakeContainer.Of(FakeContainer.Volume(5, 3), FakeContainer.Volume(1, 2, 1));
        Assert.Contains(command, Strangers.Advice(whole, standing), StringComparison.Ordinal);
        foreach (var failed in new[] { FakeContainer.Volume(5, 3, 0, 1), FakeContainer.Volume(0, 2, 1), FakeContainer.Volume(1, 2, 0, 1) })
        {
            var advice = Strangers.Advice(FakeContainer.Of(FakeContainer.Volume(1, 2), failed), standing);
            Assert.Contains("vol0 cannot be started", advice, StringComparison.Ordinal);
            Assert.DoesNotContain("mdadm", advice, StringComparison.Ordinal);
        }
    }
}
