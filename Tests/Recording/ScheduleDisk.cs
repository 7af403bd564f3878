using ActorRaid.Actors.Recording;
using ActorRaid.Metadata;
using ActorRaid.Metadata.Commit;
using Xunit;

namespace ActorRaid.Tests.Recording;

/// <summary>A device: its last bytes, and the one write that may be under way there, whoever began it.</summary>
internal sealed class ScheduleDisk(DeviceNumber device)
{
    public DeviceNumber Device => device;

    public byte[] Durable { get; } = new byte[ScheduleModel.TailBytes];

    /// <summary>The write that is under way.</summary>
    public SectorWrite? Pending { get; private set; }

    public Flight? Flight { get; private set; }

    /// <summary>Which writer began it.</summary>
    public CommitWriter? Writer { get; private set; }

    /// <summary>The last write there ended with an error: what it holds is not known.</summary>
    public bool HasFailed { get; private set; }

    public DiskSource Source => new(device, $"loop{device.Minor}", $"{device.Minor}", ScheduleModel.DiskSectors, 512, Durable.ToArray());

    public void Put(DiskImage image) => Apply(Durable, new SectorWrite(image.Offset, image.Bytes), 0, image.Bytes.Length);

    public bool Holds(DiskImage image) => Durable.AsSpan(PlaceOf(image.Offset), image.Bytes.Length).SequenceEqual(image.Bytes.Span);

    public void Begin(CommitWriter writer, Flight flight, SectorWrite write)
    {
        Assert.True(Pending is null, $"two writes at once on disk {device}");
        (Pending, Flight, Writer) = (write, flight, writer);
    }

    /// <summary>Somebody has read it: if its copy is whole, that is known.</summary>
    public void WasRead() => HasFailed &= ScheduleModel.GenerationOf(Durable) == 0;

    /// <summary>The write ends: all of it is there, or with an error so many of its sectors.</summary>
    public void End(bool well, int sectors)
    {
        var write = Pending!.Value;
        Apply(Durable, write, 0, well ? write.Bytes.Length : sectors * 512 % (write.Bytes.Length + 1) / 512 * 512);
        HasFailed = !well;
        (Pending, Flight, Writer) = (null, null, null);
    }

    /// <summary>Whether the disk's copy could be no whole one if the power went now.</summary>
    public bool IsExposed
    {
        get
        {
            if (ScheduleModel.GenerationOf(Durable) == 0)
            {
                return true;
            }

            if (Pending is not { } write)
            {
                return false;
            }

            for (var sectors = 512; sectors < write.Bytes.Length; sectors += 512)
            {
                if (GenerationWith(write, 0, sectors) == 0 || GenerationWith(write, sectors, write.Bytes.Length) == 0)
                {
                    return true;
                }
            }

            // The next write of a sequence comes when this one is there.
            return GenerationWith(write, 0, write.Bytes.Length) == 0;
        }
    }

    private uint GenerationWith(SectorWrite write, int from, int to)
    {
        var bytes = Durable.ToArray();
        Apply(bytes, write, from, to);
        return ScheduleModel.GenerationOf(bytes);
    }

    private static void Apply(byte[] bytes, SectorWrite write, int from, int to) =>
        write.Bytes.Span[from..to].CopyTo(bytes.AsSpan(PlaceOf(write.Offset) + from));

    private static int PlaceOf(long offset) => (int)(offset - ((ScheduleModel.DiskSectors * 512L) - ScheduleModel.TailBytes));
}
