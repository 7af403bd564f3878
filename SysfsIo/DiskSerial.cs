using System.Runtime.InteropServices;
using System.Text;
using Mono.Unix.Native;

namespace ActorRaid.SysfsIo;

/// <summary>
/// A disk's serial number as mdadm's IMSM handler finds it: that is what the metadata knows a disk by. Source of the facts:
/// mdadm 4.2 to 4.6, super-intel.c and platform-intel.c.
/// </summary>
public static class DiskSerial
{
    /// <summary>The most characters that IMSM keeps of a serial number.</summary>
    public const int MaxLength = 16;

    /// <summary>The environment variable that, set to 1, makes the device's name serve as its serial number.</summary>
    public const string NameAsSerialVariable = "IMSM_DEVNAME_AS_SERIAL";

    private const int LongestRaw = 50;
    private const nuint ScsiGenericIo = 0x2285; // SG_IO

    /// <summary>
    /// The serial number of a block device, normalised. With IMSM_DEVNAME_AS_SERIAL=1 it is <c>/dev/NAME</c> cut to 15
    /// characters (mdadm 4.2 does so only where the disk itself has none); else an NVMe controller's <c>serial</c> attribute,
    /// else page 0x80 of the SCSI inquiry. The kernel's error when there is none.
    /// </summary>
    public static Result<string> Read(string devicePath)
    {
        var opened = FileDescriptor.Open(devicePath, OpenFlags.O_RDONLY | OpenFlags.O_NONBLOCK);
        if (!opened.Ok)
        {
            return opened.Error;
        }
        using var file = opened.Value;
        var status = file.Status(devicePath);
        if (!status.Ok)
        {
            return status.Error;
        }
        if (!status.Value.IsBlockDevice())
        {
            return new KernelError(Errno.ENOTBLK, devicePath, "read the serial number of");
        }
        var link = $"/sys/dev/block/{status.Value.DeviceMajor()}:{status.Value.DeviceMinor()}";
        var name = KernelName(link, devicePath);
        if (IsSet(Environment.GetEnvironmentVariable(NameAsSerialVariable)))
        {
            return NameAsSerial(name);
        }
        if (name.StartsWith("nvme", StringComparison.Ordinal))
        {
            var serial = ReadNvme(link);
            if (serial.Ok)
            {
                return Normalise(serial.Value);
            }
        }
        var inquired = Inquire(file.Number, devicePath);
        return inquired.Ok ? Normalise(inquired.Value) : inquired.Error;
    }

    /// <summary>
    /// A serial number as IMSM spells it: everything up to and including the space (control characters, and what is not ASCII) is
    /// dropped, a colon becomes a semicolon (IMSM marks missing disks with it), and of what is left the last 16 characters count.
    /// </summary>
    public static string Normalise(string raw)
    {
        var text = new StringBuilder(raw.Length);
        foreach (var character in raw.AsSpan(0, Math.Min(raw.Length, LongestRaw)))
        {
            if (character == '\0')
            {
                break;
            }
            if (character is > ' ' and < '\u0080')
            {
                text.Append(character == ':' ? ';' : character);
            }
        }
        return text.Length > MaxLength ? text.ToString(text.Length - MaxLength, MaxLength) : text.ToString();
    }

    /// <summary>What a device's kernel name becomes as a serial number: <c>/dev/loop0</c>, at most 15 characters.</summary>
    public static string NameAsSerial(string kernelName)
    {
        var path = $"/dev/{kernelName}";
        return path.Length < MaxLength ? path : path[..(MaxLength - 1)];
    }

    /// <summary>As mdadm reads its switches: leading digits that make 1.</summary>
    private static bool IsSet(string? value)
    {
        var digits = value.AsSpan().TrimStart();
        var end = digits.IndexOfAnyExceptInRange('0', '9');
        return int.TryParse(end < 0 ? digits : digits[..end], out var number) && number == 1;
    }

    private static string KernelName(string link, string devicePath)
    {
        var target = new FileInfo(link).LinkTarget;
        // Without sysfs there is only the name it was opened by.
        return Path.GetFileName(target ?? devicePath);
    }

    private static Result<string> ReadNvme(string link)
    {
        // With multipath the device is a subsystem; its attribute is that of its controllers.
        var serial = SysfsAttribute.ReadOnce($"{link}/device/serial");
        return serial.Ok ? serial : SysfsAttribute.ReadOnce($"{link}/device/device/serial");
    }

    /// <summary>INQUIRY of the vital product data page 0x80: byte 3 is the length, the serial number follows.</summary>
    private static unsafe Result<string> Inquire(int descriptor, string path)
    {
        const int ResponseBytes = 255;
        var command = stackalloc byte[6] { 0x12, 1, 0x80, 0, ResponseBytes, 0 };
        var response = stackalloc byte[ResponseBytes];
        var sense = stackalloc byte[32];
        new Span<byte>(response, ResponseBytes).Clear();
        var request = new ScsiRequest
        {
            Interface = 'S',
            Direction = -3,
            CommandBytes = 6,
            SenseBytes = 32,
            TransferBytes = ResponseBytes,
            Transfer = response,
            Command = command,
            Sense = sense,
            TimeoutMilliseconds = 5000,
        };
        if (Native.IoControl(descriptor, ScsiGenericIo, &request) < 0)
        {
            return KernelError.Last(path, "read the serial number of");
        }
        int length = response[3];
        if ((request.Info & 1) != 0 || length is 0 or > LongestRaw)
        {
            return new KernelError(Errno.EIO, path, "read the serial number of");
        }
        return Encoding.Latin1.GetString(response + 4, length);
    }

    /// <summary>struct sg_io_hdr of scsi/sg.h on 64 bits, 88 bytes.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 88)]
    private unsafe struct ScsiRequest
    {
        [FieldOffset(0)] internal int Interface;
        [FieldOffset(4)] internal int Direction;
        [FieldOffset(8)] internal byte CommandBytes;
        [FieldOffset(9)] internal byte SenseBytes;
        [FieldOffset(12)] internal uint TransferBytes;
        [FieldOffset(16)] internal byte* Transfer;
        [FieldOffset(24)] internal byte* Command;
        [FieldOffset(32)] internal byte* Sense;
        [FieldOffset(40)] internal uint TimeoutMilliseconds;
        [FieldOffset(80)] internal uint Info;
    }
}
