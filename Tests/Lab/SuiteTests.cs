using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>
/// The kernels of the other Debian suites, and this machine's own, each with the newest mdadm. A soak run runs every
/// scenario on each of them (deploy/test).
/// </summary>
[Collection("lab")]
public sealed class SuiteTests(GuestLab lab)
{
    /// <summary>Kernels by their suites; the empty one is this machine's.</summary>
    public static TheoryData<string> Kernels => new(["", .. GuestLab.Suites]);

    /// <summary>
    /// A resync, a failure with a spare, a rebuild, stop and assemble; the growth of a volume; a handoff under load.
    /// </summary>
    [Theory]
    [MemberData(nameof(Kernels))]
    public void The_story_a_growth_and_a_handoff_pass_with_the_newest_mdadm_on(string kernel)
    {
        // On this machine's own kernel every run does the rest with its own mdadm.
        string[] parts = kernel is "" && !GuestLab.Soak ? ["PARTS=story"] : [];
        var order = new LabOrder("actorraid", "in-short", 600, parts)
        {
            Kernel = kernel is "" ? null : kernel,
            Mdadm = GuestLab.Suites.LastOrDefault(),
        };
        var run = lab.Run(order);
        if (run.Status != 0)
        {
            lab.Fail($"kernel {(kernel is "" ? "of this machine" : kernel)}, mdadm {order.Mdadm}", run, order.Name);
        }
    }
}
