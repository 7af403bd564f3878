using ActorRaid.Metadata;
using ActorRaid.SysfsIo;

namespace ActorRaid.Actors;

/// <summary>Opens a disk and reads what the format wants of it; waits for the disk as long as it takes.</summary>
/// <param name="format">Whose metadata is looked for.</param>
/// <param name="name">The kernel's name of the disk: sda.</param>
/// <param name="number">Its number.</param>
internal delegate Result<OpenDisk> DiskOpener(IMetadataFormat format, string name, DeviceNumber number);

/// <summary>
/// A disk that is being opened and read, on a thread of its own: a disk that hangs holds up nobody, however long that takes.
/// </summary>
internal sealed class DiskReading
{
    private const int StackBytes = 128 * 1024;
    private readonly TaskCompletionSource<Result<OpenDisk>> _read = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private DiskReading(string name, DeviceNumber device)
    {
        Name = name;
        Device = device;
    }

    /// <summary>The kernel's name: sda.</summary>
    public string Name { get; }

    /// <summary>Its number.</summary>
    public DeviceNumber Device { get; }

    /// <summary>Completes with the disk, whose file belongs to whoever takes it, or with the error. Never fails.</summary>
    public Task<Result<OpenDisk>> Read => _read.Task;

    /// <summary>Begins to open and read a disk.</summary>
    public static DiskReading Begin(DiskOpener open, IMetadataFormat format, string name, DeviceNumber device)
    {
        var reading = new DiskReading(name, device);
        try
        {
            new Thread(() => reading.End(() => open(format, name, device)), StackBytes) { IsBackground = true, Name = $"read {name}" }.Start();
        }
        catch (Exception e) when (e is OutOfMemoryException or ThreadStartException)
        {
            reading._read.SetResult(new KernelError(Errno.EAGAIN, name, "start a thread to read"));
        }

        return reading;
    }

    /// <summary>Begins to read a disk again that is open already, by the thread that it has.</summary>
    public static DiskReading Again(IMetadataFormat format, OpenDisk disk)
    {
        var reading = new DiskReading(disk.Source.Name, disk.Source.Device);
        disk.Device.ReadTail(
            TailBytes(format, disk.Device),
            tail =>
            {
                if (!tail.Ok)
                {
                    // Closed: another disk may have its number by the time that it is tried again.
                    disk.Device.Dispose();
                }

                reading._read.SetResult(tail.Ok ? disk with { Source = disk.Source with { Tail = tail.Value } } : tail.Error);
            });
        return reading;
    }

    /// <summary>Nobody wants the disk any more: it is closed as soon as it has been read.</summary>
    public void Abandon() => Read.ContinueWith(
        static read =>
        {
            if (read.Result.Ok)
            {
                read.Result.Value.Device.Dispose();
            }
        },
        TaskScheduler.Default);

    /// <summary>The way of every day: the device itself, and its serial number.</summary>
    public static Result<OpenDisk> Open(IMetadataFormat format, string name, DeviceNumber number) => Open(format, name, number, writable: true);

    /// <summary>The same only to read: udev does not take the disk for changed when it is closed.</summary>
    public static Result<OpenDisk> OpenReadOnly(IMetadataFormat format, string name, DeviceNumber number) =>
        Open(format, name, number, writable: false);

    private static Result<OpenDisk> Open(IMetadataFormat format, string name, DeviceNumber number, bool writable)
    {
        var path = BlockDevice.PathOf(name);
        var opened = BlockDevice.Open(path, writable);
        if (!opened.Ok)
        {
            return opened.Error;
        }

        var device = opened.Value;
        var tail = device.ReadTail(TailBytes(format, device));
        var serial = tail.Ok ? DiskSerial.Read(path) : tail.Error;
        if (!serial.Ok)
        {
            device.Dispose();
            return serial.Error;
        }

        return new OpenDisk(new DiskSource(number, name, serial.Value, (ulong)device.SizeBytes / 512, device.SectorSize, tail.Value), device);
    }

    private static int TailBytes(IMetadataFormat format, BlockDevice device) => (int)Math.Min(format.TailBytes(device.SectorSize), device.SizeBytes);

    private void End(Func<Result<OpenDisk>> read)
    {
        try
        {
            _read.SetResult(read());
        }
        catch (Exception e)
        {
            // Whatever that may have been: it must not end the process, as an exception of a thread does.
            _read.SetResult(new KernelError(Errno.EIO, Name, $"({e.Message}) read"));
        }
    }
}
