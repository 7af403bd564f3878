using System.Buffers.Binary;
using ActorRaid.SysfsIo.Dm;
using Xunit;

namespace ActorRaid.Tests.SysfsIo.Dm;

/// <summary>Calls and answers of the kernel as bytes, on a machine whose order is little endian.</summary>
public sealed class DmBytesTests
{
    [Fact]
    public void A_message_is_laid_out_as_the_kernel_reads_it()
    {
        var buffer = new byte[1024];
        Array.Fill(buffer, (byte)0xEE);
        DmIoctl.WriteMessage(buffer, 0xFD02, "@stats_list");
        Assert.Equal(0xC138FD0EUL, DmIoctl.Request(DmIoctl.TargetMessage));
        Assert.Equal((4U, 0U, 0U), (U32(buffer, 0), U32(buffer, 4), U32(buffer, 8)));
        Assert.Equal((1024U, 312U, 8U), (U32(buffer, 12), U32(buffer, 16), U32(buffer, 28)));
        Assert.Equal(0xFD02UL, BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(40)));
        Assert.True(buffer.AsSpan(48, 312 - 48 + 8).IndexOfAnyExcept((byte)0) < 0);
        Assert.Equal("@stats_list\0"u8.ToArray(), buffer[320..332]);
        Assert.Equal(332, DmIoctl.Room("@stats_list"));
    }

    [Fact]
    public void An_answer_is_read_where_the_header_says_and_only_if_there_is_one()
    {
        var buffer = new byte[400];
        buffer[16] = 0x38;
        buffer[17] = 0x01; // 312
        "17\n\0"u8.CopyTo(buffer.AsSpan(312));
        "fs\0"u8.CopyTo(buffer.AsSpan(48));
        "LVM-x\0"u8.CopyTo(buffer.AsSpan(176));
        Assert.Equal("", DmIoctl.Answer(buffer));
        buffer[30] = 0x01; // DATA_OUT
        Assert.Equal("17\n", DmIoctl.Answer(buffer));
        Assert.Equal(("fs", "LVM-x"), DmIoctl.Device(buffer));
        Assert.False(DmIoctl.IsFull(buffer));
        buffer[29] = 0x01; // BUFFER_FULL
        Assert.True(DmIoctl.IsFull(buffer));
        // What lies is not believed: neither a place outside, nor a text without an end.
        buffer[19] = 0x7F;
        Assert.Equal("", DmIoctl.Answer(buffer));
    }

    [Theory]
    [InlineData(0xFD00, "253:0")]
    [InlineData(0xFD11, "253:17")]
    [InlineData(0x10FD05, "253:261")]
    public void Numbers_of_devices_are_told_as_people_know_them(ulong number, string text) => Assert.Equal(text, DmControl.NumberText(number));

    [Fact]
    public void Extents_are_read_from_where_the_kernel_puts_them()
    {
        var buffer = new byte[Fiemap.HeaderBytes + (2 * Fiemap.ExtentBytes)];
        Fiemap.WriteRequest(buffer, 4096, 2);
        Assert.Equal(4096UL, BinaryPrimitives.ReadUInt64LittleEndian(buffer));
        Assert.Equal(ulong.MaxValue - 4096, BinaryPrimitives.ReadUInt64LittleEndian(buffer.AsSpan(8)));
        Assert.Equal((0U, 2U), (U32(buffer, 16), U32(buffer, 24)));
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(20), 1);
        var extent = buffer.AsSpan(Fiemap.HeaderBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(extent, 4096);
        BinaryPrimitives.WriteUInt64LittleEndian(extent[8..], 81920);
        BinaryPrimitives.WriteUInt64LittleEndian(extent[16..], 8192);
        BinaryPrimitives.WriteUInt32LittleEndian(extent[40..], 0x801);
        Assert.Equal(new FileExtent(4096, 81920, 8192, ExtentFlags.Last | ExtentFlags.Unwritten), Assert.Single(Fiemap.ReadAnswer(buffer)));
        BinaryPrimitives.WriteUInt32LittleEndian(buffer.AsSpan(20), 1000);
        Assert.Equal(2, Fiemap.ReadAnswer(buffer).Count);
    }

    /// <summary>Flags, and how many of the extent's sectors count.</summary>
    [Theory]
    [InlineData(0x0, 16, false)]
    [InlineData(0x1, 16, false)] // the last
    [InlineData(0x800, 16, false)] // preallocated: its first write is to be counted
    [InlineData(0x2000, 16, false)] // shared by reflink
    [InlineData(0x88, 16, false)] // encrypted: its blocks are in their places
    [InlineData(0x8, 0, false)] // compressed
    [InlineData(0x300, 0, false)] // inline
    [InlineData(0x500, 0, false)] // a tail
    [InlineData(0x2, 0, true)] // unknown
    [InlineData(0x6, 0, true)] // delayed
    [InlineData(0x806, 0, true)] // both, whatever else
    public void Only_sectors_that_are_the_files_own_count(uint flags, int sectors, bool unplaced)
    {
        var placed = Fiemap.Placed([new FileExtent(0, 1 << 20, 8192, (ExtentFlags)flags)]);
        Assert.Equal((sectors, unplaced), (placed.Ranges.Sum(range => (int)range.Length), placed.HasUnplaced));
    }

    [Fact]
    public void Extents_that_touch_on_the_device_are_one_range() =>
        Assert.Equal<SectorRange>(
            [new SectorRange(0, 32), new SectorRange(100, 2)],
            [.. Fiemap.Placed(
            [
                new FileExtent(0, 8192, 8192, 0), new FileExtent(8192, 0, 8192, 0), new FileExtent(16384, 51200, 1024, 0),
                new FileExtent(20000, 7, 8192, 0), new FileExtent(30000, 1 << 20, 0, 0),
            ]).Ranges]);

    [Fact]
    public void Events_are_read_with_their_names()
    {
        byte[] bytes =
        [
            1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            2, 0, 0, 0, 128, 0, 0, 0, 9, 0, 0, 0, 4, 0, 0, 0, (byte)'a', (byte)'b', 0, 0,
            3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 200, 0, 0, 0, (byte)'x', // cut off
        ];
        Assert.Equal(
            [new InotifyEvent(1, FileEvents.Modified, ""), new InotifyEvent(2, FileEvents.MovedTo, "ab")], InotifyEvent.Parse(bytes));
    }

    private static uint U32(byte[] buffer, int at) => BinaryPrimitives.ReadUInt32LittleEndian(buffer.AsSpan(at));
}
