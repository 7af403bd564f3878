using System.Collections.Immutable;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;

namespace ActorRaid.Tests.Commit;

/// <summary>
/// A disk as far as a power cut is concerned: the durable bytes at its end, and the one write that may be under way. Nothing
/// of a write is durable before it ends, and any of its sectors may be when the power goes.
/// </summary>
internal sealed class CrashDisk
{
    public const int TailBytes = 16384;
    private readonly DiskSource _source;
    private readonly byte[] _durable;
    private ImmutableArray<SectorWrite> _writes = [];
    private int _done;

    public CrashDisk(DiskSource source)
    {
        _source = source;
        _durable = new byte[TailBytes];
        var known = source.Tail.Length > TailBytes ? source.Tail[^TailBytes..] : source.Tail;
        known.Span.CopyTo(_durable.AsSpan(TailBytes - known.Length));
    }

    public DeviceNumber Device => _source.Device;

    public string Name => _source.Name;

    /// <summary>It answers no more; its bytes stay what they are.</summary>
    public bool IsDead { get; set; }

    public bool IsInFlight => _done < _writes.Length;

    /// <summary>What is known to be there, and what is being brought there.</summary>
    public DiskImage? Known { get; private set; }

    public DiskImage? Writing { get; private set; }

    private long First => ((long)_source.Sectors * 512) - TailBytes;

    /// <summary>The disk with other bytes at its end.</summary>
    public DiskSource With(byte[] tail) => _source with { Tail = tail };

    public byte[] Durable => [.. _durable];

    /// <summary>Writes an image at once, outside of any commit.</summary>
    public void Put(DiskImage image)
    {
        Apply(_durable, new SectorWrite(image.Offset, image.Bytes));
        Known = image;
    }

    /// <summary>What is there already is known, where an image would go.</summary>
    public void Recognize(DiskImage? image) => Known = image is null
        ? null
        : image with { Bytes = _durable.AsMemory((int)(image.Offset - First), image.Bytes.Length).ToArray() };

    public void Start(ImmutableArray<SectorWrite> writes, DiskImage target)
    {
        (_writes, _done, Writing) = (writes, 0, target);
    }

    /// <summary>One write of the sequence ends; true when it was the last.</summary>
    public bool Step()
    {
        Apply(_durable, _writes[_done++]);
        if (IsInFlight)
        {
            return false;
        }

        (Known, Writing) = (Writing, null);
        return true;
    }

    /// <summary>
    /// What may be there when the power goes now: without the write that is under way, with it, and with its first or last
    /// sectors up to each boundary, as disks write in either order. The first is what is durable; a write within one atomic
    /// unit is there or not.
    /// </summary>
    public IEnumerable<byte[]> Outcomes(int atomicBytes)
    {
        yield return Durable;
        if (!IsInFlight)
        {
            yield break;
        }

        var write = _writes[_done];
        yield return With(write, 0, write.Bytes.Length);
        if (write.Offset / atomicBytes == (write.End - 1) / atomicBytes)
        {
            yield break;
        }

        for (var sectors = 512; sectors < write.Bytes.Length; sectors += 512)
        {
            yield return With(write, 0, sectors);
            yield return With(write, sectors, write.Bytes.Length);
        }
    }

    private byte[] With(SectorWrite write, int from, int to)
    {
        var bytes = Durable;
        Apply(bytes, new SectorWrite(write.Offset + from, write.Bytes[from..to]));
        return bytes;
    }

    private void Apply(byte[] bytes, SectorWrite write) => write.Bytes.Span.CopyTo(bytes.AsSpan((int)(write.Offset - First)));
}
