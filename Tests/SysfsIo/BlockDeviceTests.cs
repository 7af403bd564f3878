using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class BlockDeviceTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_file_has_its_size_and_the_sector_size_that_it_is_given()
    {
        using var device = BlockDevice.Open(folder.File("disk", 40960), writable: false, fileSectorSize: 4096).Value;
        Assert.Equal(
            (40960L, 4096, 4096, 0, 0),
            (device.SizeBytes, device.SectorSize, device.AtomicWriteBytes, device.Major, device.Minor));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(4095, 2)]
    [InlineData(5000, 10_000)]
    [InlineData(99_999, 1)]
    [InlineData(0, 100_000)]
    public void Reading_needs_no_alignment(int offset, int length)
    {
        var path = folder.File("disk", 100_000);
        using var device = BlockDevice.Open(path, writable: false).Value;
        var bytes = new byte[length];
        Assert.True(device.Read(offset, bytes).Ok);
        Assert.Equal(File.ReadAllBytes(path)[offset..(offset + length)], bytes);
    }

    [Fact]
    public void Reading_beyond_the_end_is_an_error()
    {
        using var device = BlockDevice.Open(folder.File("disk", 8192), writable: false).Value;
        Assert.Equal(Errno.EIO, device.Read(8000, new byte[193]).Error.Errno);
        Assert.Equal(Errno.EIO, device.Read(long.MaxValue, new byte[1]).Error.Errno);
        Assert.Equal(Errno.EINVAL, device.Read(-1, new byte[1]).Error.Errno);
        Assert.True(device.Read(8192, []).Ok);
    }

    [Fact]
    public void A_file_that_shrank_is_an_error_not_old_bytes()
    {
        var path = folder.File("disk", 16384);
        using var device = BlockDevice.Open(path, writable: false).Value;
        File.WriteAllBytes(path, new byte[1000]);
        Assert.Equal(Errno.EIO, device.Read(8192, new byte[512]).Error.Errno);
    }

    [Theory]
    [InlineData(1024)]
    [InlineData(20_000)]
    [InlineData(50_000)]
    public void The_tail_is_the_end_or_all_of_it(int bytes)
    {
        var path = folder.File("disk", 20_480);
        using var device = BlockDevice.Open(path, writable: false).Value;
        Assert.Equal(File.ReadAllBytes(path)[^Math.Min(bytes, 20_480)..], device.ReadTail(bytes).Value);
    }

    [Fact]
    public void A_write_changes_its_sectors_only()
    {
        var path = folder.File("disk", 65536);
        var expected = File.ReadAllBytes(path);
        using var device = BlockDevice.Open(path, writable: true).Value;
        var bytes = Enumerable.Repeat((byte)0xA5, 1536).ToArray();
        Assert.True(device.Write(2560, bytes).Ok);
        bytes.CopyTo(expected, 2560);
        Assert.Equal(expected, File.ReadAllBytes(path));
    }

    [Fact]
    public void Unaligned_writes_and_closed_devices_are_error_values()
    {
        var path = folder.File("disk", 65536);
        var device = BlockDevice.Open(path, writable: true).Value;
        Assert.Equal(new KernelError(Errno.EINVAL, path, "write"), device.Write(1, new byte[512]).Error);
        Assert.Equal(new KernelError(Errno.EINVAL, path, "write"), device.Write(0, new byte[511]).Error);
        device.Dispose();
        Assert.Equal(new KernelError(Errno.EBADF, path, "write"), device.Write(0, new byte[512]).Error);
        Assert.Equal(new KernelError(Errno.EBADF, path, "read"), device.Read(0, new byte[512]).Error);
    }

    [Fact]
    public void What_is_no_disk_is_refused()
    {
        Assert.Equal(Errno.ENOTBLK, BlockDevice.Open("/dev/null", writable: false).Error.Errno);
        Assert.Equal(Errno.ENOENT, BlockDevice.Open(folder["missing"], writable: false).Error.Errno);
        Assert.Equal(Errno.ENOENT, BlockDevice.IsExclusivelyFree(folder["missing"]).Error.Errno);
    }

    [Fact]
    public void Buffers_are_not_shared_between_threads()
    {
        var path = folder.File("disk", 1 << 20);
        var whole = File.ReadAllBytes(path);
        using var device = BlockDevice.Open(path, writable: false).Value;
        var right = Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            var random = new Random(thread);
            for (var i = 0; i < 300; i++)
            {
                var bytes = new byte[1 + random.Next(20_000)];
                var offset = random.Next(whole.Length - bytes.Length);
                if (!device.Read(offset, bytes).Ok || !bytes.AsSpan().SequenceEqual(whole.AsSpan(offset, bytes.Length)))
                {
                    return false;
                }
            }
            return true;
        })).ToArray();
        Assert.All(right, task => Assert.True(Patience.Within(task)));
    }

    [Theory]
    [InlineData("  WD-WCC4N  123 ", "WD-WCC4N123")]
    [InlineData("a:b", "a;b")]
    [InlineData("0123456789ABCDEFGHIJ", "456789ABCDEFGHIJ")]
    [InlineData("0123456789 ABCDEF", "0123456789ABCDEF")]
    [InlineData("abc\0def", "abc")]
    [InlineData("tab\tand\u00e9\u007f", "taband\u007f")]
    [InlineData("", "")]
    public void Serial_numbers_are_spelt_as_the_metadata_spells_them(string raw, string expected) =>
        Assert.Equal(expected, DiskSerial.Normalise(raw));

    [Theory]
    [InlineData("loop0", "/dev/loop0")]
    [InlineData("nvme0n1p1234567", "/dev/nvme0n1p12")]
    public void A_name_as_serial_number_has_room_for_its_zero(string name, string expected) =>
        Assert.Equal(expected, DiskSerial.NameAsSerial(name));

    [Fact]
    public void Only_block_devices_have_serial_numbers()
    {
        Assert.Equal(Errno.ENOTBLK, DiskSerial.Read(folder.File("disk", 512)).Error.Errno);
        Assert.Equal(Errno.ENOENT, DiskSerial.Read(folder["missing"]).Error.Errno);
    }
}
