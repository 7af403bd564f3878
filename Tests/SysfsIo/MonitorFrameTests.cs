using ActorRaid.SysfsIo;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class MonitorFrameTests
{
    [Fact]
    public void The_pings_and_an_update_have_these_bytes()
    {
        Assert.Equal("A5A55A5A000000005A5AA5A5", Convert.ToHexString(MonitorFrame.Encode([])));
        Assert.Equal("A5A55A5AFFFFFFFF5A5AA5A5", Convert.ToHexString(MonitorFrame.EncodePingManager()));
        Assert.Equal("A5A55A5A030000000102035A5AA5A5", Convert.ToHexString(MonitorFrame.Encode([1, 2, 3])));
    }

    [Fact]
    public void What_is_encoded_is_decoded()
    {
        Prop.ForAll<byte[]>(payload =>
        {
            var frame = MonitorFrame.Encode(payload);
            return MonitorFrame.TryReadHeader(frame, out var length)
                && length == payload.Length
                && frame.Length == MonitorFrame.TotalBytes(length)
                && frame.AsSpan(MonitorFrame.HeaderBytes, length).SequenceEqual(payload)
                && MonitorFrame.IsTrailer(frame.AsSpan(MonitorFrame.HeaderBytes + length));
        }).Check(Config.QuickThrowOnFailure);
    }

    [Theory]
    [InlineData("A5A55A5AFFFFFFFF", -1, true)]
    [InlineData("A5A55A5A00004000", 4 * 1024 * 1024, true)]
    [InlineData("A5A55A5A01004000", 0, false)]
    [InlineData("A5A55A5AFEFFFFFF", 0, false)]
    [InlineData("A5A55A5A00000080", 0, false)]
    [InlineData("A5A55A5AFFFFFF7F", 0, false)]
    [InlineData("A5A55A5B00000000", 0, false)]
    [InlineData("5A5AA5A500000000", 0, false)]
    [InlineData("A5A55A5A000000", 0, false)]
    [InlineData("", 0, false)]
    public void Headers_are_taken_or_refused(string bytes, int length, bool taken)
    {
        Assert.Equal(taken, MonitorFrame.TryReadHeader(Convert.FromHexString(bytes), out var read));
        if (taken)
        {
            Assert.Equal(length, read);
        }
    }

    [Fact]
    public void Trailers_are_taken_or_refused()
    {
        Assert.True(MonitorFrame.IsTrailer(Convert.FromHexString("5A5AA5A5")));
        Assert.False(MonitorFrame.IsTrailer(Convert.FromHexString("5A5AA5A4")));
        Assert.False(MonitorFrame.IsTrailer(Convert.FromHexString("5A5AA5")));
    }

    [Fact]
    public void Requests_know_what_they_are()
    {
        Assert.Equal((true, false), (new MonitorRequest(0, default).IsPingMonitor, new MonitorRequest(0, default).IsPingManager));
        Assert.Equal((false, true), (new MonitorRequest(-1, default).IsPingMonitor, new MonitorRequest(-1, default).IsPingManager));
        Assert.Equal((false, false), (new MonitorRequest(1, new byte[1]).IsPingMonitor, new MonitorRequest(1, new byte[1]).IsPingManager));
    }
}
