using System.Collections.Immutable;
using ActorRaid.Actors;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Imsm.Format;
using ActorRaid.SysfsIo;

namespace ActorRaid.Host.Status;

/// <summary>
/// How far reshapes are by the migration record, which mdadm writes to the volume's first two members itself: of a
/// container's later volumes it tells nobody. A disk that does not answer is not waited for. For one thread.
/// </summary>
/// <param name="read">Reads the last sector of a disk, by its name: sda.</param>
/// <param name="limit">How long a reading is waited for; one that takes longer is for whoever asks later.</param>
internal sealed class MigrationRecords(Func<string, (byte[] Sector, int Size)?> read, TimeSpan limit)
{
    private const int FirstMembers = 2;

    private readonly DiskReadings<string, (byte[] Sector, int Size)?> _readings = new(
        disk => Task.Factory.StartNew(
            () => read(disk), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default),
        limit);

    /// <summary>For this machine's disks.</summary>
    internal MigrationRecords()
        : this(ReadLast, HostObserver.Limit)
    {
    }

    /// <summary>
    /// Begins to read the records of the reshapes that run, all at once. What is returned waits for them, and has the
    /// sectors of each volume that are done, by the arrays' names: none where no reshape runs, or it is not known.
    /// </summary>
    /// <param name="arrays">All arrays, with their containers' formats.</param>
    internal Func<ImmutableDictionary<string, ulong>> Begin(IEnumerable<(string Format, ArrayReport Array)> arrays)
    {
        var members = arrays.Select(one => (one.Array.Name, Disk: Member(one.Format, one.Array)))
            .Where(one => one.Disk is not null).ToImmutableDictionary(one => one.Name, one => one.Disk!);
        var answers = _readings.Begin(members.Values);
        return () => Checkpoints(members, answers());
    }

    /// <summary>
    /// The disk that has the record of an array's reshape; null: none runs, or none of its disks does.
    /// </summary>
    private static string? Member(string format, ArrayReport array) =>
        format != "imsm" || array is not { Action: SyncAction.Reshape, Recorded.Activity: VolumeActivity.Reshape }
            ? null
            : array.Legs.Where(leg => leg.Slot is >= 0 and < FirstMembers
                    && (leg.Flags & (LegFlags.InSync | LegFlags.Faulty)) == LegFlags.InSync)
                .OrderBy(leg => leg.Slot).Select(leg => leg.Disk).FirstOrDefault();

    private static ImmutableDictionary<string, ulong> Checkpoints(
        ImmutableDictionary<string, string> members, ImmutableDictionary<string, Task<(byte[] Sector, int Size)?>> read)
    {
        var found = ImmutableDictionary.CreateBuilder<string, ulong>();
        foreach (var (array, disk) in members)
        {
            if (read.GetValueOrDefault(disk) is { IsCompletedSuccessfully: true, Result: { } last }
                && MigrationRecordBytes.Read(last.Sector, last.Size) is { } record)
                found[array] = unchecked(record.BlocksPerUnit * record.CurrentUnit);
        }
        return found.ToImmutable();
    }

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
