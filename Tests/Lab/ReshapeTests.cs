using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>Arrays change their shape under mdadm --grow, with ActorRaid in mdmon's place.</summary>
[Collection("lab")]
public sealed class ReshapeTests(GuestLab lab)
{
    /// <summary>The way back.</summary>
    [Fact]
    public void A_reshape_that_was_recorded_but_does_not_begin_is_undone() => lab.Passes("reshape-not-begun", 300);
}
