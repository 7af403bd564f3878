using System.Net.Sockets;
using ActorRaid.SysfsIo;
using Xunit;

namespace ActorRaid.Tests.SysfsIo;

public sealed class UnixDatagramTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    private static Socket Receiver(string name)
    {
        var receiver = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified)
        {
            ReceiveTimeout = (int)Patience.Limit.TotalMilliseconds,
        };
        receiver.Bind(new UnixDomainSocketEndPoint(name));
        return receiver;
    }

    private static byte[] Next(Socket receiver)
    {
        var buffer = new byte[65536];
        return buffer[..receiver.Receive(buffer)];
    }

    [Fact]
    public void Datagrams_arrive_as_they_were_sent()
    {
        using var receiver = Receiver(folder["sock"]);
        using var sender = UnixDatagram.Open(folder["sock"]).Value;
        Assert.True(sender.Send("READY=1"u8).Ok);
        Assert.True(sender.Send("STATUS=x"u8).Ok);
        Assert.Equal("READY=1"u8.ToArray(), Next(receiver));
        Assert.Equal("STATUS=x"u8.ToArray(), Next(receiver));
    }

    [Fact]
    public void Abstract_names_are_reached()
    {
        var name = $"actorraid-test-{Guid.NewGuid():N}";
        using var receiver = Receiver($"\0{name}");
        using var sender = UnixDatagram.Open($"@{name}").Value;
        Assert.True(sender.Send("READY=1"u8).Ok);
        Assert.Equal("READY=1"u8.ToArray(), Next(receiver));
    }

    [Fact]
    public void A_receiver_that_takes_nothing_is_not_waited_for()
    {
        using var receiver = Receiver(folder["sock"]);
        using var sender = UnixDatagram.Open(folder["sock"]).Value;
        var refused = Enumerable.Range(0, 100_000).Select(_ => sender.Send(new byte[1000])).First(result => !result.Ok);
        Assert.Equal(new KernelError(Errno.EAGAIN, folder["sock"], "send to"), refused.Error);
        Next(receiver);
        Patience.Until(() => sender.Send("again"u8).Ok || Next(receiver).Length == 0, "room");
    }

    [Fact]
    public void Sending_allocates_nothing()
    {
        using var receiver = Receiver(folder["sock"]);
        using var sender = UnixDatagram.Open(folder["sock"]).Value;
        var datagram = "MESSAGE=hello"u8.ToArray();
        sender.Send(datagram);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
        {
            sender.Send(datagram);
        }
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void What_is_too_large_goes_as_a_file()
    {
        using var receiver = Receiver(folder["sock"]);
        using var sender = UnixDatagram.Open(folder["sock"]).Value;
        var large = new byte[8 << 20];
        Assert.Equal(Errno.EMSGSIZE, sender.Send(large).Error.Errno);
        var before = MemoryFiles();
        Assert.True(sender.SendAsFile(large).Ok);
        // The file lives in the datagram only, until that is received.
        Assert.Equal(before, MemoryFiles());
        Assert.Empty(Next(receiver));
    }

    private static int MemoryFiles() =>
        Directory.GetFiles("/proc/self/fd").Count(file => new FileInfo(file).LinkTarget?.StartsWith("/memfd:datagram") ?? false);

    [Fact]
    public void Missing_and_overlong_receivers_and_closed_senders_are_error_values()
    {
        using (var sender = UnixDatagram.Open(folder["missing"]).Value)
        {
            Assert.Equal(Errno.ENOENT, sender.Send("x"u8).Error.Errno);
            Receiver(folder["missing"]).Dispose();
            using var receiver = Receiver(folder["missing"]);
            Assert.True(sender.Send("x"u8).Ok);
        }
        Assert.Equal(Errno.ENAMETOOLONG, UnixDatagram.Open($"/{new string('x', 107)}").Error.Errno);
        Assert.Equal(Errno.EINVAL, UnixDatagram.Open("").Error.Errno);
        var closed = UnixDatagram.Open(folder["missing"]).Value;
        closed.Dispose();
        Assert.Equal(Errno.EBADF, closed.Send("x"u8).Error.Errno);
    }
}
