using ActorRaid.Metadata.Imsm.Examine;
using ActorRaid.Metadata.Imsm.Load;

namespace ActorRaid.Host.Commands;

/// <summary><c>actorraid examine</c>: what mdadm -E shows of IMSM, as text or as a JSON array with one object for each disk.</summary>
internal static class ExamineCommand
{
    /// <summary>0: every disk has metadata that can be read; 1: some has none, or cannot be read.</summary>
    internal static int Run(IReadOnlyList<string> paths, bool json, TextWriter output, TextWriter errors)
    {
        var format = new ImsmFormat();
        var failed = false;
        var written = 0;
        if (json)
            output.Write("[");
        for (var i = 0; i < paths.Count; i++)
        {
            var disk = DiskReader.Read(paths[i], format, i);
            if (!disk.Ok)
            {
                errors.WriteLine($"actorraid: {disk.Error}");
                failed = true;
                continue;
            }
            var report = ImsmReport.From(disk.Value.Source) with { Name = paths[i] };
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
}
