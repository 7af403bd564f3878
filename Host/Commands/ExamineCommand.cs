using ActorRaid.Metadata.Imsm.Examine;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid examine</c>: what mdadm -E shows of IMSM, as text or as a JSON array with one object for each disk.</summary>
internal static class ExamineCommand
{
    /// <summary>0: every disk has metadata that can be read; 1: some has none, or cannot be read.</summary>
    internal static int Run(IReadOnlyList<string> paths, bool json, TextWriter output, TextWriter errors)
    {
        var failed = false;
        var written = 0;
        if (json)
            output.Write("[");
        for (var i = 0; i < paths.Count; i++)
        {
            var disk = DiskReader.Read(paths[i], SupportedFormats.Imsm, i);
            if (!disk.Ok)
            {
                errors.WriteLine($"actorraid: {disk.Error}");
                failed = true;
                continue;
            }
            var report = AsShown(ImsmReport.From(disk.Value.Source) with { Name = paths[i] });
            failed |= report.Problem is not null;
            if (json)
                output.Write((written == 0 ? "\n" : ",\n") + report.ToJson());
            else
                output.Write((written == 0 ? "" : "\n") + report.ToText());
            written++;
        }
        if (json)
            output.WriteLine(written == 0 ? "]" : "\n]");
        return failed ? 1 : 0;
    }

    /// <summary>The same, where what the disk holds is no text that may go to a terminal.</summary>
    internal static ImsmReport AsShown(ImsmReport report) => report with
    {
        Name = Printable.Of(report.Name),
        Problem = report.Problem is { } problem ? Printable.Of(problem) : null,
        Version = Printable.Of(report.Version),
        Volumes = [.. report.Volumes.Select(volume => volume with { Name = Printable.Of(volume.Name) })],
        Disks = [.. report.Disks.Select(disk => disk with { Serial = Printable.Of(disk.Serial) })],
        Spare = report.Spare is { } spare ? spare with { Serial = Printable.Of(spare.Serial) } : null,
    };
}
