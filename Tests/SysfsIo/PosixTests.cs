using System.Net.Sockets;
using System.Runtime.InteropServices;
using ActorRaid.SysfsIo;
using Mono.Unix.Native;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

/// <summary>What we rely on in Mono.Posix, and where we do not.</summary>
public sealed class PosixTests : IDisposable
{
    // As fcntl.h has them on x86-64.
    private const long DataSync = 0x1000, WholeSync = 0x100000, Direct = 0x4000, CloseOnExec = 0x80000;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_native_helper_lies_where_it_is_looked_for() => Assert.Null(NativeHelper.Load());

    [Theory]
    [InlineData(16, "write x: EBUSY (Device or resource busy)")]
    [InlineData(11, "write x: EAGAIN (Resource temporarily unavailable)")]
    [InlineData(95, "write x: EOPNOTSUPP (Operation not supported)")]
    [InlineData(524, "write x: errno 524 (Unknown error 524)")]
    public void Every_number_that_the_kernel_may_answer_is_an_error_and_has_a_text(int number, string text)
    {
        Marshal.SetLastPInvokeError(number);
        var error = KernelError.Last("x", "write");
        Assert.Equal(number, (int)error.Errno);
        Assert.Equal(text, error.ToString());
        Assert.False(error.MeansGone);
    }

    [Fact]
    public void A_path_that_is_no_text_is_an_error()
    {
        Assert.Equal(Errno.ENOENT, SysfsAttribute.ReadOnce(folder["\ud800"]).Error.Errno);
        Assert.Equal(Errno.ENOENT, PidFile.Write(folder["\ud800/pid"], 1).Error.Errno);
        Assert.True(PidFile.Write(folder["\u00e4 \ud83d\ude00"], 1).Ok);
        Assert.True(File.Exists(folder["\u00e4 \ud83d\ude00"]));
    }

    /// <summary>Mono's O_SYNC would have the kernel flush more than the data; its flags have no O_DSYNC.</summary>
    [Fact]
    public void A_disk_is_opened_for_durable_writes_of_its_data()
    {
        // Not in /tmp, which may be in memory: direct input and output needs a disk.
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite, Options = FileOptions.DeleteOnClose,
        };
        using var place = new FileStream(Path.Combine(AppContext.BaseDirectory, Path.GetRandomFileName()), options);
        place.SetLength(4096);
        using var device = BlockDevice.Open(place.Name, writable: true).Value;
        var lines = File.ReadAllLines($"/proc/self/fdinfo/{device.File.Number}");
        var line = lines.Single(line => line.StartsWith("flags:", StringComparison.Ordinal));
        var flags = Convert.ToInt64(line[6..].Trim(), 8);
        Assert.Equal(DataSync | Direct | CloseOnExec, flags & (DataSync | WholeSync | Direct | CloseOnExec));
    }

    [Theory]
    [InlineData(0x97Eul, 9, 126)]
    [InlineData(0x10092Cul, 9, 300)]
    [InlineData(0xFFF_FFul, 0xFFF, 0xFF)]
    [InlineData(0x1000_FFFF_FF0Ful, 0x1FFF, 0xFFF0F)]
    public void Device_numbers_are_told_apart(ulong device, int major, int minor)
    {
        var status = new Stat { st_rdev = device };
        Assert.Equal((major, minor), (status.DeviceMajor(), status.DeviceMinor()));
    }

    [Fact]
    public void Who_is_at_the_other_end_is_asked_of_the_connection_and_of_no_other()
    {
        using var listener = LocalSocket.Listen(folder["sock"], 1).Value;
        var client = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        client.Connect(new UnixDomainSocketEndPoint(folder["sock"]));
        using var connection = listener.Accept();
        var peer = PeerCredentials.Of(connection);
        Assert.Equal(
            (Environment.ProcessId, Syscall.geteuid(), Syscall.getegid()), (peer.Process, peer.User, peer.Group));
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => PeerCredentials.Of(client));
    }
}
