using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>
/// How far a reshape is by the migration record, which mdadm writes to the volume's first two members itself: of a container's later volumes it tells
/// nobody. A disk that does not answer is not waited for. For one thread.
/// </summary>
/// <param name="read">Reads the last sector of a disk, by its name: sda.</param>
/// <param name="limit">How long a reading is waited for; one that takes longer is for whoever asks later.</param>
internal sealed class MigrationRecords(Func<string, (byte[] Sector, int Size)?> read, TimeSpan limit)
{
    private const int FirstMembers = 2;

    private readonly DiskReadings<string, (byte[] Sector, int Size)?> _readings = new(
        disk => Task.Factory.StartNew(() => read(disk), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default), limit);

    /// <summary>For this machine's disks.</summary>
    internal MigrationRecords()
        : this(ReadLast, TimeSpan.FromMilliseconds(300))
    {
    }

    /// <summary>Sectors of the volume that are done; null: no reshape runs, or it cannot be told.</summary>
    /// <param name="format">The container's.</param>
    /// <param name="array">The array.</param>
    internal ulong? Checkpoint(string format, ArrayReport array)
    {
        if (format != "imsm" || array is not { Action: SyncAction.Reshape, Recorded.Activity: VolumeActivity.Reshape })
            return null;
        var member = array.Legs.Where(leg => leg.Slot is >= 0 and < FirstMembers && (leg.Flags & (LegFlags.InSync | LegFlags.Faulty)) == LegFlags.InSync)
            .OrderBy(leg => leg.Slot).Select(leg => leg.Disk).FirstOrDefault();
        return member is not null && Last(member) is { } last && MigrationRecordBytes.Read(last.Sector, last.Size) is { } record
            ? unchecked(record.BlocksPerUnit * record.CurrentUnit)
            : null;
    }

    private (byte[] Sector, int Size)? Last(string disk) =>
        _readings.Read([disk]).GetValueOrDefault(disk) is { IsCompletedSuccessfully: true, Result: var last } ? last : null;

    private static (byte[] Sector, int Size)? ReadLast(string disk)
    {
        var opened = BlockDevice.Open(BlockDevice.PathOf(disk), writable: false);
        if (!opened.Ok)
            return null;
        using var device = opened.Value;
        var last = device.ReadTail(device.SectorSize);
        return last.Ok ? (last.Value, device.SectorSize) : null;
    }
}
