using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>What may come in any order where there are two processors, again and again: in QEMU.</summary>
[Collection("lab")]
public sealed class RaceTests(GuestLab lab)
{
    private const int Rounds = 200;
    private const long DiskBytes = 48L << 20;

    /// <summary>Killed and started again; handed over; a disk that fails at a first write; asked by everybody.</summary>
    public static TheoryData<string> Ways => new("kill", "handoff", "fail", "status");

    /// <summary>
    /// Two hundred rounds of each, under load. Every write ends well, and after each round all metadata is whole and the same.
    /// </summary>
    [SoakTheory]
    [MemberData(nameof(Ways))]
    public void On_two_processors_nothing_is_lost_whatever_meets(string way)
    {
        var order = new LabOrder("actorraid", "races", 3600, [$"WAY={way}", $"ROUNDS={Rounds}"])
        {
            TwoProcessors = true,
            Kernel = null,
            Disks = GuestLab.MakeDisks(lab.Folder($"races-disks-{way}"), 4, DiskBytes),
        };
        var run = lab.Run(order);
        if (run.Status != 0)
        {
            lab.Fail($"two processors, {way}", run, order.Name);
        }
    }
}
