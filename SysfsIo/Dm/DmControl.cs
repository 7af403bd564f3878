using Mono.Unix.Native;

namespace ActorRaid.SysfsIo.Dm;

/// <summary>/dev/mapper/control, by which device-mapper is spoken to. Needs CAP_SYS_ADMIN. For one thread.</summary>
public sealed unsafe class DmControl : IDisposable
{
    private const string Path = "/dev/mapper/control";
    private const int FirstBytes = 16 * 1024, MostBytes = 64 * 1024 * 1024;

    private readonly FileDescriptor file;
    private byte[] buffer = new byte[FirstBytes];

    private DmControl(FileDescriptor file) => this.file = file;

    /// <summary>Opens it. ENOENT or ENODEV: this kernel has no device-mapper.</summary>
    public static Result<DmControl> Open()
    {
        var opened = FileDescriptor.Open(Path, OpenFlags.O_RDWR);
        return opened.Ok ? new DmControl(opened.Value) : opened.Error;
    }

    /// <summary>
    /// Name and UUID of the device with that number (as stat(2) has it). ENXIO: there is none, or it is no
    /// device-mapper device.
    /// </summary>
    public Result<(string Name, string Uuid)> Device(ulong device)
    {
        DmIoctl.WriteHeader(buffer, device);
        var error = Call(DmIoctl.DeviceStatus, device);
        return error.Errno == 0 ? DmIoctl.Device(buffer) : error;
    }

    /// <summary>
    /// Sends a message to the device as a whole, and returns the answer. One that does not fit is asked for again, with
    /// a buffer of twice the size: for messages that may be sent twice.
    /// </summary>
    public Result<string> Message(ulong device, string text)
    {
        while (DmIoctl.Room(text) > buffer.Length)
        {
            buffer = new byte[2 * buffer.Length];
        }
        while (true)
        {
            DmIoctl.WriteMessage(buffer, device, text);
            var error = Call(DmIoctl.TargetMessage, device);
            if (error.Errno != 0)
            {
                return error with { Action = $"send \"{text}\" to" };
            }
            if (!DmIoctl.IsFull(buffer))
            {
                return DmIoctl.Answer(buffer);
            }
            if (buffer.Length >= MostBytes)
            {
                return new KernelError(Errno.EMSGSIZE, Name(device), $"read the answer to \"{text}\" from");
            }
            buffer = new byte[2 * buffer.Length];
        }
    }

    /// <summary>Closes it.</summary>
    public void Dispose() => file.Dispose();

    /// <summary>
    /// <c>253:0</c> for a number as stat(2) has it and as device-mapper takes it: minor bits 0 to 7, major bits 8 to
    /// 19, the rest of the minor from bit 20 on. (The two differ for majors from 4096 on, which the kernel does not
    /// have.)
    /// </summary>
    internal static string NumberText(ulong device) => $"{(device >> 8) & 0xFFF}:{(device & 0xFF) | ((device >> 12) & 0xFFFFFF00)}";

    private static string Name(ulong device) => $"device {NumberText(device)}";

    private KernelError Call(int number, ulong device)
    {
        while (true)
        {
            fixed (byte* bytes = buffer)
            {
                if (Native.IoControl(file.Number, DmIoctl.Request(number), bytes) >= 0)
                {
                    return default;
                }
            }
            if (Native.LastError != Errno.EINTR)
            {
                return KernelError.Last(Name(device), "ask device-mapper about");
            }
        }
    }
}
