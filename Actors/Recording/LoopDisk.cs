using ActorRaid.Metadata.Commit;
using ActorRaid.SysfsIo;
using Akka.Actor;

namespace ActorRaid.Actors.Recording;

/// <summary>To the metadata, from the loop: one write of a flight has ended.</summary>
internal sealed record DiskWritten(Flight Flight, Result<Nothing> Result);

/// <summary>
/// To the metadata, from the disk's own thread: whether a disk that could not be written can be read.
/// </summary>
internal sealed record DiskLookedAt(Flight Flight, bool IsDead);

/// <summary>A real disk, written through the container's loop.</summary>
/// <param name="device">The disk.</param>
/// <param name="loop">The container's loop.</param>
/// <param name="writes">The container's writes under way.</param>
/// <param name="metadata">Receives <see cref="DiskWritten"/>.</param>
internal sealed class LoopDisk(BlockDevice device, EventLoop loop, WritesUnderWay writes, IActorRef metadata) : IWritableDisk
{
    /// <inheritdoc/>
    public int AtomicWriteBytes => device.AtomicWriteBytes;

    /// <inheritdoc/>
    public void Write(Flight flight, SectorWrite write)
    {
        writes.Begin(flight.Device);
        loop.Write(device, write.Offset, write.Bytes, result =>
        {
            writes.End(flight.Device);
            metadata.Tell(new DiskWritten(flight, result), ActorRefs.NoSender);
            if (!result.Ok)
            {
                LookWhetherDead(flight);
            }
        });
    }

    /// <summary>Closes the disk, once no write to it is under way.</summary>
    public void Dispose() => device.Dispose();

    private void LookWhetherDead(Flight flight) => device.ReadTail(device.SectorSize, read =>
    {
        var isClosed = !read.Ok && read.Error.Errno == Errno.EBADF;
        if (!isClosed)
        {
            metadata.Tell(new DiskLookedAt(flight, !read.Ok && !read.Error.MeansShortage), ActorRefs.NoSender);
        }
    });
}
