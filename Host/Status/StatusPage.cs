using System.Globalization;
using System.Text;
using ActorRaid.Reporting;

namespace ActorRaid.Host.Status;

/// <summary>A status as people read it: health first, then containers, arrays, disks. A pure function.</summary>
internal static class StatusPage
{
    private const int BarWidth = 30;

    /// <summary>The page.</summary>
    /// <param name="status">How things stand.</param>
    /// <param name="bars">With a bar under each array whose resync or the like is under way.</param>
    internal static string Of(HostStatus status, bool bars = false)
    {
        var page = new StringBuilder();
        page.AppendLine(status.Summary);
        foreach (var container in status.Containers)
        {
            page.AppendLine();
            page.Append(Text($"container {container.Name}  {Words.Of(container.Health)}"));
            page.Append(container.Format is "" ? "" : $"  {container.Format}");
            page.Append(container.Generation == 0 ? "" : Text($", generation {container.Generation}"));
            page.AppendLine(container.Monitor > 0 ? Text($", monitored by process {container.Monitor}") : "");
            if (container.WaitsFor is { } waits)
                page.AppendLine(Text($"  {waits}{(container.WaitsSince is { } since ? For(status, since) : "")}"));
            if (container.Arrays.IsEmpty && container.WaitsFor is null)
                page.AppendLine("  no volumes");
            foreach (var array in container.Arrays)
                Array(page, status, array, bars);
            foreach (var disk in container.Disks)
            {
                page.AppendLine(Text(
                    $"  disk {disk.Name}  {disk.Role}{Trouble(disk)}, {(disk.SizeBytes > 0 ? Words.Size(disk.SizeBytes) + ", " : "")}serial {(disk.Serial is "" ? "unknown" : disk.Serial)}{For(status, disk.Since)}"));
            }
        }
        foreach (var array in status.NativeArrays ?? [])
        {
            page.AppendLine();
            Array(page, status, array, bars, "native array");
        }
        if (status.EventsDropped > 0)
            page.AppendLine().AppendLine(Text($"{status.EventsDropped} events were dropped: they came faster than they could be kept"));
        return page.ToString();
    }

    /// <summary>A bar: <c>[#########.....................] 31 %</c>.</summary>
    internal static string Bar(Progress progress)
    {
        var full = (int)Math.Floor(Math.Min(1, progress.Fraction) * BarWidth);
        return Text($"[{new string('#', full)}{new string('.', BarWidth - full)}] {Words.Percent(progress)}");
    }

    private static string Trouble(DiskStatus disk) =>
        disk.Hangs ? ", HANGS" : disk.Unreadable is not null ? ", UNREADABLE" : disk.Unwritten ? ", METADATA NOT WRITTEN" : "";

    private static void Array(StringBuilder page, HostStatus status, ArrayStatus array, bool bars, string what = "  array")
    {
        var detail = StatusView.Detail(array);
        page.Append(Text($"{what} {array.Name}  {Words.Of(array.Health)}{(detail is null ? "" : $" {detail}")}{For(status, array.Since)}"));
        page.AppendLine(array.VolumeName is "" ? "" : Text($"  \"{array.VolumeName}\""));
        var shape = new List<string>();
        if (array.Level is not "")
            shape.Add(array.Level);
        if (array.SizeBytes > 0)
            shape.Add(Words.Size(array.SizeBytes));
        if (array.ChunkBytes > 0)
            shape.Add($"chunk {Words.Size(array.ChunkBytes)}");
        if (array.State is not "")
            shape.Add(array.State + (array.Volume < 0 ? "" : array.IsDirty ? ", recorded as dirty" : ", recorded as clean"));
        if (array.Action is not "idle")
            shape.Add(array.Action);
        if (array.CheckpointSectors is { } checkpoint)
            shape.Add(Text($"checkpoint at sector {checkpoint}"));
        if (array.MismatchSectors > 0)
            shape.Add(Text($"{array.MismatchSectors} sectors mismatched"));
        shape.AddRange(array.Conditions ?? []);
        page.AppendLine("    " + string.Join(", ", shape));
        if (array.MissingDisks is { } missing)
            page.AppendLine("    missing: " + string.Join(", ", missing.Select(serial => serial is "" ? "a disk without a serial number" : $"serial {serial}")));
        if (bars && array.Progress is { } progress && Words.Action(array.Action) is { } action)
        {
            var rate = progress.KibPerSecond > 0 ? Text($", {Words.Size(progress.KibPerSecond * 1024)}/s") : "";
            var left = progress.SecondsLeft is { } seconds ? $", {Words.Duration(seconds)} left" : "";
            page.AppendLine($"    {action} {Bar(progress)}{rate}{left}");
        }
        if (array.Legs.Length > 0)
            page.AppendLine("    legs: " + string.Join(", ", array.Legs.Select(leg => Text($"{leg.Slot} {leg.Disk} {string.Join('+', leg.State.DefaultIfEmpty("rebuilding"))}"))));
    }

    /// <summary>Nothing where no daemon runs, which would know.</summary>
    private static string For(HostStatus status, DateTimeOffset since) =>
        status.Process == 0 ? "" : $", for {Words.Duration((long)(status.At - since).TotalSeconds)}";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
