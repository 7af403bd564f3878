namespace ActorRaid.Tests.Lab;

/// <summary>interrupted-reshape.sh with power cuts: several lives of a guest, whose disks outlive it.</summary>
internal static class CutReshape
{
    private const int PowerCut = 122;
    private const long DiskBytes = 48 << 20;

    /// <summary>Cuts the power in the middle of each life but the last, which must end well.</summary>
    /// <param name="lab">Where it runs.</param>
    /// <param name="supervisor">mdmon or actorraid.</param>
    /// <param name="what">grow or chunk.</param>
    /// <returns>The last life.</returns>
    public static LabRun Run(GuestLab lab, string supervisor, string what)
    {
        var folder = lab.Folder($"interrupted-reshape-cut-{supervisor}-{what}");
        var disks = GuestLab.MakeDisks(folder, what == "grow" ? 4 : 3, DiskBytes);
        string[] points = GuestLab.Soak ? ["25", "50", "75", "end"] : ["50", "end"];
        LabRun? run = null;
        foreach (var point in points)
        {
            var last = point == "end";
            run = lab.Run(new LabOrder(supervisor, "interrupted-reshape", 300,
                [$"WHAT={what}", "WAY=cut", $"POINT={point}", $"FIRST={(point == points[0] ? 1 : 0)}"])
            {
                Disks = disks,
                CutAfter = last ? null : TimeSpan.Zero,
                Output = Path.Combine(folder, "out"),
            });
            if (run.Status != (last ? 0 : PowerCut))
            {
                lab.Fail($"the power was to go at {point} %", run, $"interrupted-reshape cut {what} under {supervisor}");
            }
        }

        return run!;
    }
}
