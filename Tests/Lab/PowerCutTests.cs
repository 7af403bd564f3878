using Xunit;

namespace ActorRaid.Tests.Lab;

/// <summary>The power goes at random moments; the disks are files that survive it.</summary>
[Collection("lab")]
public sealed class PowerCutTests(GuestLab lab)
{
    private const int PowerCut = 122;
    private const int Disks = 6;
    private const long DiskBytes = 32 << 20;

    /// <summary>
    /// Each boot judges what the last cut left, then works until the next cut. A cut takes half a minute: an ordinary run makes
    /// two, ACTORRAID_SOAK=1 sixty, ACTORRAID_CUTS=N so many.
    /// </summary>
    [Fact]
    public void After_each_power_cut_every_container_assembles_and_no_volume_that_was_being_written_is_clean() =>
        Cut("actorraid", Environment.GetEnvironmentVariable("ACTORRAID_CUTS") is { Length: > 0 } cuts ? int.Parse(cuts) : GuestLab.Soak ? 60 : 2);

    private void Cut(string supervisor, int cuts)
    {
        var seed = GuestLab.Seed;
        var chance = new Random(seed);
        var folder = lab.Folder("power-cut-" + supervisor);
        var disks = GuestLab.MakeDisks(folder, Disks, DiskBytes);

        var output = Path.Combine(folder, "out");
        for (var round = 0; round <= cuts; round++)
        {
            var last = round == cuts;
            var run = lab.Run(new LabOrder(supervisor, "power-cut", 300,
                [$"SEED={seed + round}", $"FIRST={(round == 0 ? 1 : 0)}", $"LAST={(last ? 1 : 0)}"])
            {
                Disks = disks,
                CutAfter = last ? null : TimeSpan.FromMilliseconds(chance.Next(20, 5000)),
                Output = output,
            });
            if (run.Status != (last ? 0 : PowerCut))
            {
                lab.Fail($"boot {round + 1} of {cuts + 1}, SEED={seed}", run, "power-cut under " + supervisor);
            }
        }
    }
}
