using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Load;
using ActorRaid.Reporting;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Commands;

/// <summary>
/// <c>actorraid repair</c>: rewrites the metadata of disks whose copy is torn or stale, from the valid copies on the others. All of
/// the container's disks are to be given; none of those to be written may be in use. A disk that is written is held exclusively
/// from the check that nobody uses it to the end of the write.
/// </summary>
internal static class RepairCommand
{
    /// <summary>0: nothing to do, or done, or (without --yes) could be done; 1: refused or failed, for some disk at least.</summary>
    internal static int Run(IReadOnlyList<string> paths, bool yes, TextWriter output, TextWriter errors)
    {
        var disks = new List<ReadDisk>();
        for (var i = 0; i < paths.Count; i++)
        {
            var disk = DiskReader.Read(paths[i], SupportedFormats.Imsm, i);
            if (!disk.Ok)
            {
                errors.WriteLine($"actorraid: {disk.Error}");
                return 1;
            }
            if (disks.FirstOrDefault(other => other.Source.Device == disk.Value.Source.Device) is { } twin)
            {
                errors.WriteLine($"actorraid: {paths[i]} is the same disk as {twin.Path}");
                return 1;
            }
            disks.Add(disk.Value);
        }

        return Repair(disks, torn: false, yes, output, errors);
    }

    /// <summary>
    /// <c>actorraid repair --torn</c>: the same for the torn disks among all disks of this machine, container by container, as far as
    /// nothing can be lost by it; what is merely stale is left to mdadm. A disk that cannot be read is an error, and does not
    /// keep the others from being repaired.
    /// </summary>
    internal static int RunTorn(IEnumerable<string> paths, bool yes, TextWriter output, TextWriter errors)
    {
        var disks = new List<ReadDisk>();
        var status = 0;
        foreach (var path in paths)
        {
            var disk = DiskReader.Read(path, SupportedFormats.Imsm, disks.Count);
            if (disk.Ok)
            {
                disks.Add(disk.Value);
            }
            else if (!DiskReader.IsAbsence(disk.Error))
            {
                errors.WriteLine($"actorraid: {disk.Error}");
                status = 1;
            }
        }
        foreach (var container in TornDisks.Containers([.. disks.Select(disk => disk.Source)]))
            status |= Repair([.. container.Select(i => disks[i])], torn: true, yes, output, errors);
        return status;
    }

    private static int Repair(
        IReadOnlyList<ReadDisk> disks, bool torn, bool yes, TextWriter output, TextWriter errors)
    {
        ImmutableArray<DiskSource> sources = [.. disks.Select(disk => disk.Source)];
        var plan = RepairPlan.For(sources, automatic: torn);
        var behind = CutChange.Disks(sources);
        if (plan.Refusal is { } refusal)
            errors.WriteLine($"actorraid: nothing can be repaired: {Printable.Of(refusal)}");
        var failed = plan.Refusal is not null;
        var writable = false;
        foreach (var (disk, step) in disks.Zip(plan.Steps.Select(step => step with { Reason = Printable.Of(step.Reason) }))
            .Where(pair => !torn || TornDisks.IsTorn(pair.First.Source) || behind.Contains(pair.First.Source.Device)))
        {
            failed |= !Carry(disk, step, yes, output, errors);
            writable |= step.Decision == RepairDecision.Rewrite;
        }
        if (!yes && !failed && writable)
            output.WriteLine("Nothing was written. Run again with --yes to do it.");
        return failed ? 1 : 0;
    }

    private static bool Carry(ReadDisk disk, RepairStep step, bool yes, TextWriter output, TextWriter errors)
    {
        switch (step.Decision)
        {
            case RepairDecision.Nothing:
                output.WriteLine($"{disk.Path}: nothing to do: {step.Reason}");
                return true;
            case RepairDecision.Rewrite when step.Image is { } image:
                return Rewrite(disk, step.Reason, image, yes, output, errors);
            default:
                errors.WriteLine($"{disk.Path}: refused: {step.Reason}");
                return false;
        }
    }

    private static bool Rewrite(ReadDisk disk, string reason, DiskImage image, bool yes, TextWriter output, TextWriter errors)
    {
        var opened = BlockDevice.Open(disk.Path, writable: yes, disk.Source.SectorSize, exclusive: true);
        if (!opened.Ok)
        {
            var busy = opened.Error.Errno == Errno.EBUSY;
            errors.WriteLine($"{disk.Path}: refused: {(busy ? "it is in use; stop the container first" : opened.Error.ToString())}");
            return false;
        }
        using var device = opened.Value;
        if (IsAnother(device, disk))
        {
            errors.WriteLine($"{disk.Path}: refused: it does not hold any more what was read from it; try again");
            return false;
        }
        var what = $"{image.Bytes.Length} bytes at {image.Offset}";
        if (!yes)
        {
            output.WriteLine($"{disk.Path}: would be rewritten ({what}): {reason}");
            return true;
        }
        var written = Write(device, image);
        if (!written.Ok)
        {
            errors.WriteLine($"{disk.Path}: {written.Error}");
            return false;
        }
        output.WriteLine($"{disk.Path}: rewritten ({what}): {reason}");
        return true;
    }

    private static bool IsAnother(BlockDevice device, ReadDisk disk)
    {
        var tail = device.ReadTail(disk.Source.Tail.Length);
        return !tail.Ok || !tail.Value.AsSpan().SequenceEqual(disk.Source.Tail.Span)
            || (!disk.IsImage && disk.Source.Device != new DeviceNumber(device.Major, device.Minor));
    }

    private static Result<Nothing> Write(BlockDevice device, DiskImage image)
    {
        // The anchor, which makes the copy valid, goes last.
        var anchor = image.AnchorOffset;
        var anchorEnd = anchor + image.SectorSize;
        foreach (var (start, end) in new[] { (0, anchor), (anchorEnd, image.Bytes.Length), (anchor, anchorEnd) })
        {
            if (start >= end)
                continue;
            var written = device.Write(image.Offset + start, image.Bytes.Span[start..end]);
            if (!written.Ok)
                return written;
        }
        var back = new byte[image.Bytes.Length];
        var read = device.Read(image.Offset, back);
        if (!read.Ok)
            return read;
        return back.AsSpan().SequenceEqual(image.Bytes.Span)
            ? default(Nothing)
            : new KernelError(Errno.EIO, device.Path, "verify the metadata written to");
    }
}
